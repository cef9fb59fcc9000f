import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { getStack } from "@pulumi/pulumi";
import { z } from "zod";

const run = promisify(execFile);

const containerState = z.object({
    Status: z.string(),
    ExitCode: z.number(),
    Health: z
        .object({ Status: z.string(), Log: z.array(z.object({ Output: z.string() })).nullish() })
        .nullish(),
});
type ContainerState = z.infer<typeof containerState>;

/**
 * Waits until a container's HEALTHCHECK says healthy. Asks the Docker engine that the `docker` command of this machine asks.
 *
 * @param timeout in seconds.
 * @returns nothing where it is healthy; otherwise what is wrong (it stopped, it has no HEALTHCHECK, it took too long), with the end of
 * its output and what to look at.
 */
export async function findHealthProblem(
    container: string,
    timeout: number,
): Promise<string | undefined> {
    const deadline = Date.now() + timeout * 1000;
    for (;;) {
        const state = await inspect(container);
        if (typeof state === "string") return state;
        if (state.Health?.Status === "healthy") return undefined;
        if (state.Status === "running" && !state.Health) {
            return `The container ${container} has no health check: add a HEALTHCHECK to the Dockerfile of its image.`;
        }
        if (state.Status !== "running") {
            return explain(
                container,
                state,
                `is not running (${state.Status}, exit code ${String(state.ExitCode)})`,
            );
        }
        if (Date.now() > deadline) {
            return explain(container, state, `was not healthy within ${String(timeout)} seconds`);
        }
        await delay(200);
    }
}

/** The container's state, or why it cannot be had. */
async function inspect(container: string): Promise<ContainerState | string> {
    try {
        const { stdout } = await run("docker", [
            "container",
            "inspect",
            "--format",
            "{{json .State}}",
            container,
        ]);
        return containerState.parse(JSON.parse(stdout));
    } catch (error) {
        const reason =
            error instanceof Error && "stderr" in error
                ? String(error.stderr).trim()
                : String(error);
        return `The container ${container} cannot be looked at (${reason}). If it is gone, this makes it again: pulumi up --refresh -s ${getStack()}`;
    }
}

async function explain(container: string, state: ContainerState, problem: string): Promise<string> {
    const { stdout, stderr } = await run("docker", ["logs", "--tail", "15", container]).catch(
        () => ({ stdout: "", stderr: "" }),
    );
    const check = state.Health?.Log?.at(-1)?.Output.trim();
    return [
        `The container ${container} ${problem}.`,
        ...(check ? [`Its last health check said: ${check}`] : []),
        "The end of its output:",
        ...`${stdout}${stderr}`
            .trimEnd()
            .split("\n")
            .map((line) => `    ${line}`),
        `Look at it: docker logs ${container}; docker inspect ${container}`,
        "Then mend the service or its configuration, and run `up` again.",
    ].join("\n");
}

/**
 * Looks whether something else on this machine listens on a port. Where the Docker engine is on another machine, it is the engine that says so.
 *
 * @param owner the value of {@link ownerLabel} on the container that may hold the port.
 * @param setting the configuration key of the port, for the message.
 * @returns nothing where the port is free or held by its owner; otherwise who has it and what to do.
 */
export async function findPortProblem(
    port: number,
    owner: string,
    setting?: string,
): Promise<string | undefined> {
    const host = process.env["DOCKER_HOST"] ?? "";
    if (host !== "" && !host.startsWith("unix://")) return undefined;
    const refusal = await tryToListen(port);
    if (refusal === undefined) return undefined;
    const another =
        setting === undefined
            ? "."
            : `: pulumi config set --path ${setting} ${String(port < 65535 ? port + 1 : 8080)} -s ${getStack()}`;
    if (refusal === "EACCES")
        return `Port ${String(port)} of this machine may not be used without more rights (EACCES). Take one from 1024 up${another}`;
    const [holder, container] = await findContainer(`publish=${String(port)}`);
    // One that is started again and again publishes its port only while it runs.
    const [restarting] =
        holder === undefined
            ? await findContainer(`label=${ownerLabel}=${owner}`, "status=restarting")
            : [];
    if (holder === owner || restarting === owner) return undefined;
    const stop = container
        ? `docker stop ${container}`
        : `to see which: lsof -iTCP:${String(port)} -sTCP:LISTEN`;
    return (
        `Port ${String(port)} of this machine is taken by ${container ? `the container ${container}` : "another program"}. ` +
        `Stop it (${stop}), or take another port${another}`
    );
}

/** @returns the owner and the name of a container that meets all filters; nothing where there is none, or no Docker engine */
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

/** The label that says which stack's service a container is: `project/stack/name`. */
export const ownerLabel = "mlops.service";

/** Listens on a port for a moment. @returns nothing where that works, else the system's code for why not. */
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
