import { z } from "zod";
import { hasRole } from "../access.ts";
import { json, notAdmin, notFound, nothing, validationFailed } from "../answers.ts";
import type { Call } from "../call.ts";
import type { Comment, Issue, Label, Permission, PullRequest } from "../model.ts";
import { type Operations, reading, writing } from "../operation.ts";
import { setState } from "../pulls.ts";
import { accountView, nodeId, repositoryPage, repositoryUrl, time } from "../views.ts";

/** A pull request is an issue, so that either permission suffices for what both have. */
const either: readonly Permission[] = ["issues", "pull_requests"];

const longestBody = 65_536;
const labelNames = z
    .array(z.union([z.string(), z.object({ name: z.string() })]))
    .transform((labels) => labels.map((label) => (typeof label === "string" ? label : label.name)));
const newIssue = z.object({
    title: z.coerce.string(),
    body: z.string().nullish(),
    labels: labelNames.default([]),
});
const issueChange = z.object({
    title: z.coerce.string().optional(),
    body: z.string().nullish(),
    state: z.enum(["open", "closed"]).optional(),
    state_reason: z.string().nullish(),
    labels: labelNames.optional(),
});

export const issueOperations: Operations = {
    "issues/list-for-repo": reading("issues", (call) => {
        const { items, headers } = call.page(listed(call));
        return json(
            200,
            items.map((issue) => issueView(call, issue)),
            headers,
        );
    }),

    "issues/create": writing("issues", "read", (call) => {
        const { title, body, labels } = call.body(newIssue);
        const issue = openIssue(call, title, body ?? null, undefined);
        // Setting labels requires push access. Without it, GitHub ignores them silently.
        if (hasRole(call.role, "push")) issue.labels = labelled(call, labels);
        return json(201, issueView(call, issue));
    }),

    "issues/get": reading(either, (call) => json(200, issueView(call, issueOf(call)))),

    "issues/update": writing(either, "read", (call) => {
        const issue = issueOf(call);
        requireOwn(call, issue.author);
        const {
            title = issue.title,
            body = issue.body,
            state = issue.state,
            state_reason: reason,
            labels,
        } = call.body(issueChange);
        requireBody(body, "Issue");
        issue.title = title;
        issue.body = body;
        if (labels !== undefined) issue.labels = labelled(call, labels);
        setState(call.repository, issue, state, reason ?? null);
        return json(200, issueView(call, issue));
    }),

    "issues/list-comments": reading(either, (call) => {
        const { number } = issueOf(call);
        const since = call.query.get("since");
        const comments = [...call.repository.comments.values()].filter(
            (comment) =>
                comment.issue === number && (since === null || comment.updated >= new Date(since)),
        );
        const { items, headers } = call.page(comments);
        return json(
            200,
            items.map((comment) => commentView(call, comment)),
            headers,
        );
    }),

    "issues/create-comment": writing(either, "read", (call) => {
        const issue = issueOf(call);
        const { body } = call.body(z.object({ body: z.string() }));
        requireComment(body);
        const now = new Date();
        const comment = {
            id: call.state.nextId(),
            issue: issue.number,
            author: call.login,
            body,
            created: now,
            updated: now,
        };
        call.repository.comments.set(comment.id, comment);
        issue.updated = now;
        return json(201, commentView(call, comment));
    }),

    "issues/get-comment": reading(either, (call) => json(200, commentView(call, commentOf(call)))),

    "issues/update-comment": writing(either, "read", (call) => {
        const comment = commentOf(call);
        requireOwn(call, comment.author);
        const { body } = call.body(z.object({ body: z.string() }));
        requireComment(body);
        comment.body = body;
        comment.updated = new Date();
        return json(200, commentView(call, comment));
    }),

    "issues/delete-comment": writing(either, "read", (call) => {
        const comment = commentOf(call);
        requireOwn(call, comment.author);
        call.repository.comments.delete(comment.id);
        return nothing();
    }),

    "issues/list-labels-for-repo": reading(either, (call) => {
        const { items, headers } = call.page([...call.repository.labels.values()]);
        return json(
            200,
            items.map((label) => labelView(call, label)),
            headers,
        );
    }),

    "issues/get-label": reading(either, (call) => {
        const label = call.repository.labels.get(call.param("name").toLowerCase());
        if (label === undefined) throw notFound();
        return json(200, labelView(call, label));
    }),

    "issues/create-label": writing(either, "push", (call) => {
        const given = call.body(
            z.object({
                name: z.string(),
                color: z.string().optional(),
                description: z.string().nullish(),
            }),
        );
        if (call.repository.labels.has(given.name.toLowerCase())) {
            throw validationFailed({ resource: "Label", code: "already_exists", field: "name" });
        }
        return json(
            201,
            labelView(call, createLabel(call, given.name, given.color, given.description ?? null)),
        );
    }),

    "issues/list-labels-on-issue": reading(either, (call) => {
        const { items, headers } = call.page(issueOf(call).labels);
        return json(
            200,
            items.map((name) => labelView(call, labelNamed(call, name))),
            headers,
        );
    }),

    "issues/add-labels": writing(either, "push", (call) => {
        const issue = issueOf(call);
        const { labels } = call.body(z.object({ labels: labelNames.default([]) }));
        issue.labels = [...new Set([...issue.labels, ...labelled(call, labels)])];
        return json(
            200,
            issue.labels.map((name) => labelView(call, labelNamed(call, name))),
        );
    }),

    "issues/set-labels": writing(either, "push", (call) => {
        const issue = issueOf(call);
        issue.labels = labelled(
            call,
            call.body(z.object({ labels: labelNames.default([]) })).labels,
        );
        return json(
            200,
            issue.labels.map((name) => labelView(call, labelNamed(call, name))),
        );
    }),

    "issues/remove-label": writing(either, "push", (call) => {
        const issue = issueOf(call);
        const removed = call.param("name").toLowerCase();
        const kept = issue.labels.filter((name) => name.toLowerCase() !== removed);
        if (kept.length === issue.labels.length) throw notFound("Label does not exist");
        issue.labels = kept;
        return json(
            200,
            kept.map((name) => labelView(call, labelNamed(call, name))),
        );
    }),
};

