import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import { foreign } from "../quay/api/text.ts";
import { UserError } from "./messages/userError.ts";
import { readAccount } from "./github/account.ts";
import { GitHubClient, readToken } from "./github/client.ts";
import {
    type EnvironmentArgs,
    findEnvironmentProblems,
    type Reviewers,
} from "./github/environment.ts";
import { removeFromEnvironment } from "./github/leftovers.ts";
import { ownerVariable } from "./github/ownerVariable.ts";
import { thisStack } from "./github/ownership.ts";
import { findReviewers, type ReviewerIds } from "./github/lookUp.ts";
import { protectionRulesType, setProtectionRules } from "./github/protectionRules.ts";
import {
    compareRules,
    type EnvironmentRules,
    pathOf,
    readRules,
    rulesOf,
    writeRules,
} from "./github/rules.ts";
import { failOnRejection } from "./messages/failProgram.ts";

export interface RegistrySecretsArgs {
    /**
     * The GitHub repository's name, without its owner. The owner is the GitHub provider's
     * (`github:owner`, GITHUB_OWNER).
     */
    readonly repository: pulumi.Input<string>;
    /**
     * The GitHub environment that holds the secrets: only jobs that name it can read them. Default:
     * none, the secrets belong to the repository. That is for accounts whose plan has no
     * environments in private repositories. Its values are plain, not inputs: they are checked
     * before anything is declared, and each branch and tag is a resource.
     */
    readonly environment?: EnvironmentArgs | undefined;
    /**
     * The registry's credentials by the secrets' names:
     * `{ QUAY_USER: robotUsername, QUAY_PWD: robotToken }`. The names are plain values: they name
     * the resources.
     */
    readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
}

/**
 * The registry's credentials as secrets of a GitHub repository, in a GitHub environment with its
 * rules. A changed value updates the secret in place. A resource that needs the secrets names this
 * component in its `dependsOn`.
 *
 * @example
 * const secrets = new RegistrySecrets("model", {
 *     repository: "model",
 *     environment: { name: "production", branches: ["main"], reviewers: { users: ["alice"] } },
 *     secrets: { QUAY_USER: repository.robotUsername, QUAY_PWD: repository.robotToken },
 * });
 */
export class RegistrySecrets extends pulumi.ComponentResource {
    /** The environment's name; undefined where the secrets belong to the repository. */
    declare readonly environment: pulumi.Output<string | undefined>;
    /** The names of the environment's reviewers by kind and id: `user 1001` → `alice`. */
    declare readonly reviewers: pulumi.Output<Record<string, string>>;

