/**
 * Translates a pattern for tags, which Quay compiles with Python's `re`, so that it can be tried on tags here.
 *
 * @returns an expression that matches a tag as a whole, as Quay's does; undefined where Python would not compile the pattern, or where
 * JavaScript has no word for it.
 */
export function compileTagPattern(pattern: string): RegExp | undefined {
    const [prefix = "", flags = ""] = /^\(\?([ims]+)\)/.exec(pattern) ?? [];
    const rest = pattern.slice(prefix.length);
    if ([...rest.matchAll(token)].some(([part]) => unknownToPython.test(part))) return undefined;
    try {
        return new RegExp(`^(?:${rest.replace(token, translate)})$`, flags);
    } catch {
        return undefined;
    }
}

function translate(part: string): string {
    if (part === "(?P<") return "(?<";
    if (part.startsWith("(?P=")) return `\\k<${part.slice(4, -1)}>`;
    if (part.startsWith("{,")) return `{0${part.slice(1)}`;
    if (part === "\\A") return "^";
    if (part === "\\Z") return "$";
    // A bracket at the start of a set is one of its characters in Python, and an end in JavaScript.
    return part.replace(/^(\[\^?)\]/, "$1\\]");
}

/** JavaScript's named groups, and escapes of letters that mean nothing in Python. */
const unknownToPython = /^(\(\?<|\\[^\WabBdDfnrsStuUvwWxAZ\d_])$/;

/** What the two languages read differently: escapes, sets, named groups, and a repetition without its lower bound. */
const token = /\\[^]|\[\^?\]?(?:\\[^]|[^\]\\])*\]|\(\?P<|\(\?P=\w+\)|\(\?<(?![=!])|\{,\d+\}/g;

/** Whether Quay applies a policy with this pattern to a tag; false where the pattern cannot be tried. */
export function matchesTag(pattern: string, tag: string): boolean {
    return compileTagPattern(pattern)?.test(tag) ?? false;
}
