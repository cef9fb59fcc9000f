import { equal, isList, isObject, propertyPath } from "./values.ts";
import type { Value } from "./values.ts";

export type DiffKind = "add" | "delete" | "update";

/** The difference in one property. */
export interface PropertyChange {
    readonly kind: DiffKind;
    /** Whether the change replaces the resource. */
    readonly replace: boolean;
    /**
     * Whether it is an output: the engine then shows the change from the states, not from the
     * inputs.
     */
    readonly isOutput?: boolean;
}

export interface Diff {
    /** The differences by property path (`claims[0].subject`). */
    readonly changes: ReadonlyMap<string, PropertyChange>;
    /** The inputs that cause a replacement. */
    readonly replaces: readonly string[];
    /** Whether the old and the new resource cannot exist at the same time. */
    readonly deleteBeforeReplace: boolean;
}

/** Returns the paths at which two plain values differ, down to the innermost property. */
export function differencesOf(
    path: string,
    before: Value | undefined,
    after: Value | undefined,
): (readonly [string, DiffKind])[] {
    if (equal(before, after)) return [];
    if (before === undefined) return [[path, "add"]];
    if (after === undefined) return [[path, "delete"]];
    if (isList(before) && isList(after)) {
        const indexes = Array.from(
            { length: Math.max(before.length, after.length) },
            (_, index) => index,
        );
        return indexes.flatMap((index) =>
            differencesOf(`${path}[${String(index)}]`, before[index], after[index]),
        );
    }
    if (isObject(before) && isObject(after)) {
        const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
        return [...keys].flatMap((key) =>
            differencesOf(propertyPath([key], path), before[key], after[key]),
        );
    }
    return [[path, "update"]];
}
