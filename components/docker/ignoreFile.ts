/**
 * The rules of .dockerignore, exactly as in github.com/moby/patternmatcher (v0.6) and
 * github.com/tonistiigi/fsutil: any difference would miss a change of the image. The libraries on
 * npm follow an older Docker and treat exceptions inside of ignored folders differently.
 * test/e2e/buildContext.test.ts compares this with what the Docker provider sends.
 */
import { posix } from "node:path";
import { UserError } from "../messages/userError.ts";

/** Which rules a folder matches, by index. Paths inside of it match them too. */
export type Matched = readonly boolean[];

interface Rule {
    /** Whether the rule begins with `!`: it includes again what earlier rules exclude. */
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
     * Returns whether an exception may include something inside of an ignored folder. Only then
     * does BuildKit read the folder, which may be unreadable or have a million files. An exception
     * with a wildcard makes it read all ignored folders.
     */
    entersIgnored(folder: string): boolean {
        return (
            this.#exceptions.some((path) => /[*?[\]^\\]/.test(path)) ||
            this.#exceptions.some((path) => `${path}/`.startsWith(`${folder}/`))
        );
    }

    /**
     * Returns whether a path is ignored, and the rules that it matches.
     *
     * @param folder the rules that the path's folder matches; empty for the context's root.
     */
    decide(path: string, folder: Matched): { ignored: boolean; matched: Matched } {
        let ignored = false;
        const matched = this.#rules.map((rule, index) => {
            // Skip a rule that changes nothing, so that the folder's content does not inherit it.
            const match =
                folder[index] === true || (rule.exception === ignored && rule.matches(path));
            if (match) ignored = !rule.exception;
            return match;
        });
        return { ignored, matched };
    }
}

/**
 * Returns the patterns, without comments, blank lines, and leading and trailing slashes; with `.`
 * and `..` resolved.
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
 * Returns a function that matches paths. Where the only wildcard is `**` at the start or end,
 * Docker compares strings, with other results than a regular expression.
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

/** With the flag `u`, `?` is one character as in Docker; some patterns are valid only without. */
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
