import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readlinkSync, realpathSync, renameSync, symlinkSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { addField, hashContext } from "../docker/buildContext.ts";
import { isRepository } from "../docker/reference.ts";
import { UserError } from "../errors.ts";

/** All of these are plain values: the image's name is a hash of them, known before anything is built. */
export interface ServiceImageArgs {
    /** The image's name without a tag: `quay.io/account/name`, or `name` for an image that stays on this machine. */
    readonly repository: string;
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
}

/**
 * An image built by the Docker engine of the machine that runs `pulumi up`, with BuildKit. It is named by what Docker would send to the
 * builder (`<repository>:ctx-<hash>`), so it is built again exactly when that changes: on any machine, from any checkout. A preview builds
 * nothing and needs no Docker engine.
 */
export class ServiceImage extends pulumi.ComponentResource {
    /** The image's name with its content tag: `<repository>:ctx-<hash>`. */
    declare readonly imageName: pulumi.Output<string>;
    /** The id that the Docker engine gave the image: `sha256:…`. Not a digest: that is what a registry gives. */
    declare readonly imageId: pulumi.Output<string>;

    /** @throws UserError where the repository, the context or the Dockerfile is not what it has to be; nothing has started then. */
    constructor(name: string, args: ServiceImageArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:docker:ServiceImage", name, {}, opts);
        const { repository, dockerfile = "Dockerfile", buildArgs = {}, buildSecrets = {} } = args;
        if (!isRepository(repository)) {
            throw new UserError(`"${repository}" cannot name an image: lower-case letters, digits, and . _ - / within; no tag.`);
        }
        for (const [id, variable] of Object.entries(buildSecrets)) {
            // The builder would take an unset variable for an empty secret.
            if (!pulumi.runtime.isDryRun() && !process.env[variable]) {
                throw new UserError(`The build secret "${id}" is to come from the environment variable ${variable}, which is not set.`);
            }
        }
        const content = hashBuild({ ...args, dockerfile });
        const image = new docker.RemoteImage(
            name,
            {
                name: `${repository}:ctx-${content.slice(0, 20)}`,
                build: {
                    context: contextInput(name, args.context),
                    dockerfile,
                    ...(args.target === undefined ? {} : { target: args.target }),
                    ...(args.platform === undefined ? {} : { platform: args.platform }),
                    buildArgs,
                    buildLogFile: `${workFolder}/${name}.log`,
                    secrets: Object.entries(buildSecrets).map(([id, env]) => ({ id, env })),
                },
                triggers: { content },
                // An image is its content: another stack, or a later `up` that goes back to this content, may be using it.
                keepLocally: true,
            },
            { parent: this },
        );
        this.imageName = image.name;
        this.imageId = image.imageId;
        this.registerOutputs({ imageName: this.imageName, imageId: this.imageId });
    }
}

/** What the image is made of: the context, and how it is built. */
function hashBuild(args: ServiceImageArgs & { readonly dockerfile: string }): string {
    const hash = createHash("sha256");
    addField(hash, "context", hashContext({ folder: args.context, dockerfile: args.dockerfile }));
    addField(hash, "target", args.target ?? "");
    addField(hash, "platform", args.platform ?? "");
    addField(hash, "args", JSON.stringify(Object.entries(args.buildArgs ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))));
    addField(
        hash,
        "secrets",
        Object.keys(args.buildSecrets ?? {})
            .sort()
            .join(),
    );
    return hash.digest("hex");
}

/** What a build needs beside the project's files: each image's log, and links to contexts that lie elsewhere. Git ignores it. */
const workFolder = ".build";

/**
 * The context as an input of the resource, the same on every machine: a folder of the project by its relative path; any other by a symbolic
 * link in the project, because a path to it would differ from machine to machine and replace the image.
 */
function contextInput(name: string, folder: string): string {
    const inUp = !pulumi.runtime.isDryRun();
    if (inUp) mkdirSync(workFolder, { recursive: true });
    const inProject = relative(realpathSync("."), realpathSync(folder));
    if (inProject !== ".." && !inProject.startsWith(`..${sep}`) && !isAbsolute(inProject)) {
        return inProject.split(sep).join("/") || ".";
    }
    const link = `${workFolder}/${name}`;
    if (inUp) pointLink(link, resolve(folder));
    return link;
}

/** Makes the link point there, at once for whoever looks: a new link takes the old one's place. */
function pointLink(link: string, target: string): void {
    if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(link) === target) return;
    const fresh = `${link}.${String(process.pid)}`;
    symlinkSync(target, fresh, "dir");
    renameSync(fresh, link);
}
