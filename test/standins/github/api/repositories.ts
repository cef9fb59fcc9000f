import { json, notFound, Refusal } from "../answers.ts";
import type { Call } from "../call.ts";
import type { Commit } from "../git.ts";
import type { Protection } from "../model.ts";
import { open, type Operations, reading } from "../operation.ts";
import { commitView, repositoryPage, repositoryUrl, repositoryView } from "../views.ts";

export const repositoryOperations: Operations = {
    "repos/get": open((call) =>
        json(
            200,
            repositoryView(
                call.urls,
                call.state.owner(call.repository),
                call.repository,
                call.role,
            ),
        ),
    ),

    "repos/list-branches": reading("contents", (call) => {
        const { git, protections } = call.repository;
        const { items, headers } = call.page([...git.branches()].sort());
        const views = items.map((name) => {
            const sha = branch(call, name).sha;
            const url = `${repositoryUrl(call.urls, call.repository)}/commits/${sha}`;
            return { name, commit: { sha, url }, protected: protections.has(name) };
        });
        return json(200, views, headers);
    }),

    "repos/get-branch": reading("contents", (call) => {
        const name = call.param("branch");
        const commit = branch(call, name);
        const protection = call.repository.protections.get(name);
        const url = branchUrl(call, name);
        return json(200, {
            name,
            commit: commitView(call.urls, call.state, call.repository, commit),
            _links: {
                self: url,
                html: `${repositoryPage(call.urls, call.repository)}/tree/${name}`,
            },
            protected: protection !== undefined,
            protection: {
                enabled: protection !== undefined,
                required_status_checks: { enforcement_level: "off", contexts: [], checks: [] },
            },
            protection_url: `${url}/protection`,
        });
    }),

    "repos/get-branch-protection": reading(
        "administration",
        (call) => {
            const name = call.param("branch");
            branch(call, name);
            const protection = call.repository.protections.get(name);
            if (protection === undefined) throw notFound("Branch not protected");
            return json(200, protectionView(`${branchUrl(call, name)}/protection`, protection));
        },
        "push",
    ),

    "repos/list-commits": reading("contents", (call) => {
        const { git, defaultBranch } = call.repository;
        const from = git.resolve(call.query.get("sha") ?? defaultBranch);
        if (from === undefined)
            throw git.refs.size === 0 ? new Refusal(409, "Git Repository is empty.") : notFound();
        const path = call.query.get("path");
        const touched = git
            .history(from)
            .filter(
                (commit) =>
                    path === null ||
                    git.changesOf(commit).some((change) => isBelow(change.path, path)),
            );
        const { items, headers } = call.page(touched);
        return json(
            200,
            items.map((commit) => commitView(call.urls, call.state, call.repository, commit)),
            headers,
        );
    }),
};

function isBelow(path: string, folder: string): boolean {
    return path === folder || path.startsWith(`${folder}/`);
}

/** The head of a branch that must be there. */
function branch(call: Call, name: string): Commit {
    const head = call.repository.git.head(name);
    if (head === undefined) throw notFound("Branch not found");
    return head;
}

function branchUrl(call: Call, name: string): string {
    return `${repositoryUrl(call.urls, call.repository)}/branches/${encodeURIComponent(name)}`;
}

function protectionView(url: string, { enforceAdmins, requiredApprovals }: Protection): object {
    const reviews = {
        url: `${url}/required_pull_request_reviews`,
        dismiss_stale_reviews: false,
        require_code_owner_reviews: false,
        required_approving_review_count: requiredApprovals,
        require_last_push_approval: false,
    };
    const off = { enabled: false };
    return {
        url,
        required_pull_request_reviews: reviews,
        required_signatures: { url: `${url}/required_signatures`, ...off },
        enforce_admins: { url: `${url}/enforce_admins`, enabled: enforceAdmins },
        required_linear_history: off,
        allow_force_pushes: off,
        allow_deletions: off,
        block_creations: off,
        required_conversation_resolution: off,
        lock_branch: off,
        allow_fork_syncing: off,
    };
}
