import { createHash } from "node:crypto";
import { accessSync, constants, statSync } from "node:fs";
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
import { contextAdvice } from "./docker/contextAdvice.ts";
import { linkSource, prepareBuild, workFolder } from "./docker/buildFiles.ts";
import { isFolder } from "./docker/namedContext.ts";
import { isRepository, registryAddress } from "./docker/reference.ts";
import { UserError } from "./userError.ts";
import * as quay from "../quay/sdk/index.ts";
import { reportBuild } from "./buildProgress.ts";

/** Where an image is published, and by whom. */
export interface Publication {
    /** The version that the image is published as: a tag that never moves. */
    readonly version: string;
    /** Who pushes: a robot with the right to write, NAMESPACE+NAME. */
    readonly username: pulumi.Input<string>;
    /** The robot's token. */
    readonly password: pulumi.Input<string>;
    /** Tags that always name the image that was published last. Default: `latest`. */
    readonly floatingTags?: readonly string[] | undefined;
}

/** Where a build's secret comes from: the NAME of an environment variable, or a file. */
export type BuildSecret = string | { readonly file: string };

/** Minutes: enough for a machine learning framework on a slow line. The Docker provider's own: 20. */
export const defaultBuildTimeout = 180;

/** How it is built is plain values: the image's tag is a hash of them, known before anything is built. */
export interface ServiceImageArgs {
    /** The image's name without a tag: `quay.io/account/name`, or `name` for an image that stays on this machine. */
    readonly repository: pulumi.Input<string>;
    /** The folder that Docker builds, relative to the working directory or absolute; it may lie anywhere. */
    readonly context: string;
    /** The Dockerfile, relative to the context; it may lie outside of it. Default: `Dockerfile`. */
    readonly dockerfile?: string | undefined;
    /** The stage of the Dockerfile to build. Default: the last. */
    readonly target?: string | undefined;
    /** The platform to build for, as in `linux/amd64`. Default: the Docker engine's. */
    readonly platform?: string | undefined;
    /** Build arguments (`ARG` in the Dockerfile). They stay in the image's history: nothing secret belongs here. */
    readonly buildArgs?: Readonly<Record<string, string>> | undefined;
    /**
     * Secrets for the build by id (`RUN --mount=type=secret,id=…`): each the NAME of the environment
     * variable, or the file, that holds it. The value enters no input, state or layer, and a changed
     * value does not rebuild the image.
     */
    readonly buildSecrets?: Readonly<Record<string, BuildSecret>> | undefined;
    /**
     * Named contexts (`COPY --from=NAME`): a folder, of which everything counts that its own
     * `.dockerignore` does not name, `.git` too; `docker-image://NAME`; or a git repository at a
     * commit. Needs Docker Engine 23. Default: none.
     */
    readonly buildContexts?: Readonly<Record<string, string>> | undefined;
    /** Caches that BuildKit reads: `type=registry,ref=…`, or a reference. Default: none. */
    readonly cacheFrom?: readonly string[] | undefined;
    /** Caches that BuildKit writes. Default: none. */
    readonly cacheTo?: readonly string[] | undefined;
    /**
     * Paths and patterns, relative to the context, whose change builds the image again. Those in the
     * context stand for all of it; those outside count in addition. A file that the Dockerfile copies
     * and that is not among them changes nothing. Default: all of the context.
     */
    readonly sources?: readonly string[] | undefined;
    /**
     * The digests that registries give for the base images now, by image (`baseImagesOf` looks them
     * up): another digest builds the image again, and the builder pulls base images anew. Default:
     * base images count by their names alone, and the builder uses those that it has.
     */
    readonly baseImages?: Readonly<Record<string, string>> | undefined;
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
                `"${repository}" cannot name an image: lower-case letters, digits, and . _ - / within; no tag.`,
            );
        }
        if (isAbsolute(dockerfile)) {
            throw new UserError(
                `The Dockerfile "${dockerfile}" has to be a path relative to the build context: ` +
                    "an absolute one differs between machines.",
            );
        }
        // The builder would take an unset variable for an empty secret.
        if (write) checkSecrets(buildSecrets);
        const context: BuildContext = { folder: args.context, dockerfile, workFolder };
        const content = hashBuild(args, context);
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
                    floatingTags: [...(publish.floatingTags ?? ["latest"])],
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
    // Only where there are any: an image that was built without them keeps its name.
    const contexts = Object.entries(args.buildContexts ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [id, from] of contexts)
        addField(hash, `context ${id}`, isFolder(from) ? hashNamedContext(from, workFolder) : from);
    const bases = Object.entries(args.baseImages ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [base, digest] of bases) addField(hash, `base ${base}`, digest);
    return hash.digest("hex");
}

/** The hash of the context, or of those of its paths that count, and of the sources elsewhere. */
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

/** @throws UserError where a variable is not set, or a file cannot be read. */
function checkSecrets(secrets: Readonly<Record<string, BuildSecret>>): void {
    for (const [id, secret] of Object.entries(secrets)) {
        if (typeof secret === "string" && !process.env[secret]) {
            throw new UserError(
                `The build secret "${id}" is to come from the environment variable ${secret}, which is not set.`,
            );
        }
        if (typeof secret !== "string" && !isReadableFile(expandHome(secret.file))) {
            throw new UserError(
                `The build secret "${id}" is to come from the file ${secret.file}, which cannot be read.`,
            );
        }
    }
}

function isReadableFile(file: string): boolean {
    try {
        accessSync(file, constants.R_OK);
        return statSync(file).isFile();
    } catch {
        return false;
    }
}

function expandHome(path: string): string {
    return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}
