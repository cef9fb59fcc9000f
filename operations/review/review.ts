import { type Use, usesOf } from "./cost.ts";
import { type DiffLines, renderChange, renderText } from "./diff.ts";
import { findingsOf, listAwaited, riskOf, whenKnown } from "./findings.ts";
import {
    type Change,
    ofOutputs,
    type Preview,
    type PropertyChange,
    unknown,
    type Value,
} from "./preview.ts";
import { type Finding, propertyOf, type Risk } from "./rules/rule.ts";
import { visible } from "../../quay/api/text.ts";

/** The label that approves a pull request's dangerous changes. */
export const approvalLabel = "approve-dangerous";

/** The meaning of each risk. */
export const legend: Readonly<Record<Risk, string>> = {
    dangerous: "can lose data or let someone in",
    careful: "changes what runs, or what someone may do",
    routine: "every other change; only the full diff shows it",
};

/** The review of one stack, independent of its output format. */
export interface StackReview {
    readonly stack: string;
    readonly risk: Risk;
    readonly errors: readonly string[];
    readonly warnings: readonly string[];
    /** What a check for drift could not read, and why. */
    readonly unchecked: readonly string[];
    readonly findings: readonly Finding[];
    /** What it uses, as far as that changes. */
    readonly uses: readonly Use[];
    /** The text differences that belong to findings, each with the name of the text. */
    readonly excerpts: readonly { readonly name: string; readonly lines: DiffLines }[];
    /** All changes, without the excerpts. */
    readonly lines: DiffLines;
    /** The number of resources by operation. */
    readonly counts: ReadonlyMap<string, number>;
    /** The number of unchanged resources. */
    readonly unchanged: number;
    readonly isEmpty: boolean;
}

/** Limit of excerpts, so that what follows stays visible; the others are in the full diff. */
const mostExcerpts = 8;

/** The operations that always have a column. */
const operations = ["create", "update", "replace", "delete"];

/** Reviews the preview of one stack. */
export function reviewOf(preview: Preview): StackReview {
    const { stack, errors, warnings, unchecked = [], changes, unchanged } = preview;
    const findings = findingsOf(preview);
    const shown = findings
        .flatMap(({ change, shows }) => (shows === undefined ? [] : [{ change, ...shows }]))
        .slice(0, mostExcerpts);
    const elsewhere = (change: Change) =>
        shown.filter((one) => one.change === change).map(({ path }) => path);
    return {
        stack,
        risk: riskOf(findings),
        errors,
        warnings,
        unchecked,
        findings,
        uses: usesOf(preview),
        excerpts: shown.map(({ change, path, name }) => ({
            name,
            lines: excerptOf(propertyOf(change, path), whenKnown(change, preview, path), preview),
        })),
        lines: changes.flatMap((change) =>
            renderChange(change, elsewhere(change), (path) => whenKnown(change, preview, path)),
        ),
        counts: countsOf(changes),
        unchanged: unchanged.length,
        isEmpty: errors.length + warnings.length + unchecked.length + changes.length === 0,
    };
}

/** Renders a text's change; one line if the new text is unknown. */
function excerptOf(
    property: PropertyChange | undefined,
    when: string,
    preview: Preview,
): DiffLines {
    if (property?.after !== unknown)
        return renderText(textIn(property?.before), textIn(property?.after));
    const awaited = listAwaited(preview);
    const parts = awaited.length === 0 ? "" : `; changes in it: ${awaited.join(", ")}`;
    return [`! ${visible(when)}${parts}`];
}

/** Says which previews failed; undefined if none did. */
export function failureOf(previews: readonly Preview[]): string | undefined {
    const failed = previews.filter(({ errors }) => errors.length > 0).map(({ stack }) => stack);
    return failed.length === 0 ? undefined : `The preview failed: ${failed.join(", ")}.`;
}

/** Returns the counts as a table: a heading, and a row for each stack. */
export function table(reviews: readonly StackReview[]): {
    readonly head: string[];
    readonly rows: string[][];
} {
    const others = reviews
        .flatMap(({ counts }) => [...counts.keys()])
        .filter((operation) => !operations.includes(operation));
    const columns = [...operations, ...new Set(others)];
    return {
        head: ["stack", "risk", ...columns, "unchanged"],
        rows: reviews.map(({ stack, risk, errors, counts, unchanged }) => [
            stack,
            errors.length > 0 ? "failed" : risk,
            ...columns.map((operation) => String(counts.get(operation) ?? 0)),
            String(unchanged),
        ]),
    };
}

function countsOf(changes: readonly Change[]): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { operation } of changes.filter((change) => !ofOutputs(change)))
        counts.set(operation, (counts.get(operation) ?? 0) + 1);
    return counts;
}

function textIn(value: Value | undefined): string {
    return value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
}
