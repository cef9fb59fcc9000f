/** Quotes and truncates text from outside, and escapes its control characters. */
export function quoted(text: string): string {
    return JSON.stringify(text.slice(0, 100));
}
