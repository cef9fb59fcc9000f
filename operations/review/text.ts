/**
 * Text of a comment: escapes foreign text for Markdown and HTML, so that it does not become markup
 * or mention anyone, and cuts text to a limited size, line by line.
 */
import { visible } from "../../quay/api/text.ts";

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

/** Divides the room among the needs: each gets what it needs, or an equal share if that is less. */
export function share(needs: readonly number[], room: number): number[] {
    const shares = needs.map(() => 0);
    let left = Math.max(0, room);
    const byNeed = [...needs.entries()].sort(([, a], [, b]) => a - b);
    for (const [position, [index, need]] of byNeed.entries()) {
        const share = Math.min(need, Math.floor(left / (byNeed.length - position)));
        shares[index] = share;
        left -= share;
    }
    return shares;
}

/** The size of lines in characters, line ends included. */
export function sizeOf(lines: readonly string[]): number {
    return lines.reduce((size, line) => size + line.length + 1, 0);
}

/** Returns the first whole lines that fit, and the number of lines left out. */
export function cut(
    lines: readonly string[],
    room: number,
): { readonly lines: readonly string[]; readonly left: number } {
    let used = 0;
    const end = lines.findIndex((line) => (used += line.length + 1) > room);
    return end === -1
        ? { lines, left: 0 }
        : { lines: lines.slice(0, end), left: lines.length - end };
}
