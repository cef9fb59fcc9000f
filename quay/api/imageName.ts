/** A repository in a registry: `quay.io/alice/app`. */
export interface ImageName {
    readonly host: string;
    readonly path: string;
}

const hostPattern = String.raw`(?=[^/]*[.:]|localhost/)[A-Za-z0-9.-]+(?::\d+)?`;
const segment = "[a-z0-9]+(?:[._-]+[a-z0-9]+)*";
const imageName = new RegExp(`^(${hostPattern})/(${segment}(?:/${segment})*)$`);

/**
 * Splits `quay.io/alice/app` into host and path. Returns undefined if the host is missing, or if
 * there is a tag or a digest.
 */
export function parseImageName(name: string): ImageName | undefined {
    const [, host, path] = imageName.exec(name) ?? [];
    return host === undefined || path === undefined ? undefined : { host, path };
}
