/** The functions of pull requests that the API and tests share. */
import { conflict } from "./answers.ts";
import type { Commit, FileChange } from "./git.ts";
import type { Issue, PullRequest, Repository } from "./model.ts";
import { signature } from "./state.ts";

/** An issue that is a pull request. */
export type Pull = Issue & { readonly pull: PullRequest };

export function isPull(issue: Issue): issue is Pull {
    return issue.pull !== undefined;
}

export function pullsOf(repository: Repository): readonly Pull[] {
    return [...repository.issues.values()].filter(isPull);
}

/** Opens or closes an issue or a pull request. */
export function setState(
    repository: Repository,
    issue: Issue,
    state: Issue["state"],
    reason: string | null,
): void {
    issue.updated = new Date();
    if (state === issue.state) return;
    if (isPull(issue)) issue.pull.headSha = headOf(repository, issue)?.sha ?? issue.pull.headSha;
    issue.state = state;
    issue.closed = state === "closed" ? issue.updated : null;
    issue.stateReason = isPull(issue)
        ? null
        : state === "closed"
          ? (reason ?? "completed")
          : "reopened";
}

/** Returns the head of a pull request: its branch's while it is open, afterwards the last one. */
export function headOf({ git }: Repository, { pull, state }: Pull): Commit | undefined {
    return (state === "open" ? git.head(pull.head) : undefined) ?? git.commit(pull.headSha);
}

/** Returns what a pull request would change, or has changed. */
export function changesOf(
    repository: Repository,
    issue: Pull,
): { readonly files: readonly FileChange[]; readonly commits: number } {
    const { git } = repository;
    const head = headOf(repository, issue);
    const base =
        issue.pull.merged === undefined
            ? git.head(issue.pull.base)
            : git.commit(issue.pull.merged.onto);
    if (head === undefined || base === undefined) return { files: [], commits: 0 };
    const known = new Set(git.history(base).map(({ sha }) => sha));
    return {
        files: git.changes(git.mergeBase(base, head), head),
        commits: git.history(head).filter(({ sha }) => !known.has(sha)).length,
    };
}

/** Returns whether a commit belongs to a pull request, or merged it. */
export function broughtBy({ git }: Repository, { pull }: Pull, commit: Commit): boolean {
    if (pull.merged?.commit === commit.sha) return true;
    const [head, base] = [git.commit(pull.headSha), git.commit(pull.baseSha)];
    const before = base === undefined ? [] : git.history(base);
    return head !== undefined && git.history(head).includes(commit) && !before.includes(commit);
}

/** Merges a pull request, as a merge commit or squashed into one. @throws Refusal on a conflict */
export function merge(
    repository: Repository,
    issue: Pull,
    by: string,
    options: { squash?: boolean; title?: string | undefined; text?: string | undefined } = {},
): Commit {
    const { pull, number } = issue;
    if (!repository.git.mergeable(pull.base, pull.head)) throw conflict("Merge conflict");
    const title =
        options.title ??
        (options.squash
            ? `${issue.title} (#${String(number)})`
            : `Merge pull request #${String(number)} from ${repository.owner}/${pull.head}`);
    const text = options.text ?? (options.squash ? "" : issue.title);
    const own = signature(by);
    const onto = repository.git.head(pull.base)?.sha ?? "";
    const data = {
        message: text === "" ? title : `${title}\n\n${text}`,
        author: own,
        committer: own,
    };
    const commit = repository.git.merge(pull.base, pull.head, data, options.squash ?? false);
    setState(repository, issue, "closed", null);
    pull.merged = { commit: commit.sha, onto, by, date: new Date() };
    repository.pushed = new Date();
    return commit;
}
