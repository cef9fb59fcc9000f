import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
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

/** Where the state of a stack of this project is in a folder that is a backend. */
export function stateFile(backend: string, stack: string): string {
    return join(backend, ".pulumi/stacks/mlops", `${stack}.json`);
}

/** Creates the stack, unless the backend, a folder, has it. */
export async function initStack(place: Place, backend: string): Promise<void> {
    if (!existsSync(stateFile(backend, place.stack))) {
        await pulumi(place, "stack", "init", place.stack, "--non-interactive");
    }
}

/**
 * Returns the outputs of a stack, decrypted. Needs the CLI only where one is a secret: the others
 * are in the state.
 *
 * @param state the stored state
 */
export async function readOutputs(
    place: Place,
    state: string,
): Promise<Readonly<Record<string, unknown>>> {
    const outputs = outputsIn(state);
    if (!JSON.stringify(outputs).includes(secretMarker)) return outputs;
    const shown = ["--show-secrets", "--json", "--stack", place.stack];
    return object.parse(JSON.parse(await pulumi(place, "stack", "output", ...shown)));
}

/** Returns the outputs in a stored state. Secret ones are encrypted. */
export function outputsIn(state: string): Readonly<Record<string, unknown>> {
    return resourcesIn(state).find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
}

/** Returns the resources in a stored state. Secret properties are encrypted. */
export function resourcesIn(state: string): readonly StateResource[] {
    return stored.parse(JSON.parse(state)).checkpoint.latest.resources;
}

/** Runs a command of the CLI that is no operation on resources. @returns its output */
export async function pulumi(
    { folder, environment }: Place,
    ...args: readonly string[]
): Promise<string> {
    const env = { ...process.env, ...environment };
    return (await promisify(execFile)("pulumi", args, { cwd: folder, env })).stdout;
}

const object = z.record(z.string(), z.unknown());
const resource = z.object({
    type: z.string(),
    urn: z.string(),
    id: z.string().default(""),
    inputs: object.default({}),
    outputs: object.default({}),
});
const stored = z.object({
    checkpoint: z.object({
        latest: z.object({
            resources: z.array(resource).default([]),
        }),
    }),
});
/** A resource in a stored state. */
export type StateResource = z.output<typeof resource>;
/** Marks a secret in a state (github.com/pulumi/pulumi/sdk/go/common/resource/sig). */
const secretMarker = "4dabf18193072939515e22adb298388d";

export type Operation = "up" | "preview" | "refresh" | "destroy";

const event = z.object({
    summaryEvent: z.object({ resourceChanges: z.record(z.string(), z.number()) }).optional(),
});

/**
 * Runs `pulumi up`, `preview`, `refresh` or `destroy`. The Automation API runs the CLI four times
 * for an `up`; this runs it once and reads the counts from the engine's events.
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
