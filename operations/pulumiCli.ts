import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { promisify } from "node:util";
import { z } from "zod";
import { UserError } from "../components/userError.ts";

/** What a command printed, and what it complained of where it failed. */
export interface Answer {
    readonly stdout: string;
    readonly complaint?: string;
}

const failure = z.object({
    stdout: z.string(),
    stderr: z.string(),
    code: z.union([z.string(), z.number(), z.null()]),
});

/** Asks the Pulumi CLI, in the project's folder, and takes a failure for an answer too. @throws UserError where there is no CLI */
export async function askPulumi(command: readonly string[], input = ""): Promise<Answer> {
    const running = promisify(execFile)(
        "pulumi",
        [...command, "--non-interactive", "--color", "never"],
        { maxBuffer: 1 << 30 },
    );
    running.child.stdin?.on("error", () => undefined).end(input); // a CLI that ends before it reads says why itself
    try {
        return { stdout: (await running).stdout };
    } catch (error) {
        const { stdout, stderr, code } = failure.parse(error);
        if (code === "ENOENT")
            throw new UserError(
                "There is no pulumi on PATH: use make, or run this after `. toolchain/env.sh`.",
            );
        return { stdout, complaint: stderr.trim() };
    }
}

/** Runs the Pulumi CLI, in the project's folder. @returns what it printed @throws UserError with what it said where it failed */
export async function pulumi(command: readonly string[], input = ""): Promise<string> {
    const { stdout, complaint } = await askPulumi(command, input);
    if (complaint === undefined) return stdout;
    throw new UserError(`${complaint}${stdout}`.trim());
}

/** The configuration of a stack by key, objects as JSON. Secrets are left out: the CLI keeps their values to itself. */
export async function readConfig(stack: string): Promise<Record<string, string>> {
    const entries = z
        .record(z.string(), z.object({ value: z.string().optional() }))
        .parse(JSON.parse(await pulumi(["config", "--json", "--stack", stack])));
    return Object.fromEntries(
        Object.entries(entries).flatMap(([key, { value }]) =>
            value === undefined ? [] : [[key, value] as const],
        ),
    );
}

/**
 * Makes sure that a stack exists: a file Pulumi.STACK.yaml here, or a state in the backend.
 * @param stack may have its organization and project before its name. @throws UserError that lists the stacks
 */
export async function requireStack(stack: string): Promise<void> {
    const file = `Pulumi.${stack.split("/").at(-1) ?? ""}.yaml`;
    const files = (await readdir(".")).filter((name) => /^Pulumi\..+\.yaml$/.test(name)).sort();
    if (files.includes(file) || (await exportStack(stack)) !== undefined) return;
    const names = files.map((name) => name.slice("Pulumi.".length, -".yaml".length));
    throw new UserError(
        `There is no stack "${stack}": ${file} is missing. There are: ${names.join(" ")}`,
    );
}

/** The state of a stack, as `pulumi stack export` prints it; undefined where the backend has none. @throws UserError where it cannot be read */
export async function exportStack(stack: string): Promise<string | undefined> {
    const { stdout, complaint } = await askPulumi(["stack", "export", "--stack", stack]);
    if (complaint === undefined) return stdout;
    if (complaint.includes("no stack named")) return undefined;
    throw new UserError(`The state of the stack "${stack}" cannot be read: ${complaint}`);
}
