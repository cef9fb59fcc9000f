import { z } from "zod";
import { releaseAnnotation } from "../../components/kubernetes/names.ts";
import { configIn } from "../../configuration/delivery.ts";
import type { ChangeSet } from "./changeSet.ts";
import type { Value } from "./preview.ts";
import { isObject } from "./properties.ts";

/** Returns the tag that a stack's file follows, which moves without a review; none if undefined. */
export function followedTag(stack: string): string | undefined {
    const { "mlops:service": service } = configIn(stack);
    return z.object({ follow: z.string() }).safeParse(service).data?.follow;
}

type Change = ChangeSet[string];

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/**
 * Returns the changes without those that only follow the tag: the push that moved it was their
 * review. Of resources that are updated, what is left out differs in the image's digest alone, or
 * says which image it is. Anything else stays.
 */
export function withoutFollowed(changes: ChangeSet, tag: string): ChangeSet {
    const followed = findFollowed(Object.values(changes), tag);
    if (followed === undefined) return changes;
    return Object.fromEntries(
        Object.entries(changes).flatMap(([key, change]) => {
            if (isDerived(change) || digestOf(change, tag) !== undefined) return [];
            if (change.operation !== "update") return [[key, change]];
            const others = Object.entries(change.properties).filter(
                ([path, { before, after, replaces }]) =>
                    replaces || !(saysWhich(path) || isSame(before, after, followed)),
            );
            return others.length === 0
                ? []
                : [[key, { ...change, properties: Object.fromEntries(others) }]];
        }),
    );
}

/**
 * Returns the digest that the tag names now; undefined where another image changes, or none does.
 * After a deployment that failed, the image itself may be there already.
 */
function findFollowed(changes: readonly Change[], tag: string): string | undefined {
    const images = changes.filter(({ urn }) => urn.includes("$quay:index:PromotedImage::"));
    const [image] = images;
    if (images.length > 1) return undefined;
    if (image !== undefined) return digestOf(image, tag);
    const outputs = changes.find(isOutputs);
    return digest.safeParse(outputs?.properties["digest"]?.after).data;
}

/** Returns the digest if a change is that of the image that the tag names. It sets no tag. */
function digestOf({ urn, operation, properties }: Change, tag: string): string | undefined {
    if (operation !== "update" || !urn.includes("$quay:index:PromotedImage::")) return undefined;
    const { version } = properties;
    const isOnlyMoved = Object.entries(properties).every(
        ([path, { after }]) =>
            ["digest", "commit", "size", "image", "version"].includes(path) ||
            // The tags of the first image, which the stack has built itself.
            (/^(tags|floatingTags)(\[\d+\])?$/.test(path) &&
                (after === undefined || isEmpty(after))),
    );
    if (!isOnlyMoved || (version !== undefined && version.after !== tag)) return undefined;
    return digest.safeParse(properties["digest"]?.after).data;
}

/** Whether a change follows from others: outputs, and an image that was built and stays on Quay. */
function isDerived(change: Change): boolean {
    const { urn, operation } = change;
    return (
        isOutputs(change) ||
        (operation === "delete" && urn.includes("$docker:index/registryImage:RegistryImage::"))
    );
}

function isOutputs({ urn, operation }: Change): boolean {
    return operation === "update" && urn.includes("::pulumi:pulumi:Stack::");
}

/** Whether a property only says which image it is; the pod's parts are compared by themselves. */
function saysWhich(path: string): boolean {
    return /\bmlops\/(version|digest|commit)\b/.test(path) || path.includes(releaseAnnotation);
}

/** Whether a value differs in that it has the followed digest in place of another one. */
function isSame(before: Value | undefined, after: Value | undefined, followed: string): boolean {
    if (typeof before === "string" && typeof after === "string")
        return before.replaceAll(/\bsha256:[0-9a-f]{64}\b/g, followed) === after;
    if (Array.isArray(before) && Array.isArray(after))
        return (
            before.length === after.length &&
            before.every((item, index) => isSame(item, after[index], followed))
        );
    if (isObject(before) && isObject(after)) {
        const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
        return keys.every((key) => isSame(before[key], after[key], followed));
    }
    return before === after;
}

function isEmpty(value: Value): boolean {
    return Array.isArray(value) && value.length === 0;
}
