import { visible } from "./text.ts";

/**
 * Quotes a word for a shell, unless it needs no quotes. A word with characters that would change
 * the terminal gets the form `$'…'` with escapes, which bash, zsh and ksh read.
 */
export function shellWord(word: string): string {
    if (/^[\w./:@+=,-]+$/.test(word)) return word;
    if (visible(word) === word) return `'${word.replaceAll("'", String.raw`'\''`)}'`;
    const escaped = word
        .replace(/[\\']/g, String.raw`\$&`)
        .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, (character) => {
            const code = (character.codePointAt(0) ?? 0).toString(16);
            return String.raw`\U${code.padStart(8, "0")}`;
        });
    return `$'${escaped}'`;
}
