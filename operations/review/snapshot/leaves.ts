/** The leaves of secrets: their texts, numbers and truth values. The rest only says where. */
import { secretIn, secretSignature, signature } from "../engineValues.ts";
import type { Value } from "../preview.ts";
import { isObject } from "../properties.ts";

/** A leaf of a secret. */
export type Leaf = string | number | boolean;

/**
 * Returns JSON of the engine with the leaves of its secrets replaced. What is empty stays so.
 *
 * @param value with its secrets in clear, as `--show-secrets` prints them.
 * @param path where the value is: `inputs.data`.
 */
export function replaceSecrets(
    value: Value,
    replace: (leaf: Leaf, path: string) => Leaf,
    path = "",
): Value {
    const secret = secretIn(value);
    if (secret === undefined)
        return mapParts(value, path, (part, at) => replaceSecrets(part, replace, at));
    const replaced = replaceLeaves(secret.clear, replace, path);
    return { [signature]: secretSignature, plaintext: JSON.stringify(replaced) };
}

/** Returns the leaves of all secrets within a value, by path. */
export function secretLeaves(value: Value): ReadonlyMap<string, Leaf> {
    const found = new Map<string, Leaf>();
    replaceSecrets(value, (leaf, path) => {
        found.set(path, leaf);
        return leaf;
    });
    return found;
}

function replaceLeaves(
    value: Value,
    replace: (leaf: Leaf, path: string) => Leaf,
    path: string,
): Value {
    const { clear } = secretIn(value) ?? { clear: value };
    if (clear === null || clear === "") return clear;
    if (typeof clear !== "object") return replace(clear, path);
    return mapParts(clear, path, (part, at) => replaceLeaves(part, replace, at));
}

/** Applies a function to the items of a list, or to an object's properties. */
function mapParts(value: Value, path: string, map: (part: Value, path: string) => Value): Value {
    if (Array.isArray(value)) return value.map((item, at) => map(item, `${path}[${String(at)}]`));
    if (!isObject(value)) return value;
    const entries = Object.entries(value).map(([key, part]) => {
        const isSign = key === signature;
        return [key, isSign ? part : map(part, `${path}.${key}`)] as const;
    });
    return Object.fromEntries(entries);
}
