/** A repository in a registry: `quay.io/alice/app`. */
export interface ImageName {
    readonly host: string;
    readonly path: string;
}

/**
 * Splits `quay.io/alice/app` into host and path. Returns undefined if the host is missing, or if
 * there is a tag or a digest.
 */
export function parseImageName(name: string): ImageName | undefined {
    const [, host, path] =
        /^((?=[^/]*[.:]|localhost\/)[A-Za-z0-9.-]+(?::\d+)?)\/([a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)$/.exec(
            name,
        ) ?? [];
    return host === undefined || path === undefined ? undefined : { host, path };
}
