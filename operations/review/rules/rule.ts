import type { Change, Preview, PropertyChange, Value } from "../preview.ts";
import { valueAt, whole } from "../properties.ts";

/**
 * The risk of a change. `dangerous`: it can lose data or let someone in. `careful`: it changes what
 * runs or what someone may do. `routine`: anything else.
 */
export type Risk = "dangerous" | "careful" | "routine";

/** A sentence of words and foreign values; the values are shown literally. */
export type Phrase = readonly (string | { readonly value: string })[];

/** A statement about a change that a reviewer must read. */
export interface Finding {
    readonly risk: Exclude<Risk, "routine">;
    readonly change: Change;
    readonly text: Phrase;
    /** The property whose text diff is shown with the finding, and the text's name. */
    readonly shows?: { readonly path: string; readonly name: string };
}

/** Returns the findings about one change, the worst first. */
export type Rule = (change: Change, preview: Preview) => readonly (Finding | undefined)[];

/**
 * Makes a sentence of words, foreign values and other phrases: phrase`repository ${name} is
 * deleted`. A line break between the words is a space.
 */
export function phrase(words: TemplateStringsArray, ...values: (string | Phrase)[]): Phrase {
    return words
        .flatMap((word, index) => {
            const value = values[index];
            return [
                word.replace(/\s*\n\s*/g, " "),
                ...(value === undefined ? [] : typeof value === "string" ? [{ value }] : value),
            ];
        })
        .filter((part) => part !== "");
}

/**
 * Makes the rule of a resource that belongs to another one. To a reviewer, a replacement that moves
 * it is two changes: it is deleted there and created here.
 *
 * @param owner the properties that name the other resource, such as `repository`.
 */
export function splitMoves(rule: Rule, ...owner: readonly string[]): Rule {
    return (change, preview) => {
        const { before, after } = change;
        const isMoved =
            ["replace", "update"].includes(change.operation) &&
            owner.some((name) => show(before[name]) !== show(after[name]));
        if (!isMoved) return rule(change, preview);
        const removed = { operation: "delete", properties: whole("before", before), after: {} };
        const created = { operation: "create", properties: whole("after", after), before: {} };
        // A retained resource that is replaced arrives here as an update: nothing is deleted.
        const parts = change.operation === "replace" ? [removed, created] : [created];
        return parts
            .flatMap((part) => rule({ ...change, ...part }, preview))
            .map((finding) => finding && { ...finding, change });
    };
}

/** Makes a finding of the risk `dangerous`. */
export function dangerous(change: Change, text: Phrase): Finding {
    return { risk: "dangerous", change, text };
}

/** Makes a finding of the risk `careful`. */
export function careful(change: Change, text: Phrase, shows?: Finding["shows"]): Finding {
    return { risk: "careful", change, text, ...(shows === undefined ? {} : { shows }) };
}

/** Whether the old resource, with its contents, is deleted. */
export function isGone({ operation }: Change): boolean {
    return operation === "delete" || operation === "replace";
}

/** Whether the resource is created, not as a replacement. */
export function isNew({ operation }: Change): boolean {
    return operation === "create";
}

/** Returns the change of exactly this property; undefined if there is none. */
export function propertyOf(change: Change, path: string): PropertyChange | undefined {
    return change.properties.find((property) => property.path === path);
}

/** Returns the inputs of all resources of a type that the program declares. */
export function declared({ changes, unchanged }: Preview, type: string): Change["after"][] {
    const isOfType = (one: { readonly type: string }): boolean => one.type === type;
    return [
        ...changes
            .filter((change) => isOfType(change) && change.operation !== "delete")
            .map(({ after }) => after),
        ...unchanged.filter(isOfType).map(({ inputs }) => inputs),
    ];
}

/** Whether this property or a part of it changes. */
export function isChanged(change: Change, path: string): boolean {
    return change.properties.some(
        (property) =>
            property.path === path ||
            (/^[.[]/.test(property.path.slice(path.length)) && property.path.startsWith(path)),
    );
}

/**
 * Returns a property before and after; undefined if it does not change.
 *
 * @param absent the default of the property, which stands for an absent value.
 */
export function transitionOf(
    { before, after }: Change,
    path: string,
    absent: Value,
): { readonly before: Value; readonly after: Value } | undefined {
    const [from, to] = [before, after].map((inputs) => valueAt(inputs, path) ?? absent);
    if (from === undefined || to === undefined) return undefined;
    return JSON.stringify(from) === JSON.stringify(to) ? undefined : { before: from, after: to };
}

/** Returns a property's new value, or its old one if the resource is deleted or replaced. */
export function textOf(change: Change, path: string): string {
    return show(valueAt(isGone(change) ? change.before : change.after, path));
}

/** Formats a value for a sentence. */
export function show(value: Value | undefined): string {
    if (value === undefined || value === null) return "none";
    return typeof value === "string" ? value : JSON.stringify(value);
}

/** The property of a resource that is replaced because it has another provider. */
export const providerOption = "(provider)";

/** Shortens the digests in a text; the diff has all of them. */
export function shortDigest(text: string): string {
    return text.replace(/\b(sha256:[0-9a-f]{12})[0-9a-f]{52}\b/, "$1…");
}

/** Returns a value as a list: for a list of at most one item, the SDK has the item itself. */
export function listOf(value: Value | undefined): Value[] {
    return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
}

/** Returns the items of a list that the other lacks. */
export function missing(list: readonly string[], other: readonly string[]): string[] {
    return list.filter((item) => !other.includes(item));
}

/** Shortens a resource's type: `github:index/branch:Branch` → `github:Branch`. */
export function shortType(type: string): string {
    const parts = type.split(":");
    return parts.length === 3 ? `${parts[0] ?? ""}:${parts[2] ?? ""}` : type;
}
