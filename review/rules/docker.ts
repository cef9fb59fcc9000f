import { careful, dangerous, isChanged, isGone, phrase, type Rule, show, textOf } from "./rule.ts";

/** An image is named by what is in it. */
const image: Rule = (change) => {
    if (change.operation === "delete") return [];
    return isChanged(change, "name") || isGone(change)
        ? [careful(change, phrase`image is built: ${show(change.after["name"])}`)]
        : [];
};

/** What changes of Docker's resources are to a reviewer. */
export const docker: Readonly<Record<string, Rule>> = {
    "docker:index/remoteImage:RemoteImage": image,
    "docker:index/registryImage:RegistryImage": image,
    "docker:index/container:Container": (change) =>
        change.operation === "replace"
            ? [
                  careful(
                      change,
                      phrase`container ${change.name} is stopped, and another started with image ${show(change.after["image"])}`,
                  ),
              ]
            : [],
    "docker:index/volume:Volume": (change) =>
        isGone(change)
            ? [
                  dangerous(
                      change,
                      phrase`volume ${textOf(change, "name")} is deleted, with all that is in it`,
                  ),
              ]
            : [],
};
