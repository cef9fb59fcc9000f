import { inDeliveryOrder } from "../../configuration/delivery.ts";
import type { Preview } from "./preview.ts";
import { approvalLabel, legend, reviewOf, type StackReview, table } from "./review.ts";
import type { Phrase, Risk } from "./rules/rule.ts";
import type { SourceFinding } from "./sources.ts";
import { shorten } from "../../quay/api/text.ts";
import { codeBlock, codeSpan, cut, escapeHtml, longestRun, share, sizeOf } from "./text.ts";

/** The longest comment that GitHub accepts, in characters. */
export const commentLimit = 65_536;

/** Code lines longer than this, or with longer runs of backticks, are replaced by their length. */
const longestLine = 2_000;
const longestFence = 20;

const symbols: Readonly<Record<string, string>> = {
    dangerous: "🔴",
    careful: "🟡",
    routine: "⚪",
    failed: "❌",
};

/** A part of the comment whose lines may be cut. */
interface Section {
    readonly head: readonly string[];
    readonly lines: readonly string[];
    readonly tail?: readonly string[];
    /** The language, if the lines are code. */
    readonly code?: "diff" | "text";
    /** Whether it gets its share of the room before the others. */
    readonly first?: boolean;
}

/**
 * Renders one comment for all stacks: a table of counts, the findings, then the full diffs, folded.
 *
 * @param options.intro Markdown before the table, in place of the heading and the legend.
 * @param options.sources what changes of the pull request's files.
 * @param options.fullText URL of the full text, for what is cut.
 * @param options.footer the last line, as Markdown.
 */
export function renderMarkdown(
    previews: readonly Preview[],
    options: {
        readonly intro?: string | undefined;
        readonly sources?: readonly SourceFinding[];
        readonly fullText?: string | undefined;
        readonly footer?: string | undefined;
        readonly limit?: number;
    } = {},
): string {
    const { intro, sources = [], fullText, footer, limit = commentLimit } = options;
    const reviews = inDeliveryOrder(previews).map(reviewOf);
    const names = reviews.map(({ stack }) => codeSpan(stack)).join(", ");
    const end = footer === undefined ? [] : ["", `<sub>${footer}</sub>`];
    if (reviews.every(({ isEmpty }) => isEmpty) && sources.length === 0)
        return [`No changes: ${names}.`, ...end].join("\n");
    const counts = renderTable(reviews);
    const start =
        intro === undefined
            ? [
                  `### Preview: ${names}`,
                  "",
                  ...counts,
                  "",
                  ...renderLegend([...reviews, ...sources]),
                  "",
              ]
            : [intro, "", ...counts, ""];
    const sections = [
        ...nonEmpty({
            head: ["#### Files of the pull request", ""],
            lines: sources.map(renderFinding),
            tail: [""],
            first: true,
        }),
        ...reviews.flatMap(findingsOf),
        ...reviews.flatMap(detailsOf),
    ];
    const body = fit(sections, limit - sizeOf(start) - sizeOf(end), fullText);
    return [...start, ...body, ...end].join("\n");
}

function renderTable(reviews: readonly StackReview[]): string[] {
    const { head, rows } = table(reviews);
    return [
        tableLine(head),
        tableLine(head.map((_, index) => (index < 2 ? "---" : "--:"))),
        ...rows.map(([stack = "", risk = "", ...counts]) =>
            tableLine([inCell(codeSpan(stack)), `${symbols[risk] ?? ""} ${risk}`, ...counts]),
        ),
    ];
}

function tableLine(cells: readonly string[]): string {
    return `| ${cells.join(" | ")} |`;
}

/** Escapes Markdown for the cell of a table. */
function inCell(markdown: string): string {
    return markdown.replaceAll("|", "\\|");
}

function renderLegend(reviewed: readonly { readonly risk: Risk }[]): string[] {
    const risks: readonly Risk[] = ["dangerous", "careful", "routine"];
    const lines = risks
        .map((risk) => `${symbols[risk] ?? ""} **${risk}** ${legend[risk]}`)
        .join(" · ");
    if (!reviewed.some(({ risk }) => risk === "dangerous")) return [lines];
    const caution =
        "> **Dangerous changes.** If they are meant, give this pull request the label " +
        `${codeSpan(approvalLabel)}. It stands for the changes shown here: other changes need it ` +
        "again.";
    return [lines, "", "> [!CAUTION]", caution];
}

