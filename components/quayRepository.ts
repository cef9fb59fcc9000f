import * as pulumi from "@pulumi/pulumi";
import * as quay from "../quay/sdk/index.ts";
import { declareRobots } from "./quay/rotatedRobot.ts";
import { UserError } from "./messages/userError.ts";

/**
 * A repository and its robot. `rotation`, `retire`, `protect` and the number of rules are plain
 * values, not inputs: they decide which resources there are, and their options.
 */
export interface QuayRepositoryArgs {
    /** The user or organization that the repository belongs to. */
    readonly namespace: pulumi.Input<string>;
    /** The repository's name within the namespace. */
    readonly repository: pulumi.Input<string>;
    /** `public` (anyone may pull) or `private`. Default: `private`. */
    readonly visibility?: pulumi.Input<quay.Visibility> | undefined;
    /** The repository's description, Markdown. Default: not managed; one set by hand stays. */
    readonly description?: pulumi.Input<string> | undefined;
    /**
     * The robot's name within the namespace, without `NAMESPACE+`. A rotation appends `_` and a
     * random suffix.
     */
    readonly robot: pulumi.Input<string>;
    /**
     * How often the robot has been rotated. Raise it by one to create a new robot: this component's
     * outputs then have its credentials. The previous robot is kept, because a running job may
     * still use it. Default: 0.
     */
    readonly rotation?: number | undefined;
    /**
     * Whether to delete the previous robot. Set it once nothing uses that robot any more; or
     * together with a raised `rotation`, where credentials have leaked: the robot is then deleted
     * at the end of the same `up`. Default: false.
     */
    readonly retire?: boolean | undefined;
    /**
     * Which tags Quay deletes automatically. Default: none. Where the Quay does not support it, a
     * warning is logged and nothing is pruned.
     */
    readonly autoPrune?: readonly AutoPrune[] | undefined;
    /**
     * A regular expression for whole tags that cannot be moved or deleted once set. Default: none.
     * Where the Quay does not support it, a warning is logged.
     */
    readonly immutableTags?: pulumi.Input<string> | undefined;
    /**
     * Whether Pulumi refuses to delete or replace the repository. Its robots are not protected, so
     * that they can be rotated. Default: as the component's options say.
     */
    readonly protect?: boolean | undefined;
}

/**
 * Which tags Quay deletes automatically: all but the newest `keep`, or those older than `keepFor`
 * (`30d`, `2w`).
 */
export type AutoPrune = (
    | { readonly keep: pulumi.Input<number>; readonly keepFor?: undefined }
    | { readonly keepFor: pulumi.Input<string>; readonly keep?: undefined }
) & {
    /** A regular expression for the tags that the rule applies to. Default: all tags. */
    readonly tagPattern?: pulumi.Input<string> | undefined;
};

/** The keys of a rule as a program in another language gives them: both, or neither, too. */
interface GivenRule {
    readonly keep?: pulumi.Input<number> | undefined;
    readonly keepFor?: pulumi.Input<string> | undefined;
}

/** @throws UserError unless the rule has exactly one of the keys */
function tagsDeletedBy({ keep, keepFor }: GivenRule, index: number) {
    if (keep !== undefined && keepFor === undefined)
        return { method: "number_of_tags" as const, value: pulumi.interpolate`${keep}` };
    if (keepFor !== undefined && keep === undefined)
        return { method: "creation_date" as const, value: keepFor };
    throw new UserError(
        `autoPrune[${String(index)}]: must have either keep (a number of tags) or keepFor ` +
            "(an age).",
    );
}

/**
 * A repository on Quay, and a robot account that has write access to it alone. The first robot has
 * exactly the configured name; a rotation adds a second one. There are never more than two.
 *
 * @example
 * const repository = new QuayRepository("model", {
 *     namespace: "acme",
 *     repository: "model",
 *     robot: "pusher",
 *     autoPrune: [{ keepFor: "30d", tagPattern: "^ctx-" }],
 * });
 * export const image = repository.image;
 */
export class QuayRepository extends pulumi.ComponentResource {
    /** The repository's name: NAMESPACE/NAME. */
    declare readonly fullName: pulumi.Output<string>;
    /** The image's name for docker: HOST/NAMESPACE/NAME, without a tag. */
    declare readonly image: pulumi.Output<string>;
    /** The URL of the repository's page in Quay. */
    declare readonly repositoryUrl: pulumi.Output<string>;
    /** The user name of the current robot: NAMESPACE+NAME. */
    declare readonly robotUsername: pulumi.Output<string>;
    /** The token of the current robot. A secret. */
    declare readonly robotToken: pulumi.Output<string>;
    /** The command that pulls the tag `latest`: `docker pull HOST/NAMESPACE/NAME:latest`. */
    declare readonly pullCommand: pulumi.Output<string>;

    constructor(name: string, args: QuayRepositoryArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:quay:QuayRepository", name, {}, opts);
        const repository = new quay.Repository(
            name,
            {
                namespace: args.namespace,
                name: args.repository,
                visibility: args.visibility,
                description: args.description,
            },
            // Where no description is declared, keep the one set on the repository's page.
            {
                parent: this,
                ...(args.protect === undefined ? {} : { protect: args.protect }),
                ignoreChanges: args.description === undefined ? ["description"] : [],
            },
        );
        for (const [index, policy] of (args.autoPrune ?? []).entries()) {
            new quay.AutoPrunePolicy(
                `${name}-${String(index)}`,
                {
                    repository: repository.fullName,
                    ...tagsDeletedBy(policy, index),
                    tagPattern: policy.tagPattern,
                    ifUnsupported: "warn",
                },
                { parent: this },
            );
        }
        if (args.immutableTags !== undefined) {
            const policy = {
                repository: repository.fullName,
                tagPattern: args.immutableTags,
                ifUnsupported: "warn" as const,
            };
            new quay.TagImmutabilityPolicy(name, policy, { parent: this });
        }
        const { username, token } = declareRobots(
            name,
            {
                namespace: args.namespace,
                robot: args.robot,
                description: pulumi.interpolate`Pushes to ${args.repository}`,
                repository: repository.fullName,
                role: "write",
                rotation: args.rotation,
                retire: args.retire,
            },
            this,
        );

        this.fullName = repository.fullName;
        this.image = repository.image;
        this.repositoryUrl = repository.url;
        this.robotUsername = username;
        this.robotToken = token;
        this.pullCommand = pulumi.interpolate`docker pull ${repository.image}:latest`;
        this.registerOutputs({
            fullName: this.fullName,
            image: this.image,
            repositoryUrl: this.repositoryUrl,
            robotUsername: this.robotUsername,
            robotToken: this.robotToken,
            pullCommand: this.pullCommand,
        });
    }
}
