import { z } from "zod";
import { foreign } from "../../quay/api/text.ts";
import { type Answer, bodyOf, type GitHubClient, isNotFound } from "./client.ts";

/** The types of ruleset rules that forbid a direct commit to the branch, with their messages. */
const forbiddingRules: Readonly<Record<string, string>> = {
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
const switchForm = z.object({ enabled: z.boolean() }).optional();
const actorsForm = z.object({
    users: z.array(z.unknown()).default([]),
    teams: z.array(z.unknown()).default([]),
    apps: z.array(z.unknown()).default([]),
});
const protectionForm = z.object({
    enforce_admins: switchForm,
    required_pull_request_reviews: z
        .object({ bypass_pull_request_allowances: actorsForm.optional() })
        .optional(),
    required_status_checks: z.unknown().optional(),
    required_signatures: switchForm,
    lock_branch: switchForm,
    restrictions: actorsForm.nullish(),
});

/** What is known about direct commits to a protected branch. */
interface CommitRules {
    /** The rules that forbid them, each as in `changes need a pull request (ruleset "main")`. */
    readonly forbids: readonly string[];
    /** Whether the token may not read the branch protection: the commit then has to be tried. */
    readonly hidden: boolean;
}

/**
 * Finds the rules that forbid the token a direct commit to a protected branch.
 *
 * @param at the repository's path: `repos/octo/service`.
 * @param isAdmin whether the token's user administers the repository.
 * @throws UserError where GitHub answers with an error that does not mean that there are none, and
 * as {@link GitHubClient}.
 */
export async function findCommitRestrictions(
    client: GitHubClient,
    at: string,
    branch: string,
    isAdmin: boolean,
): Promise<CommitRules> {
    const [byRulesets, byProtection] = await Promise.all([
        findForbiddingRulesets(client, at, branch),
        findForbiddingProtection(client, at, branch, isAdmin),
    ]);
    return {
        forbids: [...(byProtection ?? []), ...byRulesets],
        hidden: byProtection === undefined,
    };
}

/**
 * Returns whether nothing of this kind protects the branch: there is none, or GitHub has none in
 * the account's plan.
 *
 * @throws UserError for any other error status.
 */
function isNone(answer: Answer, what: string, permission: string): boolean {
    return isPlan(answer) || isNotFound(answer, what, permission);
}

/**
 * Whether the account's plan lacks the feature: "Upgrade to GitHub Pro or make this repository
 * public to enable this feature."
 */
function isPlan({ status, body }: Answer): boolean {
    const { data } = z.object({ message: z.string() }).safeParse(body);
    return status === 403 && /^Upgrade to GitHub /.test(data?.message ?? "");
}

/**
 * Readable with read access:
 * https://docs.github.com/rest/repos/rules#get-rules-for-a-branch
 */
async function findForbiddingRulesets(
    client: GitHubClient,
    at: string,
    branch: string,
): Promise<string[]> {
    const rules: z.infer<typeof rulesForm> = [];
    for await (const answer of client.pages(`${at}/rules/branches/${encodeURIComponent(branch)}`)) {
        // An older GitHub Enterprise Server has no rulesets and answers 404.
        if (isNone(answer, "the rulesets of the branch", "Metadata: read")) return [];
        rules.push(...bodyOf(answer, rulesForm));
    }
    const relevant = rules.filter(({ type }) => Object.hasOwn(forbiddingRules, type));
    const ids = [...new Set(relevant.map(({ ruleset_id: id }) => id))];
    const forbidden = await Promise.all(
        ids.map(async (id) => {
            const { current_user_can_bypass: bypass, name } = await readRuleset(client, at, id);
            // "pull_requests_only" does not allow a direct commit.
            if (bypass !== "never" && bypass !== "pull_requests_only") return [];
            return relevant
                .filter((rule) => rule.ruleset_id === id)
                .map(
                    ({ type }) =>
                        `${forbiddingRules[type] ?? type} (ruleset "${foreign(name, 100)}")`,
                );
        }),
    );
    return forbidden.flat();
}

/**
 * Says whether the token's user may bypass a ruleset, also for an organization's; not where GitHub
 * does not show the ruleset.
 */
async function readRuleset(
    client: GitHubClient,
    at: string,
    id: number | undefined,
): Promise<z.infer<typeof rulesetForm>> {
    const answer = id === undefined ? undefined : await client.get(`${at}/rulesets/${String(id)}`);
    if (answer === undefined || isNone(answer, "the ruleset", "Metadata: read"))
        return rulesetForm.parse({});
    return bodyOf(answer, rulesetForm);
}

/**
 * Returns undefined where the token may not read the protection. It needs the permission
 * Administration: read; for a user without the role Admin, GitHub answers 404:
 * https://docs.github.com/rest/branches/branch-protection#get-branch-protection
 */
async function findForbiddingProtection(
    client: GitHubClient,
    at: string,
    branch: string,
    isAdmin: boolean,
): Promise<string[] | undefined> {
    const answer = await client.get(`${at}/branches/${encodeURIComponent(branch)}/protection`);
    if (answer.status === 403 && !isPlan(answer)) return undefined;
    if (isNone(answer, "the branch protection", "Administration: read")) return [];
    const protection = bodyOf(answer, protectionForm);
    if (isAdmin && protection.enforce_admins?.enabled !== true) return [];
    const reviews = protection.required_pull_request_reviews;
    const { restrictions } = protection;
    const names: [boolean, string][] = [
        // It is not known whether the token's user or app is exempt: no problem where anyone is.
        [
            reviews !== undefined && isEmpty(reviews.bypass_pull_request_allowances),
            "changes need a pull request",
        ],
        [protection.required_status_checks !== undefined, "status checks are required"],
        [protection.required_signatures?.enabled === true, "signed commits are required"],
        [protection.lock_branch?.enabled === true, "it is locked"],
        [!!restrictions && isEmpty(restrictions), "nobody may push to it"],
    ];
    return names
        .filter(([forbids]) => forbids)
        .map(
            ([, name]) => `${name} (branch protection${isAdmin ? ", for administrators too" : ""})`,
        );
}

function isEmpty(allowed: z.infer<typeof actorsForm> | undefined): boolean {
    return (
        allowed === undefined ||
        allowed.users.length + allowed.teams.length + allowed.apps.length === 0
    );
}
