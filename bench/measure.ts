import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

const measured = z.object({
    wall_s: z.number(),
    cpu_s: z.number(),
    peak_rss_sum_kib: z.number(),
    processes: z.array(z.object({ name: z.string(), cpu_s: z.number(), peak_rss_kib: z.number() })),
});

/** The resources that a command used, including all processes that it started. */
export interface Measurement {
    /** Seconds from its start to its end. */
    readonly wall: number;
    /** CPU seconds of all its processes, in user and in system mode. */
    readonly cpu: number;
    /** MiB: the peak, sampled every 20 ms, of the total resident memory of all its processes. */
    readonly memory: number;
    /**
     * Its processes by name: the sum of their CPU seconds, and the peak resident memory of one in
     * MiB.
     */
    readonly processes: Readonly<Record<string, { readonly cpu: number; readonly memory: number }>>;
}

export interface Command {
    readonly command: readonly string[];
    readonly folder: string;
    readonly environment: Readonly<Record<string, string>>;
}

/** Runs a command. @throws Error with its output if it fails */
export async function run(
    { command: [program = "", ...options], folder: cwd, environment }: Command,
    signal?: AbortSignal,
): Promise<string> {
    try {
        const { stdout } = await promisify(execFile)(program, options, {
            cwd,
            env: { ...process.env, ...environment },
            maxBuffer: 1 << 28,
            ...(signal === undefined ? {} : { signal }),
        });
        return stdout;
    } catch (error) {
        if (signal?.aborted === true) throw new Error("Interrupted.", { cause: error });
        const printed =
            error instanceof Error && "stdout" in error && "stderr" in error
                ? `${String(error.stdout)}${String(error.stderr)}`
                : "";
        throw new Error(`${[program, ...options].join(" ")} failed:\n${printed.slice(-4000)}`, {
            cause: error,
        });
    }
}

const interruption = new AbortController();

/** Stops the current measurement, and prevents further ones. */
export function interrupt(): void {
    interruption.abort();
}

/**
 * Measures a command in a separate session, with bench/measure.
 * @throws Error with its output if it fails
 */
export async function measure(command: Command): Promise<Measurement> {
    const folder = mkdtempSync(join(tmpdir(), "mlops-measure-"));
    try {
        const file = join(folder, "measured.json");
        await run(
            { ...command, command: ["mlops-measure", file, ...command.command] },
            interruption.signal,
        );
        const { wall_s, cpu_s, peak_rss_sum_kib, processes } = measured.parse(
            JSON.parse(readFileSync(file, "utf8")),
        );
        const byName: Record<string, { cpu: number; memory: number }> = {};
        for (const { name, cpu_s, peak_rss_kib } of processes) {
            const before = byName[name] ?? { cpu: 0, memory: 0 };
            byName[name] = {
                cpu: before.cpu + cpu_s,
                memory: Math.max(before.memory, peak_rss_kib / 1024),
            };
        }
        return { wall: wall_s, cpu: cpu_s, memory: peak_rss_sum_kib / 1024, processes: byName };
    } finally {
        rmSync(folder, { recursive: true });
    }
}

/** @param values at least one */
export function median(values: readonly number[]): number {
    const sorted = values.toSorted((a, b) => a - b);
    const middle = Math.floor(sorted.length / 2);
    return sorted.length % 2 === 1
        ? at(sorted, middle)
        : (at(sorted, middle - 1) + at(sorted, middle)) / 2;
}

function at(values: readonly number[], index: number): number {
    const value = values[index];
    if (value === undefined) throw new Error("there is no value");
    return value;
}
