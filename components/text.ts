/**
 * Text of others, made harmless: it comes from configuration, files and servers, and must not move a
 * terminal's cursor or hide what follows.
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
