import { styleText } from "node:util";
import { inDeliveryOrder } from "../../configuration/delivery.ts";
import type { Preview } from "./preview.ts";
import { legend, reviewOf, type StackReview, table } from "./review.ts";
import type { Phrase } from "./rules/rule.ts";
import { visible } from "../../quay/api/text.ts";

type Format = Parameters<typeof styleText>[0];

const formats: Readonly<Record<string, Format>> = {
    dangerous: ["bold", "red"],
    careful: "yellow",
    routine: "dim",
    failed: ["bold", "red"],
};
const signs: Readonly<Record<string, Format>> = {
    "+": "green",
    "-": "red",
    "!": "yellow",
    "@": "cyan",
};

/**
 * Renders the review for a terminal or a plain file: the same as the comment, uncut.
 *
 * @param height of the terminal, in lines. A text that is longer ends as it begins: with the table
 * and the findings. Default: it has no end.
 */
export function renderTerminal(
    previews: readonly Preview[],
    colours: boolean,
    height = Infinity,
): string {
    const style = (format: Format | undefined, text: string) =>
        colours && format !== undefined ? styleText(format, text, { validateStream: false }) : text;
    const phrase = (text: Phrase) =>
        text
            .map((part) => (typeof part === "string" ? part : style("bold", visible(part.value))))
            .join("");
    const diff = (lines: readonly string[]) =>
        lines.map((line) => `  ${style(signs[line.slice(0, 1)], line)}`);

    const findingLines = ({
        stack,
        errors,
        warnings,
        unchecked,
        findings,
        uses,
        isEmpty,
    }: StackReview) => [
        "",
        style("bold", visible(stack)),
        ...(isEmpty ? ["  no changes"] : []),
        ...errors
            .flatMap((error) => error.split("\n"))
            .map((line) => `  ${style(formats["failed"], visible(line))}`),
        ...unchecked
            .flatMap((what) => `could not be checked: ${what}`.split("\n"))
            .map((line) => `  ${style("yellow", visible(line))}`),
        ...warnings
            .flatMap((warning) => warning.split("\n"))
            .map((line) => `  ${style("yellow", visible(line))}`),
        ...findings.map(
            ({ risk, text }) => `  ${style(formats[risk], risk.padEnd(9))}  ${phrase(text)}`,
        ),
        ...uses.map(
            ({ name, before, after }) =>
                `  ${"uses".padEnd(9)}  ${phrase(name)}: ${phrase(before)} → ${phrase(after)}`,
        ),
    ];
    const detailLines = ({ stack, excerpts, lines }: StackReview) => [
        ...excerpts.flatMap(({ name, lines: excerpt }) => [
            "",
            `  ${visible(stack)}: diff of ${visible(name)}`,
            ...diff(excerpt),
        ]),
        ...(lines.length === 0 ? [] : ["", `  full diff of ${visible(stack)}`, ...diff(lines)]),
    ];

    const reviews = inDeliveryOrder(previews).map(reviewOf);
    if (reviews.every(({ isEmpty }) => isEmpty))
        return `No changes: ${reviews.map(({ stack }) => visible(stack)).join(", ")}.`;
    const risks = [...new Set(reviews.filter(isCounted).map(({ risk }) => risk))];
    const overview = [
        ...renderTable(reviews),
        "",
        ...risks.map((risk) => `${style(formats[risk], risk)}: ${legend[risk]}`),
    ];
    const summary = [...(risks.length === 0 ? [] : overview), ...reviews.flatMap(findingLines)];
    const details = reviews.flatMap(detailLines);
    const isLong = details.length > 0 && summary.length + details.length >= height;
    return [...summary, ...details, ...(isLong ? ["", ...summary] : [])].join("\n").trimStart();
}

/** Whether it has a risk: a preview that failed before it found a change has none. */
function isCounted({ errors, counts }: StackReview): boolean {
    return errors.length === 0 || counts.size > 0;
}

function renderTable(reviews: readonly StackReview[]): string[] {
    const { head, rows } = table(reviews);
    const cells = [head, ...rows.map((row) => row.map(visible))];
    const widths = head.map((_, column) =>
        Math.max(...cells.map((row) => row[column]?.length ?? 0)),
    );
    return cells.map((row) =>
        row
            .map((cell, column) =>
                column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
            )
            .join("  "),
    );
}
