import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

/** The number of resources by operation: `create`, `same`, `update`, … */
export type Changes = Readonly<Record<string, number | undefined>>;

/** The output and the changes of an operation. */
export interface Ran {
    readonly output: string;
    readonly changes: Changes;
}

/** The options of a run of the Pulumi CLI. */
export interface Place {
    readonly folder: string;
    readonly stack: string;
    /** Environment variables in addition to those of this process. */
    readonly environment: Readonly<Record<string, string>>;
    /** Receives the output as it is printed. Default: ignored. */
    readonly onOutput?: ((text: string) => void) | undefined;
    /** Ends the command. */
    readonly signal?: AbortSignal | undefined;
}

export type Operation = "up" | "preview" | "refresh" | "destroy";

const event = z.object({
    summaryEvent: z.object({ resourceChanges: z.record(z.string(), z.number()) }).optional(),
});

/**
 * Runs `pulumi up`, `preview`, `refresh` or `destroy`. The Automation API runs the CLI four times
 * for an `up`: this runs it once, and reads the counts from the engine's events.
 *
 * @throws Error with the output if it fails.
 */
export async function runPulumi(
    { folder, stack, environment, onOutput, signal }: Place,
    operation: Operation,
    ...options: readonly string[]
): Promise<Ran> {
    const temporary = mkdtempSync(join(tmpdir(), "mlops-events-"));
    const log = join(temporary, "events");
    const confirmed = operation === "preview" ? ["--diff"] : ["--yes", "--skip-preview"];
    const common = ["--stack", stack, "--non-interactive", "--color", "never", "--event-log", log];
    try {
        const output = await new Promise<string>((resolve, reject) => {
            let printed = "";
            const child = execFile(
                "pulumi",
                [operation, ...confirmed, ...common, ...options],
                {
                    cwd: folder,
                    // The CLI has the option --event-log only if this variable is set.
                    env: { ...process.env, ...environment, PULUMI_DEBUG_COMMANDS: "true" },
                    maxBuffer: 1 << 28,
                    signal,
                },
                (error) => {
                    if (error === null) resolve(printed);
                    else reject(new Error(`${error.message}\n${printed}`, { cause: error }));
                },
            );
            for (const stream of [child.stdout, child.stderr])
                stream?.on("data", (text: string) => {
                    printed += text;
                    onOutput?.(text);
                });
        });
        return { output, changes: changesIn(readFileSync(log, "utf8")) };
    } finally {
        rmSync(temporary, { recursive: true, force: true });
    }
}

function changesIn(events: string): Changes {
    const summaries = events
        .split("\n")
        .filter((line) => line !== "")
        .flatMap((line) => event.parse(JSON.parse(line)).summaryEvent ?? []);
    return summaries.at(-1)?.resourceChanges ?? {};
}
