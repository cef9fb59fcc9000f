import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import { type Preview, unknown, type Value } from "./preview.ts";
import { isObject, isWithin, valueAt } from "./properties.ts";
import { shorten } from "../../quay/api/text.ts";

const value: z.ZodType<Value> = z.json();
const normalChange = z.object({
    urn: z.string(),
    operation: z.string(),
    /** The provider's id: the same change of a recreated resource needs a new review. */
    id: z.string(),
    /** Values by property path. Secrets are `[secret]`, unknown values `[unknown]`. */
    properties: z.record(
        z.string(),
        z.object({ before: value.optional(), after: value.optional(), replaces: z.boolean() }),
    ),
    /** A hash of the new secrets; absent where none are, or the preview was on no snapshot. */
    secrets: z.string().optional(),
});

/** The changes of a stack in a normal form: equal previews have equal change sets, in any order. */
export type ChangeSet = Readonly<Record<string, z.infer<typeof normalChange>>>;

export const changeSetSchema = z.record(z.string(), normalChange);

/** Returns a preview's changes in their normal form. */
export function normalize({ changes }: Preview): ChangeSet {
    return Object.fromEntries(
        changes.map(({ urn, operation, id, properties, secrets }) => [
            `${operation} ${urn}`,
            {
                urn,
                operation,
                id,
                properties: Object.fromEntries(
                    properties.map(({ path, ...difference }) => [path, difference]),
                ),
                ...(secrets !== undefined && { secrets }),
            },
        ]),
    );
}

/** Returns the SHA-256 hash of JSON in its canonical form (RFC 8785): key order does not matter. */
export function hash(json: unknown): string {
    return createHash("sha256")
        .update(canonicalize(json) ?? "")
        .digest("hex");
}

/**
 * Lists how the changes differ from the reviewed ones; empty if they do not. A value that was
 * unknown in the review, such as a digest that the previous stack publishes, may be anything: the
 * program computes it, and the program was reviewed.
 */
export function differences(reviewed: ChangeSet, fresh: ChangeSet): string[] {
    const keys = [...new Set([...Object.keys(reviewed), ...Object.keys(fresh)])].sort();
    return keys.flatMap((key) => {
        const [was, is] = [reviewed[key], fresh[key]];
        if (was === undefined) return [`${key}: was not reviewed`];
        if (is === undefined) {
            return isOptional(was) ? [] : [`${key}: was reviewed, and would not happen`];
        }
        const ids =
            was.id === is.id ? [] : [`${key}: it was ${was.id || "new"}, and is ${is.id || "new"}`];
        const paths = [
            ...new Set([...Object.keys(was.properties), ...Object.keys(is.properties)]),
        ].sort();
        const others = paths.filter((path) => !isReviewed(path, was.properties, is.properties));
        const isOther = is.secrets !== undefined && is.secrets !== was.secrets;
        return [
            ...ids,
            ...(isOther ? [`${key}: its new secrets are others than reviewed`] : []),
            ...others.map(
                (path) =>
                    `${key}: ${path}: reviewed ${show(was.properties[path])}, ` +
                    `now ${show(is.properties[path])}`,
            ),
        ];
    });
}

/**
 * Whether a reviewed change may be left out. The preview of a pull request, which asks no cluster,
 * creates a ServiceMonitor that a cluster without that kind does not get.
 */
function isOptional({ urn, operation }: z.infer<typeof normalChange>): boolean {
    return (
        operation === "create" &&
        urn.includes("kubernetes:monitoring.coreos.com/v1:ServiceMonitor::")
    );
}

type Properties = z.infer<typeof normalChange>["properties"];

/** Whether a property changes as reviewed, by itself or as part of a value that was unknown. */
function isReviewed(path: string, reviewed: Properties, fresh: Properties): boolean {
    const outer =
        reviewed[path] === undefined
            ? Object.keys(reviewed).find((outer) => isWithin(path, outer))
            : path;
    const was = outer === undefined ? undefined : reviewed[outer];
    const is = fresh[path];
    if (outer === undefined || was === undefined) return false;
    // The unknown value stays the same, or only parts of it change.
    if (is === undefined) return was.after === unknown;
    if (outer !== path && was.after !== unknown) return false;
    const before = valueAt(
        was.before === undefined ? {} : { it: was.before },
        `it${path.slice(outer.length)}`,
    );
    return (
        was.replaces === is.replaces &&
        hash({ before }) === hash({ before: is.before }) &&
        matchesReviewed(was.after, is.after)
    );
}

/** Whether a value equals the reviewed one, except for parts that were unknown. */
function matchesReviewed(was: Value | undefined, is: Value | undefined): boolean {
    if (was === unknown) return true;
    if (Array.isArray(was) && Array.isArray(is))
        return (
            was.length === is.length && was.every((item, index) => matchesReviewed(item, is[index]))
        );
    if (isObject(was) && isObject(is))
        return [...new Set([...Object.keys(was), ...Object.keys(is)])].every((key) =>
            matchesReviewed(was[key], is[key]),
        );
    return was === is;
}

function show(sides: Properties[string] | undefined): string {
    if (sides === undefined) return "no change";
    return ["before" as const, "after" as const]
        .flatMap((side) =>
            sides[side] === undefined ? [] : [shorten(JSON.stringify(sides[side]), 400)],
        )
        .join(" → ");
}
