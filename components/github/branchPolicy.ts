import { minimatch } from "minimatch";
import type { EnvironmentArgs } from "./environment.ts";

/**
 * Returns whether the environment's settings allow runs of a branch. Does not check
 * `protectedBranches`: only GitHub knows which branches are protected.
 */
export function environmentAllows(
    { branches = [], tags = [] }: Pick<EnvironmentArgs, "branches" | "tags">,
    branch: string,
): boolean {
    return branches.length + tags.length === 0 || matchesPolicy(branches, branch);
}

/**
 * Returns whether a branch or tag matches a pattern of an environment's deployment policy. GitHub
 * matches as Ruby's `File.fnmatch` with FNM_PATHNAME: `*` and `?` do not match `/`, and `**` as a
 * whole part matches any number of parts.
 */
export function matchesPolicy(patterns: readonly string[], name: string): boolean {
    // At the end of a pattern, Ruby treats `**` like `*`.
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
