import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import { UserError } from "./userError.ts";
import { readAccount } from "./github/account.ts";
import { GitHubClient, readToken } from "./github/client.ts";
import {
    type EnvironmentArgs,
    findEnvironmentProblems,
    type Reviewers,
} from "./github/environment.ts";
import { removeFromEnvironment } from "./github/leftovers.ts";
import { ownerVariable, thisStack } from "./github/ownership.ts";
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
        // GitHub has secrets' names in upper case: `quay_pwd` and `QUAY_PWD` are one secret.
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
        const account = readAccount();
        const path = pathOf(account.owner, repository, environment.name);
        // A preview asks GitHub nothing.
        const client = pulumi.runtime.isDryRun()
            ? undefined
            : new GitHubClient(account, readToken(account));
        const found = client && orFail(readRules(client, path));
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
            // Where it is not declared, `up` declares what GitHub has; a preview shows no change.
            ignoreChanges:
                client === undefined && environment.administratorsBypass === undefined
                    ? ["canAdminsBypass"]
                    : [],
        });
        const restored =
            client &&
            pulumi
                .all([declared.id, inputs])
                .apply(([, known]) =>
                    orFail(
                        this.#restore(client, path, rulesOf(known), environment).then(() =>
                            removeFromEnvironment(client, path, repository, environment),
                        ),
                    ),
                );
        // What is in an environment goes with it, in one request.
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
        // GitHub drops the rules for branches and tags when the environment admits all of them, or
        // the protected ones. Deleting one of them afterwards is a 404, so they go with this.
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

    /**
     * Sets the rules again where GitHub has others after the provider has done its part: it does
     * not see that the last reviewer was removed by hand.
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
                `The environment's rules were changed by hand (${names}). They are set again as declared.`,
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
            await pulumi.log.info(`The environment's protection rules: ${changes}.`, this);
    }
}

/**
 * Is declared as long as an environment admits branches and tags by rules, and deleted when it no
 * longer does: Pulumi then forgets the rules, which GitHub has dropped already.
 */
class DeploymentRules extends pulumi.ComponentResource {
    constructor(name: string, opts: pulumi.ComponentResourceOptions) {
        super("mlops:github:DeploymentRules", name, {}, opts);
        this.registerOutputs({});
    }
}

/**
 * The apps that have to approve a deployment: the GitHub provider has no resource for them, and this
 * keeps in the state, for previews, what an `up` has set.
 */
class ProtectionRules extends pulumi.ComponentResource {
    constructor(
        name: string,
        args: {
            readonly repository: string;
            readonly environment: pulumi.Input<string>;
            /** By their slugs, in order. */
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
