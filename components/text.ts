/**
 * Makes untrusted text safe to print. It comes from configuration, files and servers, and must not
 * move a terminal's cursor or hide the text that follows.
 */

/**
 * Replaces control characters, characters that change the direction of text, and invisible ones
 * with escapes such as `\u{1b}`. Keeps tabs.
 */
export function visible(text: string): string {
    return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, (character) => {
        if (character === "\t") return character;
        if (character === "\n") return "\\n";
        return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
    });
}

/** Shortens a text to `length` characters: its beginning, `…` and its end. */
export function shorten(text: string, length = 120): string {
    if (text.length <= length) return text;
    const half = Math.floor(length / 2) - 1;
    return `${text.slice(0, half)}…${text.slice(-half)}`;
}