/** Creates an issue or a pull request. Both share their numbers. */
export function openIssue<T extends PullRequest | undefined>(
    call: Call,
    title: string,
    body: string | null,
    pull: T,
): Issue & { pull: T } {
    const resource = pull === undefined ? "Issue" : "PullRequest";
    if (title.trim() === "")
        throw validationFailed({ resource, code: "missing_field", field: "title" });
    requireBody(body, resource);
    const { issues } = call.repository;
    const issue = {
        id: call.state.nextId(),
        number: issues.size + 1,
        author: call.login,
        title,
        body,
        state: "open" as const,
        stateReason: null,
        labels: [],
        created: new Date(),
        updated: new Date(),
        closed: null,
        pull,
    };
    issues.set(issue.number, issue);
    return issue;
}

/** @throws Refusal if a text is longer than GitHub allows */
export function requireBody(body: string | null, resource: string): void {
    if (!isTooLong(body ?? "")) return;
    const message = `body is too long (maximum is ${String(longestBody)} characters)`;
    throw validationFailed({ resource, code: "custom", field: "body", message });
}

function isTooLong(body: string): boolean {
    return Array.from(body).length > longestBody;
}

export function requireOwn(call: Call, author: string): void {
    if (author !== call.login && !hasRole(call.role, "push")) throw notAdmin();
}

/** Shows the labels of an issue. */
export function issueLabels(call: Call, issue: Issue): readonly object[] {
    return issue.labels.map((name) => labelView(call, labelNamed(call, name)));
}

export function association(call: Call, author: string): string {
    const owner = call.state.owner(call.repository);
    if (owner.login === author) return "OWNER";
    if (owner.kind === "Organization" && owner.owners.has(author)) return "MEMBER";
    return call.repository.roles.has(author) ? "COLLABORATOR" : "NONE";
}

export function commentCount(call: Call, { number }: Issue): number {
    return [...call.repository.comments.values()].filter(({ issue }) => issue === number).length;
}

function requireComment(body: string): void {
    if (body.trim() === "")
        throw validationFailed({ resource: "IssueComment", code: "missing_field", field: "body" });
    if (!isTooLong(body)) return;
    const message = `Body is too long (maximum is ${String(longestBody)} characters)`;
    throw validationFailed({
        resource: "IssueComment",
        code: "unprocessable",
        field: "data",
        message,
    });
}

