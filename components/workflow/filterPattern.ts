/**
 * Returns a GitHub filter pattern that matches this branch only. Of the pattern's special
 * characters, git allows only `+` and `!` in a branch's name.
 */
export function escapeFilterPattern(branch: string): string {
    return branch.replace(/[+!]/g, "\\$&");
}
