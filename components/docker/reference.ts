/**
 * The grammar of image names, as in the reference implementation of the distribution specification
 * (https://pkg.go.dev/github.com/distribution/reference): to refuse an invalid name before anything
 * starts.
 */

const component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const label = "(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)";
const domain = `${label}(?:\\.${label})*(?::[0-9]+)?`;
const repositoryPattern = new RegExp(`^(?:${domain}/)?${component}(?:/${component})*$`);
const tagPattern = /^\w[\w.-]{0,127}$/;

/**
 * Returns whether `name` is a valid image name without tag and digest, of at most 255 characters:
 * `quay.io/account/name` or `name`.
 */
export function isRepository(name: string): boolean {
    return name.length <= 255 && repositoryPattern.test(name);
}

/**
 * Returns whether `tag` is a valid tag: a letter, digit or underscore, then up to 127 of these,
 * dots and dashes.
 */
export function isTag(tag: string): boolean {
    return tagPattern.test(tag);
}

/** Returns the digest in `repository@digest`. */
export function digestOf(reference: string): string {
    return reference.slice(reference.indexOf("@") + 1);
}

/** Returns the host in the name of a repository that names its registry. */
export function registryOf(repository: string): string {
    return repository.split("/")[0] ?? "";
}

/**
 * Returns the URL of a repository's registry, for the Docker provider: with https, or with http for
 * a registry on this machine, as Docker does.
 */
export function registryAddress(repository: string): string {
    const host = registryOf(repository);
    return `${/^(localhost|127\.[0-9.]+)(:|$)/.test(host) ? "http" : "https"}://${host}`;
}

/** An image in its registry. */
export interface RegistryImage {
    /** The registry's host as in an image's name: `docker.io`, `localhost:5000`. */
    readonly host: string;
    /** The repository's path in the registry: `library/python`. */
    readonly path: string;
    /** The tag. */
    readonly tag: string;
}

/**
 * Parses an image's name and adds Docker's defaults: the registry `docker.io`, there the account
 * `library`, and the tag `latest`.
 *
 * @returns undefined where the name is invalid or has a digest.
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
