import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { UserError } from "../messages/userError.ts";
import { apiPath } from "./account.ts";
import { type Answer, bodyOf, type GitHubClient, isNotFound } from "./client.ts";

/** The rules of an environment, in the form of the GitHub provider's inputs. */
export interface EnvironmentRules {
    /** The reviewers' ids in ascending order; undefined where no approval is needed. */
    readonly reviewers?:
        { readonly users: readonly number[]; readonly teams: readonly number[] } | undefined;
    /** In minutes. */
    readonly waitTimer: number;
    readonly preventSelfReview: boolean;
    /** Undefined in a declaration that does not manage it. */
    readonly canAdminsBypass: boolean | undefined;
    /** Undefined where every branch and tag is allowed. */
    readonly deploymentBranchPolicy?:
        { readonly protectedBranches: boolean; readonly customBranchPolicies: boolean } | undefined;
}

/** A branch or a tag that an environment allows, by name or pattern. */
export interface BranchPolicy {
    readonly id: number;
    readonly name: string;
    readonly type: "branch" | "tag";
}

/** A property of `EnvironmentRules` whose value on GitHub differs from the declared one. */
export interface RuleDifference {
    readonly property: keyof EnvironmentRules;
    readonly declared: EnvironmentRules[keyof EnvironmentRules];
    readonly found: EnvironmentRules[keyof EnvironmentRules];
}

const identified = z.object({ id: z.int() });
const environmentForm = z.object({
    can_admins_bypass: z.boolean().optional(),
    protection_rules: z
        .array(
            z.object({
                type: z.string(),
                wait_timer: z.int().optional(),
                prevent_self_review: z.boolean().optional(),
                reviewers: z
                    .array(z.object({ type: z.enum(["User", "Team"]), reviewer: identified }))
                    .optional(),
            }),
        )
        .default([]),
    deployment_branch_policy: z
        .object({ protected_branches: z.boolean(), custom_branch_policies: z.boolean() })
        .nullish(),
});
const policiesForm = z.object({
    branch_policies: z.array(
        z.object({
            id: z.int(),
            name: z.string(),
            type: z.enum(["branch", "tag"]).default("branch"),
        }),
    ),
});

/** Returns the path of an environment in GitHub's API. */
export function pathOf(owner: string, repository: string, environment: string): string {
    return apiPath("repos", owner, repository, "environments", environment);
}

/**
 * Reads the current rules of an environment; undefined where it does not exist (404).
 *
 * @throws UserError where GitHub answers with an error, and as {@link GitHubClient}.
 */
export async function readRules(
    client: GitHubClient,
    path: string,
): Promise<EnvironmentRules | undefined> {
    const answer = await client.get(path);
    if (isAbsent(answer)) return undefined;
    const environment = bodyOf(answer, environmentForm);
    const find = (type: string) => environment.protection_rules.find((rule) => rule.type === type);
    const required = find("required_reviewers");
    const policy = environment.deployment_branch_policy;
    return {
        reviewers: reviewersOf(
            (required?.reviewers ?? []).map(({ type, reviewer }) => ({ type, id: reviewer.id })),
        ),
        waitTimer: find("wait_timer")?.wait_timer ?? 0,
        preventSelfReview: required?.prevent_self_review ?? false,
        canAdminsBypass: environment.can_admins_bypass,
        deploymentBranchPolicy: policy
            ? {
                  protectedBranches: policy.protected_branches,
                  customBranchPolicies: policy.custom_branch_policies,
              }
            : undefined,
    };
}

/**
 * Reads the branch and tag patterns of an environment; none where it has no custom policy or does
 * not exist (404).
 *
 * @throws UserError where GitHub answers with an error, and as {@link GitHubClient}.
 */
export async function listPolicies(client: GitHubClient, path: string): Promise<BranchPolicy[]> {
    const policies: BranchPolicy[] = [];
    for await (const answer of client.pages(`${path}/deployment-branch-policies`)) {
        if (isAbsent(answer)) break;
        policies.push(...bodyOf(answer, policiesForm).branch_policies);
    }
    return policies;
}

/** Converts inputs of the GitHub provider's resource to rules, with GitHub's defaults. */
export function rulesOf(inputs: Readonly<Record<string, unknown>>): EnvironmentRules {
    const { reviewers, ...rest } = inputsForm.parse(inputs);
    const { users = [], teams = [] } = [reviewers].flat()[0] ?? {};
    return {
        ...rest,
        canAdminsBypass: rest.canAdminsBypass,
        reviewers: reviewersOf([
            ...users.map((id) => ({ type: "User" as const, id })),
            ...teams.map((id) => ({ type: "Team" as const, id })),
        ]),
    };
}

const reviewersForm = z.object({
    users: z.array(z.int()).optional(),
    teams: z.array(z.int()).optional(),
});

const inputsForm = z.object({
    // The program passes a list with one element; a refresh writes the element itself.
    reviewers: z.union([z.array(reviewersForm), reviewersForm]).optional(),
    waitTimer: z.int().default(0),
    preventSelfReview: z.boolean().default(false),
    canAdminsBypass: z.boolean().optional(),
    deploymentBranchPolicy: z
        .object({ protectedBranches: z.boolean(), customBranchPolicies: z.boolean() })
        .optional(),
});

/** Returns the differences between declared and current rules, for `up` and for drift. */
export function compareRules(
    declared: EnvironmentRules,
    found: EnvironmentRules,
): RuleDifference[] {
    const properties = [
        "reviewers",
        "waitTimer",
        "preventSelfReview",
        "canAdminsBypass",
        "deploymentBranchPolicy",
    ] as const;
    return properties
        .filter((property) => property !== "canAdminsBypass" || declared[property] !== undefined)
        .filter((property) => !isDeepStrictEqual(declared[property], found[property]))
        .map((property) => ({ property, declared: declared[property], found: found[property] }));
}

/** Sets all rules of an environment. @throws UserError where GitHub refuses them. */
export async function writeRules(
    client: GitHubClient,
    path: string,
    { reviewers, deploymentBranchPolicy: policy, ...rules }: EnvironmentRules,
): Promise<void> {
    const { status, request } = await client.request("PUT", path, {
        wait_timer: rules.waitTimer,
        prevent_self_review: rules.preventSelfReview,
        reviewers: [
            ...(reviewers?.users ?? []).map((id) => ({ type: "User", id })),
            ...(reviewers?.teams ?? []).map((id) => ({ type: "Team", id })),
        ],
        ...(rules.canAdminsBypass === undefined
            ? {}
            : { can_admins_bypass: rules.canAdminsBypass }),
        deployment_branch_policy: policy
            ? {
                  protected_branches: policy.protectedBranches,
                  custom_branch_policies: policy.customBranchPolicies,
              }
            : null,
    });
    if (status !== 200)
        throw new UserError(
            `GitHub answered ${String(status)} to ${request}: the rules are not set.`,
        );
}

/** Returns whether the object does not exist (404). @throws UserError for another error status. */
export function isAbsent(answer: Answer): boolean {
    return isNotFound(answer, "the environment", "Actions: read and Environments: read");
}

function reviewersOf(
    reviewers: readonly { readonly type: "User" | "Team"; readonly id: number }[],
): EnvironmentRules["reviewers"] {
    if (reviewers.length === 0) return undefined;
    const idsOf = (wanted: "User" | "Team"): number[] =>
        reviewers
            .filter(({ type }) => type === wanted)
            .map(({ id }) => id)
            .sort((one, other) => one - other);
    return { users: idsOf("User"), teams: idsOf("Team") };
}
