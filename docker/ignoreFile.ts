/**
 * The rules of .dockerignore, as Docker's own github.com/moby/patternmatcher (v0.6) has them, to the letter: a rule less would miss a change
 * of the image. The libraries for it on npm follow an older Docker, and differ where folders and exceptions meet; what is here is
 * compared with what the Docker provider really sends (test/e2e/buildContext.test.ts).
 */
import { posix } from "node:path";
import { UserError } from "../errors.ts";

/** What a path's folder has matched, rule by rule; a path inside it does, too. */
export type Matched = readonly boolean[];

interface Rule {
    /** A rule with `!` brings back what the ones before it left out. */
    readonly exception: boolean;
    readonly matches: (path: string) => boolean;
}

export class IgnoreRules {
    readonly #rules: readonly Rule[];
    /** Whether something inside an ignored folder may be brought back. */
    readonly hasExceptions: boolean;

    /** @throws UserError where a pattern is malformed. */
    constructor(text: string) {
        this.#rules = parsePatterns(text).map((pattern) => {
            const exception = pattern.startsWith("!");
            return { exception, matches: compile(exception ? pattern.slice(1) : pattern) };
        });
        this.hasExceptions = this.#rules.some((rule) => rule.exception);
    }

    /**
     * Decides on a path, after its folder.
     *
     * @param folder what the folder has matched; empty for the context's own.
     */
    decide(path: string, folder: Matched): { ignored: boolean; matched: Matched } {
        let ignored = false;
        const matched = this.#rules.map((rule, index) => {
            // A rule that could not change anything is not looked at, so that what is inside does not inherit it.
            const match =
                folder[index] === true || (rule.exception === ignored && rule.matches(path));
            if (match) ignored = !rule.exception;
            return match;
        });
        return { ignored, matched };
    }
}

/** The patterns, cleaned: no comments and blanks, no leading or trailing slash, `.` and `..` resolved. */
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

/** Where a pattern has no wildcard but `**` at its start or end, Docker compares text, with other results than an expression's. */
function compile(pattern: string): (path: string) => boolean {
    const wildcard = /[*?[\]\\]/;
    if (!wildcard.test(pattern)) return (path) => path === pattern;
    if (pattern.startsWith("**") && !wildcard.test(pattern.slice(2))) {
        const end = pattern.slice(2);
        return (path) => path.endsWith(end) || (end.startsWith("/") && path === end.slice(1));
    }
    if (pattern.endsWith("**") && !wildcard.test(pattern.slice(0, -2)))
        return (path) => path.startsWith(pattern.slice(0, -2));
    try {
        const expression = new RegExp(`^${toExpression(pattern)}$`);
        return (path) => expression.test(path);
    } catch {
        throw new UserError(`The ignore file has a malformed pattern: "${pattern}".`);
    }
}

function toExpression(pattern: string): string {
    return pattern.replace(/\*\*\/?$|\*\*\/?|\*|\?|\\.|\\$|[.+()|{}$]/g, (part, offset: number) => {
        if (part.startsWith("**"))
            return offset + part.length === pattern.length ? ".*" : "(?:.*/)?";
        if (part === "*") return "[^/]*";
        if (part === "?") return "[^/]";
        if (part === "\\") return "\\\\";
        return part.startsWith("\\") ? part : `\\${part}`;
    });
}