/** Selects the issues for GET issues: by default the open ones, newest first. */
function listed(call: Call): readonly Issue[] {
    const { query } = call;
    const state = query.get("state") ?? "open";
    const labels = query.get("labels")?.toLowerCase().split(",") ?? [];
    const [creator, since] = [query.get("creator"), query.get("since")];
    const sort = query.get("sort") ?? "created";
    const key = (issue: Issue): number =>
        sort === "comments"
            ? commentCount(call, issue)
            : (sort === "updated" ? issue.updated : issue.created).getTime();
    const direction = query.get("direction") === "asc" ? 1 : -1;
    return [...call.repository.issues.values()]
        .filter((issue) => state === "all" || issue.state === state)
        .filter((issue) =>
            labels.every((label) => issue.labels.some((name) => name.toLowerCase() === label)),
        )
        .filter((issue) => creator === null || issue.author === creator)
        .filter((issue) => since === null || issue.updated >= new Date(since))
        .sort((one, other) => direction * (key(one) - key(other) || one.number - other.number));
}

function issueOf(call: Call): Issue {
    const issue = call.repository.issues.get(call.id("issue_number"));
    if (issue === undefined) throw notFound();
    return issue;
}

function commentOf(call: Call): Comment {
    const comment = call.repository.comments.get(call.id("comment_id"));
    if (comment === undefined) throw notFound();
    return comment;
}

/** Returns the labels' names as they are written. Missing labels are created. */
function labelled(call: Call, names: readonly string[]): readonly string[] {
    return [
        ...new Set(
            names.map(
                (name) =>
                    (call.repository.labels.get(name.toLowerCase()) ?? createLabel(call, name))
                        .name,
            ),
        ),
    ];
}

function labelNamed(call: Call, name: string): Label {
    const label = call.repository.labels.get(name.toLowerCase());
    if (label === undefined) throw notFound();
    return label;
}

function createLabel(
    call: Call,
    name: string,
    color = "ededed",
    description: string | null = null,
): Label {
    const label = { id: call.state.nextId(), name, color, description };
    call.repository.labels.set(name.toLowerCase(), label);
    return label;
}

function labelView(call: Call, { id, name, color, description }: Label): object {
    const url = `${repositoryUrl(call.urls, call.repository)}/labels/${encodeURIComponent(name)}`;
    return { id, node_id: nodeId("Label", id), url, name, color, description, default: false };
}

/** Returns the URL of an issue's or a pull request's page. */
function pageUrl({ urls, repository }: Call, number: number): string {
    const kind = repository.issues.get(number)?.pull === undefined ? "issues" : "pull";
    return `${repositoryPage(urls, repository)}/${kind}/${String(number)}`;
}

function issueView(call: Call, issue: Issue): object {
    const { id, number, pull } = issue;
    const repository = repositoryUrl(call.urls, call.repository);
    const url = `${repository}/issues/${String(number)}`;
    const page = pageUrl(call, number);
    const pullRequest = {
        url: `${repository}/pulls/${String(number)}`,
        html_url: page,
        diff_url: `${page}.diff`,
        patch_url: `${page}.patch`,
        merged_at: pull?.merged === undefined ? null : time(pull.merged.date),
    };
    return {
        id,
        node_id: nodeId("Issue", id),
        url,
        repository_url: repository,
        labels_url: `${url}/labels{/name}`,
        comments_url: `${url}/comments`,
        events_url: `${url}/events`,
        html_url: page,
        number,
        title: issue.title,
        body: issue.body,
        state: issue.state,
        state_reason: issue.stateReason,
        user: accountView(call.urls, call.state.user(issue.author)),
        author_association: association(call, issue.author),
        labels: issueLabels(call, issue),
        assignee: null,
        assignees: [],
        milestone: null,
        locked: false,
        comments: commentCount(call, issue),
        created_at: time(issue.created),
        updated_at: time(issue.updated),
        closed_at: issue.closed && time(issue.closed),
        ...(pull === undefined ? {} : { pull_request: pullRequest }),
    };
}

function commentView(call: Call, { id, issue, author, body, created, updated }: Comment): object {
    const repository = repositoryUrl(call.urls, call.repository);
    return {
        id,
        node_id: nodeId("IssueComment", id),
        url: `${repository}/issues/comments/${String(id)}`,
        issue_url: `${repository}/issues/${String(issue)}`,
        html_url: `${pageUrl(call, issue)}#issuecomment-${String(id)}`,
        user: accountView(call.urls, call.state.user(author)),
        author_association: association(call, author),
        body,
        created_at: time(created),
        updated_at: time(updated),
    };
}
