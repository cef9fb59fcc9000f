import { equal, isList, isObject, propertyPath } from "./values.ts";
import type { Value } from "./values.ts";

export type DiffKind = "add" | "delete" | "update";

/** How one property differs. */
export interface PropertyChange {
    readonly kind: DiffKind;
    /** The resource has to be replaced for it. */
    readonly replace: boolean;
    /** It is an output: the engine shows it from the states, not from the inputs. */
    readonly isOutput?: boolean;
}

export interface Diff {
    /** What differs, by property path (`claims[0].subject`). */
    readonly changes: ReadonlyMap<string, PropertyChange>;
    /** The inputs that make a replacement necessary. */
    readonly replaces: readonly string[];
    /** Old and new cannot exist side by side. */
    readonly deleteBeforeReplace: boolean;
}

/** Where two plain values differ, down to the innermost property. */
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
