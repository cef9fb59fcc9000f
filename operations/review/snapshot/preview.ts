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
 * @param folder of the snapshots, FOLDER/STACK.
 * @param options more arguments for it, such as `--policy-pack`.
 */
export async function previewSnapshot(
    stack: string,
    folder: string,
    options: readonly string[] = [],
): Promise<Preview> {
    const snapshot = new SnapshotBackend(stack, folder);
    const isNew = !snapshot.exists;
    if (isNew) await snapshot.create();
    const { preview, planned } = await previewOn(snapshot, options);
    const hashes = new Map(planned.map((resource) => [resource.urn, hashOfSecrets(resource)]));
    return {
        ...preview,
        ...(isNew && {
            isWithoutSnapshot: true,
            warnings: [withoutSnapshot([stack]), ...preview.warnings],
        }),
        changes: preview.changes.map((change) => {
            const secrets = hashes.get(change.urn);
            return secrets === undefined ? change : { ...change, secrets };
        }),
    };
}

/** Runs a preview on a snapshot. @returns it, and what it plans; nothing if it failed */
export async function previewOn(
    snapshot: SnapshotBackend,
    options: readonly string[] = [],
): Promise<{ readonly preview: Preview; readonly planned: readonly Planned[] }> {
    const file = await writeConfiguration(snapshot);
    const temporary = mkdtempSync(join(tmpdir(), "mlops-plan-"));
    try {
        const plan = join(temporary, "plan.json");
        const planning = ["--config-file", file, "--save-plan", plan, "--show-secrets"];
        const preview = await previewStack(
            snapshot.stack,
            [...planning, ...options],
            snapshot.environment,
        );
        return { preview, planned: existsSync(plan) ? readPlan(plan) : [] };
    } finally {
        rmSync(temporary, { recursive: true, force: true });
    }
}
