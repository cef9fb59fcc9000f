import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../errors.ts";
import { readAccount } from "../github/account.ts";
import {
    type EnvironmentArgs,
    findEnvironmentProblems,
    ownerVariable,
    type Reviewers,
    thisStack,
} from "../github/environment.ts";
import { findReviewers, type ReviewerIds } from "../github/lookUp.ts";
import { orFail } from "./failOn.ts";

export interface RegistrySecretsArgs {
    /** The repository's name, without its owner: that is the GitHub provider's (`github:owner`). */
    readonly repository: string;
    /**
     * The environment that the secrets belong to; only jobs that name it see them. Default: none, they are secrets of the repository, for
     * accounts whose plan has no environments in a private repository.
     */
    readonly environment?: EnvironmentArgs | undefined;
    /** What the registry is logged in to with, by the secrets' names: `{ QUAY_USER: robotUsername, QUAY_PWD: robotToken }`. */
    readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
}

/**
 * The registry's credentials as secrets of a GitHub repository, in an environment with rules of its own. A changed value is an update in
 * place. Whoever needs the secrets names this component in `dependsOn`: it is there when its last secret is.
 */
export class RegistrySecrets extends pulumi.ComponentResource {
    /** The environment's name, for the jobs that use the secrets; undefined where they are the repository's. */
    declare readonly environment: pulumi.Output<string | undefined>;
    /** The environment's reviewers by how GitHub knows them: `user 1001` → `alice`. */
    declare readonly reviewers: pulumi.Output<Record<string, string>>;

    /** @throws UserError where GitHub's settings (`readAccount`) or the environment's are not what they have to be. */
    constructor(name: string, args: RegistrySecretsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:github:RegistrySecrets", name, {}, opts);
        const { repository, environment } = args;
        if (environment === undefined) {
            readAccount();
            this.reviewers = pulumi.output<Record<string, string>>({});
            for (const [secretName, value] of Object.entries(args.secrets)) {
                new github.ActionsSecret(
                    `${name}-${secretName}`,
                    { repository, secretName, value },
                    { parent: this },
                );
            }
        } else {
            const ids = this.#findReviewers(environment);
            this.reviewers = ids.apply((found) => namesOf(environment.reviewers, found));
            this.#declareIn(environment, ids, name, args);
        }
        this.environment = pulumi.output(environment?.name);
        // A review of a later change tells who is no longer a reviewer by the names kept here.
        this.registerOutputs({ environment: this.environment, reviewers: this.reviewers });
    }

    #declareIn(
        environment: EnvironmentArgs,
        reviewers: pulumi.Output<ReviewerIds>,
        name: string,
        { repository, secrets }: RegistrySecretsArgs,
    ): void {
        const problems = findEnvironmentProblems(environment);
        if (problems.length > 0) throw new UserError(problems.join("\n"));
        const { branches = [], tags = [], protectedBranches = false } = environment;
        const custom = branches.length + tags.length > 0;
        const declared = new github.RepositoryEnvironment(
            name,
            {
                repository,
                environment: environment.name,
                ...(environment.reviewers && { reviewers: reviewers.apply((ids) => [ids]) }),
                ...(environment.waitTimer === undefined
                    ? {}
                    : { waitTimer: environment.waitTimer }),
                ...(environment.preventSelfReview === undefined
                    ? {}
                    : { preventSelfReview: environment.preventSelfReview }),
                ...(custom || protectedBranches
                    ? {
                          deploymentBranchPolicy: {
                              protectedBranches,
                              customBranchPolicies: custom,
                          },
                      }
                    : {}),
            },
            { parent: this },
        );
        // What is in an environment goes with it, in one request.
        const within = { parent: this, deletedWith: declared };
        const at = { repository, environment: declared.environment };
        const rules = [
            ...branches.map(
                (branchPattern) => [`branch-${branchPattern}`, { branchPattern }] as const,
            ),
            ...tags.map((tagPattern) => [`tag-${tagPattern}`, { tagPattern }] as const),
        ].map(
            ([key, pattern]) =>
                new github.RepositoryEnvironmentDeploymentPolicy(
                    `${name}-${key}`,
                    { ...at, ...pattern },
                    within,
                ),
        );
        const note = new github.ActionsEnvironmentVariable(
            name,
            { ...at, variableName: ownerVariable, value: thisStack() },
            within,
        );
        for (const [secretName, value] of Object.entries(secrets)) {
            new github.ActionsEnvironmentSecret(
                `${name}-${secretName}`,
                { ...at, secretName, value },
                // No run that the rules keep out ever sees it, and no environment has one without the note. Another environment has its secret
                // before the one before goes.
                { ...within, dependsOn: [note, ...rules], deleteBeforeReplace: false },
            );
        }
    }

    #findReviewers({ reviewers }: EnvironmentArgs): pulumi.Output<ReviewerIds> {
        const account = readAccount();
        if (reviewers === undefined) return pulumi.output({ users: [], teams: [] });
        return orFail(findReviewers(account, reviewers, this));
    }
}

function namesOf(reviewers: Reviewers | undefined, ids: ReviewerIds): Record<string, string> {
    const named = (kind: string, names: readonly string[] = [], numbers: readonly number[]) =>
        names.map((name, index) => [`${kind} ${String(numbers[index])}`, name] as const);
    return Object.fromEntries([
        ...named("user", reviewers?.users, ids.users),
        ...named("team", reviewers?.teams, ids.teams),
    ]);
}
