/** What a service needs of its container, and how far it is locked down; wherever it runs. */
export interface ContainerSettings {
    /**
     * Locked down: the root file system is read-only but for /tmp and the writable folders, it has
     * no Linux capability, can gain none, and its user is not root. Otherwise the container is
     * what `docker run` makes of the image. Default: true.
     */
    readonly strict?: boolean | undefined;
    /** The user, `USER` or `USER:GROUP`, in the place of the image's. */
    readonly user?: string | undefined;
    /**
     * /tmp in memory: its size in MiB (default: 64), and whether programs and libraries may be
     * loaded from it (default: false). Default: 64 MiB where strict; otherwise /tmp is a folder of
     * the root file system.
     */
    readonly tmp?:
        { readonly size?: number | undefined; readonly exec?: boolean | undefined } | undefined;
    /** The size of /dev/shm in MiB. Default: Docker's, 64. */
    readonly shm?: number | undefined;
    /**
     * Folders that the service may write to although the root file system is read-only: absolute
     * paths. Each is a volume that begins with the image's content, as its owner in the image, and
     * ends with the container. Default: none.
     */
    readonly writable?: readonly string[] | undefined;
}

/** All that a service's container gets. */
export interface ServiceContainer {
    /** Environment variables that anyone may read. */
    readonly env?: Readonly<Record<string, string>> | undefined;
    /** Environment variables whose values come from the environment of who starts the container. */
    readonly passedOn?: readonly string[] | undefined;
    readonly container?: ContainerSettings | undefined;
}

/** The parts of a container that its settings decide, resolved; the Docker provider takes these. */
export function isolationOf({ strict = true, user, tmp, shm, writable = [] }: ContainerSettings) {
    const { size = 64, exec = false } = tmp ?? {};
    return {
        strict,
        user,
        shm,
        writable,
        tmpfs:
            strict || tmp !== undefined
                ? `size=${String(size)}m,mode=1777,nosuid,nodev,${exec ? "exec" : "noexec"}`
                : undefined,
    };
}

/**
 * The options of `docker run` that give a container all it gets: the one truth for the smoke tests
 * of the workflows and for the command that a stack prints.
 */
export function runOptions({ env = {}, passedOn = [], container = {} }: ServiceContainer) {
    const { strict, user, tmpfs, shm, writable } = isolationOf(container);
    return [
        "--init",
        ...(strict ? ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"] : []),
        ...(tmpfs === undefined ? [] : [`--tmpfs=/tmp:${tmpfs}`]),
        ...(user === undefined ? [] : [`--user=${user}`]),
        ...(shm === undefined ? [] : [`--shm-size=${String(shm)}m`]),
        ...writable.map((folder) => `--volume=${folder}`),
        ...[...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...passedOn]
            .sort()
            .map((variable) => `--env=${variable}`),
    ];
}
