import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export const root = join(import.meta.dirname, "../..");

/** Runs a command in a folder, by default the project's. @returns what it printed */
export async function run(
    command: string,
    args: readonly string[],
    { cwd = root, env = {} }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
    const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 };
    return (await promisify(execFile)(command, args, options)).stdout;
}

/** Works in a temporary folder, and removes it. */
export async function inTemporary<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const folder = mkdtempSync(join(tmpdir(), "packages-"));
    try {
        return await work(folder);
    } finally {
        rmSync(folder, { recursive: true });
    }
}
