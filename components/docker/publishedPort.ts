/** The ports of this machine, and which container has them. */
import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { getProject, getStack } from "@pulumi/pulumi";
import { isEngineElsewhere } from "./health.ts";
import { setCommand } from "../messages/shell.ts";

const run = promisify(execFile);

/**
 * Checks whether another program or container on this machine uses a port. Does nothing where the
 * Docker engine is on another machine: the engine itself then reports a taken port.
 *
 * @param owner the value of {@link ownerLabel} of the container that may use the port.
 * @param setting the configuration key of the port, for the message.
 * @returns undefined where the port is free or used by its owner; otherwise what uses it and what
 * to do.
 */
export async function findPortProblem(
    port: number,
    owner: string,
    setting?: string,
): Promise<string | undefined> {
    if (isEngineElsewhere()) return undefined;
    const refusal = await tryToListen(port);
    if (refusal === undefined) return undefined;
    const another =
        setting === undefined
            ? "."
            : `: ${setCommand(setting, String(port < 65535 ? port + 1 : 8080))}`;
    if (refusal === "EACCES")
        return (
            `Port ${String(port)} of this machine may not be used without more rights ` +
            `(EACCES). Take one from 1024 up${another}`
        );
    const [holder, container] = await findContainer(`publish=${String(port)}`);
    if (holder === owner) return undefined;
    // A container that keeps restarting publishes its port only while it runs.
    if (holder === undefined && (await isBoundBy(owner, port))) return undefined;
    const stop = container
        ? `docker stop ${container}`
        : `to see which: lsof -iTCP:${String(port)} -sTCP:LISTEN`;
    return (
        `Port ${String(port)} of this machine is taken by ` +
        `${container ? `the container ${container}` : "another program"}. ` +
        `Stop it (${stop}), or take another port${another}`
    );
}

/** Returns whether a running or restarting container of the owner publishes the port. */
async function isBoundBy(owner: string, port: number): Promise<boolean> {
    const states = ["--filter", "status=running", "--filter", "status=restarting"];
    const owned = ["--filter", `label=${ownerLabel}=${owner}`];
    const format = "{{json .HostConfig.PortBindings}}";
    try {
        const { stdout } = await run("docker", ["ps", "--quiet", ...owned, ...states]);
        const ids = stdout.split("\n").filter((id) => id !== "");
        if (ids.length === 0) return false;
        const bindings = await run("docker", ["container", "inspect", "--format", format, ...ids]);
        return bindings.stdout.includes(`"HostPort":"${String(port)}"`);
    } catch {
        return false;
    }
}

/**
 * Returns the owner and the name of a container that matches all filters; an empty array where
 * there is none, or no Docker engine.
 */
async function findContainer(
    ...filters: readonly string[]
): Promise<[owner: string, name: string] | []> {
    const options = filters.flatMap((filter) => ["--filter", filter]);
    const format = `{{.Label "${ownerLabel}"}}|{{.Names}}`;
    const { stdout } = await run("docker", ["ps", ...options, "--format", format]).catch(() => ({
        stdout: "",
    }));
    const [owner = "", name] = stdout.trim().split("|");
    return name === undefined ? [] : [owner, name];
}

/** The label of a container that names its stack and service: `project/stack/name`. */
export const ownerLabel = "mlops.service";

/** Returns the value of {@link ownerLabel} for a service of this stack. */
export function ownerOf(name: string): string {
    return `${getProject()}/${getStack()}/${name}`;
}

/** Listens on a port for a moment. Returns undefined where that works, else the error's code. */
async function tryToListen(port: number): Promise<string | undefined> {
    const server = createServer();
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    server.once("error", (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? error.message);
    });
    server.listen(port, "127.0.0.1", () => {
        server.close(() => {
            resolve(undefined);
        });
    });
    return promise;
}
