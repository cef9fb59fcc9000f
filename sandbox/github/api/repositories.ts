import { json, notFound, Refusal } from "../answers.ts";
import type { Call } from "../call.ts";
import type { Commit } from "../git.ts";
import type { Protection } from "../model.ts";
import { open, type Operations, reading } from "../operation.ts";
import { canBypass, hasProtection, rulesetsOf } from "../protection.ts";
import { fullName } from "../state.ts";
import {
    accountView,
    commitView,
    repositoryPage,
    repositoryUrl,
    repositoryView,
} from "../views.ts";

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
        const { git } = call.repository;
        const { items, headers } = call.page([...git.branches()].sort());
        const views = items.map((name) => {
            const sha = branch(call, name).sha;
            const url = `${repositoryUrl(call.urls, call.repository)}/commits/${sha}`;
            return { name, commit: { sha, url }, protected: hasProtection(call, name) };
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
            protected: hasProtection(call, name),
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
            return json(
                200,
                protectionView(call, `${branchUrl(call, name)}/protection`, protection),
            );
        },
        "admin",
    ),

    "repos/get-branch-rules": open((call) => {
        const { items, headers } = call.page(
            rulesetsOf(call.repository, call.param("branch")).flatMap(({ id, rules }) =>
                rules.map((type) => ({
                    type,
                    ...parametersOf(type),
                    ...sourceOf(call),
                    ruleset_id: id,
                })),
            ),
        );
        return json(200, items, headers);
    }),

    "repos/get-repo-ruleset": open((call) => {
        const ruleset = call.repository.rulesets.get(call.id("ruleset_id"));
        if (ruleset === undefined) throw notFound();
        const { source_type, source } = rulesetSource(call);
        return json(200, {
            id: ruleset.id,
            name: ruleset.name,
            target: "branch",
            source_type,
            source,
            enforcement: "active",
            current_user_can_bypass: canBypass(ruleset, call.token?.user),
            rules: ruleset.rules.map((type) => ({ type, ...parametersOf(type) })),
        });
    }),

    "repos/compare-commits-with-basehead": reading("contents", (call) => {
        const { git } = call.repository;
        const [base, head] = call
            .param("basehead")
            .split("...")
            .map((name) => git.resolve(name));
        if (base === undefined || head === undefined) throw notFound();
        const merged = git.mergeBase(base, head);
        if (merged === undefined) throw notFound();
        const [before, after] = [git.history(base), git.history(head)];
        const ahead = after.filter((commit) => !before.includes(commit)).reverse();
        const behind = before.filter((commit) => !after.includes(commit));
        const states = [behind.length > 0 ? "behind" : "identical", "diverged", "ahead"] as const;
        const index = ahead.length === 0 ? 0 : behind.length > 0 ? 1 : 2;
        const view = (commit: Commit) => commitView(call.urls, call.state, call.repository, commit);
        const range = `compare/${base.sha}...${head.sha}`;
        const page = `${repositoryPage(call.urls, call.repository)}/${range}`;
        return json(200, {
            url: `${repositoryUrl(call.urls, call.repository)}/${range}`,
            html_url: page,
            permalink_url: page,
            diff_url: `${page}.diff`,
            patch_url: `${page}.patch`,
            base_commit: view(base),
            merge_base_commit: view(merged),
            status: states[index],
            ahead_by: ahead.length,
            behind_by: behind.length,
            total_commits: ahead.length,
            commits: ahead.map(view),
        });
    }),

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

/** Returns the head of a branch, which must exist. */
function branch(call: Call, name: string): Commit {
    const head = call.repository.git.head(name);
    if (head === undefined) throw notFound("Branch not found");
    return head;
}

function branchUrl(call: Call, name: string): string {
    return `${repositoryUrl(call.urls, call.repository)}/branches/${encodeURIComponent(name)}`;
}

/** The parameters that GitHub's description requires for a rule. */
function parametersOf(type: string): object {
    if (type === "pull_request") {
        return {
            parameters: {
                dismiss_stale_reviews_on_push: false,
                require_code_owner_review: false,
                require_last_push_approval: false,
                required_approving_review_count: 1,
                required_review_thread_resolution: false,
            },
        };
    }
    return type === "required_status_checks"
        ? {
              parameters: {
                  required_status_checks: [{ context: "test" }],
                  strict_required_status_checks_policy: false,
              },
          }
        : {};
}

function rulesetSource({ repository }: Call) {
    return { source_type: "Repository", source: fullName(repository) };
}

function sourceOf(call: Call): object {
    const { source_type, source } = rulesetSource(call);
    return { ruleset_source_type: source_type, ruleset_source: source };
}

function protectionView(call: Call, url: string, protection: Protection): object {
    const { requiredApprovals, exempt, statusChecks, pushers } = protection;
    const users = (logins: readonly string[]) =>
        logins.map((login) => accountView(call.urls, call.state.user(login)));
    const reviews = {
        url: `${url}/required_pull_request_reviews`,
        dismiss_stale_reviews: false,
        require_code_owner_reviews: false,
        required_approving_review_count: requiredApprovals,
        require_last_push_approval: false,
        ...(exempt.length === 0
            ? {}
            : { bypass_pull_request_allowances: { users: users(exempt), teams: [], apps: [] } }),
    };
    const off = { enabled: false };
    return {
        url,
        ...(requiredApprovals === undefined ? {} : { required_pull_request_reviews: reviews }),
        ...(statusChecks.length === 0
            ? {}
            : {
                  required_status_checks: {
                      url: `${url}/required_status_checks`,
                      strict: false,
                      contexts: statusChecks,
                      contexts_url: `${url}/required_status_checks/contexts`,
                      checks: statusChecks.map((context) => ({ context, app_id: null })),
                  },
              }),
        ...(pushers === undefined
            ? {}
            : {
                  restrictions: {
                      url: `${url}/restrictions`,
                      users_url: `${url}/restrictions/users`,
                      teams_url: `${url}/restrictions/teams`,
                      apps_url: `${url}/restrictions/apps`,
                      users: users(pushers),
                      teams: [],
                      apps: [],
                  },
              }),
        required_signatures: {
            url: `${url}/required_signatures`,
            enabled: protection.signatures,
        },
        enforce_admins: { url: `${url}/enforce_admins`, enabled: protection.enforceAdmins },
        required_linear_history: off,
        allow_force_pushes: off,
        allow_deletions: off,
        block_creations: off,
        required_conversation_resolution: off,
        lock_branch: { enabled: protection.locked },
        allow_fork_syncing: off,
    };
}
