/**
 * The rules of .dockerignore, exactly as github.com/moby/patternmatcher (v0.6) and
 * github.com/tonistiigi/fsutil apply them: a rule missed is a change of the image missed. The
 * libraries on npm follow an older Docker and differ where folders and exceptions meet. What the
 * Docker provider really sends is compared with this in test/e2e/buildContext.test.ts.
 */
import { posix } from "node:path";
import { UserError } from "../userError.ts";

/** What a path's folder has matched, rule by rule; a path inside it does, too. */
export type Matched = readonly boolean[];

interface Rule {
    /** A rule with `!` brings back what the ones before it left out. */
    readonly exception: boolean;
    readonly matches: (path: string) => boolean;
}

export class IgnoreRules {
    readonly #rules: readonly Rule[];
    /** The exceptions' paths, without a wildcard at their end. */
    readonly #exceptions: readonly string[];

    /** @throws UserError where a pattern is malformed. */
    constructor(text: string) {
        const patterns = parsePatterns(text);
        this.#rules = patterns.map((pattern) => {
            const exception = pattern.startsWith("!");
            return { exception, matches: compile(exception ? pattern.slice(1) : pattern) };
        });
        this.#exceptions = patterns
            .filter((pattern) => pattern.startsWith("!"))
            .map((pattern) =>
                pattern
                    .slice(1)
                    .replace(/\/\*\*$/, "")
                    .replace(/\/\*$/, ""),
            );
    }

    /**
     * Whether an exception may bring back something inside an ignored folder. BuildKit enters no
     * other ignored folder: it may be unreadable, or hold a million files. One exception with a
     * wildcard makes it enter them all.
     */
    entersIgnored(folder: string): boolean {
        return (
            this.#exceptions.some((path) => /[*?[\]^\\]/.test(path)) ||
            this.#exceptions.some((path) => `${path}/`.startsWith(`${folder}/`))
        );
    }

    /**
     * Decides on a path, after its folder.
     *
     * @param folder what the folder has matched; empty for the context's own.
     */
    decide(path: string, folder: Matched): { ignored: boolean; matched: Matched } {
        let ignored = false;
        const matched = this.#rules.map((rule, index) => {
            // A rule that would change nothing is skipped, so that what is inside does not inherit it.
            const match =
                folder[index] === true || (rule.exception === ignored && rule.matches(path));
            if (match) ignored = !rule.exception;
            return match;
        });
        return { ignored, matched };
    }
}

/**
 * The patterns, cleaned: no comments and blanks, no leading or trailing slash, `.` and `..`
 * resolved.
 */
function parsePatterns(text: string): string[] {
    return text
        .replace(/^\uFEFF/, "")
        .split(/\r?\n/)
        .filter((line) => !line.startsWith("#"))
        .map((line) => line.trim())
        .filter((line) => line !== "")
        .map((line) => {
            const exception = line.startsWith("!");
            const pattern = clean(exception ? line.slice(1).trim() : line);
            if (exception && pattern === "")
                throw new UserError(
                    'The ignore file has an exception without a pattern: a line with "!" alone.',
                );
            return `${exception ? "!" : ""}${pattern}`;
        });
}

function clean(pattern: string): string {
    if (pattern === "") return "";
    const normal = posix.normalize(pattern);
    return normal.length > 1 ? normal.replace(/\/$/, "").replace(/^\//, "") : normal;
}

/**
 * Where a pattern has no wildcard but `**` at its start or end, Docker compares text, which gives
 * other results than a regular expression.
 */
function compile(pattern: string): (path: string) => boolean {
    const wildcard = /[*?[\]\\]/;
    if (!wildcard.test(pattern)) return (path) => path === pattern;
    if (pattern.startsWith("**") && !wildcard.test(pattern.slice(2))) {
        const end = pattern.slice(2);
        return (path) => path.endsWith(end) || (end.startsWith("/") && path === end.slice(1));
    }
    if (pattern.endsWith("**") && !wildcard.test(pattern.slice(0, -2)))
        return (path) => path.startsWith(pattern.slice(0, -2));
    const expression = regExp(pattern, "u") ?? regExp(pattern);
    if (expression === undefined)
        throw new UserError(`The ignore file has a malformed pattern: "${pattern}".`);
    return (path) => expression.test(path);
}

/** With the flag "u", `?` is one character, as for Docker; some patterns are valid without only. */
function regExp(pattern: string, flags?: string): RegExp | undefined {
    try {
        return new RegExp(`^${toExpression(pattern)}$`, flags);
    } catch {
        return undefined;
    }
}

function toExpression(pattern: string): string {
    return pattern.replace(/\*\*\/?$|\*\*\/?|\*|\?|\\.|\\$|[.+()|{}$]/g, (part, offset: number) => {
        if (part.startsWith("**"))
            return offset + part.length === pattern.length ? "[^\\n]*" : "(?:[^\\n]*/)?";
        if (part === "*") return "[^/]*";
        if (part === "?") return "[^/]";
        if (part === "\\") return "\\\\";
        return part.startsWith("\\") ? part : `\\${part}`;
    });
}
