import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

/** How many resources there are by what was done with them: `create`, `same`, `update`, … */
export type Changes = Readonly<Record<string, number | undefined>>;

/** What an operation printed, and what it did. */
export interface Ran {
    readonly output: string;
    readonly changes: Changes;
}

/** Where and how the Pulumi CLI runs. */
export interface Place {
    readonly folder: string;
    readonly stack: string;
    /** Environment variables beside those of this process. */
    readonly environment: Readonly<Record<string, string>>;
    /** Gets what it prints, as it comes. Default: nobody. */
    readonly onOutput?: ((text: string) => void) | undefined;
    /** Ends it. */
    readonly signal?: AbortSignal | undefined;
}

export type Operation = "up" | "preview" | "refresh" | "destroy";

const event = z.object({
    summaryEvent: z.object({ resourceChanges: z.record(z.string(), z.number()) }).optional(),
});

/**
 * Runs `pulumi up`, `preview`, `refresh` or `destroy`. The Automation API asks the CLI four times for
 * an `up`: this runs it once, and reads the counts from the engine's events.
 *
 * @throws Error with what it printed, where it fails.
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
                    // The option --event-log is one of those that the CLI has for this variable.
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
