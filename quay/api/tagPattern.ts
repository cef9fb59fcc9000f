/**
 * Translates a tag pattern from Python's `re`, which Quay uses, so that it can be tested here.
 *
 * @returns an expression that matches a whole tag, like Quay's; undefined if the pattern is invalid
 * in Python or cannot be expressed in JavaScript.
 */
export function compileTagPattern(pattern: string): RegExp | undefined {
    return compile(pattern, (part) => `^(?:${part})$`);
}

function compile(pattern: string, wrap: (part: string) => string): RegExp | undefined {
    const [prefix = "", flags = ""] = /^\(\?([ims]+)\)/.exec(pattern) ?? [];
    const rest = pattern.slice(prefix.length);
    if ([...rest.matchAll(token)].some(([part]) => unknownToPython.test(part))) return undefined;
    try {
        return new RegExp(wrap(rest.replace(token, translate)), flags);
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
    // In Python a bracket at the start of a set is a literal; in JavaScript it closes the set.
    return part.replace(/^(\[\^?)\]/, "$1\\]");
}

/** JavaScript's named groups, and escapes that are invalid in Python. */
const unknownToPython = /^(\(\?<|\\[^\WabBdDfnrsStuUvwWxAZ\d_])$/;

/**
 * What the two languages read differently: escapes, sets, named groups, and repetitions without a
 * lower bound.
 */
const token = /\\[^]|\[\^?\]?(?:\\[^]|[^\]\\])*\]|\(\?P<|\(\?P=\w+\)|\(\?<(?![=!])|\{,\d+\}/g;

/**
 * Whether Quay applies a policy with this pattern to a tag; false if the pattern cannot be tested.
 */
export function matchesTag(pattern: string, tag: string): boolean {
    return compileTagPattern(pattern)?.test(tag) ?? false;
}

/**
 * Whether Quay finds the pattern of an auto-prune policy in a tag. Unlike that of an immutability
 * policy it need not match the whole tag: `1` is for `1.0.0`, too.
 *
 * @returns undefined if the pattern cannot be tested.
 */
export function findsTag(pattern: string, tag: string): boolean | undefined {
    return compile(pattern, (part) => part)?.test(tag);
}
