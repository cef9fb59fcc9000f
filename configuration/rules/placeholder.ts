/** The placeholder for an account, which the example files have. */
import { problem } from "./rule.ts";
import { isObject, type Problem } from "../error.ts";

/** The placeholder in the examples. */
const placeholder = /(^|\/)YOUR-ACCOUNT(\/|$)/;

/** Whether a value has the placeholder. */
export function hasPlaceholder(value: string): boolean {
    return placeholder.test(value);
}

/** Returns a problem for each value in which the account has not been filled in. */
export function findPlaceholders(
    value: unknown,
    path: readonly (string | number)[] = [],
): Problem[] {
    if (typeof value === "string") {
        return hasPlaceholder(value)
            ? [problem(path, "must name your account in place of YOUR-ACCOUNT")]
            : [];
    }
    if (Array.isArray(value))
        return value.flatMap((inner, index) => findPlaceholders(inner, [...path, index]));
    if (!isObject(value)) return [];
    return Object.entries(value).flatMap(([key, inner]) => findPlaceholders(inner, [...path, key]));
}