    /**
     * @throws UserError where the GitHub provider's settings (`readAccount`) or those of the
     * environment are invalid.
     */
    constructor(name: string, args: RegistrySecretsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:github:RegistrySecrets", name, {}, opts);
        // GitHub keeps names of secrets in upper case: `quay_pwd` and `QUAY_PWD` are one secret.
        const secrets = Object.fromEntries(
            Object.entries(args.secrets).map(([key, value]) => [key.toUpperCase(), value]),
        );
        const { repository, environment } = args;
        if (environment === undefined) {
            readAccount();
            this.reviewers = pulumi.output<Record<string, string>>({});
            for (const [secretName, value] of Object.entries(secrets)) {
                new github.ActionsSecret(
                    `${name}-${secretName}`,
                    { repository, secretName, value },
                    { parent: this },
                );
            }
        } else {
            const ids = this.#findReviewers(environment);
            this.reviewers = ids.apply((found) => namesOf(environment.reviewers, found));
            this.#declareIn(environment, ids, name, { repository, secrets });
        }
        this.environment = pulumi.output(environment?.name);
        // Kept for reviews: a review of a later change names the reviewers that were removed.
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
        const account = readAccount();
        const path = pulumi
            .output(repository)
            .apply((known) => pathOf(account.owner, known, environment.name));
        // A preview sends no request to GitHub.
        const client = pulumi.runtime.isDryRun()
            ? undefined
            : new GitHubClient(account, readToken(account));
        const found = client && path.apply((known) => failOnRejection(readRules(client, known)));
        const { branches = [], tags = [], protectedBranches = false } = environment;
        const custom = branches.length + tags.length > 0;
        const canAdminsBypass =
            environment.administratorsBypass ?? found?.apply((rules) => rules?.canAdminsBypass);
        const inputs = {
            repository,
            environment: environment.name,
            ...(environment.reviewers && { reviewers: reviewers.apply((ids) => [ids]) }),
            ...(environment.waitTimer === undefined ? {} : { waitTimer: environment.waitTimer }),
            ...(environment.preventSelfReview === undefined
                ? {}
                : { preventSelfReview: environment.preventSelfReview }),
            ...(canAdminsBypass === undefined ? {} : { canAdminsBypass }),
            ...(custom || protectedBranches
                ? { deploymentBranchPolicy: { protectedBranches, customBranchPolicies: custom } }
                : {}),
        };
        const declared = new github.RepositoryEnvironment(name, inputs, {
            parent: this,
            // Where it is not set, `up` declares GitHub's current value; a preview, which does not
            // know it, must not show a change.
            ignoreChanges:
                client === undefined && environment.administratorsBypass === undefined
                    ? ["canAdminsBypass"]
                    : [],
        });
        const restored =
            client &&
            pulumi
                .all([path, inputs, declared.id])
                .apply(([at, known]) =>
                    failOnRejection(
                        this.#restore(client, at, rulesOf(known), environment).then(() =>
                            removeFromEnvironment(client, at, known.repository, environment),
                        ),
                    ),
                );
        // Deleting an environment deletes everything in it.
        const within = { parent: this, deletedWith: declared };
        const at = {
            repository,
            environment: pulumi.all([declared.environment, restored]).apply(([known]) => known),
        };
        if (environment.protectionRules !== undefined)
            new ProtectionRules(
                name,
                { ...at, apps: [...environment.protectionRules].sort() },
                { parent: this },
            );
        // GitHub deletes the rules for branches and tags when the environment allows all branches,
        // or the protected ones. Deleting a rule afterwards answers 404: `deletedWith` avoids that.
        const selection = custom ? new DeploymentRules(name, { parent: this }) : declared;
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
                    { ...within, deletedWith: selection },
                ),
        );
        const ownerMark = new github.ActionsEnvironmentVariable(
            name,
            { ...at, variableName: ownerVariable, value: thisStack() },
            within,
        );
        for (const [secretName, value] of Object.entries(secrets)) {
            new github.ActionsEnvironmentSecret(
                `${name}-${secretName}`,
                { ...at, secretName, value },
                // A secret is created after the rules that guard it and after the owner's mark. In
                // a new environment it is created before it is deleted in the old one.
                { ...within, dependsOn: [ownerMark, ...rules], deleteBeforeReplace: false },
            );
        }
    }

    #findReviewers({ reviewers }: EnvironmentArgs): pulumi.Output<ReviewerIds> {
        const account = readAccount();
        if (reviewers === undefined) return pulumi.output({ users: [], teams: [] });
        return failOnRejection(findReviewers(account, reviewers, this));
    }

    /**
     * Sets the rules again where they still differ in GitHub after the provider's update: the
     * provider does not notice when the last reviewer was removed by hand.
     */
    async #restore(
        client: GitHubClient,
        path: string,
        rules: EnvironmentRules,
        { name, protectionRules }: EnvironmentArgs,
    ): Promise<void> {
        const found = await readRules(client, path);
        const lost = found === undefined ? [] : compareRules(rules, found);
        if (lost.length > 0) {
            await writeRules(client, path, rules);
            const names = lost.map(({ property }) => property).join(", ");
            await pulumi.log.warn(
                `The environment's rules were changed by hand (${names}). ` +
                    "They are set again as declared.",
                this,
            );
        }
        if (protectionRules === undefined) return;
        const { enabled, disabled } = await setProtectionRules(client, path, protectionRules, name);
        const changes = [
            ...(enabled.length > 0 ? [`${enabled.join(", ")} enabled`] : []),
            ...(disabled.length > 0 ? [`${disabled.join(", ")} disabled`] : []),
        ].join("; ");
        if (changes !== "")
            await pulumi.log.info(`The environment's protection rules: ${foreign(changes)}.`, this);
    }
}

/**
 * A marker that exists as long as an environment has rules for branches and tags. When it is
 * deleted, Pulumi drops the rules from the state without a request: GitHub has deleted them.
 */
class DeploymentRules extends pulumi.ComponentResource {
    constructor(name: string, opts: pulumi.ComponentResourceOptions) {
        super("mlops:github:DeploymentRules", name, {}, opts);
        this.registerOutputs({});
    }
}

/**
 * The apps that have to approve a deployment. The GitHub provider has no resource for them; this
 * one keeps in the state what the last `up` set, so that previews show changes.
 */
class ProtectionRules extends pulumi.ComponentResource {
    constructor(
        name: string,
        args: {
            readonly repository: pulumi.Input<string>;
            readonly environment: pulumi.Input<string>;
            /** The apps' slugs, sorted. */
            readonly apps: readonly string[];
        },
        opts: pulumi.ComponentResourceOptions,
    ) {
        super(protectionRulesType, name, args, opts);
        this.registerOutputs({});
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