/** A stack's errors and findings, the worst first, and what it uses. */
function findingsOf(review: StackReview): Section[] {
    const { stack, errors, unchecked, findings, uses, isEmpty } = review;
    return [
        {
            head: [`#### ${codeSpan(stack)}`, ""],
            lines: [],
            tail: isEmpty ? ["No changes.", ""] : [],
        },
        ...nonEmpty({
            head: ["Failed:", ""],
            lines: errors.flatMap((error) => error.split("\n")),
            tail: [""],
            code: "text",
            first: true,
        }),
        ...nonEmpty({
            head: ["Could not be checked:", ""],
            lines: unchecked.flatMap((what) => what.split("\n")),
            tail: [""],
            code: "text",
            first: true,
        }),
        ...nonEmpty({
            head: [],
            lines: findings.map(renderFinding),
            tail: [""],
            first: true,
        }),
        ...nonEmpty({
            head: ["| it uses | before | after |", "| --- | --- | --- |"],
            lines: uses.map(({ name, before, after }) =>
                tableLine([name, before, after].map((cell) => inCell(inline(cell)))),
            ),
            tail: [""],
        }),
    ];
}

/** A stack's diffs and warnings, folded. */
function detailsOf({ stack, warnings, excerpts, lines }: StackReview): Section[] {
    const name = `<code>${escapeHtml(stack)}</code>`;
    const tail = ["</details>", ""];
    const folded = (summary: string) => [`<details><summary>${summary}</summary>`, ""];
    return [
        ...excerpts.flatMap((excerpt) =>
            nonEmpty({
                head: folded(`${name}: diff of <code>${escapeHtml(shorten(excerpt.name))}</code>`),
                lines: excerpt.lines,
                tail,
                code: "diff",
            }),
        ),
        ...nonEmpty({
            head: folded(`warnings of ${name}`),
            lines: warnings.flatMap((warning) => warning.split("\n")),
            tail,
            code: "text",
        }),
        ...nonEmpty({ head: folded(`full diff of ${name}`), lines, tail, code: "diff" }),
    ];
}

function nonEmpty(section: Section): Section[] {
    return section.lines.length === 0 ? [] : [section];
}

function renderFinding({ risk, text }: SourceFinding): string {
    return `- ${symbols[risk] ?? ""} ${inline(text)}`;
}

function inline(text: Phrase): string {
    return text
        .map((part) => (typeof part === "string" ? part : codeSpan(shorten(part.value))))
        .join("");
}

/**
 * Cuts the sections to the room: those marked `first` get up to half, the others share the rest.
 */
function fit(sections: readonly Section[], room: number, fullText: string | undefined): string[] {
    const ready = sections.map((section) =>
        section.code === undefined ? section : { ...section, lines: section.lines.map(bounded) },
    );
    const left = room - ready.reduce((sum, section) => sum + overhead(section, fullText), 0);
    const first = ready.filter((section) => section.first === true);
    const firstShares = share(
        first.map(({ lines }) => sizeOf(lines)),
        left / 2,
    );
    const others = ready.filter((section) => section.first !== true);
    const otherShares = share(
        others.map(({ lines }) => sizeOf(lines)),
        left - firstShares.reduce((sum, one) => sum + one, 0),
    );
    const shares = new Map([
        ...first.map((one, index) => [one, firstShares[index]] as const),
        ...others.map((one, index) => [one, otherShares[index]] as const),
    ]);
    return ready.flatMap((section) => render(section, shares.get(section) ?? 0, fullText));
}

function render(
    { head, lines, tail = [], code }: Section,
    room: number,
    fullText: string | undefined,
): string[] {
    const part = cut(lines, room);
    const body = code === undefined ? part.lines : codeBlock(code, part.lines);
    return [
        ...head,
        ...body,
        ...(part.left === 0 ? [] : ["", notice(part.left, fullText)]),
        ...(code === undefined ? [] : [""]),
        ...tail,
    ];
}

function overhead(section: Section, fullText: string | undefined): number {
    return (
        sizeOf([
            ...section.head,
            ...(section.tail ?? []),
            "",
            "",
            notice(section.lines.length, fullText),
            "",
            "",
        ]) +
        2 * (longestFence + 6)
    );
}

function notice(left: number, fullText: string | undefined): string {
    const lines = `… ${String(left)} more ${left === 1 ? "line" : "lines"}`;
    return fullText === undefined ? `_${lines}_` : `_${lines}: see [the whole text](${fullText})_`;
}

function bounded(line: string): string {
    if (line.length <= longestLine && longestRun(line) < longestFence) return line;
    return `${line.slice(0, 1)} (a line of ${String(line.length)} characters, left out)`;
}
