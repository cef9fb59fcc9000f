import { createHash } from "node:crypto";
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, posix, resolve } from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { minimatch } from "minimatch";
import {
    addField,
    type BuildContext,
    type ContextEntry,
    hashContext,
    hashNamedContext,
    hashSource,
    listContext,
    readDockerfile,
} from "./docker/buildContext.ts";
import { isOfDeployment } from "./workflow/buildSecret.ts";
import { contextAdvice } from "./docker/contextAdvice.ts";
import { linkSource, prepareBuild, workFolder } from "./docker/buildFiles.ts";
import { isFolder } from "./docker/namedContext.ts";
import { isRepository, registryAddress } from "./docker/reference.ts";
import { foreign } from "../quay/api/text.ts";
import { UserError } from "./messages/userError.ts";
import * as quay from "../quay/sdk/index.ts";
import { reportBuild } from "./buildProgress.ts";

/** How an image is published. */
export interface Publication {
    /** The version of the image: a tag that never moves. */
    readonly version: pulumi.Input<string>;
    /** The user name of a robot with write permission, NAMESPACE+NAME. */
    readonly username: pulumi.Input<string>;
    /**
     * The robot's token. Pulumi's provider for Docker logs it, with `--debug` for example, unless
     * Pulumi.yaml names `toolchain/docker` as that provider.
     */
    readonly password: pulumi.Input<string>;
    /** Tags that always move to the image that was published last. Default: `latest`. */
    readonly floatingTags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
}

/** The source of a build secret: the NAME of an environment variable, or a file's path. */
export type BuildSecret = string | { readonly file: string };

/**
 * The default time-out, in minutes: enough to download a machine learning framework over a slow
 * connection. The Docker provider's default is 20.
 */
export const defaultBuildTimeout = 180;

/**
 * What to build, and how. Most values are plain, not inputs: the image's tag is a hash of them and
 * must be known before the build. `buildTimeout` is an option of the resource, which Pulumi takes
 * as a plain value.
 */
export interface ServiceImageArgs {
    /** The image's name without a tag: `quay.io/account/name`, or `name` if it is not published. */
    readonly repository: pulumi.Input<string>;
    /** The folder to build: an absolute path, or one relative to the working directory. */
    readonly context: string;
    /** The Dockerfile, relative to the context; may be outside of it. Default: `Dockerfile`. */
    readonly dockerfile?: string | undefined;
    /** The stage of the Dockerfile to build. Default: the last. */
    readonly target?: string | undefined;
    /** The platform to build for, as in `linux/amd64`. Default: the Docker engine's. */
    readonly platform?: string | undefined;
    /**
     * Build arguments (`ARG` in the Dockerfile). They stay in the image's history: do not put
     * secrets here. MLOPS_BASE_IMAGE of the environment is one more, where it is set: an image in
     * place of one that this machine cannot pull. Default: none.
     */
    readonly buildArgs?: Readonly<Record<string, string>> | undefined;
    /**
     * Build secrets by id (`RUN --mount=type=secret,id=…`): the NAME of the environment variable,
     * or the file, that holds each. The value is in no input, state or layer, and a changed value
     * does not rebuild the image. Default: none.
     */
    readonly buildSecrets?: Readonly<Record<string, BuildSecret>> | undefined;
    /**
     * Named contexts (`COPY --from=NAME`): a folder, `docker-image://NAME`, or a git repository at
     * a commit. All files of a folder count, including `.git`, except those that its own
     * `.dockerignore` excludes. Needs Docker Engine 23. Default: none.
     */
    readonly buildContexts?: Readonly<Record<string, string>> | undefined;
    /** Caches that BuildKit reads: `type=registry,ref=…`, or an image reference. Default: none. */
    readonly cacheFrom?: readonly pulumi.Input<string>[] | undefined;
    /** Caches that BuildKit writes, in the form of `cacheFrom`. Default: none. */
    readonly cacheTo?: readonly pulumi.Input<string>[] | undefined;
    /**
     * Paths and patterns, relative to the context, whose changes rebuild the image. Where any of
     * them is inside of the context, other files in the context do not cause a rebuild, even if the
     * Dockerfile copies them. Those outside of the context count in addition. Default: the whole
     * context.
     */
    readonly sources?: readonly string[] | undefined;
    /**
     * The current digests of the base images, by image (`baseImagesOf` reads them from the
     * registries). A changed digest rebuilds the image, and the builder then pulls the base images
     * again. Default: only the names of base images count, and the builder uses its local copies.
     */
    readonly baseImages?: Readonly<Record<string, string>> | undefined;
    /** The time-out of build and push, in minutes. Default: {@link defaultBuildTimeout}. */
    readonly buildTimeout?: number | undefined;
    /** Publishes the image in its repository on Quay. Default: it stays on this machine. */
    readonly publish?: Publication | undefined;
}

