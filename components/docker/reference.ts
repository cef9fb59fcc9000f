/**
 * The grammar of image names, as the distribution specification's reference implementation has it
 * (https://pkg.go.dev/github.com/distribution/reference), so that a bad name is refused before anything starts.
 */

const component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const domain =
    "(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?";
const repositoryPattern = new RegExp(`^(?:${domain}/)?${component}(?:/${component})*$`);
const tagPattern = /^\w[\w.-]{0,127}$/;

/** Whether `name` can name an image, without tag and digest: `quay.io/account/name` or `name`. At most 255 characters. */
export function isRepository(name: string): boolean {
    return name.length <= 255 && repositoryPattern.test(name);
}

/** Whether `tag` can be a tag: a letter, digit or underscore, then up to 127 of those, dots and dashes. */
export function isTag(tag: string): boolean {
    return tagPattern.test(tag);
}

/** The digest in `repository@digest`. */
export function digestOf(reference: string): string {
    return reference.slice(reference.indexOf("@") + 1);
}

/** The address of a repository's registry, as the Docker provider wants it: https, but on this machine, where Docker itself speaks http. */
export function registryAddress(repository: string): string {
    const host = repository.split("/")[0] ?? "";
    return `${/^(localhost|127\.[0-9.]+)(:|$)/.test(host) ? "http" : "https"}://${host}`;
}

/** An image at its registry. */
export interface RegistryImage {
    /** The registry as users name it: `docker.io`, `localhost:5000`. */
    readonly host: string;
    /** The repository's path there: `library/python`. */
    readonly path: string;
    /** The tag. */
    readonly tag: string;
}

/**
 * Completes an image's name as Docker does: without a registry it is on Docker Hub, there without an
 * account it is in `library/`, and without a tag it has the tag `latest`.
 *
 * @returns undefined where `name` does not name an image, or names one by its digest.
 */
export function parseTagged(name: string): RegistryImage | undefined {
    const [, repository = "", tag = "latest"] = /^(.*?)(?::([^:/]*))?$/s.exec(name) ?? [];
    if (!isRepository(repository) || !isTag(tag)) return undefined;
    const [first = "", ...rest] = repository.split("/");
    const hasHost = rest.length > 0 && /[.:A-Z]|^localhost$/.test(first);
    const host = hasHost
        ? first.replace(/^(index|registry-1)\.docker\.io$/, "docker.io")
        : "docker.io";
    const path = hasHost ? rest.join("/") : repository;
    const isOfficial = host === "docker.io" && !path.includes("/");
    return { host, path: isOfficial ? `library/${path}` : path, tag };
}
