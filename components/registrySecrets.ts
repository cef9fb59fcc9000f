import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../errors.ts";
import { readAccount } from "../github/account.ts";
import {
    type EnvironmentArgs,
    findEnvironmentProblems,
    ownerVariable,
    thisStack,
} from "../github/environment.ts";
import { findReviewers } from "../github/lookUp.ts";
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

    /** @throws UserError where GitHub's settings (`readAccount`) or the environment's are not what they have to be. */
    constructor(name: string, args: RegistrySecretsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:github:RegistrySecrets", name, {}, opts);
        const { repository, environment } = args;
        if (environment === undefined) {
            readAccount();
            for (const [secretName, value] of Object.entries(args.secrets)) {
                new github.ActionsSecret(
                    `${name}-${secretName}`,
                    { repository, secretName, value },
                    { parent: this },
                );
            }
        } else {
            this.#declareIn(environment, name, args);
        }
        this.environment = pulumi.output(environment?.name);
        this.registerOutputs({ environment: this.environment });
    }

    #declareIn(
        environment: EnvironmentArgs,
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
                ...this.#reviewers(environment),
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

    #reviewers({ reviewers }: EnvironmentArgs): {
        reviewers?: github.RepositoryEnvironmentArgs["reviewers"];
    } {
        const account = readAccount();
        if (reviewers === undefined) return {};
        const ids = orFail(findReviewers(account, reviewers, this));
        return { reviewers: ids.apply((found) => [found]) };
    }
}
