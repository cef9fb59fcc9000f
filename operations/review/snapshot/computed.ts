import { unknownValue } from "../engineValues.ts";
import type { Value } from "../preview.ts";
import { type Leaf, secretLeaves } from "./leaves.ts";
import type { Marks } from "./marks.ts";
import type { Planned } from "./plan.ts";

/** What the program computes from marks, in the place of a secret. */
export interface Computed {
    readonly urn: string;
    readonly secret: Leaf;
    readonly leaf: Leaf;
}

/** The properties of a resource, with its secrets in clear. */
type Properties = Readonly<Record<Planned["kind"], Value>>;

/**
 * Finds the secrets of unchanged resources for which a preview on the snapshot plans something else
 * than their marks: the program makes it of marks, or of what everybody knows. What it makes of
 * something hidden is left out.
 *
 * @param unchanged the resources that a deployment leaves as they are, by URN.
 * @param hidden what nobody may know, such as the secrets in the environment.
 */
export function findComputed(
    marks: Marks,
    unchanged: ReadonlyMap<string, Properties>,
    planned: readonly Planned[],
    hidden: readonly string[],
): Computed[] {
    return planned.flatMap(({ urn, kind, properties }) => {
        const secrets = secretLeaves(unchanged.get(urn)?.[kind] ?? {});
        return [...secretLeaves(properties)].flatMap(([path, leaf]) => {
            const secret = secrets.get(path);
            if (secret === undefined || leaf === unknownValue) return [];
            if (leaf === marks.of(urn, secret) || reveals(leaf, hidden)) return [];
            return [{ urn, secret, leaf }];
        });
    });
}

/** Whether a text has one of the secrets: as it is, in JSON, or in base64 of any alignment. */
function reveals(leaf: Leaf, secrets: readonly string[]): boolean {
    if (typeof leaf !== "string") return false;
    return secrets
        .flatMap((secret) => [
            secret,
            inJson(secret),
            ...["", "x", "xx"].map((before) => inBase64(secret, before)),
        ])
        .some((form) => leaf.includes(form));
}

/** Returns a text as it is within JSON. */
export function inJson(text: string): string {
    return JSON.stringify(text).slice(1, -1);
}

/** Returns what base64 of a text has in common, whatever comes before it and after it. */
function inBase64(text: string, before: string): string {
    const coded = Buffer.from(before + text).toString("base64");
    const begin = before === "" ? 0 : 4;
    return coded.slice(begin, -4);
}
