import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import { type Preview, unknown, type Value } from "./preview.ts";
import { isWithin, valueAt } from "./properties.ts";
import { shorten } from "../../components/text.ts";

const value: z.ZodType<Value> = z.json();
const normalChange = z.object({
    urn: z.string(),
    operation: z.string(),
    /** Which of the things in the world it is about: a change of a resource that was made anew meanwhile is another one. */
    id: z.string(),
    /** Values by property path, before and after. A secret is `[secret]`, what is not known yet `[unknown]`. */
    properties: z.record(
        z.string(),
        z.object({ before: value.optional(), after: value.optional(), replaces: z.boolean() }),
    ),
});

/** What a deployment of one stack would do, so that two previews of the same have the same, in whatever order the engine told it. */
export type ChangeSet = Readonly<Record<string, z.infer<typeof normalChange>>>;

export const changeSetSchema = z.record(z.string(), normalChange);

/** The changes of a preview in their normal form. */
export function normalize({ changes }: Preview): ChangeSet {
    return Object.fromEntries(
        changes.map(({ urn, operation, id, properties }) => [
            `${operation} ${urn}`,
            {
                urn,
                operation,
                id,
                properties: Object.fromEntries(
                    properties.map(({ path, ...difference }) => [path, difference]),
                ),
            },
        ]),
    );
}

/** A hash of JSON (SHA-256 of its canonical form, RFC 8785): the order of keys means nothing. */
export function hash(json: unknown): string {
    return createHash("sha256")
        .update(canonicalize(json) ?? "")
        .digest("hex");
}

/**
 * Every way in which the changes are not those that were reviewed; empty where they are. A value that was not known in the review, as a digest
 * that the environment before is about to publish, may be any: the program decides on it, and that was reviewed.
 */
export function differences(reviewed: ChangeSet, fresh: ChangeSet): string[] {
    const keys = [...new Set([...Object.keys(reviewed), ...Object.keys(fresh)])].sort();
    return keys.flatMap((key) => {
        const [was, is] = [reviewed[key], fresh[key]];
        if (was === undefined) return [`${key}: was not reviewed`];
        if (is === undefined) return [`${key}: was reviewed, and would not happen`];
        const ids =
            was.id === is.id ? [] : [`${key}: it was ${was.id || "new"}, and is ${is.id || "new"}`];
        const paths = [
            ...new Set([...Object.keys(was.properties), ...Object.keys(is.properties)]),
        ].sort();
        const others = paths.filter((path) => !isReviewed(path, was.properties, is.properties));
        return [
            ...ids,
            ...others.map(
                (path) =>
                    `${key}: ${path}: reviewed ${show(was.properties[path])}, now ${show(is.properties[path])}`,
            ),
        ];
    });
}

type Properties = z.infer<typeof normalChange>["properties"];

/** Whether a property changes as it was reviewed: itself, or as a part of one that was not known. */
function isReviewed(path: string, reviewed: Properties, fresh: Properties): boolean {
    const outer =
        reviewed[path] === undefined
            ? Object.keys(reviewed).find((outer) => isWithin(path, outer))
            : path;
    const was = outer === undefined ? undefined : reviewed[outer];
    const is = fresh[path];
    if (outer === undefined || was === undefined) return false;
    // It turned out to stay as it is, or only parts of it change.
    if (is === undefined) return was.after === unknown;
    if (outer !== path && was.after !== unknown) return false;
    const before = valueAt(
        was.before === undefined ? {} : { it: was.before },
        `it${path.slice(outer.length)}`,
    );
    return (
        was.replaces === is.replaces &&
        hash({ before }) === hash({ before: is.before }) &&
        admits(was.after, is.after)
    );
}

/** Whether a value is the one that was reviewed, but for what was not known then. */
function admits(was: Value | undefined, is: Value | undefined): boolean {
    if (was === unknown) return true;
    if (Array.isArray(was) && Array.isArray(is))
        return was.length === is.length && was.every((item, index) => admits(item, is[index]));
    if (isMap(was) && isMap(is))
        return [...new Set([...Object.keys(was), ...Object.keys(is)])].every((key) =>
            admits(was[key], is[key]),
        );
    return was === is;
}

function isMap(value: Value | undefined): value is Readonly<Record<string, Value>> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(sides: Properties[string] | undefined): string {
    if (sides === undefined) return "no change";
    return ["before" as const, "after" as const]
        .flatMap((side) =>
            sides[side] === undefined ? [] : [shorten(JSON.stringify(sides[side]), 400)],
        )
        .join(" → ");
}
