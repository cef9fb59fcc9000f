import { createHash } from "node:crypto";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import {
    addField,
    type BuildContext,
    hashContext,
    listContext,
    readDockerfile,
} from "../docker/buildContext.ts";
import { contextAdvice } from "../docker/contextAdvice.ts";
import { prepareBuild, workFolder } from "../docker/buildFiles.ts";
import { isRepository, registryAddress } from "../docker/reference.ts";
import { UserError } from "../errors.ts";
import * as quay from "../quay/index.ts";
import { reportBuild } from "./buildProgress.ts";

/** Where an image is published, and by whom. */
export interface Publication {
    /** The version that the image is published as: a tag that never moves. `latest` goes with every publication. */
    readonly version: string;
    /** Who pushes: a robot with the right to write, NAMESPACE+NAME. */
    readonly username: pulumi.Input<string>;
    /** The robot's token. */
    readonly password: pulumi.Input<string>;
}

/** Minutes: enough for a machine learning framework on a slow line. The Docker provider's own: 20. */
export const defaultBuildTimeout = 180;

/** How it is built is plain values: the image's tag is a hash of them, known before anything is built. */
export interface ServiceImageArgs {
    /** The image's name without a tag: `quay.io/account/name`, or `name` for an image that stays on this machine. */
    readonly repository: pulumi.Input<string>;
    /** The folder that Docker builds, relative to the working directory or absolute; it may lie anywhere. */
    readonly context: string;
    /** The Dockerfile, relative to the context. Default: `Dockerfile`. */
    readonly dockerfile?: string | undefined;
    /** The stage of the Dockerfile to build. Default: the last. */
    readonly target?: string | undefined;
    /** The platform to build for, as in `linux/amd64`. Default: the Docker engine's. */
    readonly platform?: string | undefined;
    /** Build arguments (`ARG` in the Dockerfile). They stay in the image's history: nothing secret belongs here. */
    readonly buildArgs?: Readonly<Record<string, string>> | undefined;
    /**
     * Secrets for the build by id (`RUN --mount=type=secret,id=…`), each the NAME of the environment variable that holds it. The value
     * enters no input, state or layer, and a changed value does not rebuild the image.
     */
    readonly buildSecrets?: Readonly<Record<string, string>> | undefined;
    /** How many minutes building and pushing may take. Default: {@link defaultBuildTimeout}. */
    readonly buildTimeout?: number | undefined;
    /** Pushes the image to its repository on Quay. Default: it stays on this machine. */
    readonly publish?: Publication | undefined;
}

/**
 * An image built with BuildKit by the Docker engine of the machine that runs `pulumi up`. It is named by what Docker would send to the
 * builder (`<repository>:ctx-<hash>`), so it is built again exactly when that changes: on any machine, from any checkout. A preview builds
 * nothing and needs no Docker engine. A published image gets its version and `latest` by its digest, once it is pushed; an unchanged one
 * is neither built nor pushed again, on a machine that never had it either.
 */
export class ServiceImage extends pulumi.ComponentResource {
    /** The image's name with its content tag: `<repository>:ctx-<hash>`. */
    declare readonly imageName: pulumi.Output<string>;
    /** What to run: `<repository>@<digest>` where it is published, else the id that the Docker engine gave it, `sha256:…`. */
    declare readonly reference: pulumi.Output<string>;
    /** The digest that the registry knows the image by; undefined where it is not published. */
    declare readonly digest: pulumi.Output<string | undefined>;

    /** @throws UserError where the repository, the context or the Dockerfile is not what it has to be; nothing has started then. */
    constructor(name: string, args: ServiceImageArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:docker:ServiceImage", name, {}, opts);
        const {
            repository,
            publish,
            dockerfile = "Dockerfile",
            buildArgs = {},
            buildSecrets = {},
            buildTimeout = defaultBuildTimeout,
        } = args;
        if (typeof repository === "string" && !isRepository(repository)) {
            throw new UserError(
                `"${repository}" cannot name an image: lower-case letters, digits, and . _ - / within; no tag.`,
            );
        }
        for (const [id, variable] of Object.entries(buildSecrets)) {
            // The builder would take an unset variable for an empty secret.
            if (!pulumi.runtime.isDryRun() && !process.env[variable]) {
                throw new UserError(
                    `The build secret "${id}" is to come from the environment variable ${variable}, which is not set.`,
                );
            }
        }
        const context: BuildContext = { folder: args.context, dockerfile, workFolder };
        const content = hashBuild(args, context);
        const files = prepareBuild(pulumi.getStack(), name, context, !pulumi.runtime.isDryRun());
        const image = {
            name: pulumi.interpolate`${repository}:ctx-${content.slice(0, 20)}`,
            build: {
                ...files,
                ...(args.target === undefined ? {} : { target: args.target }),
                ...(args.platform === undefined ? {} : { platform: args.platform }),
                buildArgs,
                secrets: Object.entries(buildSecrets).map(([id, env]) => ({ id, env })),
            },
            triggers: { content },
        };
        const options = {
            parent: this,
            customTimeouts: { create: `${String(buildTimeout)}m` },
        };
        const report = (image: pulumi.CustomResource): void => {
            reportBuild({
                component: this,
                image,
                log: files.buildLogFile,
                timeout: buildTimeout,
                isPushed: publish !== undefined,
            });
        };
        if (publish === undefined) {
            // An image is its content: another stack, or a later `up` that goes back to this content, may be using it.
            const built = new docker.RemoteImage(name, { ...image, keepLocally: true }, options);
            report(built);
            this.reference = built.imageId;
            this.digest = pulumi.output(undefined);
        } else {
            // Built and pushed as one: a push that failed is made good by the next `up`, on a machine that does not have the image too.
            const pushed = new docker.RegistryImage(
                name,
                {
                    ...image,
                    keepRemotely: true, // whoever runs it must not lose it; Quay prunes content tags
                    authConfig: {
                        address: pulumi.output(repository).apply(registryAddress),
                        username: publish.username,
                        password: pulumi.secret(publish.password),
                    },
                },
                options,
            );
            report(pushed);
            const published = new quay.PromotedImage(
                name,
                {
                    source: repository,
                    target: repository,
                    digest: pushed.sha256Digest,
                    tags: [publish.version],
                    floatingTags: ["latest"],
                },
                { parent: this },
            );
            this.reference = published.image;
            this.digest = published.digest;
        }
        this.imageName = image.name;
        this.registerOutputs({
            imageName: this.imageName,
            reference: this.reference,
            digest: this.digest,
        });
    }
}

/** What the image is made of: the context, and how it is built. */
function hashBuild(args: ServiceImageArgs, context: BuildContext): string {
    const hash = createHash("sha256");
    const entries = listContext(context);
    // Pulumi's own log would say it only after the files were read.
    for (const line of contextAdvice(context.folder, entries, String(readDockerfile(context))))
        console.warn(line);
    addField(hash, "context", hashContext(context, entries));
    addField(hash, "target", args.target ?? "");
    addField(hash, "platform", args.platform ?? "");
    addField(
        hash,
        "args",
        JSON.stringify(Object.entries(args.buildArgs ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))),
    );
    addField(
        hash,
        "secrets",
        Object.keys(args.buildSecrets ?? {})
            .sort()
            .join(),
    );
    return hash.digest("hex");
}
