/** Prints the logs of a stack's service: `make logs STACK=dev`. */
import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { KubectlError, kubectlIn, placeOptions } from "../components/kubernetes/kubectl.ts";
import { nameLabel } from "../components/kubernetes/names.ts";
import { UserError } from "../components/messages/userError.ts";
import { runCommand } from "./commandLine.ts";
import { exportStack, requireStack } from "./pulumiCli.ts";
import { type ClusterDeployment, readService, servicesIn } from "./services.ts";

const usage = `Prints the logs of a stack's service: of all its pods on a cluster, each line with
the pod's name, or of its container on a Docker engine.

  node operations/logs.ts STACK [--follow]

  --follow   goes on printing until it is interrupted
  --help     this text

If the service is not healthy, the reason is printed first, to stderr.`;

const containerState = z.object({ Status: z.string(), ExitCode: z.number() });
const dockerFailure = z.object({ stderr: z.string(), message: z.string() });

const run = promisify(execFile);

await runCommand(
    { usage, options: { follow: { type: "boolean", default: false } }, arguments: [1, 1] },
    async ({ follow }, [stack = ""]) => {
        await requireStack(stack);
        const state = await exportStack(stack);
        const { onCluster, containers } =
            state === undefined ? { onCluster: [], containers: [] } : servicesIn(state);
        if (onCluster.length + containers.length === 0) {
            throw new UserError(
                `The stack "${stack}" runs no service, neither on a cluster nor on a Docker ` +
                    `engine. What it has: make board STACKS=${stack}`,
            );
        }
        const options = follow ? ["--follow"] : [];
        await Promise.all([
            ...onCluster.map((service) => printPodLogs(service, options)),
            ...containers.map((container) => printContainerLogs(stack, container, options)),
        ]);
    },
);

/** @throws UserError if the cluster cannot be asked */
async function printPodLogs(service: ClusterDeployment, options: string[]): Promise<void> {
    const { context, namespace, name } = service;
    const { problem } = await readService(service, kubectlIn(service)).catch((error: unknown) => {
        if (!(error instanceof KubectlError)) throw error;
        throw new UserError(
            `The pods of ${name} in the namespace ${namespace} (${context}) cannot be read: ` +
                error.message,
        );
    });
    if (problem !== undefined) process.stderr.write(`${name} is not healthy: ${problem}\n`);
    await print("kubectl", [
        ...placeOptions(service),
        "logs",
        `--selector=${nameLabel}=${name}`,
        "--prefix",
        "--tail=-1",
        // A pod that has not started yet has no log, and the others' are wanted all the same.
        "--ignore-errors",
        // The default is five, fewer than a service may have.
        "--max-log-requests=1000",
        ...options,
    ]);
}

/** @throws UserError if the container does not exist, or the engine cannot be asked */
async function printContainerLogs(
    stack: string,
    container: string,
    options: string[],
): Promise<void> {
    const format = ["--format", "{{json .State}}", container];
    const { stdout } = await run("docker", ["container", "inspect", ...format]).catch(
        (error: unknown) => {
            const { stderr, message } = dockerFailure.parse(error);
            const subject = `The container ${container} of the stack "${stack}"`;
            throw new UserError(
                stderr.includes("No such container")
                    ? `${subject} was not found on this Docker engine. ` +
                          `This creates it again: make up STACK=${stack}`
                    : // Without docker, nothing is written.
                      `${subject} cannot be inspected: ${stderr.trim() || message}`,
            );
        },
    );
    const { Status, ExitCode } = containerState.parse(JSON.parse(stdout));
    if (Status !== "running") {
        const code = `exit code ${String(ExitCode)}`;
        process.stderr.write(`The service does not run: its container is ${Status} (${code}).\n`);
    }
    await print("docker", ["logs", ...options, container]);
}

/**
 * Runs a command with its output on the terminal, until a signal to this program ends both.
 *
 * @throws UserError if it fails
 */
async function print(command: string, args: readonly string[]): Promise<void> {
    // Before the start: a signal may come at once.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
        process.once(signal, () => child.kill(signal));
    const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
    const status = await new Promise((resolve) => child.once("close", resolve));
    // A signal ends it, too, where the reader of its output has ended, as in `make logs | head`.
    if (status !== 0 && child.signalCode === null && !child.killed)
        throw new UserError(`${command} logs failed: see above.`);
}
