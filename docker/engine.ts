import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { z } from "zod";
import { UserError } from "../errors.ts";

const run = promisify(execFile);

const containerState = z.object({
    Status: z.string(),
    ExitCode: z.number(),
    Health: z.object({ Status: z.string(), Log: z.array(z.object({ Output: z.string() })).nullish() }).nullish(),
});
type ContainerState = z.infer<typeof containerState>;

/**
 * Waits until a container's HEALTHCHECK says healthy. Asks the Docker engine that the `docker` command of this machine asks.
 *
 * @param timeout in seconds.
 * @throws UserError where the container has stopped, has no HEALTHCHECK, or is not healthy in time: with its last lines of output and what
 * to look at.
 */
export async function untilHealthy(container: string, timeout: number): Promise<void> {
    const deadline = Date.now() + timeout * 1000;
    for (;;) {
        const state = await inspect(container);
        if (state.Health?.Status === "healthy") return;
        if (state.Status === "running" && !state.Health) {
            throw new UserError(`The container ${container} has no health check: add a HEALTHCHECK to the Dockerfile of its image.`);
        }
        if (["exited", "dead", "created", "restarting"].includes(state.Status)) {
            throw new UserError(await explain(container, state, `is not running (${state.Status}, exit code ${String(state.ExitCode)})`));
        }
        if (Date.now() > deadline) {
            throw new UserError(
                await explain(container, state, `was not healthy within ${String(timeout)} seconds (mlops:local.healthTimeout)`),
            );
        }
        await delay(200);
    }
}

async function inspect(container: string): Promise<ContainerState> {
    try {
        const { stdout } = await run("docker", ["container", "inspect", "--format", "{{json .State}}", container]);
        return containerState.parse(JSON.parse(stdout));
    } catch (error) {
        const reason = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
        throw new UserError(
            `The container ${container} cannot be looked at (${reason}). If it is gone: pulumi up --refresh makes it again.`,
        );
    }
}

async function explain(container: string, state: ContainerState, problem: string): Promise<string> {
    const { stdout, stderr } = await run("docker", ["logs", "--tail", "15", container]).catch(() => ({ stdout: "", stderr: "" }));
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
        "Then mend the configuration or the service, and: pulumi up --refresh",
    ].join("\n");
}

/**
 * Refuses a port that something on this machine listens on. Where the Docker engine is on another machine, it is the engine that says so.
 *
 * @throws UserError that names the port and the setting.
 */
export async function ensurePortFree(port: number): Promise<void> {
    const host = process.env["DOCKER_HOST"] ?? "";
    if (host !== "" && !host.startsWith("unix://")) return;
    const server = createServer();
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    server.once("error", reject).once("listening", () =>
        server.close(() => {
            resolve(undefined);
        }),
    );
    server.listen(port, "127.0.0.1");
    try {
        await promise;
    } catch (error) {
        const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
        throw new UserError(
            `Port ${String(port)} of this machine is taken (${reason}). Stop what listens there (ss -ltnp 'sport = :${String(port)}'), ` +
                `or take another: pulumi config set --path mlops:local.port 8081`,
        );
    }
}
