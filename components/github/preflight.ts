import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { UserError } from "../messages/userError.ts";
import { apiPath, type GitHubAccount, readAccount } from "./account.ts";
import { environmentAllows } from "./branchPolicy.ts";
import { type Answer, bodyOf, describeRefusal, GitHubClient, readToken } from "./client.ts";
import type { Delivery, Problem } from "./delivery.ts";
import { readLastState } from "./lastState.ts";
import { findCommitRestrictions } from "./protection.ts";
import { findAppProblem } from "./protectionRules.ts";
import { pathOf } from "./rules.ts";
import { findEnvironmentProblems } from "./environment.ts";
import { ownerVariable } from "./ownerVariable.ts";
import { isManagedBy, thisStack } from "./ownership.ts";
import {
    findAccessProblem,
    findPermissionProblems,
    findRoleProblems,
    findScopeProblems,
    permissionsForm,
} from "./tokenProblems.ts";
import { setCommand, shellWord } from "../messages/shell.ts";

export type { Delivery } from "./delivery.ts";

/**
 * Checks, before anything is declared, what would otherwise fail half-way: the token and its
 * permissions, the repository, the branch, and an existing file and environment. A preview checks
 * the settings only, also against the stack's last state, and sends no request to GitHub. An `up`
 * sends four requests in parallel, one more for an environment without variables, and two for
 * protection rules.
 *
 * @throws UserError with every problem and what to do about it.
 */
export async function preflight(delivery: Delivery): Promise<void> {
    const account = readAccount();
    const problems = findSettingProblems(delivery);
    if (problems.length === 0) problems.push(...(await findCaseProblems(delivery)));
    if (problems.length === 0 && !pulumi.runtime.isDryRun())
        problems.push(...(await findProblems(account, delivery)));
    if (problems.length === 0) return;
    const lines = problems.map(({ what, fix }) => `  ${what}\n      ${fix}`);
    throw new UserError(
        `${account.owner}/${delivery.repository} on GitHub cannot be delivered to; ` +
            `nothing was changed anywhere:\n${lines.join("\n")}`,
    );
}

function findSettingProblems({ environment, branch, setting }: Delivery): Problem[] {
    if (environment === undefined) return [];
    const problems = findEnvironmentProblems(environment).map((what) => ({
        what,
        fix: `Change ${setting}.environment.`,
    }));
    if (!environmentAllows(environment, branch)) {
        const what =
            `The environment "${environment.name}" does not allow the branch "${branch}": ` +
            "no job would ever get its secrets.";
        problems.push({
            what,
            fix: `Add the branch, or a pattern for it, to ${setting}.environment.branches.`,
        });
    }
    return problems;
}

/**
 * Finds names that differ from those in the last state in upper and lower case only. GitHub treats
 * them as the same: the replacement would get the existing object and then delete it.
 */
async function findCaseProblems({
    repository,
    environment,
    setting,
}: Delivery): Promise<Problem[]> {
    const resources = (await readLastState())
        .filter(({ type }) => type.startsWith("github:"))
        .map(({ outputs }) => placeForm.parse(outputs))
        .filter((known) => known.repository?.toLowerCase() === repository.toLowerCase());
    const names = [
        ["repository", "repository", repository],
        ...(environment ? [["environment", "environment.name", environment.name] as const] : []),
    ] as const;
    return names.flatMap(([what, key, name]) => {
        const before = resources
            .map((known) => known[what])
            .find((known) => known !== name && known?.toLowerCase() === name.toLowerCase());
        if (before === undefined) return [];
        return [
            {
                what:
                    `The ${what} is "${before}" so far, and "${name}" differs from it in upper ` +
                    "and lower case alone: for GitHub they are the same.",
                fix: `Write it as before: ${setCommand(`${setting}.${key}`, before)}`,
            },
        ];
    });
}

/** The repository and environment of a resource of the GitHub provider. */
const placeForm = z.object({
    repository: z.string().optional(),
    environment: z.string().optional(),
});

