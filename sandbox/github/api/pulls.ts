import { z } from "zod";
import {
    conflict,
    json,
    notFound,
    nothing,
    Refusal,
    unprocessable,
    validationFailed,
} from "../answers.ts";
import type { Call } from "../call.ts";
import { type Operations, reading, writing } from "../operation.ts";
import { isProtected } from "../protection.ts";
import {
    broughtBy,
    changesOf,
    headOf,
    isPull,
    merge,
    type Pull,
    pullsOf,
    setState,
} from "../pulls.ts";
import {
    accountView,
    changeView,
    nodeId,
    repositoryPage,
    repositoryUrl,
    repositoryView,
    time,
} from "../views.ts";
import {
    association,
    commentCount,
    issueLabels,
    openIssue,
    requireBody,
    requireOwn,
} from "./issues.ts";

const newPull = z.object({
    title: z.string().default(""),
    head: z.string(),
    base: z.string(),
    body: z.string().nullish(),
    draft: z.boolean().default(false),
    maintainer_can_modify: z.boolean().default(false),
});
const pullChange = z.object({
    title: z.string().optional(),
    body: z.string().nullish(),
    state: z.enum(["open", "closed"]).optional(),
    base: z.string().optional(),
    maintainer_can_modify: z.boolean().optional(),
});
const mergeRequest = z.object({
    commit_title: z.string().optional(),
    commit_message: z.string().optional(),
    sha: z.string().optional(),
    merge_method: z.enum(["merge", "squash", "rebase"]).default("merge"),
});

