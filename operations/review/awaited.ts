import { type Change, type Preview, unknown } from "./preview.ts";

/** The properties, by resource type, that become known together with the image's digest. */
const imageProperties: Readonly<Record<string, readonly string[]>> = {
    "quay:index:PromotedImage": ["digest", "tags", "image"],
    "github:index/repositoryFile:RepositoryFile": ["content", "branch"],
    "github:index/branch:Branch": ["branch"],
    "docker:index/container:Container": ["image"],
    "pulumi:pulumi:Stack": ["digest", "image", "imageId", "pullCommand", "runCommand"],
};

/**
 * Says when an unknown property will be known: `known after dev's deployment`.
 *
 * @param path the property's path. Default: the property that the change's rule is about.
 */
export function whenKnown(change: Change, preview: Preview, path?: string): string {
    const properties = imageProperties[change.type] ?? [];
    const fromImage = path === undefined ? properties.length > 0 : properties.includes(path);
    if (!fromImage || !awaitsImage(preview)) return "known during the deployment";
    if (preview.publisher !== undefined) return `known after ${preview.publisher}'s deployment`;
    return isBuilt(preview) ? "known after the build" : "known once it is published";
}

/**
 * Lists what is known to change in a text that is unknown yet: a workflow's `digest`, `version`.
 */
export function awaitedIn(preview: Preview): string[] {
    const image = imageOf(preview);
    if (image === undefined) return [];
    const isOther = (key: string) =>
        JSON.stringify(image.before[key]) !== JSON.stringify(image.after[key]);
    return [
        ...(image.after["digest"] === unknown ? ["digest"] : []),
        ...(isOther("version") || isOther("tags") ? ["version"] : []),
    ];
}

function awaitsImage(preview: Preview): boolean {
    return imageOf(preview)?.after["digest"] === unknown || isBuilt(preview);
}

function imageOf({ changes }: Preview): Change | undefined {
    return changes.find(({ type }) => type === "quay:index:PromotedImage");
}

function isBuilt({ changes }: Preview): boolean {
    return changes.some(
        ({ type, operation }) =>
            isImage(type) && ["create", "update", "replace"].includes(operation),
    );
}

function isImage(type: string): boolean {
    return (
        type === "docker:index/registryImage:RegistryImage" ||
        type === "docker:index/remoteImage:RemoteImage"
    );
}
