/**
 * What a service's container gets, in one place for all that run it: the local stack (by the Docker
 * provider), the smoke tests of the workflows, and the command that a stack prints.
 */
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

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
    /** The port that the service listens on. The container gets it as PORT. Default: none. */
    readonly port?: number | undefined;
    /** Environment variables that anyone may read. Default: none. */
    readonly env?: Readonly<Record<string, string>> | undefined;
    /**
     * The names of further variables. Their values come from the environment of the process that
     * starts the container: secrets, and what only the user knows. Default: none.
     */
    readonly passedOn?: readonly string[] | undefined;
    /** How far it is locked down, and what it needs all the same. Default: all the way. */
    readonly container?: ContainerSettings | undefined;
}

/** Who issues the access tokens that a service accepts. */
export interface Issuer<T> {
    /** The token's `iss`. */
    readonly issuer: T;
    /** The token's `aud`. */
    readonly audience: T;
    /** Where the keys are: a URL, or a path relative to the issuer. */
    readonly jwksUri: T;
}

/** What the port of a service depends on, besides its Dockerfile. */
export interface PortSettings {
    readonly service: { readonly port?: number | undefined };
    readonly env: Variables;
}

/** Environment variables. A secret is an output; undefined is a value that only the user knows. */
type Variables = Readonly<Record<string, string | pulumi.Output<string> | undefined>>;

/** The port of a service whose configuration and Dockerfile name none. */
const defaultPort = 8080;

/**
 * The port that a service listens on: the configured one, the only one that its Dockerfile EXPOSEs,
 * or 8080.
 *
 * @param exposed the TCP ports that the Dockerfile EXPOSEs. Default: they are not known.
 */
export function portOf(settings: PortSettings, exposed: readonly number[] = []): number {
    const only = exposed.length === 1 ? exposed[0] : undefined;
    return configuredPort(settings) ?? only ?? defaultPort;
}

/** The port that is configured: `service.port`, or its variable PORT; undefined where neither is. */
export function configuredPort({ service, env: { PORT } }: PortSettings): number | undefined {
    const isPort = typeof PORT === "string" && /^[1-9]\d{0,4}$/.test(PORT);
    return service.port ?? (isPort ? Number(PORT) : undefined);
}

/** The variables that say whose tokens a service accepts. */
export function oauth2Variables<T>({ issuer, audience, jwksUri }: Issuer<T>) {
    return { OAUTH2_ISSUER: issuer, OAUTH2_AUDIENCE: audience, OAUTH2_JWKS_URI: jwksUri };
}

/**
 * The variables of a service, without PORT, which goes with the port.
 *
 * @param env its own; they come before the issuer's.
 * @param issuer whose tokens it accepts; `none` where it takes none.
 */
export function variablesOf<T>(
    env: Readonly<Record<string, string | pulumi.Output<string>>>,
    issuer: Issuer<T> | "none",
): Record<string, string | pulumi.Output<string> | T> {
    return { ...(issuer === "none" ? {} : oauth2Variables(issuer)), ...env };
}

/** Variables in two: the values that anyone may read, and the names of all others. */
export function splitVariables(variables: Variables) {
    const env: Record<string, string> = {};
    const passedOn: string[] = [];
    for (const [name, value] of Object.entries(variables)) {
        if (typeof value === "string") env[name] = value;
        else passedOn.push(name);
    }
    return { env, passedOn } satisfies ServiceContainer;
}

/** The arguments of the Docker provider's container. A secret variable stays one in them. */
export function containerArgs({
    port,
    env = {},
    container = {},
}: Pick<ServiceContainer, "port" | "container"> & {
    readonly env?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
}) {
    const { strict, user, tmpfs, shm, writable } = isolationOf(container);
    return {
        init: true,
        envs: pulumi
            .output(env)
            .apply((values) => assignments({ ...portVariable(port), ...values })),
        ...(strict && {
            readOnly: true,
            capabilities: { drops: ["ALL"] },
            securityOpts: ["no-new-privileges:true"],
        }),
        ...(tmpfs !== undefined && { tmpfs: { "/tmp": tmpfs } }),
        ...(user !== undefined && { user }),
        ...(shm !== undefined && { shmSize: shm }),
        ...(writable.length > 0 && {
            volumes: writable.map((containerPath) => ({ containerPath })),
        }),
    } satisfies Partial<docker.ContainerArgs>;
}

/** The options of `docker run` and `docker create`. A variable that is passed on has no value. */
export function runOptions({ port, env = {}, passedOn = [], container = {} }: ServiceContainer) {
    const { strict, user, tmpfs, shm, writable } = isolationOf(container);
    const variables = Object.entries({ ...portVariable(port), ...env });
    const known = variables.filter(([name]) => !passedOn.includes(name));
    return [
        "--init",
        ...(strict ? ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"] : []),
        ...(tmpfs === undefined ? [] : [`--tmpfs=/tmp:${tmpfs}`]),
        ...(user === undefined ? [] : [`--user=${user}`]),
        ...(shm === undefined ? [] : [`--shm-size=${String(shm)}m`]),
        ...writable.map((folder) => `--volume=${folder}`),
        ...[...assignments(Object.fromEntries(known)), ...passedOn]
            .sort()
            .map((variable) => `--env=${variable}`),
    ];
}

/** Whether the container is locked down. */
export function isStrict({ strict = true }: ContainerSettings): boolean {
    return strict;
}

/** What its settings decide, resolved. */
function isolationOf({ user, tmp, shm, writable = [], ...settings }: ContainerSettings) {
    const strict = isStrict(settings);
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

function portVariable(port: number | undefined): Record<string, string> {
    return port === undefined ? {} : { PORT: String(port) };
}

/** `NAME=value`, by name: their order means nothing. */
function assignments(variables: Readonly<Record<string, string>>): string[] {
    return Object.entries(variables)
        .map(([name, value]) => `${name}=${value}`)
        .sort();
}