/**
 * An image that BuildKit builds in the Docker engine of the machine that runs `pulumi up`. Its tag
 * is a hash of the build's inputs (`<repository>:ctx-<hash>`), so it is rebuilt exactly when they
 * change, on any machine and from any checkout. An unchanged image is neither built nor pushed
 * again, not even on a machine that does not have it. A published image gets its version and the
 * floating tags after the push, by its digest. A preview builds nothing and needs no Docker engine.
 *
 * @example
 * const image = new ServiceImage("model", {
 *     repository: "quay.io/acme/model",
 *     context: "service",
 *     publish: {
 *         version: "1.2.0",
 *         username: repository.robotUsername,
 *         password: repository.robotToken,
 *     },
 * });
 * export const reference = image.reference;
 */
export class ServiceImage extends pulumi.ComponentResource {
    /** The image's name with its content tag: `<repository>:ctx-<hash>`. */
    declare readonly imageName: pulumi.Output<string>;
    /**
     * The image to run: `<repository>@<digest>` where it is published, else its id in the Docker
     * engine, `sha256:…`.
     */
    declare readonly reference: pulumi.Output<string>;
    /** The image's digest in the registry; undefined where it is not published. */
    declare readonly digest: pulumi.Output<string | undefined>;

    /**
     * @throws UserError where the repository, the context or the Dockerfile is invalid. Nothing has
     * been started then.
     */
    constructor(name: string, args: ServiceImageArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:docker:ServiceImage", name, {}, opts);
        const {
            repository,
            publish,
            dockerfile = "Dockerfile",
            buildSecrets = {},
            buildContexts = {},
            cacheFrom = [],
            cacheTo = [],
            buildTimeout = defaultBuildTimeout,
        } = args;
        const stack = pulumi.getStack();
        const write = !pulumi.runtime.isDryRun();
        const link = (suffix: string, path: string): string =>
            linkSource(stack, `${name}.${suffix}`, path, write);
        if (typeof repository === "string" && !isRepository(repository)) {
            throw new UserError(
                `"${repository}" cannot name an image: lower-case letters, digits, and . _ - / ` +
                    "within; no tag.",
            );
        }
        if (isAbsolute(dockerfile)) {
            throw new UserError(
                `The Dockerfile "${dockerfile}" must be a path relative to the build context: ` +
                    "an absolute one differs between machines.",
            );
        }
        refuseOfDeployment(buildSecrets);
        // BuildKit treats an unset variable as an empty secret.
        if (write) checkSecrets(buildSecrets);
        const context: BuildContext = { folder: args.context, dockerfile, workFolder };
        const buildArgs = { ...standIn(), ...args.buildArgs };
        const content = hashBuild({ ...args, buildArgs }, context);
        const files = prepareBuild(stack, name, context, write);
        const image = {
            name: pulumi.interpolate`${repository}:ctx-${content.slice(0, 20)}`,
            build: {
                ...files,
                ...(args.target === undefined ? {} : { target: args.target }),
                ...(args.platform === undefined ? {} : { platform: args.platform }),
                buildArgs,
                secrets: Object.entries(buildSecrets).map(([id, secret]) =>
                    typeof secret === "string"
                        ? { id, env: secret }
                        : { id, src: link(`secret.${id}`, expandHome(secret.file)) },
                ),
                ...(Object.keys(buildContexts).length > 0 && {
                    additionalContexts: Object.entries(buildContexts).map(
                        ([id, from]) =>
                            `${id}=${isFolder(from) ? link(`context.${id}`, from) : from}`,
                    ),
                }),
                ...(cacheFrom.length > 0 && { cacheFroms: [...cacheFrom] }),
                ...(args.baseImages !== undefined && { pullParent: true }),
                ...(cacheTo.length > 0 && { cacheTos: [...cacheTo] }),
            },
            triggers: { content },
        };
        const options = {
            parent: this,
            customTimeouts: { create: `${String(buildTimeout)}m` },
        };
        const report = (built: pulumi.CustomResource, inputs: pulumi.Output<unknown>): void => {
            reportBuild({
                component: this,
                image: built,
                inputs,
                log: files.buildLogFile,
                timeout: buildTimeout,
                isPushed: publish !== undefined,
            });
        };
        if (publish === undefined) {
            // Kept: another stack, or a later `up` with this content again, may use the same image.
            const built = new docker.RemoteImage(name, { ...image, keepLocally: true }, options);
            report(built, image.name);
            this.reference = built.imageId;
            this.digest = pulumi.output(undefined);
        } else {
            // Builds and pushes in one resource: the next `up` repeats a failed push, also on a
            // machine that does not have the image.
            const authConfig = {
                address: pulumi.output(repository).apply(registryAddress),
                username: publish.username,
                password: pulumi.secret(publish.password),
            };
            // Kept: it may be running somewhere, and Quay prunes content tags.
            const inputs = { ...image, authConfig, keepRemotely: true };
            const pushed = new docker.RegistryImage(name, inputs, options);
            report(pushed, pulumi.output(authConfig));
            const published = new quay.PromotedImage(
                name,
                {
                    source: repository,
                    target: repository,
                    digest: pushed.sha256Digest,
                    tags: [publish.version],
                    floatingTags: publish.floatingTags ?? ["latest"],
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

/** Returns the build argument that names the stand-in for a base image, if this machine has one. */
function standIn(): Record<string, string> {
    const image = process.env["MLOPS_BASE_IMAGE"];
    return image ? { MLOPS_BASE_IMAGE: image } : {};
}

/** Hashes all inputs of the build: the context, and how it is built. */
function hashBuild(args: ServiceImageArgs, context: BuildContext): string {
    const hash = createHash("sha256");
    const entries = listContext(context);
    // console.warn prints at once; Pulumi's log would show it only after the files were read.
    for (const line of contextAdvice(context.folder, entries, String(readDockerfile(context))))
        console.warn(foreign(line));
    addField(hash, "context", hashSources(context, entries, args.sources ?? []));
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
    // Added only where there are any: other images keep their hash.
    const contexts = Object.entries(args.buildContexts ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [id, from] of contexts)
        addField(hash, `context ${id}`, isFolder(from) ? hashNamedContext(from, workFolder) : from);
    const bases = Object.entries(args.baseImages ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [base, digest] of bases) addField(hash, `base ${base}`, digest);
    return hash.digest("hex");
}

/** Hashes the context, or the sources in it where there are any, and the sources outside of it. */
function hashSources(
    context: BuildContext,
    entries: readonly ContextEntry[],
    sources: readonly string[],
): string {
    const paths = sources.map((source) => posix.normalize(source).replace(/\/$/, ""));
    const [outside, inside] = [
        paths.filter((path) => path === ".." || path.startsWith("../")),
        paths.filter((path) => path !== ".." && !path.startsWith("../")),
    ];
    if (paths.length === 0) return hashContext(context, entries);
    const isOf = (path: string, source: string): boolean =>
        source === "." ||
        path === source ||
        path.startsWith(`${source}/`) ||
        minimatch(path, source);
    for (const source of inside) {
        if (!entries.some(({ path }) => isOf(path, source))) {
            throw new UserError(
                `The source "${source}" of the build is not in its context "${context.folder}", ` +
                    "or the ignore file leaves it out.",
            );
        }
    }
    const counted =
        inside.length === 0
            ? entries
            : entries.filter(({ path }) => inside.some((source) => isOf(path, source)));
    const hash = createHash("sha256");
    addField(hash, "context", hashContext(context, counted));
    for (const path of outside)
        addField(
            hash,
            `source ${path}`,
            hashSource(resolve(context.folder, path), context.workFolder),
        );
    return hash.digest("hex");
}

/** @throws UserError where a secret is a variable of the deployment's. */
function refuseOfDeployment(secrets: Readonly<Record<string, BuildSecret>>): void {
    for (const [id, secret] of Object.entries(secrets)) {
        if (typeof secret !== "string" || !isOfDeployment(secret)) continue;
        throw new UserError(
            `The build secret "${id}" is ${secret}, which holds credentials of the deployment: a ` +
                "Dockerfile must not get it. Name a variable of the build's own.",
        );
    }
}

/** @throws UserError where a secret's variable is not set, or its file cannot be read. */
function checkSecrets(secrets: Readonly<Record<string, BuildSecret>>): void {
    for (const [id, secret] of Object.entries(secrets)) {
        if (typeof secret === "string" && !process.env[secret]) {
            throw new UserError(
                `The build secret "${id}" is to come from the environment variable ${secret}, ` +
                    "which is not set.",
            );
        }
        if (typeof secret !== "string" && !isReadableFile(expandHome(secret.file))) {
            throw new UserError(
                `The build secret "${id}" is to come from the file ${secret.file}, ` +
                    "which cannot be read.",
            );
        }
    }
}

function isReadableFile(file: string): boolean {
    try {
        accessSync(file, constants.R_OK);
        // /proc/self/environ is all variables of the deployment.
        return statSync(file).isFile() && !realpathSync(file).startsWith("/proc/");
    } catch {
        return false;
    }
}

function expandHome(path: string): string {
    return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}
