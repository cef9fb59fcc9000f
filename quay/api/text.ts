/**
 * Makes untrusted text safe to print. It comes from configuration, files and servers, and must not
 * move a terminal's cursor, hide the text that follows, or fill a page.
 */

/**
 * Replaces control characters, characters that change the direction of text, and invisible ones
 * with escapes such as `\u{1b}`. Keeps tabs and line breaks.
 */
export function visibleLines(text: string): string {
    return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, (character) =>
        character === "\n" || character === "\t"
            ? character
            : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
    );
}

/** Does the same in one line: a line break becomes `\n`. Keeps tabs. */
export function visible(text: string): string {
    return visibleLines(text).replaceAll("\n", "\\n");
}

/** Shortens a text to `length` characters: its beginning, `…` and its end. */
export function shorten(text: string, length = 120): string {
    if (text.length <= length) return text;
    const half = Math.floor(length / 2) - 1;
    return `${text.slice(0, half)}…${text.slice(-half)}`;
}

/** Returns somebody else's text as a message shows it: visible, in one line, cut to a length. */
export function foreign(text: string, length = 1000): string {
    return visible(shorten(text.trim(), length));
}
