/**
 * The settings of a service's container, for everything that runs it: the local stack (with the
 * Docker provider), the workflows' smoke tests, and the `docker run` command that a stack prints.
 */
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

/** How far a service's container is locked down, and the exceptions; wherever it runs. */
export interface ContainerSettings {
    /**
     * Whether the container is locked down: the root file system is read-only except for /tmp and
     * the writable folders, there are no Linux capabilities, none can be gained, and the user is
     * not root. Otherwise the container has Docker's defaults. Default: true.
     */
    readonly strict?: boolean | undefined;
    /** The user, `USER` or `USER:GROUP`. Default: the image's. */
    readonly user?: string | undefined;
    /**
     * Mounts /tmp in memory. `size`: in MiB, default 64. `exec`: whether programs and libraries may
     * be loaded from it, default false. Default: mounted with these defaults where strict;
     * otherwise /tmp is a folder of the root file system.
     */
    readonly tmp?:
        { readonly size?: number | undefined; readonly exec?: boolean | undefined } | undefined;
    /** The size of /dev/shm in MiB. Default: Docker's, 64. */
    readonly shm?: number | undefined;
    /**
     * Absolute paths of folders that the service may write to although the root file system is
     * read-only. Each is a volume that starts with the image's content and owner, and is removed
     * with the container. Default: none.
     */
    readonly writable?: readonly string[] | undefined;
}

/** Everything that a service's container needs to run. */
export interface ServiceContainer {
    /** The port that the service listens on. The container gets it as PORT. Default: none. */
    readonly port?: number | undefined;
    /** Environment variables that are not secret. Default: none. */
    readonly env?: Readonly<Record<string, string>> | undefined;
    /**
     * The names of further variables. Their values come from the environment of the process that
     * starts the container: secrets, and values that only the user knows. Default: none.
     */
    readonly passedOn?: readonly string[] | undefined;
    /** How far the container is locked down, and the exceptions. Default: strict, none. */
    readonly container?: ContainerSettings | undefined;
}

/** The issuer of the access tokens that a service accepts. */
export interface Issuer<T> {
    /** The tokens' `iss` claim. */
    readonly issuer: T;
    /** The tokens' `aud` claim. */
    readonly audience: T;
    /** The keys' URL, or its path relative to the issuer. */
    readonly jwksUri: T;
}

/** The configuration that decides a service's port, besides its Dockerfile. */
export interface PortSettings {
    readonly service: { readonly port?: number | undefined };
    readonly env: Variables;
}

/** Environment variables. A secret is an output; a value that only the user knows is undefined. */
type Variables = Readonly<Record<string, string | pulumi.Output<string> | undefined>>;

/** The port where neither the configuration nor the Dockerfile has one. */
const defaultPort = 8080;

/**
 * Returns the port that a service listens on: the configured one; else the Dockerfile's EXPOSE, if
 * it has one port; else 8080.
 *
 * @param exposed the TCP ports of the Dockerfile's EXPOSE. Default: unknown.
 */
export function portOf(settings: PortSettings, exposed: readonly number[] = []): number {
    const only = exposed.length === 1 ? exposed[0] : undefined;
    return configuredPort(settings) ?? only ?? defaultPort;
}

/** Returns the configured port: `service.port`, else the variable PORT; undefined if neither. */
export function configuredPort({ service, env: { PORT } }: PortSettings): number | undefined {
    const isPort = typeof PORT === "string" && /^[1-9]\d{0,4}$/.test(PORT);
    return service.port ?? (isPort ? Number(PORT) : undefined);
}

/** Returns the variables that tell a service which tokens to accept. */
export function oauth2Variables<T>({ issuer, audience, jwksUri }: Issuer<T>) {
    return { OAUTH2_ISSUER: issuer, OAUTH2_AUDIENCE: audience, OAUTH2_JWKS_URI: jwksUri };
}

/**
 * Returns the variables of a service, without PORT.
 *
 * @param env the configured variables; they override the issuer's.
 * @param issuer the issuer of the tokens that it accepts; `none` if it accepts none.
 */
export function variablesOf<T>(
    env: Readonly<Record<string, string | pulumi.Output<string>>>,
    issuer: Issuer<T> | "none",
): Record<string, string | pulumi.Output<string> | T> {
    return { ...(issuer === "none" ? {} : oauth2Variables(issuer)), ...env };
}

/** A stack's configuration as far as a container outside of the stack needs it. */
interface ContainerConfig {
    readonly container: ContainerSettings;
    readonly env: Readonly<Record<string, string | pulumi.Output<string>>>;
    /** The issuer of the tokens; `none` if the service accepts none. Default: not configured. */
    readonly oauth2?: Issuer<string> | "none" | undefined;
}

/**
 * Returns the container of a stack's smoke test. The test only checks the health, so without an
 * issuer it gets one that cannot exist (RFC 2606).
 */
export function smokeTestContainer({ container, env, oauth2 }: ContainerConfig, audience: string) {
    const noIssuer = { issuer: "https://issuer.invalid/", audience, jwksUri: "jwks.json" };
    return { container, ...splitVariables(variablesOf(env, oauth2 ?? noIssuer)) };
}

/**
 * Returns the container of the command that a stack prints. The one who runs the image sets the
 * secrets and, without an issuer, the issuer.
 */
export function containerToRun({ container, env, oauth2 }: ContainerConfig) {
    const unset = { issuer: undefined, audience: undefined, jwksUri: undefined };
    return { container, ...splitVariables(variablesOf<string | undefined>(env, oauth2 ?? unset)) };
}

/** Splits variables into values that are not secret and the names of all others. */
function splitVariables(variables: Variables) {
    const env: Record<string, string> = {};
    const passedOn: string[] = [];
    for (const [name, value] of Object.entries(variables)) {
        if (typeof value === "string") env[name] = value;
        else passedOn.push(name);
    }
    return { env, passedOn } satisfies ServiceContainer;
}

/** Returns arguments for the Docker provider's container. Secret variables stay secret. */
export function containerArgs({
    port,
    env = {},
    container = {},
}: Pick<ServiceContainer, "container"> & {
    readonly port?: pulumi.Input<number> | undefined;
    readonly env?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
}) {
    const { strict, user, tmpfs, shm, writable } = isolationOf(container);
    return {
        init: true,
        envs: pulumi
            .all([env, port])
            .apply(([values, known]) => assignments({ ...portVariable(known), ...values })),
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

/** Returns options for `docker run` and `docker create`; without values of `passedOn` variables. */
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

/** Returns whether the container is locked down. */
export function isStrict({ strict = true }: ContainerSettings): boolean {
    return strict;
}

/** Resolves the settings with their defaults. */
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

/** Returns `NAME=value` lines, sorted: the order of the variables must not matter. */
function assignments(variables: Readonly<Record<string, string>>): string[] {
    return Object.entries(variables)
        .map(([name, value]) => `${name}=${value}`)
        .sort();
}
