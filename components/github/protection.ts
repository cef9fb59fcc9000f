import { z } from "zod";
import { bodyOf, type GitHubClient } from "./client.ts";

/** The types of ruleset rules that forbid a direct commit to the branch, with their messages. */
const stopping: Readonly<Record<string, string>> = {
    pull_request: "changes need a pull request",
    update: "updates are restricted",
    required_status_checks: "status checks are required",
    required_signatures: "signed commits are required",
    required_deployments: "deployments are required first",
    merge_queue: "changes go through a merge queue",
    workflows: "workflows have to pass first",
    code_scanning: "code scanning results are required",
};

const rulesForm = z.array(z.object({ type: z.string(), ruleset_id: z.int().optional() }));
const rulesetForm = z.object({
    name: z.string().default(""),
    current_user_can_bypass: z.string().optional(),
});
const switched = z.object({ enabled: z.boolean() }).optional();
const actors = z.object({
    users: z.array(z.unknown()).default([]),
    teams: z.array(z.unknown()).default([]),
    apps: z.array(z.unknown()).default([]),
});
const protectionForm = z.object({
    enforce_admins: switched,
    required_pull_request_reviews: z
        .object({ bypass_pull_request_allowances: actors.optional() })
        .optional(),
    required_status_checks: z.unknown().optional(),
    required_signatures: switched,
    lock_branch: switched,
    restrictions: actors.nullish(),
});

/**
 * Returns the rules that forbid the token a direct commit to a protected branch, each as in
 * `changes need a pull request (ruleset "main")`. Returns none where GitHub does not show them: the
 * commit then has to be tried.
 *
 * @param at the repository's path: `repos/octo/service`.
 * @param isAdmin whether the token's user administers the repository.
 */
export async function findWhatForbids(
    client: GitHubClient,
    at: string,
    branch: string,
    isAdmin: boolean,
): Promise<string[]> {
    const [byRulesets, byProtection] = await Promise.all([
        rulesetsForbid(client, at, branch),
        protectionForbids(client, at, branch, isAdmin),
    ]);
    return [...byProtection, ...byRulesets];
}

/**
 * Readable with read access:
 * https://docs.github.com/rest/repos/rules#get-rules-for-a-branch
 */
async function rulesetsForbid(client: GitHubClient, at: string, branch: string): Promise<string[]> {
    const rules: z.infer<typeof rulesForm> = [];
    for await (const answer of client.pages(`${at}/rules/branches/${encodeURIComponent(branch)}`)) {
        if (answer.status !== 200) return []; // an older GitHub Enterprise Server has no rulesets
        rules.push(...bodyOf(answer, rulesForm));
    }
    const relevant = rules.filter(({ type }) => Object.hasOwn(stopping, type));
    const ids = [...new Set(relevant.map(({ ruleset_id: id }) => id))];
    const forbidden = await Promise.all(
        ids.map(async (id) => {
            // Says whether the token's user may bypass it, also for an organization's ruleset.
            const answer =
                id === undefined ? undefined : await client.get(`${at}/rulesets/${String(id)}`);
            const ruleset =
                answer?.status === 200 ? bodyOf(answer, rulesetForm) : rulesetForm.parse({});
            const { current_user_can_bypass: bypass, name } = ruleset;
            // "pull_requests_only" does not allow a direct commit.
            if (bypass !== "never" && bypass !== "pull_requests_only") return [];
            return relevant
                .filter((rule) => rule.ruleset_id === id)
                .map(({ type }) => `${stopping[type] ?? type} (ruleset "${name}")`);
        }),
    );
    return forbidden.flat();
}

/**
 * Readable for administrators only:
 * https://docs.github.com/rest/branches/branch-protection#get-branch-protection
 */
async function protectionForbids(
    client: GitHubClient,
    at: string,
    branch: string,
    isAdmin: boolean,
): Promise<string[]> {
    const answer = await client.get(`${at}/branches/${encodeURIComponent(branch)}/protection`);
    if (answer.status !== 200) return []; // none, or not shown
    const protection = bodyOf(answer, protectionForm);
    if (isAdmin && protection.enforce_admins?.enabled !== true) return [];
    const reviews = protection.required_pull_request_reviews;
    const { restrictions } = protection;
    const names: [boolean, string][] = [
        // It is not known whether the token's user or app is exempt: no problem where anyone is.
        [
            reviews !== undefined && isNobody(reviews.bypass_pull_request_allowances),
            "changes need a pull request",
        ],
        [protection.required_status_checks !== undefined, "status checks are required"],
        [protection.required_signatures?.enabled === true, "signed commits are required"],
        [protection.lock_branch?.enabled === true, "it is locked"],
        [!!restrictions && isNobody(restrictions), "nobody may push to it"],
    ];
    return names
        .filter(([forbids]) => forbids)
        .map(
            ([, name]) => `${name} (branch protection${isAdmin ? ", for administrators too" : ""})`,
        );
}

function isNobody(allowed: z.infer<typeof actors> | undefined): boolean {
    return (
        allowed === undefined ||
        allowed.users.length + allowed.teams.length + allowed.apps.length === 0
    );
}
