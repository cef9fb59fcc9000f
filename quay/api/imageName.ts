/** A repository on a registry: `quay.io/alice/app`. */
export interface ImageName {
    readonly host: string;
    readonly path: string;
}

/** `quay.io/alice/app` → host and path; undefined where the host is missing, or a tag or digest is there. */
export function parseImageName(name: string): ImageName | undefined {
    const [, host, path] =
        /^((?=[^/]*[.:]|localhost\/)[A-Za-z0-9.-]+(?::\d+)?)\/([a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)$/.exec(
            name,
        ) ?? [];
    return host === undefined || path === undefined ? undefined : { host, path };
}
