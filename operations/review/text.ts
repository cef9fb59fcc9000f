/**
 * Text of others, made harmless. Values come from configuration, files and servers: in a comment they must not become markup, mention
 * anyone or hide what follows, and in a terminal they must not move its cursor.
 */

/** Control characters and those that turn the direction of text or are not seen at all, shown as what they are; a tab stays. */
export function visible(text: string): string {
    return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, (character) => {
        if (character === "\t") return character;
        if (character === "\n") return "\\n";
        return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
    });
}

/** Both ends of a text that is too long for a sentence. */
export function shorten(text: string, length = 120): string {
    if (text.length <= length) return text;
    const half = Math.floor(length / 2) - 1;
    return `${text.slice(0, half)}…${text.slice(-half)}`;
}

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
