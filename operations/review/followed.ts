import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { releaseAnnotation } from "../../components/kubernetes/names.ts";
import { configOf } from "../../configuration/file.ts";
import type { ChangeSet } from "./changeSet.ts";
import type { Value } from "./preview.ts";
import { isObject } from "./properties.ts";

/** Returns the tag that a stack's file follows, which moves without a review; none if undefined. */
export function followedTag(stack: string): string | undefined {
    const file = `Pulumi.${stack}.yaml`;
    const config = existsSync(file) ? configOf(readFileSync(file, "utf8")) : {};
    const service = Object.entries(config).find(([key]) => key.endsWith(":service"))?.[1];
    return z.object({ follow: z.string() }).safeParse(service).data?.follow;
}

/** The digests that the tag named and names now. */
type Move = Readonly<Record<"before" | "after", string>>;
type Change = ChangeSet[string];

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const digests = z.object({ before: digest, after: digest });

/**
 * Returns the changes without those that only follow the tag: the push that moved it was their
 * review. Of resources that are updated, what is left out differs in the image's digest alone, or
 * says which image it is. Anything else stays.
 */
export function withoutFollowed(changes: ChangeSet, tag: string): ChangeSet {
    const moves = Object.values(changes).flatMap((change) => moveOf(change, tag) ?? []);
    const [move] = moves;
    if (move === undefined || moves.length > 1) return changes;
    return Object.fromEntries(
        Object.entries(changes).flatMap(([key, change]) => {
            if (isDerived(change) || moveOf(change, tag) !== undefined) return [];
            if (change.operation !== "update") return [[key, change]];
            const others = Object.entries(change.properties).filter(
                ([path, { before, after, replaces }]) =>
                    replaces || !(saysWhich(path) || isSame(before, after, move)),
            );
            return others.length === 0
                ? []
                : [[key, { ...change, properties: Object.fromEntries(others) }]];
        }),
    );
}

/** Returns the digests if a change is that of the image that the tag names. It sets no tag. */
function moveOf({ urn, operation, properties }: Change, tag: string): Move | undefined {
    if (operation !== "update" || !urn.includes("$quay:index:PromotedImage::")) return undefined;
    const { version } = properties;
    const isOnlyMoved = Object.entries(properties).every(
        ([path, { after }]) =>
            ["digest", "commit", "image", "version"].includes(path) ||
            // The tags of the first image, which the stack has built itself.
            (/^(tags|floatingTags)(\[\d+\])?$/.test(path) &&
                (after === undefined || isEmpty(after))),
    );
    if (!isOnlyMoved || (version !== undefined && version.after !== tag)) return undefined;
    return digests.safeParse(properties["digest"]).data;
}

/** Whether a change follows from others: outputs, and an image that was built and stays on Quay. */
function isDerived({ urn, operation }: Change): boolean {
    return (
        (operation === "update" && urn.includes("::pulumi:pulumi:Stack::")) ||
        (operation === "delete" && urn.includes("$docker:index/registryImage:RegistryImage::"))
    );
}

/** Whether a property only says which image it is; the pod's parts are compared by themselves. */
function saysWhich(path: string): boolean {
    return /\bmlops\/(version|digest|commit)\b/.test(path) || path.includes(releaseAnnotation);
}

/** Whether a value differs in the digest alone. */
function isSame(before: Value | undefined, after: Value | undefined, move: Move): boolean {
    if (typeof before === "string" && typeof after === "string")
        return before.replaceAll(move.before, move.after) === after;
    if (Array.isArray(before) && Array.isArray(after))
        return (
            before.length === after.length &&
            before.every((item, index) => isSame(item, after[index], move))
        );
    if (isObject(before) && isObject(after)) {
        const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
        return keys.every((key) => isSame(before[key], after[key], move));
    }
    return before === after;
}

function isEmpty(value: Value): boolean {
    return Array.isArray(value) && value.length === 0;
}
