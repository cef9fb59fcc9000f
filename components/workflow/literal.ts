/** A branch as a filter pattern of GitHub's that means it alone: `+` and `!` are all that a branch's name may have of what is special there. */
export function literal(branch: string): string {
    return branch.replace(/[+!]/g, "\\$&");
}
