import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as quay from "../quay/sdk/index.ts";

export interface QuayRepositoryArgs {
    /** The user or organization that the repository belongs to. */
    readonly namespace: string;
    /** The repository's name within the namespace. */
    readonly repository: string;
    /** `public` (anyone may pull) or `private`. Default: `private`. */
    readonly visibility?: quay.Visibility | undefined;
    /** The repository's description, Markdown. Default: none of the program's; one that was written by hand stays. */
    readonly description?: string | undefined;
    /** The robot's name within the namespace, without the `NAMESPACE+`. After a rotation: with `_` and a suffix. */
    readonly robot: string;
    /**
     * How often the robot has been rotated. Raised by one, `up` makes a new robot, hands its credentials to all that use this component's
     * outputs, and keeps the one before, because a job that is running may still have its credentials. Default: 0.
     */
    readonly rotation?: number | undefined;
    /**
     * Removes the robot before the current one: once nothing uses it any more, or, together with a raised `rotation`, at the end of the
     * same `up`, where its credentials have leaked. Default: false.
     */
    readonly retire?: boolean | undefined;
    /** Which tags Quay deletes by itself. Default: none. An instance without this feature: a warning, and nothing is pruned. */
    readonly autoPrune?: readonly AutoPrune[] | undefined;
    /** Tags that never change once they are set, as a regular expression for the whole tag. Default: none. As with `autoPrune`, a warning at worst. */
    readonly immutableTags?: string | undefined;
    /** Whether the repository is protected from deletion and replacement; its robots are not, so that they can rotate. Default: false. */
    readonly protect?: boolean | undefined;
}

/** Which tags Quay deletes by itself: all but the newest `keep`, or all that are older than `keepFor` (`30d`, `2w`). */
export type AutoPrune = ({ readonly keep: number } | { readonly keepFor: string }) & {
    /** The tags that it is about, as a regular expression. Default: all. */
    readonly tagPattern?: string | undefined;
};

/**
 * A repository on Quay and the robot account that may write to it, and to nothing else. The first robot has exactly the configured name;
 * a rotation makes another beside it. There are never more than two.
 */
export class QuayRepository extends pulumi.ComponentResource {
    /** What docker pulls and pushes: HOST/NAMESPACE/NAME, without a tag. */
    declare readonly image: pulumi.Output<string>;
    /** The repository's page in Quay. */
    declare readonly repositoryUrl: pulumi.Output<string>;
    /** What the current robot logs in with: NAMESPACE+NAME. */
    declare readonly robotUsername: pulumi.Output<string>;
    /** The current robot's token. A secret. */
    declare readonly robotToken: pulumi.Output<string>;
    /** The command that pulls the image that carries this tag: `docker pull …:latest`. */
    declare readonly pullCommand: pulumi.Output<string>;

    constructor(name: string, args: QuayRepositoryArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:quay:QuayRepository", name, {}, opts);
        const { namespace, rotation = 0, retire = false } = args;
        const repository = new quay.Repository(
            name,
            {
                namespace,
                name: args.repository,
                visibility: args.visibility,
                description: args.description,
            },
            // Without one of the program's, the description is whatever somebody wrote on the repository's page.
            {
                parent: this,
                protect: args.protect ?? false,
                ignoreChanges: args.description === undefined ? ["description"] : [],
            },
        );
        for (const [index, policy] of (args.autoPrune ?? []).entries()) {
            new quay.AutoPrunePolicy(
                `${name}-${String(index)}`,
                {
                    repository: repository.fullName,
                    ...("keep" in policy
                        ? { method: "number_of_tags" as const, value: String(policy.keep) }
                        : { method: "creation_date" as const, value: policy.keepFor }),
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
        const current = this.#robot(name, args, repository, rotation);
        if (rotation > 0 && !retire) this.#robot(name, args, repository, rotation - 1);

        this.image = repository.image;
        this.repositoryUrl = repository.url;
        this.robotUsername = current.username;
        this.robotToken = current.token;
        this.pullCommand = pulumi.interpolate`docker pull ${repository.image}:latest`;
        this.registerOutputs({
            image: this.image,
            repositoryUrl: this.repositoryUrl,
            robotUsername: this.robotUsername,
            robotToken: this.robotToken,
            pullCommand: this.pullCommand,
        });
    }

    /** The robot of one rotation, with the right to write to this repository. What it gives is known once it has that right. */
    #robot(name: string, args: QuayRepositoryArgs, repository: quay.Repository, rotation: number) {
        const resource = rotation === 0 ? name : `${name}-${String(rotation)}`;
        const robot = new quay.Robot(
            resource,
            {
                namespace: args.namespace,
                name:
                    rotation === 0
                        ? args.robot
                        : pulumi.interpolate`${args.robot}_${this.#suffix(resource)}`,
                description: `Pushes to ${args.repository}`,
            },
            // Quay cannot change it: one that was made by hand keeps its own, and with that its token.
            { parent: this, ignoreChanges: ["description"] },
        );
        const permission = new quay.RepositoryPermission(
            resource,
            { repository: repository.fullName, robot: robot.username, role: "write" },
            { parent: this },
        );
        return {
            username: robot.username,
            token: pulumi.all([robot.token, permission.id]).apply(([token]) => token),
        };
    }

    #suffix(resource: string): pulumi.Output<string> {
        return new random.RandomString(
            resource,
            { length: 6, special: false, upper: false },
            { parent: this },
        ).result;
    }
}
