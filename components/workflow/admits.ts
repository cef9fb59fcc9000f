import { minimatch } from "minimatch";

/**
 * Whether a name (of a branch or a tag) matches one of the patterns of an environment's deployment policy. GitHub matches as Ruby's
 * `File.fnmatch` with FNM_PATHNAME: `*` and `?` do not match `/`, and `**` as a whole part matches any number of parts.
 */
export function admits(patterns: readonly string[], name: string): boolean {
    // At the end, `**` is no more than `*` in Ruby.
    return patterns.some((pattern) =>
        minimatch(name, pattern.replace(/(^|\/)\*\*$/, "$1*"), asRuby),
    );
}

const asRuby = {
    platform: "linux",
    dot: false,
    nobrace: true,
    noext: true,
    nonegate: true,
    nocomment: true,
} as const;