export const pullOperations: Operations = {
    "pulls/list": reading("pull_requests", (call) => {
        const state = call.query.get("state") ?? "open";
        const [head, base] = [call.query.get("head"), call.query.get("base")];
        const pulls = pullsOf(call.repository)
            .filter((issue) => state === "all" || issue.state === state)
            .filter(({ pull }) => head === null || `${call.repository.owner}:${pull.head}` === head)
            .filter(({ pull }) => base === null || pull.base === base)
            .toReversed();
        const { items, headers } = call.page(pulls);
        return json(
            200,
            items.map((issue) => simpleView(call, issue)),
            headers,
        );
    }),

    "issues/list-events": reading("pull_requests", (call) => {
        const { pull, author } = pullOf(call, "issue_number");
        const { items, headers } = call.page(pull.baseChanges);
        const actor = accountView(call.urls, call.state.user(author));
        const events = items.map((created, index) => ({
            id: index,
            node_id: nodeId("BaseRefChangedEvent", index),
            url: `${repositoryUrl(call.urls, call.repository)}/issues/events/${String(index)}`,
            actor,
            event: "base_ref_changed",
            commit_id: null,
            commit_url: null,
            created_at: time(created),
            performed_via_github_app: null,
        }));
        return json(200, events, headers);
    }),

    "repos/list-pull-requests-associated-with-commit": reading("pull_requests", (call) => {
        const commit = call.repository.git.resolve(call.param("commit_sha"));
        if (commit === undefined)
            throw unprocessable(`No commit found for SHA: ${call.param("commit_sha")}`);
        const pulls = pullsOf(call.repository).filter((issue) =>
            broughtBy(call.repository, issue, commit),
        );
        const { items, headers } = call.page(pulls);
        return json(
            200,
            items.map((issue) => simpleView(call, issue)),
            headers,
        );
    }),

    "pulls/create": writing("pull_requests", "read", (call) => {
        const body = call.body(newPull);
        const head = body.head.replace(`${call.repository.owner}:`, "");
        const { headSha, baseSha } = requireDifference(call, head, body.base);
        requireNone(call, head, body.base);
        const { title, base, draft, maintainer_can_modify: maintainerCanModify } = body;
        const pull = {
            id: call.state.nextId(),
            head,
            headSha,
            base,
            baseSha,
            baseChanges: [],
            draft,
            maintainerCanModify,
            merged: undefined,
        };
        return json(201, fullView(call, openIssue(call, title, body.body ?? null, pull)));
    }),

    "pulls/get": reading("pull_requests", (call) => json(200, fullView(call, pullOf(call)))),

    "pulls/update": writing("pull_requests", "read", (call) => {
        const issue = pullOf(call);
        requireOwn(call, issue.author);
        const {
            title = issue.title,
            body = issue.body,
            base = issue.pull.base,
            state = issue.state,
            ...rest
        } = call.body(pullChange);
        if (title === "")
            throw validationFailed({
                resource: "PullRequest",
                code: "missing_field",
                field: "title",
            });
        requireBody(body, "PullRequest");
        const reopens = state === "open" && issue.state === "closed";
        if (reopens && issue.pull.merged !== undefined)
            throw invalid("state cannot be changed. The pull request was merged.");
        if (reopens || base !== issue.pull.base)
            issue.pull.baseSha = requireDifference(call, issue.pull.head, base).baseSha;
        if (base !== issue.pull.base) issue.pull.baseChanges.push(new Date());
        Object.assign(issue, { title, body });
        Object.assign(issue.pull, {
            base,
            maintainerCanModify: rest.maintainer_can_modify ?? issue.pull.maintainerCanModify,
        });
        setState(call.repository, issue, state, null);
        return json(200, fullView(call, issue));
    }),

    "pulls/list-files": reading("pull_requests", (call) => {
        const issue = pullOf(call);
        const { items, headers } = call.page(changesOf(call.repository, issue).files);
        const head = headOf(call.repository, issue)?.sha ?? "";
        return json(
            200,
            items.map((change) => changeView(call.urls, call.repository, change, head)),
            headers,
        );
    }),

    "pulls/check-if-merged": reading("pull_requests", (call) => {
        if (pullOf(call).pull.merged === undefined) throw notFound();
        return nothing();
    }),

    "pulls/merge": writing("contents", "push", (call) => {
        const issue = pullOf(call);
        const { pull } = issue;
        const body = call.body(mergeRequest);
        if (body.merge_method === "rebase") throw new Error("merging by rebase is not served here");
        if (
            issue.state === "closed" ||
            pull.draft ||
            !call.repository.git.mergeable(pull.base, pull.head)
        ) {
            throw new Refusal(405, "Pull Request is not mergeable");
        }
        // There are no reviews here, so required approvals are always missing.
        if (
            isProtected(call, pull.base) &&
            call.repository.protections.get(pull.base)?.requiredApprovals !== 0
        ) {
            throw new Refusal(
                405,
                "At least 1 approving review is required by reviewers with write access.",
            );
        }
        if (body.sha !== undefined && body.sha !== headOf(call.repository, issue)?.sha) {
            throw conflict("Head branch was modified. Review and try the merge again.");
        }
        for (const { path } of changesOf(call.repository, issue).files) call.requireWorkflows(path);
        const options = {
            squash: body.merge_method === "squash",
            title: body.commit_title,
            text: body.commit_message,
        };
        const commit = merge(call.repository, issue, call.login, options);
        return json(200, {
            sha: commit.sha,
            merged: true,
            message: "Pull Request successfully merged",
        });
    }),
};

function invalid(message: string) {
    return validationFailed({ resource: "PullRequest", code: "custom", message });
}

function pullOf(call: Call, number = "pull_number"): Pull {
    const issue = call.repository.issues.get(call.id(number));
    if (issue === undefined || !isPull(issue)) throw notFound();
    return issue;
}

/** Checks that both branches exist, and that the head has commits that the base does not. */
function requireDifference(
    call: Call,
    head: string,
    base: string,
): { readonly headSha: string; readonly baseSha: string } {
    const { git } = call.repository;
    const [from, to] = [git.head(head), git.head(base)];
    if (to === undefined)
        throw validationFailed({ resource: "PullRequest", code: "invalid", field: "base" });
    if (from === undefined)
        throw validationFailed({ resource: "PullRequest", code: "invalid", field: "head" });
    if (git.history(to).includes(from)) throw invalid(`No commits between ${base} and ${head}`);
    return { headSha: from.sha, baseSha: to.sha };
}

