import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { promisify } from "node:util";
import { z } from "zod";
import { readStackFiles, stackFile } from "../configuration/file.ts";
import { UserError } from "../components/messages/userError.ts";

/** The result of a CLI command. */
export interface Answer {
    readonly stdout: string;
    /** What the command wrote to stderr; absent if it succeeded. */
    readonly error?: string;
}

/** What to say where the CLI is not installed. */
export const notFound =
    "There is no pulumi on PATH: install it, or in this program's repository run this after " +
    "`. toolchain/env.sh`.";

const failure = z.object({
    stdout: z.string(),
    stderr: z.string(),
    code: z.union([z.string(), z.number(), z.null()]),
});

/** No backend was chosen, so that no stack can be read. */
export class NotLoggedIn extends UserError {}

/** @param error the CLI's @throws NotLoggedIn if it says so */
export function requireLogin(error: string): void {
    if (error.includes("PULUMI_ACCESS_TOKEN must be set for login"))
        throw new NotLoggedIn(
            "Pulumi is not logged in to the backend with the stacks' state. Log in: pulumi login",
        );
}

/**
 * Runs the Pulumi CLI in the project's folder and returns its result, also if the command fails.
 *
 * @param input what the command reads from stdin.
 * @param env the command's environment. Default: this program's.
 * @throws UserError if the CLI is not installed, or not logged in
 */
export async function askPulumi(
    command: readonly string[],
    input = "",
    env: NodeJS.ProcessEnv = process.env,
): Promise<Answer> {
    const running = promisify(execFile)(
        "pulumi",
        [...command, "--non-interactive", "--color", "never"],
        { maxBuffer: 1 << 30, env },
    );
    // Writing fails if the CLI exits before it reads; its own error says why.
    running.child.stdin?.on("error", () => undefined).end(input);
    try {
        return { stdout: (await running).stdout };
    } catch (failed) {
        const { stdout, stderr, code } = failure.parse(failed);
        if (code === "ENOENT") throw new UserError(notFound);
        requireLogin(stderr);
        return { stdout, error: stderr.trim() };
    }
}

/**
 * Runs the Pulumi CLI in the project's folder.
 *
 * @returns its stdout
 * @throws UserError if it fails
 */
export async function pulumi(
    command: readonly string[],
    input = "",
    env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
    const { stdout, error } = await askPulumi(command, input, env);
    if (error === undefined) return stdout;
    throw new UserError(`${error}${stdout}`.trim());
}

/**
 * The types of images in a Docker engine. A refresh leaves them out: only the engine of the machine
 * that built or pulled an image has it, so elsewhere it would count as deleted.
 */
export const localImageTypes: readonly string[] = [
    "docker:index/registryImage:RegistryImage",
    "docker:index/remoteImage:RemoteImage",
];

/** The options of `pulumi refresh` that leave out the images of a Docker engine. */
export const excludeLocalImages: readonly string[] = localImageTypes.flatMap((type) => [
    "--exclude",
    `**${type}**`,
]);

/**
 * Runs a Pulumi command that changes a stack, with its output on the terminal.
 *
 * The CLI has its own process group, so that a signal to this group reaches it once, as the SIGINT
 * that lets it finish in good order. A second SIGINT would stop it at once and leave a lock. One
 * interruption may send several signals (make forwards a SIGTERM that its group already received),
 * so only another Ctrl-C, or a SIGTERM after one, counts as the second.
 *
 * After an interruption this program exits with 128 and the signal's number.
 *
 * @param advice what to do after an interruption.
 * @throws UserError if the CLI fails; the CLI has printed the reason
 */
export async function runPulumi(
    stack: string,
    command: readonly string[],
    advice: string,
): Promise<void> {
    const args = [...command, "--stack", stack, "--yes", "--non-interactive"];
    const child = spawn("pulumi", args, {
        stdio: ["ignore", "inherit", "inherit"],
        detached: true,
    });
    let interruption: NodeJS.Signals | undefined;
    const forward = (signal: NodeJS.Signals): void => {
        const isRepeated = interruption !== undefined;
        if (isRepeated && signal !== "SIGINT" && interruption !== "SIGINT") return;
        interruption = signal;
        child.kill("SIGINT");
        if (isRepeated) return;
        // At the exit, because an error that is reported before sets the code to 1.
        process.once("exit", () => {
            process.exitCode = 128 + constants.signals[signal];
        });
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    for (const signal of signals) process.on(signal, forward);
    const status = await new Promise((resolve, reject) => {
        child.once("close", resolve).once("error", () => {
            reject(new UserError(notFound));
        });
    });
    for (const signal of signals) process.off(signal, forward);
    if (status === 0) return;
    if (interruption === undefined)
        throw new UserError(`pulumi ${command.join(" ")} failed: see above.`);
    // Pulumi locks the stack before it handles signals: killed in between, it leaves the lock.
    if (child.signalCode !== null) {
        const recovery = spawn(process.execPath, ["operations/recover.ts", stack], {
            stdio: "inherit",
            detached: true,
        });
        await new Promise((resolve) => recovery.once("close", resolve));
    }
    throw new UserError(`Interrupted: ${advice}.`);
}

/**
 * Returns a stack's configuration by key, objects as JSON.
 *
 * @param options of `pulumi config`: without `--show-secrets` it leaves out secrets.
 */
export async function readConfig(
    stack: string,
    options: readonly string[] = [],
): Promise<Record<string, string>> {
    const entries = z
        .record(z.string(), z.object({ value: z.string().optional() }))
        .parse(JSON.parse(await pulumi(["config", "--json", "--stack", stack, ...options])));
    return Object.fromEntries(
        Object.entries(entries).flatMap(([key, { value }]) =>
            value === undefined ? [] : [[key, value] as const],
        ),
    );
}

/**
 * Checks that a stack exists: as a file Pulumi.STACK.yaml or as a state in the backend.
 *
 * @param stack its name, optionally as ORGANIZATION/PROJECT/NAME.
 * @throws UserError that lists the stacks
 */
export async function requireStack(stack: string): Promise<void> {
    if (existsSync(stackFile(stack)) || (await exportStack(stack)) !== undefined) return;
    throw noStack(stack);
}

/** Returns the error of a stack that does not exist, with those that have a file. */
export function noStack(stack: string): UserError {
    const names = Object.keys(readStackFiles(".")).sort().join(" ");
    return new UserError(
        `There is no stack "${stack}": ${stackFile(stack)} is missing. There are: ${names}`,
    );
}

/**
 * Returns a stack's state as `pulumi stack export` prints it; undefined if the stack does not
 * exist.
 *
 * @param options such as `--show-secrets`.
 * @throws UserError if the state cannot be read
 */
export async function exportStack(
    stack: string,
    options: readonly string[] = [],
): Promise<string | undefined> {
    const { stdout, error } = await askPulumi(["stack", "export", "--stack", stack, ...options]);
    if (error === undefined) return stdout;
    if (saysNoStack(error)) return undefined;
    throw new UserError(`The state of the stack "${stack}" cannot be read: ${error}`);
}

/** Whether the CLI's error says that the backend has no such stack. */
export function saysNoStack(error: string): boolean {
    return error.includes("no stack named");
}
