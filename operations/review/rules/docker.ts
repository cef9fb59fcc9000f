import { isRoot } from "../../../components/docker/dockerfile.ts";
import type { Change } from "../preview.ts";
import { valueAt } from "../properties.ts";
import {
    careful,
    dangerous,
    type Finding,
    isChanged,
    isGone,
    isNew,
    listOf,
    missing,
    phrase,
    type Rule,
    show,
    textOf,
    transitionOf,
} from "./rule.ts";

/** An image has a hash of its content in its name. */
const image: Rule = (change) => {
    if (change.operation === "delete") return [];
    return isChanged(change, "name") || isGone(change)
        ? [careful(change, phrase`image is built: ${show(change.after["name"])}`)]
        : [];
};

/** The rules of Docker's resources. */
export const docker: Readonly<Record<string, Rule>> = {
    "docker:index/remoteImage:RemoteImage": image,
    "docker:index/registryImage:RegistryImage": image,
    "docker:index/container:Container": (change) => {
        if (change.operation === "delete") return [];
        const image = show(change.after["image"]);
        const started =
            change.operation === "replace"
                ? careful(
                      change,
                      phrase`container ${change.name} is stopped, and another started with image
                          ${image}`,
                  )
                : isNew(change)
                  ? careful(change, phrase`container ${change.name} is started with image ${image}`)
                  : undefined;
        return [...lostRestrictions(change), started];
    },
    "docker:index/volume:Volume": (change) =>
        isGone(change)
            ? [
                  dangerous(
                      change,
                      phrase`volume ${textOf(change, "name")} is deleted, with everything in it`,
                  ),
              ]
            : [],
};

/** Finds restrictions that a container loses, or that a new container lacks. */
function lostRestrictions(change: Change): (Finding | undefined)[] {
    const { name } = change;
    const dropped = removedFrom(change, "capabilities.drops");
    const security = removedFrom(change, "securityOpts");
    const added = addedTo(change, "capabilities.adds");
    const user = transitionOf(change, "user", "");
    const isUserRoot = user !== undefined && user.after !== "" && isRoot(show(user.after));
    return [
        transitionOf(change, "privileged", false)?.after === true
            ? dangerous(
                  change,
                  phrase`container ${name} is privileged: it has root's permissions on
                the host`,
              )
            : undefined,
        !isNew(change) && transitionOf(change, "readOnly", false)?.after === false
            ? dangerous(
                  change,
                  phrase`container ${name}: its root file system is no longer read-only`,
              )
            : undefined,
        dropped.length > 0
            ? dangerous(
                  change,
                  phrase`container ${name} no longer drops the Linux capabilities
                      ${dropped.join(", ")}`,
              )
            : undefined,
        added.length > 0
            ? dangerous(
                  change,
                  phrase`container ${name} gets the Linux capabilities ${added.join(", ")}`,
              )
            : undefined,
        security.length > 0
            ? dangerous(
                  change,
                  phrase`container ${name}: security options removed: ${security.join(", ")}`,
              )
            : undefined,
        isUserRoot ? dangerous(change, phrase`container ${name} runs as root`) : undefined,
        !isNew(change) && user?.after === ""
            ? careful(
                  change,
                  phrase`container ${name} runs as the user of its image, no longer as
                      ${show(user.before)}`,
              )
            : undefined,
    ];
}

function removedFrom({ before, after }: Change, path: string): string[] {
    return missing(valuesAt(before, path), valuesAt(after, path));
}

function addedTo({ before, after }: Change, path: string): string[] {
    return missing(valuesAt(after, path), valuesAt(before, path));
}

function valuesAt(inputs: Change["before"], path: string): string[] {
    return listOf(valueAt(inputs, path)).map(show);
}
