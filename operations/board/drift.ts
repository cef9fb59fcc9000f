import { z } from "zod";
import { UserError } from "../../components/userError.ts";
import { askPulumi } from "../pulumiCli.ts";
import type { Change } from "../review/preview.ts";
import { propertyOf, rulesDriftOf } from "../review/rulesDrift.ts";

/** A resource that differs from the stack's state. */
export interface Drift {
    /** The resource's type and name, such as `Repository digits`. */
    readonly resource: string;
    /** Whether the resource was changed or no longer exists (`gone`). */
    readonly what: "changed" | "gone";
    /** The changed properties. */
    readonly properties: readonly string[];
}

const refreshed = z.object({
    steps: z
        .array(
            z.object({
                op: z.string(),
                urn: z.string(),
                oldState: z.object({ type: z.string() }).optional(),
                detailedDiff: z.record(z.string(), z.unknown()).nullish(),
            }),
        )
        .default([]),
    diagnostics: z.array(z.object({ message: z.string(), severity: z.string() })).default([]),
});

// Its provider reads the Docker engine of the machine that built the image, so it is missing on any
// other machine. PromotedImage tracks the image in the registry.
const excludedResource = "**docker:index/registryImage:RegistryImage**";

/**
 * Returns what differs from the state; does not change the state.
 *
 * @throws UserError if the check fails
 */
export async function readDrift(stack: string): Promise<Drift[]> {
    const { stdout, complaint } = await askPulumi([
        "refresh",
        "--preview-only",
        "--json",
        "--stack",
        stack,
        "--exclude",
        excludedResource,
    ]);
    return mergeDrift(parseDrift(stdout, complaint), await rulesDriftOf(stack));
}

/** Adds to the drift of a refresh the changes that the refresh does not detect. */
export function mergeDrift(drifts: readonly Drift[], changes: readonly Change[]): Drift[] {
    const merged = new Map(drifts.map((drift) => [drift.resource, drift]));
    for (const { type, urn, properties } of changes) {
        const resource = resourceOf(type, urn);
        const known = merged.get(resource) ?? { resource, what: "changed", properties: [] };
        if (known.what === "gone") continue;
        const seen = new Set(known.properties.map(propertyOf));
        const added = properties
            .map(({ path }) => path)
            .filter((path) => !seen.has(propertyOf(path)));
        merged.set(resource, { ...known, properties: [...known.properties, ...added] });
    }
    return [...merged.values()];
}

function resourceOf(type: string | undefined, urn: string): string {
    return [type, urn].map((name) => name?.split(/::?/).at(-1) ?? "").join(" ");
}

/**
 * @param printed the output of `pulumi refresh --preview-only --json`.
 * @param complaint its stderr, if it failed.
 * @throws UserError if the refresh failed
 */
export function parseDrift(printed: string, complaint?: string): Drift[] {
    if (!printed.startsWith("{"))
        throw new UserError(complaint ?? "`pulumi refresh` said nothing.");
    const { steps, diagnostics } = refreshed.parse(JSON.parse(printed));
    const error = diagnostics.find(({ severity }) => severity === "error");
    if (error !== undefined)
        throw new UserError(error.message.trim().replace(/^error: (Preview failed: )?/, ""));
    return steps
        .filter(({ op }) => op === "update" || op === "delete")
        .map(({ op, urn, oldState, detailedDiff }) => ({
            resource: resourceOf(oldState?.type, urn),
            what: op === "delete" ? ("gone" as const) : ("changed" as const),
            properties: Object.keys(detailedDiff ?? {}),
        }));
}
