import { ownerVariable } from "../../../components/github/ownerVariable.ts";
import { protectionRulesType } from "../../../components/github/protectionRules.ts";
import { type Change, type Preview, unknown, type Value } from "../preview.ts";
import { isObject } from "../properties.ts";
import {
    careful,
    dangerous,
    declared,
    type Finding,
    isChanged,
    isGone,
    isNew,
    listOf,
    missing,
    type Phrase,
    phrase,
    splitMoves,
    type Rule,
    show,
    textOf,
    transitionOf,
} from "./rule.ts";

type Inputs = Change["before"];

const fileType = "github:index/repositoryFile:RepositoryFile";
const environmentType = "github:index/repositoryEnvironment:RepositoryEnvironment";

/** The rules of GitHub's resources. */
export const github: Readonly<Record<string, Rule>> = {
    // If the text of the workflow file is known, the rule of the file reports it.
    "mlops:github:DeliveryWorkflow": (change, { changes }) => {
        const file = changes.find(({ type, parent }) => type === fileType && parent === change.urn);
        const isKnown = file !== undefined && file.after["content"] !== unknown;
        return transitionOf(change, "strict", true)?.after === false && !isKnown
            ? [
                  dangerous(
                      change,
                      phrase`workflow of ${change.name}: the smoke test runs the container without
                          its restrictions (mlops:container.strict)`,
                  ),
              ]
            : [];
    },

    "github:index/repository:Repository": (change) => {
        const name = textOf(change, "name");
        if (isGone(change))
            return [
                dangerous(
                    change,
                    phrase`GitHub repository ${name} is deleted, with everything in it`,
                ),
            ];
        // `private` is the former name of the property; without both, a repository is public.
        const isPublic = (inputs: Inputs): boolean =>
            (inputs["visibility"] ?? (inputs["private"] === true ? "private" : "public")) ===
            "public";
        const isPublished = !isNew(change) && isPublic(change.after) && !isPublic(change.before);
        return isPublished
            ? [dangerous(change, phrase`GitHub repository ${name} is made public`)]
            : [];
    },

    [fileType]: (change) => {
        const file = textOf(change, "file");
        const kind = [file.startsWith(".github/workflows/") ? "workflow" : "file"];
        if (change.operation === "delete")
            return [careful(change, phrase`${kind} ${file} is deleted`)];
        if (!isChanged(change, "content")) return [];
        return [
            kind[0] === "workflow" &&
            !isNew(change) &&
            isLockedDown(change.before["content"]) &&
            !isLockedDown(change.after["content"])
                ? dangerous(
                      change,
                      phrase`workflow ${file}: the smoke test runs the container without its
                          restrictions (mlops:container.strict)`,
                  )
                : undefined,
            careful(change, phrase`${kind} ${file} is ${[isNew(change) ? "new" : "changed"]}`, {
                path: "content",
                name: file,
            }),
        ];
    },
    "github:index/repositoryPullRequest:RepositoryPullRequest": (change) =>
        change.operation === "delete"
            ? [careful(change, phrase`pull request ${textOf(change, "title")} is closed`)]
            : [],

    [environmentType]: (change) => {
        const name = textOf(change, "environment");
        if (isGone(change))
            return [
                dangerous(
                    change,
                    phrase`environment ${name} is deleted, with its secrets and its protection`,
                ),
            ];
        return isNew(change) ? [unreviewed(change, name)] : weakened(change, name);
    },
    "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy":
        splitMoves(
            (change, preview) => {
                const environment = textOf(change, "environment");
                const pattern = (inputs: Inputs) =>
                    show(inputs["branchPattern"] ?? inputs["tagPattern"]);
                if (change.operation === "delete")
                    return [
                        careful(
                            change,
                            phrase`branches or tags ${pattern(change.before)} no longer deploy to
                                environment ${environment}`,
                        ),
                    ];
                const finding = isNew(change) && isCreated(change, preview) ? careful : dangerous;
                return [
                    finding(
                        change,
                        phrase`permission widened: branches or tags ${pattern(change.after)} deploy
                            to environment ${environment}`,
                    ),
                ];
            },
            "repository",
            "environment",
        ),

    [protectionRulesType]: (change, { changes }) => {
        const environment = textOf(change, "environment");
        const apps = ({ apps }: Inputs) => listOf(apps).map(show);
        if (change.operation === "delete") {
            const rules = phrase`the approval of ${apps(change.before).join(", ") || "no app"} for
                deployments to environment ${environment}`;
            const isDeletedToo = changes.some(
                (other) => other.type === environmentType && isGone(other),
            );
            return [
                careful(
                    change,
                    isDeletedToo
                        ? phrase`${rules} is deleted with the environment`
                        : phrase`${rules} is no longer managed: GitHub keeps it`,
                ),
            ];
        }
        const added = apps(change.after).filter((app) => !apps(change.before).includes(app));
        const removed = apps(change.before).filter((app) => !apps(change.after).includes(app));
        return [
            removed.length > 0
                ? dangerous(
                      change,
                      phrase`protection removed: deployments to environment ${environment} no longer
                          need the approval of ${removed.join(", ")}`,
                  )
                : undefined,
            added.length > 0
                ? careful(
                      change,
                      phrase`deployments to environment ${environment} need the approval of
                          ${added.join(", ")}`,
                  )
                : undefined,
        ];
    },

    "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret": splitMoves(
        (change, preview) => {
            const what = phrase`secret ${textOf(change, "secretName")} of environment
                ${textOf(change, "environment")}`;
            if (!isNew(change)) return credentials(change, what);
            const isManaged = declared(preview, environmentType).some(isPlaceOf(change));
            if (isManaged && isCreated(change, preview)) return [];
            return isManaged
                ? [careful(change, phrase`${what} is new`)]
                : [
                      dangerous(
                          change,
                          phrase`${what} is new: this stack does not say who may use that
                              environment`,
                      ),
                  ];
        },
        "repository",
        "environment",
        "secretName",
    ),
    "github:index/actionsSecret:ActionsSecret": splitMoves(
        (change) => {
            const what = phrase`secret ${textOf(change, "secretName")} of repository
                ${textOf(change, "repository")}`;
            return isNew(change)
                ? [dangerous(change, phrase`${what} is new: its workflows on any branch get it`)]
                : credentials(change, what);
        },
        "repository",
        "secretName",
    ),

    "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable": (change) => {
        const name = textOf(change, "variableName");
        if (change.operation === "delete" || name === ownerVariable) return [];
        return [
            careful(
                change,
                phrase`variable ${name} of environment ${textOf(change, "environment")} is
                    ${[isNew(change) ? "new" : "changed"]}`,
            ),
        ];
    },

    "github:index/branchProtection:BranchProtection": (change) =>
        protection(change, textOf(change, "pattern")),
    "github:index/branchProtectionV3:BranchProtectionV3": (change) =>
        protection(change, textOf(change, "branch")),
    "github:index/repositoryRuleset:RepositoryRuleset": (change) =>
        protection(change, textOf(change, "name")),

    "github:index/repositoryCollaborator:RepositoryCollaborator": splitMoves(
        (change) => access(change, phrase`user ${textOf(change, "username")}`),
        "repository",
        "username",
    ),
    "github:index/teamRepository:TeamRepository": splitMoves(
        (change) => access(change, phrase`team ${textOf(change, "teamId")}`),
        "repository",
        "teamId",
    ),
};

