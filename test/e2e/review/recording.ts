/** Records previews of the real engine for the unit tests. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../../sandbox/project.ts";

const folder = join(import.meta.dirname, "../../unit/operations/review/previews");

/** A copy of the project, and the environment of its commands. */
export interface Recorded {
    readonly folder: string;
    readonly environment: Readonly<Record<string, string>>;
}

/**
 * Records the engine's events except for debug messages, as `pulumi preview --json` streams them.
 *
 * @param replacements texts that differ between runs or machines, and what stands for them.
 */
export async function recordPreview(
    name: string,
    project: Recorded,
    replacements: Readonly<Record<string, string>>,
): Promise<void> {
    const env = {
        ...process.env,
        ...project.environment,
        PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true",
    };
    const command = run("pulumi", ["preview", "--json", "--non-interactive", "--stack", "local"], {
        cwd: project.folder,
        env,
        maxBuffer: 1e9,
    });
    const { stdout } = await command.catch((error: unknown) => {
        if (error instanceof Error && "stdout" in error) return { stdout: String(error.stdout) };
        throw error;
    });
    const all = Object.entries({ ...replacements, [project.folder]: "/project" });
    const lines = stdout
        .split("\n")
        .filter((line) =>
            /"(resourcePreEvent|resOutputsEvent|summaryEvent|policyEvent)":|"severity":"(error|warning)"/.test(
                line,
            ),
        )
        .map((line) => all.reduce((text, [from, to]) => text.replaceAll(from, to), line))
        .map((line) => line.replace(/"sequence":\d+,"timestamp":\d+,/, ""))
        .map(withoutStatus);
    // For a step that begins and ends, its end is sufficient.
    const last = new Map(
        lines.map((line) => [/"op":"[^"]*","urn":"[^"]*"/.exec(line)?.[0] ?? line, line]),
    );
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}.jsonl`), `${[...last.values()].join("\n")}\n`);
}

/**
 * Leaves out what a cluster reports about an object, which is long. The review reads the outputs of
 * an update alone.
 */
function withoutStatus(line: string): string {
    if (!line.includes('"managedFields"')) return line;
    const omitted = line.includes('"op":"update"') ? ["managedFields", "status"] : ["outputs"];
    const event: unknown = JSON.parse(line, (key: string, value: unknown) =>
        omitted.includes(key) ? undefined : value,
    );
    return JSON.stringify(event);
}
