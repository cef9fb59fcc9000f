/** Text of others in Markdown and HTML: it must not become markup, or mention anyone. */
import { visible } from "../../components/text.ts";

/** A code span of Markdown with exactly this text: nothing in it is markup. */
export function codeSpan(text: string): string {
    const shown = visible(text).replaceAll("\t", " ");
    if (shown.trim() === "") return codeSpan(JSON.stringify(text));
    const quote = "`".repeat(longestRun(shown) + 1);
    const space = /^[` ]|[` ]$/.test(shown) ? " " : "";
    return `${quote}${space}${shown}${space}${quote}`;
}

/** A code block of Markdown with exactly these lines. */
export function codeBlock(language: string, lines: readonly string[]): string[] {
    const fence = "`".repeat(Math.max(3, longestRun(lines.join("\n")) + 1));
    return [`${fence}${language}`, ...lines, fence];
}

/** Text within HTML. */
export function escapeHtml(text: string): string {
    return visible(text).replace(
        /[&<>"']/g,
        (character) => `&#${String(character.charCodeAt(0))};`,
    );
}

/** How many backticks follow each other at most. */
export function longestRun(text: string): number {
    return (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0);
}