/**
 * Whether a workflow's smoke test runs the container as a strict cluster would
 * (components/workflow/steps.ts); true if the text is not known yet.
 */
function isLockedDown(content: Value | undefined): boolean {
    if (typeof content !== "string" || content === unknown) return true;
    const lines = [
        'STRICT: "true"',
        "--read-only",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
    ];
    const all = content.split("\n").map((line) => line.trim());
    return lines.every((line) => all.includes(line));
}

/** Finds that nobody has to approve the jobs that get a new environment's secrets. */
function unreviewed(change: Change, name: string): Finding | undefined {
    return reviewers(change.after).length > 0
        ? undefined
        : dangerous(
              change,
              phrase`environment ${name} is created without reviewers: its jobs get its secrets
                  without an approval`,
          );
}

/** Returns whether inputs are those of the environment that a resource belongs to. */
function isPlaceOf({ after }: Change): (environment: Inputs) => boolean {
    return ({ repository, environment }) =>
        repository === after["repository"] && environment === after["environment"];
}

/** Whether the environment that a resource belongs to is created with it. */
function isCreated(change: Change, { changes }: Preview): boolean {
    return changes.some(
        (other) =>
            other.type === environmentType &&
            ["create", "replace"].includes(other.operation) &&
            isPlaceOf(change)(other.after),
    );
}

