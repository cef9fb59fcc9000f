import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as quay from "../quay/sdk/index.ts";
import { registryAddress } from "./docker/reference.ts";

/** The image of a version that is in its repository already. */
export interface PublishedServiceImageArgs {
    /** The repository, HOST/NAMESPACE/NAME. */
    readonly repository: pulumi.Input<string>;
    /** The version: a tag that never moves, unless `isMoving`. */
    readonly version: pulumi.Input<string>;
    /** Whether the tag moves, such as `latest`. Default: false. */
    readonly isMoving?: boolean | undefined;
    /** What a moving tag names now. Default: looked up once, at the first deployment. */
    readonly digest?: pulumi.Input<string> | undefined;
    /** Tags that move to the version when it is looked up first, as in `latest`. Default: none. */
    readonly floatingTags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
    /**
     * Where a ServiceImage of this name has built the image of this version: the robot with write
     * permission. The image then stays in the state as it is. Default: the version is looked up in
     * the repository.
     */
    readonly builtBy?:
        | {
              /** The robot's user name, NAMESPACE+NAME. */
              readonly username: pulumi.Input<string>;
              /** The robot's token. */
              readonly password: pulumi.Input<string>;
          }
        | undefined;
    /** The command that publishes a missing version, for the error. Default: none. */
    readonly howToPublish?: pulumi.Input<string> | undefined;
    /** For a preview: who will publish a missing version. Default: it is an error. */
    readonly publishedBy?: pulumi.Input<string> | undefined;
}

/**
 * The service's image where something else makes the versions, such as the workflow on GitHub.
 * Builds nothing and moves no tag. The version's digest is looked up once, when the version
 * changes; a version that is not there is an error, in a preview too. A moving tag is followed
 * by giving its present digest.
 *
 * It has the type of a ServiceImage and the names of its resources: a stack that built its first
 * image goes on with it.
 *
 * @example
 * const image = new PublishedServiceImage("model", {
 *     repository: "quay.io/acme/model",
 *     version: "1.2.0",
 *     howToPublish: "git tag v1.2.0 && git push origin v1.2.0",
 * });
 * export const reference = image.reference;
 */
export class PublishedServiceImage extends pulumi.ComponentResource {
    /** The image to run: `<repository>@<digest>`. */
    declare readonly reference: pulumi.Output<string>;
    /** The image's digest. */
    declare readonly digest: pulumi.Output<string>;
    /** The commit that the image was built from; empty where the image does not say. */
    declare readonly commit: pulumi.Output<string>;

    constructor(
        name: string,
        args: PublishedServiceImageArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("mlops:docker:ServiceImage", name, {}, opts);
        const {
            repository,
            version,
            isMoving,
            digest,
            floatingTags,
            builtBy,
            howToPublish,
            publishedBy,
        } = args;
        const places = { source: repository, target: repository };
        const published =
            builtBy === undefined
                ? new quay.PromotedImage(
                      name,
                      {
                          ...places,
                          version,
                          digest,
                          tags: isMoving === true ? [] : undefined,
                          floatingTags,
                          howToPublish,
                          publishedBy,
                      },
                      { parent: this },
                  )
                : new quay.PromotedImage(
                      name,
                      {
                          ...places,
                          digest: this.#kept(name, repository, builtBy).sha256Digest,
                          tags: [version],
                      },
                      { parent: this, ignoreChanges: ["floatingTags"] }, // they have moved on since
                  );
        this.reference = published.image;
        this.digest = published.digest;
        this.commit = published.commit;
        this.registerOutputs({
            reference: this.reference,
            digest: this.digest,
            commit: this.commit,
        });
    }

    /** Declares the image that was built, with what it was built from. */
    #kept(
        name: string,
        repository: pulumi.Input<string>,
        robot: NonNullable<PublishedServiceImageArgs["builtBy"]>,
    ): docker.RegistryImage {
        const authConfig = {
            address: pulumi.output(repository).apply(registryAddress),
            username: robot.username,
            password: pulumi.secret(robot.password),
        };
        return new docker.RegistryImage(
            name,
            { authConfig, keepRemotely: true },
            { parent: this, ignoreChanges: ["name", "build", "triggers"] },
        );
    }
}