const repositoryForm = z.object({
    archived: z.boolean(),
    private: z.boolean(),
    permissions: permissionsForm.optional(),
});
const branchForm = z.object({ protected: z.boolean() });
const fileForm = z.object({ content: z.string() });
const secretsForm = z.object({ total_count: z.int() });
const variablesForm = z.object({
    variables: z.array(z.object({ name: z.string(), value: z.string() })),
});

async function findProblems(account: GitHubAccount, delivery: Delivery): Promise<Problem[]> {
    const client = new GitHubClient(account, readToken(account));
    const { branch, environment, path } = delivery;
    const at = apiPath("repos", account.owner, delivery.repository);
    const contents = `${at}/contents/${apiPath(...path.split("/"))}`;
    const [repository, found, file, variables] = await Promise.all([
        client.get(at),
        client.get(`${at}/branches/${encodeURIComponent(branch)}`),
        client.get(`${contents}?ref=${encodeURIComponent(branch)}`),
        environment === undefined
            ? undefined
            : client.get(`${at}/environments/${apiPath(environment.name)}/variables?per_page=30`),
    ]);
    const unusable = findAccessProblem(account, delivery, repository);
    if (unusable !== undefined) return [unusable];
    const { archived, private: isPrivate, permissions } = bodyOf(repository, repositoryForm);
    if (archived) {
        return [
            {
                what: "It is archived: nothing in it can change.",
                fix: `Unarchive it, or change ${delivery.setting}.repository.`,
            },
        ];
    }
    if (environment !== undefined && isPrivate && variables?.status === 404) {
        // The API does not show the plan of another account.
        void pulumi.log.warn(
            `${account.owner}/${delivery.repository} is private: should GitHub answer 422 about ` +
                "the billing plan, leave out the rule that it names (reviewers, waitTimer, " +
                `branches and tags of ${delivery.setting}.environment); should it answer 404, ` +
                "its owner's plan has no environments for private repositories: leave " +
                `${delivery.setting}.environment out, and give each stack secret names of its ` +
                `own (${delivery.setting}.secrets).`,
        );
    }
    return [
        ...findScopeProblems(account, repository),
        ...findRoleProblems(account, delivery, permissions),
        ...findPermissionProblems(delivery, [found, file, variables]),
        ...findUnreadable([found, file, variables]),
        ...(await findBranchProblems(client, at, delivery, found, permissions?.admin === true)),
        ...findFileProblems(delivery, file),
        ...(await findOwnerProblems(client, at, account, delivery, variables)),
        ...(await findProtectionProblems(client, account, delivery, variables)),
    ];
}

/** GitHub lists the available apps only for an existing environment; `up` checks a new one. */
async function findProtectionProblems(
    client: GitHubClient,
    { owner }: GitHubAccount,
    { repository, environment, setting }: Delivery,
    variables: Answer | undefined,
): Promise<Problem[]> {
    if (environment === undefined || variables?.status !== 200) return [];
    const { name, protectionRules = [] } = environment;
    const path = pathOf(owner, repository, name);
    const what = await findAppProblem(client, path, protectionRules, name);
    const key = `${setting}.environment.protectionRules`;
    const fix = `Install the app on the repository, or change ${key}.`;
    return what === undefined ? [] : [{ what, fix }];
}

/** Returns a problem for each answer that is neither a success, a refusal nor "not found". */
function findUnreadable(answers: readonly (Answer | undefined)[]): Problem[] {
    return answers
        .filter((answer) => answer !== undefined)
        .filter(({ status }) => ![200, 403, 404].includes(status))
        .map((answer) => ({ what: `${describeRefusal(answer)}.`, fix: "Try again later." }));
}

