/** What a preview plans, with the secrets that the engine's events leave out. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { hash } from "../changeSet.ts";
import type { Value } from "../preview.ts";
import { secretLeaves } from "./leaves.ts";

const properties = z.record(z.string(), z.json()).default({});
const difference = z.object({ adds: properties, updates: properties });
/** The file of `pulumi preview --save-plan` (pulumi/sdk/go/common/apitype/plan.go). */
const schema = z.object({
    resourcePlans: z.record(
        z.string(),
        z.object({
            goal: z
                .object({
                    custom: z.boolean().default(false),
                    inputDiff: difference,
                    outputDiff: difference,
                })
                .nullish(),
        }),
    ),
});

/** The properties of a resource that a deployment would set: inputs; of a component, outputs. */
export interface Planned {
    readonly urn: string;
    readonly kind: "inputs" | "outputs";
    readonly properties: Readonly<Record<string, Value>>;
}

/**
 * Reads what a preview plans.
 *
 * @param file of `pulumi preview --save-plan FILE --show-secrets`.
 */
export function readPlan(file: string): Planned[] {
    const { resourcePlans } = schema.parse(JSON.parse(readFileSync(file, "utf8")));
    return Object.entries(resourcePlans).flatMap(([urn, { goal }]) => {
        if (!goal) return [];
        const { adds, updates } = goal.custom ? goal.inputDiff : goal.outputDiff;
        const kind = goal.custom ? "inputs" : "outputs";
        return [{ urn, kind, properties: { ...adds, ...updates } }] satisfies Planned[];
    });
}

/** Returns a hash of a resource's planned secrets; undefined if it has none. */
export function hashOfSecrets({ properties }: Planned): string | undefined {
    const leaves = [...secretLeaves(properties)];
    return leaves.length === 0 ? undefined : hash(Object.fromEntries(leaves));
}
