/** What GitHub makes of a pull request for git: its merge with the base. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { RepositoryHandle } from "../sandbox/github/repositoryHandle.ts";

const author = ["-c", "user.name=A", "-c", "user.email=a@example.org"];

/** Runs git in a folder, as an author of its own. @returns what it prints */
export function git(folder: string, ...args: readonly string[]): string {
    return gitWith(undefined, folder, ...args);
}

function gitWith(input: Buffer | undefined, folder: string, ...args: readonly string[]): string {
    const options = { cwd: folder, encoding: "utf8", input } as const;
    return execFileSync("git", [...author, ...args], options).trim();
}

/** Makes the merge commit of a tree. @param parents its base and its head. @returns its hash */
export function mergeOf(folder: string, tree: string, ...parents: [string, string]): string {
    const [base, head] = parents;
    return git(folder, "commit-tree", `${tree}^{tree}`, "-p", base, "-p", head, "-m", "Merge");
}

/**
 * Publishes what GitHub has of a pull request: the base, and the merge with it. The checkout's
 * `origin` is GitHub then.
 *
 * @param folder a checkout, whose branch `main` is the base.
 * @param tree the commit of the checkout with the files of the merge.
 * @param pull the pull request on the stand-in, whose head has other files, in place of these.
 * @returns the merge commit's hash, which the checkout has, too
 */
export function publishMerge(
    folder: string,
    tree: string,
    pull: { readonly repository: RepositoryHandle; readonly number: number; readonly head: string },
): string {
    const origin = join(folder, ".git/origin");
    if (!existsSync(origin)) {
        git(folder, "init", "--quiet", "--bare", origin);
        git(folder, "remote", "add", "origin", `file://${origin}`);
    }
    const onGitHub = join(folder, ".git/stand-in");
    if (!existsSync(onGitHub)) git(folder, "init", "--quiet", "--bare", onGitHub);
    gitWith(pull.repository.fastExport(), onGitHub, "fast-import", "--quiet", "--force");
    git(folder, "fetch", "--quiet", "--no-tags", onGitHub, pull.head);
    const merge = mergeOf(folder, tree, "main", "FETCH_HEAD");
    const ref = `refs/pull/${String(pull.number)}/merge`;
    git(folder, "push", "--quiet", "--force", "origin", "main", `${merge}:${ref}`);
    return merge;
}