async function findBranchProblems(
    client: GitHubClient,
    at: string,
    { branch, delivery, environment, setting }: Delivery,
    { status, body }: Answer,
    isAdmin: boolean,
): Promise<Problem[]> {
    if (status === 404) {
        const push = `git push origin ${shellWord(`HEAD:${branch}`)}`;
        const fix = `Push it (${push}), or change ${setting}.branch.`;
        return [{ what: `It has no branch "${branch}".`, fix }];
    }
    const isProtected = branchForm.safeParse(body).data?.protected;
    if (isProtected === true && delivery === "commit") {
        const { forbids, hidden } = await findCommitRestrictions(client, at, branch, isAdmin);
        if (hidden && forbids.length === 0) {
            void pulumi.log.warn(
                `The branch "${branch}" is protected, and the token in GITHUB_TOKEN may not read ` +
                    "how: whether the workflow file can be committed to it shows when it is. " +
                    "The permission Administration: read makes this known before.",
            );
        }
        if (forbids.length === 0) return [];
        return [
            {
                what:
                    `The branch "${branch}" is protected, and the workflow file cannot be ` +
                    `committed to it: ${forbids.join(", ")}.`,
                fix:
                    "Deliver it as a pull request: " +
                    `${setCommand(`${setting}.delivery`, "pullRequest")}; ` +
                    "or exempt the token's user from the protection.",
            },
        ];
    }
    if (isProtected === false && environment?.protectedBranches === true) {
        const what =
            `The environment "${environment.name}" is for protected branches, and "${branch}" is ` +
            "none: no job would get its secrets.";
        return [
            {
                what,
                fix: `Protect the branch, or name it in ${setting}.environment.branches instead.`,
            },
        ];
    }
    return [];
}

function findFileProblems(
    { path, branch, delivery, adopt, setting }: Delivery,
    { body }: Answer,
): Problem[] {
    if (delivery === "pullRequest") return []; // the person who merges it decides
    const file = fileForm.safeParse(body).data;
    if (
        file === undefined ||
        adopt ||
        isManagedBy(Buffer.from(file.content, "base64").toString(), thisStack())
    )
        return [];
    const what =
        `The file ${path} is there already on the branch "${branch}", ` +
        "and it is not this stack's.";
    return [
        {
            what,
            fix:
                `${howToAdopt(setting)} to overwrite it, or change ${setting}.workflow.path. ` +
                `Where it was the stack's: pulumi refresh --stack ${pulumi.getStack()}, too.`,
        },
    ];
}

/**
 * Finds an environment that this stack does not manage. An environment without variables and
 * secrets is no problem: an interrupted `up` may have created it, and taking it over loses nothing.
 */
async function findOwnerProblems(
    client: GitHubClient,
    at: string,
    { owner, webUrl }: GitHubAccount,
    { repository, environment, adopt, setting }: Delivery,
    answer: Answer | undefined,
): Promise<Problem[]> {
    const variables = variablesForm.safeParse(answer?.body).data?.variables;
    if (environment === undefined || variables === undefined) return [];
    const manager = variables.find(({ name }) => name === ownerVariable)?.value;
    if (manager === thisStack() || (manager === undefined && adopt)) return [];
    if (variables.length === 0) {
        const secrets = await client.get(
            `${at}/environments/${apiPath(environment.name)}/secrets?per_page=1`,
        );
        const unreadable = findUnreadable([secrets]);
        if (unreadable.length > 0) return unreadable;
        if (secretsForm.safeParse(secrets.body).data?.total_count === 0) return [];
    }
    const orAnother = `or change ${setting}.environment.name.`;
    if (manager === undefined) {
        return [
            {
                what:
                    `The environment "${environment.name}" is there already, without the ` +
                    `variable ${ownerVariable} that makes it this stack's.`,
                fix:
                    `${howToAdopt(setting)} to take it over (its rules become those of the ` +
                    `configuration, and \`pulumi destroy\` removes it), ${orAnother}`,
            },
        ];
    }
    const page = `${webUrl}/${owner}/${repository}/settings/environments`;
    return [
        {
            what:
                `The environment "${environment.name}" is there already, ` +
                `and it is managed by ${manager}.`,
            fix:
                "Where that is no more, remove the environment's variable " +
                `${ownerVariable} (${page}), ${orAnother}`,
        },
    ];
}

function howToAdopt(setting: string): string {
    return setCommand(`${setting}.adopt`, "true");
}
