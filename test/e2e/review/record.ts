/**
 * Records previews of the real engine for the unit tests. Values that differ between runs or
 * machines are removed or made equal. To be run after sourcing toolchain/env.sh:
 *
 *     node test/e2e/review/record.ts
 */
import { recordPreview } from "./recording.ts";
import { settings, World } from "./world.ts";

const world = await World.create();

async function record(
    name: string,
    changes: Readonly<Record<string, unknown>> = {},
): Promise<void> {
    world.configure(changes);
    const { environment, project, quay } = world;
    await recordPreview(
        name,
        { folder: project.folder, environment },
        { [quay.registry]: "quay.example" },
    );
}

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
