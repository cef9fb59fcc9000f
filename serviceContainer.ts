/**
 * What the service's container gets, and what its Dockerfile shows: in one place for the local
 * stack, the workflows and the printed command.
 */
import * as pulumi from "@pulumi/pulumi";
import { findWeaknesses, readDockerfile } from "./docker/dockerfile.ts";
import {
    type Environment,
    type EnvironmentOf,
    type Issuer,
    oauth2Variables,
} from "./environment.ts";
import { UserError } from "./errors.ts";

/** The port of a service whose configuration and Dockerfile name none. */
const defaultPort = 8080;

/** The port of a service whose Dockerfile is not at hand: the configured one, or 8080. */
export function portOf({ service }: EnvironmentOf<"promoted">): number {
    return service.port ?? defaultPort;
}

/**
 * Warns of every weakness that the Dockerfile shows, before anything is built.
 *
 * @returns the port that the service listens on: the configured one, or the only one that the
 * Dockerfile EXPOSEs, or 8080.
 * @throws UserError where a container that is strict would not start with it.
 */
export function checkDockerfile({ service, container }: EnvironmentOf<"local" | "built">): number {
    const facts = readDockerfile(service);
    const [exposed, ...others] = facts?.ports ?? [];
    const port = service.port ?? (others.length === 0 ? exposed : undefined) ?? defaultPort;
    if (facts === undefined) return port; // the build says why
    const demands = { port, healthPath: service.healthPath, user: container.user };
    const weaknesses = findWeaknesses(service, facts, demands);
    const refused = weaknesses.filter(({ isRefused }) => container.strict && isRefused);
    if (refused.length > 0) {
        throw new UserError(
            [
                `The container of "${service.name}" is strict (mlops:container.strict), so nothing was built:`,
                ...refused.map(({ message }) => `  ${message}`),
                "Or name another user: pulumi config set --path mlops:container.user 10001 -s " +
                    pulumi.getStack(),
            ].join("\n"),
        );
    }
    for (const { message } of weaknesses) void pulumi.log.warn(message);
    return port;
}

/** The service's variables: a value that is not in clear is an output, or undefined where nobody has it yet. */
export function variablesOf<T>(
    { env, oauth2 }: Environment,
    port: number,
    issuer: Issuer<T> | "none",
): Record<string, string | T | pulumi.Output<string>> {
    return {
        PORT: String(port),
        ...(oauth2 === "none" || issuer === "none" ? {} : oauth2Variables(issuer)),
        ...env,
    };
}

/** The variables in two: those with a value that anyone may read, and the names of all others. */
export function splitVariables(variables: ReturnType<typeof variablesOf<string | undefined>>) {
    const env: Record<string, string> = {};
    const passedOn: string[] = [];
    for (const [name, value] of Object.entries(variables)) {
        if (typeof value === "string") env[name] = value;
        else passedOn.push(name);
    }
    return { env, passedOn };
}
