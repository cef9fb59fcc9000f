import { execFileSync } from "node:child_process";

const author = ["-c", "user.name=A", "-c", "user.email=a@example.org"];

/** Runs git in a folder, as an author of its own. @returns what it prints */
export function git(folder: string, ...args: readonly string[]): string {
    const options = { cwd: folder, encoding: "utf8" } as const;
    return execFileSync("git", [...author, ...args], options).trim();
}

/**
 * Checks out what GitHub does for a pull request: a merge of the current commit with its base.
 *
 * @param base the base's branch.
 */
export function checkOutMerge(folder: string, base: string): void {
    const merge = ["commit-tree", "HEAD^{tree}", "-p", base, "-p", "HEAD", "-m", "Merge"];
    git(folder, "checkout", "--quiet", "--detach", git(folder, ...merge));
}
