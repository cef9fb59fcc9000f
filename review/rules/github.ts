import type { Change, Value } from "../preview.ts";
import { careful, dangerous, type Finding, isChanged, isGone, isNew, listOf, phrase, propertyOf, type Rule, show, textOf } from "./rule.ts";

/** What changes of GitHub's resources are to a reviewer. */
export const github: Readonly<Record<string, Rule>> = {
    "github:index/repository:Repository": (change) => {
        const name = textOf(change, "name");
        if (isGone(change)) return [dangerous(change, phrase`GitHub repository ${name} is deleted, with all that is in it`)];
        if (isNew(change) || change.after["visibility"] !== "public" || !isChanged(change, "visibility")) return [];
        return [dangerous(change, phrase`GitHub repository ${name} is made public`)];
    },

    "github:index/repositoryFile:RepositoryFile": (change) => {
        const file = textOf(change, "file");
        const isWorkflow = file.startsWith(".github/workflows/");
        if (change.operation === "delete") return [careful(change, phrase`${isWorkflow ? "workflow" : "file"} ${file} is deleted`)];
        if (!isWorkflow || !isChanged(change, "content")) return [];
        return [careful(change, phrase`workflow ${file} is ${isNew(change) ? "committed" : "changed"}`, "content")];
    },
    "github:index/repositoryPullRequest:RepositoryPullRequest": (change) =>
        change.operation === "delete" ? [careful(change, phrase`pull request ${textOf(change, "title")} is closed`)] : [],

    "github:index/repositoryEnvironment:RepositoryEnvironment": (change) => {
        const name = textOf(change, "environment");
        if (isGone(change)) return [dangerous(change, phrase`environment ${name} is deleted, with its secrets and its protection`)];
        return isNew(change) ? [] : weakened(change, name);
    },
    "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy": (change) => {
        const environment = textOf(change, "environment");
        const pattern = (side: Change["before"]) => show(side["branchPattern"] ?? side["tagPattern"]);
        if (change.operation === "delete")
            return [careful(change, phrase`${pattern(change.before)} no longer deploys to environment ${environment}`)];
        return [
            (isNew(change) ? careful : dangerous)(
                change,
                phrase`permission widened: branches or tags like ${pattern(change.after)} deploy to environment ${environment}`,
            ),
        ];
    },

    "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret": (change) =>
        credentials(change, `secret ${textOf(change, "secretName")} of environment ${textOf(change, "environment")}`),
    "github:index/actionsSecret:ActionsSecret": (change) =>
        credentials(change, `secret ${textOf(change, "secretName")} of repository ${textOf(change, "repository")}`),

    "github:index/branchProtection:BranchProtection": (change) => protection(change, textOf(change, "pattern")),
    "github:index/branchProtectionV3:BranchProtectionV3": (change) => protection(change, textOf(change, "branch")),
    "github:index/repositoryRuleset:RepositoryRuleset": (change) => protection(change, textOf(change, "name")),

    "github:index/repositoryCollaborator:RepositoryCollaborator": (change) => access(change, textOf(change, "username")),
    "github:index/teamRepository:TeamRepository": (change) => access(change, `team ${textOf(change, "teamId")}`),
};

/** What an environment asked for before a job may use its secrets, and asks for no more. */
function weakened(change: Change, name: string): Finding[] {
    const reviewers = (side: Change["before"]) =>
        listOf(side["reviewers"]).flatMap((group) =>
            ["users", "teams"].flatMap((kind) => listOf(isRecord(group) ? group[kind] : undefined).map((id) => `${kind} ${show(id)}`)),
        );
    const removed = reviewers(change.before).filter((reviewer) => !reviewers(change.after).includes(reviewer));
    const branches = (side: Change["before"]) => show(side["deploymentBranchPolicy"]);
    const wait = propertyOf(change, "waitTimer");
    return [
        ...(removed.length > 0 ? [dangerous(change, phrase`reviewers of environment ${name} removed: ${removed.join(", ")}`)] : []),
        ...(isChanged(change, "deploymentBranchPolicy")
            ? [
                  dangerous(
                      change,
                      phrase`which branches deploy to environment ${name}: ${branches(change.before)} → ${branches(change.after)}`,
                  ),
              ]
            : []),
        ...(isChanged(change, "preventSelfReview") && change.after["preventSelfReview"] !== true
            ? [dangerous(change, phrase`environment ${name}: who started a deployment may approve it`)]
            : []),
        ...(isChanged(change, "canAdminsBypass") && change.after["canAdminsBypass"] !== false
            ? [dangerous(change, phrase`environment ${name}: administrators may bypass its protection`)]
            : []),
        ...(wait !== undefined
            ? [careful(change, phrase`environment ${name} waits ${show(wait.before)} → ${show(wait.after)} minutes`)]
            : []),
    ];
}

function credentials(change: Change, what: string): Finding[] {
    if (isNew(change)) return [];
    return [
        careful(change, change.operation === "delete" ? phrase`${what} is deleted` : phrase`credentials rotated: ${what} gets a new value`),
    ];
}

function protection(change: Change, what: string): Finding[] {
    if (isNew(change)) return [];
    return [dangerous(change, isGone(change) ? phrase`protection removed: of ${what}` : phrase`protection of ${what} is changed`)];
}

const permissions = ["pull", "triage", "push", "maintain", "admin"];

function access(change: Change, who: string): Finding[] {
    const repository = textOf(change, "repository");
    const permission = (side: Change["before"]) => show(side["permission"]);
    if (change.operation === "delete") return [careful(change, phrase`${who} has no more access to ${repository}`)];
    if (!isNew(change) && permissions.indexOf(permission(change.after)) < permissions.indexOf(permission(change.before))) return [];
    return [dangerous(change, phrase`permission widened: ${who} has ${permission(change.after)} on ${repository}`)];
}

function isRecord(value: Value): value is Record<string, Value> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
