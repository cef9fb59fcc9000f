/**
 * Named contexts of a build
 * (https://docs.docker.com/reference/cli/docker/buildx/build/#build-context).
 */

/** Returns whether a named context is a folder, not an image or an address. */
export function isFolder(context: string): boolean {
    return !/^[a-z][a-z0-9+.-]*:\/\/|^git@/i.test(context);
}

/**
 * Returns whether a named context is allowed: a folder, whose content is hashed; an image; or a git
 * repository at a commit. The content of any other address may change at any time.
 */
export function isBuildContext(context: string): boolean {
    return (
        isFolder(context) ||
        /^docker-image:\/\/\S+$/.test(context) ||
        /^https:\/\/\S+\.git#[0-9a-f]{40}(:\S+)?$/.test(context)
    );
}
