import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { UserError } from "../errors.ts";

const run = promisify(execFile);

/** What a command printed, and what it complained of where it failed. */
interface Answer {
    readonly stdout: string;
    readonly complaint?: string;
}

/** Asks the Pulumi CLI, in the project's folder. */
export async function pulumi(...args: string[]): Promise<Answer> {
    try {
        const { stdout } = await run("pulumi", [...args, "--non-interactive", "--color", "never"], { maxBuffer: 1 << 30 });
        return { stdout };
    } catch (error) {
        const failed = z.object({ stdout: z.string(), stderr: z.string(), code: z.union([z.string(), z.number()]) }).parse(error);
        if (failed.code === "ENOENT")
            throw new UserError("There is no pulumi on PATH: run this as `make board`, or after `. toolchain/env.sh`.");
        return { stdout: failed.stdout, complaint: failed.stderr.trim() };
    }
}

/** The project's stacks in the backend, by name. */
export async function listStacks(): Promise<string[]> {
    const { stdout, complaint } = await pulumi("stack", "ls", "--json");
    if (complaint !== undefined) throw new UserError(complaint);
    return z
        .array(z.object({ name: z.string() }))
        .parse(JSON.parse(stdout))
        .map(({ name }) => name);
}
