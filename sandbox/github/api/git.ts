import { z } from "zod";
import { json, notFound, nothing, unprocessable } from "../answers.ts";
import type { Call } from "../call.ts";
import { type Operations, reading, writing } from "../operation.ts";
import { pullsOf, setState } from "../pulls.ts";
import { changeView, commitView, gitCommitView, nodeId, repositoryUrl } from "../views.ts";
import { requireUnprotected } from "../protection.ts";

export const gitOperations: Operations = {
    "repos/get-commit": reading("contents", (call) => {
        const { git } = call.repository;
        const commit = git.resolve(call.param("ref"));
        if (commit === undefined)
            throw unprocessable(`No commit found for SHA: ${call.param("ref")}`);
        const changes = git.changesOf(commit);
        const additions = changes.reduce((sum, change) => sum + change.additions, 0);
        const deletions = changes.reduce((sum, change) => sum + change.deletions, 0);
        return json(200, {
            ...commitView(call.urls, call.state, call.repository, commit),
            stats: { total: additions + deletions, additions, deletions },
            files: changes.map((change) =>
                changeView(call.urls, call.repository, change, commit.sha),
            ),
        });
    }),

    "git/get-commit": reading("contents", (call) => {
        const commit = call.repository.git.commit(call.param("commit_sha"));
        if (commit === undefined) throw notFound();
        return json(200, gitCommitView(call.urls, call.repository, commit));
    }),

    "git/get-ref": reading("contents", (call) =>
        json(200, refView(call, `refs/${call.param("ref")}`)),
    ),

    "git/list-matching-refs": reading("contents", (call) => {
        const prefix = `refs/${call.param("ref")}`;
        const refs = [...call.repository.git.refs.keys()].filter((ref) => ref.startsWith(prefix));
        const { items, headers } = call.page(refs.sort());
        return json(
            200,
            items.map((ref) => refView(call, ref)),
            headers,
        );
    }),

    "git/create-ref": writing("contents", "push", (call) => {
        const { ref, sha } = call.body(z.object({ ref: z.string(), sha: z.string() }));
        if (!/^refs\/(heads|tags)\/[^/]/.test(ref))
            throw unprocessable("Reference name must start with 'refs/' and have three parts");
        if (call.repository.git.refs.has(ref)) throw unprocessable("Reference already exists");
        call.repository.git.setRef(ref, sha, false);
        return json(201, refView(call, ref));
    }),

    "git/update-ref": writing("contents", "push", (call) => {
        const { sha, force } = call.body(
            z.object({ sha: z.string(), force: z.boolean().default(false) }),
        );
        const ref = existing(call);
        requireUnprotected(call, ref.replace("refs/heads/", ""), "Reference update failed");
        call.repository.git.setRef(ref, sha, force);
        return json(200, refView(call, ref));
    }),

    "git/delete-ref": writing("contents", "push", (call) => {
        const ref = existing(call);
        if (ref === `refs/heads/${call.repository.defaultBranch}`)
            throw unprocessable("Cannot delete the default branch");
        requireUnprotected(
            call,
            ref.replace("refs/heads/", ""),
            "Cannot delete this protected branch",
        );
        closePulls(call, ref.replace("refs/heads/", ""));
        call.repository.git.refs.delete(ref);
        return nothing();
    }),
};

/**
 * Closes the open pull requests from or to a branch that is about to be deleted, as GitHub does.
 */
function closePulls({ repository }: Call, branch: string): void {
    for (const issue of pullsOf(repository)) {
        if ([issue.pull.head, issue.pull.base].includes(branch))
            setState(repository, issue, "closed", null);
    }
}

/** Returns the full name of the path's ref, which must exist. */
function existing(call: Call): string {
    const ref = `refs/${call.param("ref")}`;
    if (!call.repository.git.refs.has(ref)) throw unprocessable("Reference does not exist");
    return ref;
}

function refView(call: Call, ref: string): object {
    const { git, id } = call.repository;
    const sha = git.refs.get(ref);
    if (sha === undefined) throw notFound();
    const url = repositoryUrl(call.urls, call.repository);
    const object = { type: "commit", sha, url: `${url}/git/commits/${sha}` };
    return { ref, node_id: nodeId(`Ref:${ref}`, id), url: `${url}/git/${ref}`, object };
}