/** Finds protection that an environment loses: conditions for the use of its secrets. */
function weakened(change: Change, name: string): (Finding | undefined)[] {
    const { before, after } = change;
    const removed = missing(reviewers(before), reviewers(after));
    const added = missing(reviewers(after), reviewers(before));
    const wait = transitionOf(change, "waitTimer", 0);
    const branches = transitionOf(change, "deploymentBranchPolicy", "all");
    return [
        removed.length > 0
            ? dangerous(
                  change,
                  phrase`reviewers of environment ${name} removed: ${removed.join(", ")}`,
              )
            : undefined,
        // Any one of them is enough, so each may approve without the others.
        added.length > 0 && reviewers(before).length > 0
            ? dangerous(
                  change,
                  phrase`permission widened: ${added.join(", ")} may approve deployments to
                      environment ${name}`,
              )
            : undefined,
        branches &&
            dangerous(
                change,
                phrase`which branches deploy to environment ${name}: ${show(branches.before)} →
                    ${show(branches.after)}`,
            ),
        transitionOf(change, "preventSelfReview", false)?.after === false
            ? dangerous(
                  change,
                  phrase`environment ${name}: the person who starts a deployment may approve it`,
              )
            : undefined,
        transitionOf(change, "canAdminsBypass", true)?.after === true
            ? dangerous(
                  change,
                  phrase`environment ${name}: administrators may bypass its protection`,
              )
            : undefined,
        wait &&
            careful(
                change,
                phrase`environment ${name} waits ${show(wait.before)} → ${show(wait.after)}
                    minutes`,
            ),
    ];
}

/** Lists those who have to approve, by kind and id. */
function reviewers(environment: Inputs): string[] {
    return listOf(environment["reviewers"]).flatMap((group) => {
        if (!isObject(group)) return [show(group)];
        return (["user", "team"] as const).flatMap((kind) =>
            listOf(group[`${kind}s`]).map((id) => `${kind} ${show(id)}`),
        );
    });
}

function credentials(change: Change, what: Phrase): Finding[] {
    if (change.operation === "delete") return [careful(change, phrase`${what} is deleted`)];
    return [careful(change, phrase`credentials rotated: ${what} gets a new value`)];
}

function protection(change: Change, what: string): Finding[] {
    if (isNew(change)) return [];
    return [
        dangerous(
            change,
            isGone(change)
                ? phrase`protection removed: of ${what}`
                : phrase`protection of ${what} is changed`,
        ),
    ];
}

const permissions = ["pull", "triage", "push", "maintain", "admin"];

function access(change: Change, who: Phrase): Finding[] {
    const repository = textOf(change, "repository");
    const [from, to] = [show(change.before["permission"]), show(change.after["permission"])];
    if (change.operation === "delete")
        return [careful(change, phrase`${who} no longer has access to ${repository}`)];
    if (change.operation === "update" && permissions.indexOf(to) < permissions.indexOf(from)) {
        return [
            careful(change, phrase`permission narrowed: ${who} on ${repository}: ${from} → ${to}`),
        ];
    }
    return [dangerous(change, phrase`permission widened: ${who} has ${to} on ${repository}`)];
}
