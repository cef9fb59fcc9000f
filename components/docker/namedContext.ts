/** Named contexts of a build (https://docs.docker.com/reference/cli/docker/buildx/build/#build-context). */

/** Whether a named context is a folder, and not an image or an address. */
export function isFolder(context: string): boolean {
    return !/^[a-z][a-z0-9+.-]*:\/\/|^git@/i.test(context);
}

/**
 * Whether a named context is one that a build can depend on: a folder, whose content is hashed; an
 * image; or a git repository at a commit. Any other address may give another content every time.
 */
export function isBuildContext(context: string): boolean {
    return (
        isFolder(context) ||
        /^docker-image:\/\/\S+$/.test(context) ||
        /^https:\/\/\S+\.git#[0-9a-f]{40}(:\S+)?$/.test(context)
    );
}
