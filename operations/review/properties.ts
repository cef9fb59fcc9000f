import type { PropertyChange, Value } from "./preview.ts";

type Properties = Readonly<Record<string, Value>>;

/** A property that differs according to the engine. */
export interface EngineDiff {
    readonly path: string;
    readonly replaces: boolean;
}

/** The inputs and outputs of a resource. */
export interface State {
    readonly inputs: Properties;
    readonly outputs: Properties;
}

/**
 * Returns the changed properties of an updated or replaced resource: the inputs that differ, and
 * what differs according to the engine, such as secrets and properties that only the provider
 * knows. Leaves out what is absent on both sides, unless only that explains a replacement.
 */
export function compare(
    before: State,
    after: State,
    engine: readonly EngineDiff[],
): PropertyChange[] {
    const replaces = (path: string) =>
        engine.some(
            (diff) => diff.replaces && (isWithin(path, diff.path) || isWithin(diff.path, path)),
        );
    const own = differences(before.inputs, after.inputs, "").map((change) => ({
        ...change,
        replaces: replaces(change.path),
    }));
    const others = engine
        .filter(
            ({ path }) =>
                !own.some((change) => isWithin(change.path, path) || isWithin(path, change.path)),
        )
        .map(({ path, replaces }) => {
            const [from, to] = [before, after].map(
                ({ inputs, outputs }) => valueAt(inputs, path) ?? valueAt(outputs, path),
            );
            return { path, replaces, ...defined("before", from), ...defined("after", to) };
        });
    const all: PropertyChange[] = [...own, ...others];
    const present = all.filter(({ before, after }) => !(isAbsent(before) && isAbsent(after)));
    const isReason = ({ replaces }: PropertyChange) => replaces;
    const isExplained = present.some(isReason) || !all.some(isReason);
    return (isExplained ? present : all).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The SDK treats `null` as absent. */
function isAbsent(value: Value | undefined): boolean {
    return value === undefined || value === null;
}

/** Returns all properties of a new or deleted resource as changes. */
export function whole(side: "before" | "after", properties: Properties): PropertyChange[] {
    return Object.entries(properties)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([path, value]) => ({ path, [side]: value, replaces: false }));
}

function differences(
    before: Value | undefined,
    after: Value | undefined,
    path: string,
): Omit<PropertyChange, "replaces">[] {
    if (before === after) return [];
    if (Array.isArray(before) && Array.isArray(after)) {
        return [...(before.length > after.length ? before : after).keys()].flatMap((index) =>
            differences(before[index], after[index], `${path}[${String(index)}]`),
        );
    }
    if (isObject(before) && isObject(after)) {
        return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
            differences(before[key], after[key], join(path, key)),
        );
    }
    return [{ path, ...defined("before", before), ...defined("after", after) }];
}

function defined<Key extends "before" | "after">(
    key: Key,
    value: Value | undefined,
): Partial<Record<Key, Value>>;
function defined(key: string, value: Value | undefined): Record<string, Value> {
    return value === undefined ? {} : { [key]: value };
}

/** Appends a key to a path, quoted if necessary: `a.b`, but `a["b.c"]`. */
function join(path: string, key: string): string {
    if (!/^[^.[\]"\s]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
    return path === "" ? key : `${path}.${key}`;
}

/** Whether the path equals the other or lies within it. */
export function isWithin(path: string, outer: string): boolean {
    return path === outer || (path.startsWith(outer) && /^[.[]/.test(path.slice(outer.length)));
}

/** Returns the value at the path; within a secret, the secret itself. */
export function valueAt(properties: Properties, path: string): Value | undefined {
    const keys = [...path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)].map(
        ([, index, quoted, plain = ""]) => index ?? quoted?.replace(/\\(.)/g, "$1") ?? plain,
    );
    let at: Value | undefined = properties;
    for (const key of keys) {
        if (typeof at === "string") return at;
        at = Array.isArray(at)
            ? at[Number(key)]
            : isObject(at) && Object.hasOwn(at, key)
              ? at[key]
              : undefined;
    }
    return at;
}

/** Whether a value has properties. */
export function isObject(value: Value | undefined): value is Record<string, Value> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