function requireNone(call: Call, head: string, base: string): void {
    const same = pullsOf(call.repository).filter(
        ({ state, pull }) => state === "open" && pull.head === head && pull.base === base,
    );
    if (same.length > 0)
        throw invalid(`A pull request already exists for ${call.repository.owner}:${head}.`);
}

/** Shows a pull request in a list. */
function simpleView(call: Call, issue: Pull): Record<string, unknown> {
    const { number, pull } = issue;
    const repository = repositoryUrl(call.urls, call.repository);
    const url = `${repository}/pulls/${String(number)}`;
    const issueUrl = `${repository}/issues/${String(number)}`;
    const page = `${repositoryPage(call.urls, call.repository)}/pull/${String(number)}`;
    const headSha = headOf(call.repository, issue)?.sha ?? pull.headSha;
    const owner = call.state.owner(call.repository);
    const side = (ref: string, sha: string): object => ({
        label: `${owner.login}:${ref}`,
        ref,
        sha,
        user: accountView(call.urls, owner),
        repo: repositoryView(call.urls, owner, call.repository, undefined),
    });
    const links = {
        self: url,
        html: page,
        issue: issueUrl,
        comments: `${issueUrl}/comments`,
        review_comments: `${url}/comments`,
        review_comment: `${repository}/pulls/comments{/number}`,
        commits: `${url}/commits`,
        statuses: `${repository}/statuses/${headSha}`,
    };
    return {
        id: pull.id,
        node_id: nodeId("PullRequest", pull.id),
        url,
        html_url: page,
        diff_url: `${page}.diff`,
        patch_url: `${page}.patch`,
        issue_url: links.issue,
        comments_url: links.comments,
        review_comments_url: links.review_comments,
        review_comment_url: links.review_comment,
        commits_url: links.commits,
        statuses_url: links.statuses,
        _links: Object.fromEntries(Object.entries(links).map(([name, href]) => [name, { href }])),
        number,
        state: issue.state,
        locked: false,
        title: issue.title,
        body: issue.body,
        user: accountView(call.urls, call.state.user(issue.author)),
        author_association: association(call, issue.author),
        labels: issueLabels(call, issue),
        assignee: null,
        assignees: [],
        requested_reviewers: [],
        requested_teams: [],
        milestone: null,
        draft: pull.draft,
        auto_merge: null,
        head: side(pull.head, headSha),
        base: side(pull.base, pull.baseSha),
        created_at: time(issue.created),
        updated_at: time(issue.updated),
        closed_at: issue.closed && time(issue.closed),
        merged_at: pull.merged === undefined ? null : time(pull.merged.date),
        merge_commit_sha: pull.merged?.commit ?? null,
    };
}

/** Shows a pull request on its own. */
function fullView(call: Call, issue: Pull): object {
    const { pull } = issue;
    const { files, commits } = changesOf(call.repository, issue);
    const mergeable =
        issue.state === "open" ? call.repository.git.mergeable(pull.base, pull.head) : null;
    return {
        ...simpleView(call, issue),
        merged: pull.merged !== undefined,
        merged_by:
            pull.merged === undefined
                ? null
                : accountView(call.urls, call.state.user(pull.merged.by)),
        mergeable,
        mergeable_state:
            mergeable === null
                ? "unknown"
                : mergeable
                  ? isProtected(call, pull.base)
                      ? "blocked"
                      : "clean"
                  : "dirty",
        maintainer_can_modify: pull.maintainerCanModify,
        comments: commentCount(call, issue),
        review_comments: 0,
        commits,
        additions: files.reduce((sum, { additions }) => sum + additions, 0),
        deletions: files.reduce((sum, { deletions }) => sum + deletions, 0),
        changed_files: files.length,
    };
}
