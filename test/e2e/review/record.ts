/**
 * Records previews of the real engine for the unit tests. Values that differ between runs or
 * machines are removed or made equal. To be run after sourcing toolchain/env.sh:
 *
 *     node test/e2e/review/record.ts
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../../sandbox/project.ts";
import { settings, World } from "./world.ts";

const folder = join(import.meta.dirname, "../../unit/operations/review/previews");
const world = await World.create();

/** The engine's events except for debug messages, as `pulumi preview --json` streams them. */
async function record(
    name: string,
    changes: Readonly<Record<string, unknown>> = {},
): Promise<void> {
    world.configure(changes);
    const env = {
        ...process.env,
        ...world.environment,
        PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true",
    };
    const options = { cwd: world.project.folder, env, maxBuffer: 1e9 };
    const command = run(
        "pulumi",
        ["preview", "--json", "--non-interactive", "--stack", "local"],
        options,
    );
    const { stdout } = await command.catch((error: unknown) => {
        if (error instanceof Error && "stdout" in error) return { stdout: String(error.stdout) };
        throw error;
    });
    const lines = stdout
        .split("\n")
        .filter((line) =>
            /"(resourcePreEvent|resOutputsEvent|summaryEvent|policyEvent)":|"severity":"(error|warning)"/.test(
                line,
            ),
        )
        .map((line) =>
            line
                .replaceAll(world.quay.registry, "quay.example")
                .replaceAll(world.project.folder, "/project"),
        )
        .map((line) => line.replace(/"sequence":\d+,"timestamp":\d+,/, ""));
    // For a step that begins and ends, its end is sufficient.
    const last = new Map(
        lines.map((line) => [/"op":"[^"]*","urn":"[^"]*"/.exec(line)?.[0] ?? line, line]),
    );
    writeFileSync(join(folder, `${name}.jsonl`), `${[...last.values()].join("\n")}\n`);
}

mkdirSync(folder, { recursive: true });
try {
    const { repository } = settings;
    await record("first");
    await world.up();
    await record("same");
    await record("release", {
        version: "1.1.0",
        workflow: settings.workflow.replace("1.0.0", "1.1.0"),
    });
    await record("rotation", { repository: { ...repository, rotation: 1 } });
    await record("leak", { repository: { ...repository, rotation: 1, retire: true } });
    await record("dangerous", {
        repository: {
            ...repository,
            visibility: "public",
            protect: false,
            robot: "other_robot",
            immutableTags: undefined,
            autoPrune: [],
        },
        reader: "admin",
        reviewers: [],
    });
    await record("removal", { repository: undefined });
    await record("mistake", { problem: "mlops:world.version = 1: a tag" });
} finally {
    await world.remove();
}
