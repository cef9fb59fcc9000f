/** A preview that needs no secret: on a stack's snapshot. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { previewStack } from "../engine.ts";
import type { Preview } from "../preview.ts";
import { withoutSnapshot } from "../reviewed.ts";
import { SnapshotBackend } from "./backend.ts";
import { writeConfiguration } from "./configuration.ts";
import { hashOfSecrets, type Planned, readPlan } from "./plan.ts";

/**
 * Runs `pulumi preview` of a stack on its snapshot. A stack without one counts as new.
 *
 * @param folder of the snapshots, FOLDER/STACK. Stays as it is for a stack without one.
 * @param options more arguments for it, such as `--policy-pack`.
 */
export async function previewSnapshot(
    stack: string,
    folder: string,
    options: readonly string[] = [],
): Promise<Preview> {
    const snapshot = new SnapshotBackend(stack, folder);
    if (snapshot.exists) return withHashes(await previewOn(snapshot, options));
    const preview = await inTemporaryFolder(async (empty) => {
        const none = new SnapshotBackend(stack, empty);
        await none.create();
        return withHashes(await previewOn(none, options));
    });
    const warnings = [withoutSnapshot([stack]), ...preview.warnings];
    return { ...preview, isWithoutSnapshot: true, warnings };
}

/** A preview on a snapshot, and what it plans. */
interface Result {
    readonly preview: Preview;
    readonly planned: readonly Planned[];
}

/** Returns the preview with a hash of each change's new secrets. */
function withHashes({ preview, planned }: Result): Preview {
    const hashes = new Map(planned.map((resource) => [resource.urn, hashOfSecrets(resource)]));
    const changes = preview.changes.map((change) => {
        const secrets = hashes.get(change.urn);
        return secrets === undefined ? change : { ...change, secrets };
    });
    return { ...preview, changes };
}

/** Runs a preview on a snapshot. @returns it, and what it plans; nothing if it failed */
export async function previewOn(
    snapshot: SnapshotBackend,
    options: readonly string[] = [],
): Promise<Result> {
    const file = await writeConfiguration(snapshot);
    return inTemporaryFolder(async (temporary) => {
        const plan = join(temporary, "plan.json");
        const planning = ["--config-file", file, "--save-plan", plan, "--show-secrets"];
        const preview = await previewStack(
            snapshot.stack,
            [...planning, ...options],
            snapshot.environment,
        );
        return { preview, planned: existsSync(plan) ? readPlan(plan) : [] };
    });
}

async function inTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
    const folder = mkdtempSync(join(tmpdir(), "mlops-snapshot-"));
    try {
        return await use(folder);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}
