/** Escapes foreign text for Markdown and HTML: it must not become markup or mention anyone. */
import { visible } from "../../components/text.ts";

/** Returns a Markdown code span with this text. */
export function codeSpan(text: string): string {
    const shown = visible(text).replaceAll("\t", " ");
    if (shown.trim() === "") return codeSpan(JSON.stringify(text));
    const quote = "`".repeat(longestRun(shown) + 1);
    const space = /^[` ]|[` ]$/.test(shown) ? " " : "";
    return `${quote}${space}${shown}${space}${quote}`;
}

/** Returns a Markdown code block with these lines. */
export function codeBlock(language: string, lines: readonly string[]): string[] {
    const fence = "`".repeat(Math.max(3, longestRun(lines.join("\n")) + 1));
    return [`${fence}${language}`, ...lines, fence];
}

/** Escapes text for HTML. */
export function escapeHtml(text: string): string {
    return visible(text).replace(
        /[&<>"']/g,
        (character) => `&#${String(character.charCodeAt(0))};`,
    );
}

/** The length of the longest run of backticks. */
export function longestRun(text: string): number {
    return (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0);
}
