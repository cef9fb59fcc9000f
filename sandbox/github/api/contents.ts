import { z } from "zod";
import { conflict, json, notFound, unprocessable } from "../answers.ts";
import type { Call } from "../call.ts";
import type { Commit, Signature } from "../git.ts";
import { type Operations, reading, writing } from "../operation.ts";
import { requireCommittable } from "../protection.ts";
import { signature } from "../state.ts";
import { encodePath, gitCommitView, repositoryPage, repositoryUrl } from "../views.ts";

const person = z.object({ name: z.string(), email: z.string(), date: z.coerce.date().optional() });
const change = z.object({
    message: z.string(),
    branch: z.string().optional(),
    sha: z.string().optional(),
    author: person.optional(),
    committer: person.optional(),
});
const write = change.extend({ content: z.string() });

/** GitHub breaks the base64 of contents into lines of 60 characters. */
const lineLength = /.{1,60}/g;

export const contentsOperations: Operations = {
    "repos/get-content": reading("contents", (call) => {
        const path = call.param("path");
        const ref = call.query.get("ref") ?? call.repository.defaultBranch;
        const commit = call.repository.git.resolve(ref);
        if (commit === undefined) throw notFound(`No commit found for the ref ${ref}`);
        const sha = commit.files.get(path);
        if (sha !== undefined) {
            const content =
                call.repository.git
                    .blob(sha)
                    .toString("base64")
                    .match(lineLength)
                    ?.map((line) => `${line}\n`) ?? [];
            return json(200, {
                ...entryView(call, path, "file", sha, ref),
                content: content.join(""),
                encoding: "base64",
            });
        }
        const inside = entriesOf(commit, path);
        if (inside.length === 0) throw notFound();
        return json(
            200,
            inside.map(([entry, blob]) =>
                entryView(call, entry, blob === undefined ? "dir" : "file", blob, ref),
            ),
        );
    }),

    "repos/create-or-update-file-contents": writing("contents", "push", (call) => {
        const body = call.body(write);
        const path = call.param("path");
        const before = existing(call, body.branch)?.files.get(path);
        requireCommit(
            call,
            path,
            body.branch,
            before === undefined ? "create file" : "update file",
        );
        if (before !== undefined && body.sha === undefined)
            throw unprocessable('Invalid request.\n\n"sha" wasn\'t supplied.');
        if (body.sha !== undefined && body.sha !== before)
            throw conflict(`${path} does not match ${body.sha}`);
        const content = Buffer.from(body.content, "base64");
        return json(before === undefined ? 201 : 200, commitChange(call, path, content, body));
    }),

    "repos/delete-file": writing("contents", "push", (call) => {
        const body = call.body(change.extend({ sha: z.string() }));
        const path = call.param("path");
        const before = existing(call, body.branch)?.files.get(path);
        if (before === undefined) throw notFound();
        requireCommit(call, path, body.branch, "delete file");
        if (body.sha !== before) throw conflict(`${path} does not match ${body.sha}`);
        return json(200, commitChange(call, path, undefined, body));
    }),
};

/**
 * Returns the head of the branch that a change names, or else of the default branch. undefined in
 * an empty repository.
 */
function existing(call: Call, branch = call.repository.defaultBranch): Commit | undefined {
    const head = call.repository.git.head(branch);
    if (head === undefined && call.repository.git.refs.size > 0)
        throw notFound(`Branch ${branch} not found`);
    return head;
}

function requireCommit(
    call: Call,
    path: string,
    branch = call.repository.defaultBranch,
    what: string,
): void {
    call.requireWorkflows(path);
    requireCommittable(call, branch, what);
}

/** Commits the new content of a file, or its removal. @returns both file and commit */
function commitChange(
    call: Call,
    path: string,
    content: Buffer | undefined,
    body: z.infer<typeof change>,
): object {
    const { git, defaultBranch } = call.repository;
    const branch = body.branch ?? defaultBranch;
    const own = signature(call.login);
    const sign = (given: z.infer<typeof person> | undefined): Signature | undefined =>
        given && { name: given.name, email: given.email, date: given.date ?? own.date };
    const committer = sign(body.committer) ?? own;
    const data = { message: body.message, author: sign(body.author) ?? committer, committer };
    const commit = git.commitTo(branch, new Map([[path, content]]), data);
    call.repository.pushed = new Date();
    const sha = commit.files.get(path);
    return {
        content: sha === undefined ? null : entryView(call, path, "file", sha, branch),
        commit: gitCommitView(call.urls, call.repository, commit),
    };
}

/** Lists the files and folders directly in a folder, with the files' blobs. */
function entriesOf(
    commit: Commit,
    folder: string,
): readonly (readonly [string, string | undefined])[] {
    const prefix = folder === "" ? "" : `${folder}/`;
    const entries = new Map<string, string | undefined>();
    for (const [path, sha] of commit.files) {
        if (!path.startsWith(prefix)) continue;
        const [first = "", ...rest] = path.slice(prefix.length).split("/");
        entries.set(`${prefix}${first}`, rest.length === 0 ? sha : undefined);
    }
    return [...entries].sort(([one], [other]) => (one < other ? -1 : 1));
}

/** @param sha of a file's blob. Folders have none here, so their links to it are missing */
function entryView(
    call: Call,
    path: string,
    type: "file" | "dir",
    sha: string | undefined,
    ref: string,
): object {
    const { urls, repository } = call;
    const encodedPath = encodePath(path);
    const apiBase = repositoryUrl(urls, repository);
    const pageBase = repositoryPage(urls, repository);
    const url = `${apiBase}/contents/${encodedPath}?ref=${encodeURIComponent(ref)}`;
    const page = `${pageBase}/${type === "file" ? "blob" : "tree"}/${ref}/${encodedPath}`;
    const object = sha === undefined ? null : `${apiBase}/git/blobs/${sha}`;
    return {
        name: path.split("/").at(-1),
        path,
        sha: sha ?? "",
        size: sha === undefined ? 0 : repository.git.blob(sha).length,
        url,
        html_url: page,
        git_url: object,
        download_url: type === "file" ? `${pageBase}/raw/${ref}/${encodedPath}` : null,
        type,
        _links: { self: url, git: object, html: page },
    };
}
