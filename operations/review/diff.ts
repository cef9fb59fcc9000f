import { structuredPatch } from "diff";
import {
    type Change,
    ofOutputs,
    type PropertyChange,
    secret,
    unknown,
    type Value,
} from "./preview.ts";
import { shortType } from "./rules/rule.ts";
import { visible } from "../../quay/api/text.ts";

/** Lines of a diff: `+` added, `-` removed, `!` changed, `@` position in the file. */
export type DiffLines = readonly string[];

/**
 * Renders the change of one resource.
 *
 * @param elsewhere the properties whose difference is shown elsewhere.
 * @param when returns when an unknown property will be known.
 */
export function renderChange(
    change: Change,
    elsewhere: readonly string[] = [],
    when: (path: string) => string = () => "unknown",
): DiffLines {
    const head = ofOutputs(change)
        ? "outputs of the stack"
        : visible(`${shortType(change.type)} ${change.name}: ${change.operation}`);
    const id = change.id === "" ? "" : visible(` (${change.id})`);
    return [
        `${signOf(change)} ${head}${id}`,
        ...change.properties.flatMap((property) =>
            elsewhere.includes(property.path)
                ? [`!     ${visible(property.path)}: shown above`]
                : renderProperty(property, when(property.path)).map(
                      (line) => `${line.slice(0, 1)}     ${line.slice(1)}`,
                  ),
        ),
    ];
}

/** Renders the difference of two texts of several lines, with three lines of context. */
export function renderText(before: string, after: string): DiffLines {
    const options = { context: 3, maxEditLength: 10_000, timeout: 2_000 };
    // A final line end lets the last line compare like the others.
    const patch = structuredPatch(
        "",
        "",
        ended(before),
        ended(after),
        undefined,
        undefined,
        options,
    );
    if (patch === undefined)
        return [
            ...before.split("\n").map((line) => `-${visible(line)}`),
            ...after.split("\n").map((line) => `+${visible(line)}`),
        ];
    const isAll = before === "" || after === "";
    return patch.hunks.flatMap(({ oldStart, newStart, lines }) => [
        ...(isAll ? [] : [`@@ -${String(oldStart)} +${String(newStart)} @@`]),
        ...lines.map((line) => `${line.slice(0, 1)}${visible(line.slice(1))}`),
    ]);
}

function signOf({ operation }: Change): string {
    return { create: "+", delete: "-" }[operation] ?? "!";
}

function renderProperty(
    { path, before, after, replaces }: PropertyChange,
    when: string,
): DiffLines {
    const name = visible(path);
    const suffix = replaces ? " (replaces it)" : "";
    const show = (value: Value) => showValue(value, when);
    if (before === after)
        return [`!${name}: ${before === undefined ? "" : `${show(before)}, `}changed${suffix}`];
    // Listing all lines as removed would hide that the new text is only unknown.
    if (isLong(before) && after === unknown) return [`!${name}: ${show(after)}${suffix}`];
    if (isLong(before) || isLong(after)) {
        const [from, to] = [before, after].map((value) =>
            value === undefined ? "" : isText(value) ? value : show(value),
        );
        const sign = before === undefined ? "+" : after === undefined ? "-" : "!";
        return [
            `${sign}${name}:${suffix}`,
            ...renderText(from ?? "", to ?? "").map(
                (line) => `${line.slice(0, 1)}    ${line.slice(1)}`,
            ),
        ];
    }
    return [
        ...(before === undefined
            ? []
            : [`-${name}: ${show(before)}${after === undefined ? suffix : ""}`]),
        ...(after === undefined ? [] : [`+${name}: ${show(after)}${suffix}`]),
    ];
}

function isText(value: Value | undefined): value is string {
    return typeof value === "string";
}

function isLong(value: Value | undefined): boolean {
    return isText(value) && value.includes("\n");
}

function showValue(value: Value, when: string): string {
    if (value === unknown) return `[${visible(when)}]`;
    return value === secret ? value : visible(JSON.stringify(value));
}

function ended(text: string): string {
    return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
