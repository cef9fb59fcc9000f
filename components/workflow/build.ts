import { posix } from "node:path";
import { isFolder } from "../docker/namedContext.ts";
import * as actions from "./actions.ts";
import { deployJob, deployJobId } from "./deploy.ts";
import { escapeFilterPattern } from "./filterPattern.ts";
import { architectureOf, type Platform, runners } from "./platforms.ts";
import type { BuildSettings, CommonSettings } from "./settings.ts";
import * as signing from "./signing.ts";
import * as steps from "./steps.ts";
import * as tools from "./tools.ts";
import type { Job, Step, Workflow } from "./write.ts";

type Settings = CommonSettings & { readonly build: BuildSettings };

/** The git tags that name versions: `v` and the version. */
export const versionTags = "v*";

/** The digest of the commit's image: of an earlier run, else of this one. */
const digest = "${{ steps.commit.outputs.digest || steps.build.outputs.digest }}";
/** The digest that has got the tags: of a run that has built the commit at the same time, too. */
const tagged = "${{ steps.tag.outputs.digest }}";
/** The version of a run for a git tag; empty in others. */
const version = "${{ steps.version.outputs.version }}";
/** The condition of the steps that make the image: a commit is built once. */
const isNew = "steps.commit.outputs.digest == ''";

/**
 * Returns a workflow that builds and publishes the image: on every push to the branch that changes
 * more than the workflow's own file, and on demand. The tag `sha-COMMIT` names an image that has
 * passed all steps; a run of a commit that has one builds nothing. A run for a git tag names the
 * image of the tag's commit by the version.
 *
 * @param queues whether GitHub can let several runs wait in a group
 */
export function buildWorkflow(settings: Settings, queues: boolean): Workflow {
    const { branch, path, build } = settings;
    const { deploy } = build;
    return {
        name: settings.name,
        on: {
            push: {
                branches: [escapeFilterPattern(branch)],
                tags: [versionTags],
                "paths-ignore": [path], // of pushes to the branch: GitHub ignores it for tags
            },
        },
        // Where one run alone may wait in a group, pushes must not replace the run of a version.
        concurrency: `${steps.concurrency(settings)}-\${{ github.ref_name }}`,
        next: queues ? "queues" : "waits",
        jobs: {
            ...imageJobs(settings),
            ...(deploy && { [deployJobId]: deployJob(settings, deploy) }),
        },
    };
}

/** Returns the jobs that make the image: one, or one per platform and one that joins and names. */
function imageJobs(settings: Settings): Readonly<Record<string, Job>> {
    const { platforms } = settings.build;
    if (platforms === undefined) return { [settings.job]: publishJob(settings) };
    const jobs = platforms.map((platform): [string, Job] => [
        `${settings.job}_${architectureOf(platform)}`,
        platformJob(settings, platform),
    ]);
    const needs = jobs.map(([id]) => id);
    return { ...Object.fromEntries(jobs), [settings.job]: joinJob(settings, needs) };
}

/** Returns the job that makes the image and names it. */
function publishJob(settings: Settings): Job {
    return {
        name: "Build and publish the image",
        ...frame(settings, tagged),
        permissions: { ...checkOut, ...signing.permissions(settings) },
        steps: steps.explained([
            ...findImage(settings),
            buildAndPush(settings),
            steps.smokeTest(settings, digest),
            ...signAndName(settings),
        ]),
    };
}

/** Returns the job that makes the image of one platform, on a runner of that platform. */
function platformJob(settings: Settings, platform: Platform): Job {
    return {
        name: `Build the image for ${platform}`,
        ...frame({ ...settings, runner: runners[platform] }, digest),
        permissions: { ...checkOut, ...steps.loginPermissions(settings) },
        outputs: { digest: "${{ steps.build.outputs.digest }}" },
        steps: steps.explained([
            ...findImage(settings),
            buildAndPush(settings, platform),
            steps.smokeTest(settings, digest),
            steps.logOut(settings),
        ]),
    };
}

/** Returns the job that joins the platforms' images, which have passed, and names the result. */
function joinJob(settings: Settings, needs: readonly string[]): Job {
    const { image } = settings;
    return {
        name: "Publish the image",
        needs,
        ...frame(settings, tagged),
        permissions: { ...checkOut, ...signing.permissions(settings) },
        steps: steps.explained([
            ...findImage(settings),
            {
                name: "Join the platforms' images",
                id: "build",
                if: isNew,
                env: {
                    IMAGE: image,
                    SOURCES: needs
                        .map((id) => `${image}@\${{ needs.${id}.outputs.digest }}`)
                        .join("\n"),
                },
                run: steps.script("fail", "join"),
            },
            ...signAndName(settings),
        ]),
    };
}

const checkOut = { contents: { access: "read", why: "to check out the sources" } } as const;

/** Returns what all jobs have that make images. */
function frame(
    settings: Settings,
    digest: string,
): Pick<Job, "if" | "runs-on" | "environment" | "timeout-minutes"> {
    return {
        if: `${steps.onBranch(settings)} || startsWith(github.ref, 'refs/tags/v')`,
        ...steps.runnerAndEnvironment(settings, digest),
        "timeout-minutes": 60, // the lifetime of a federated login's token
    };
}

/** Returns the steps up to the one that finds the commit's image of an earlier run. */
function findImage(settings: Settings): readonly Step[] {
    const { branch, build } = settings;
    const { floatingTags = ["latest"] } = build;
    return [
        {
            name: "Check out the sources with their history",
            id: "sources",
            ifFails: "Run this job again.",
            uses: actions.checkout,
            with: { "fetch-depth": 0, "persist-credentials": false },
        },
        {
            name: "Check the version's git tag",
            id: "version",
            if: "github.ref_type == 'tag'",
            env: {
                TAG: "${{ github.ref_name }}",
                COMMIT: "${{ github.sha }}",
                BRANCH: branch,
                FLOATING_TAGS: floatingTags.join(" "),
            },
            run: steps.script("fail", "check-version"),
        },
        {
            name: "Set up BuildKit",
            id: "buildkit",
            ifFails: "It downloads buildx and BuildKit: run this job again.",
            uses: actions.setupBuildx,
            with: {
                version: tools.buildx,
                "cache-binary": false, // another run's cache could have been tampered with
                "driver-opts": `image=${tools.buildkit}`,
            },
        },
        steps.logIn(settings),
        {
            name: "Find the image of this commit",
            id: "commit",
            ifFails: steps.ifRegistryFails,
            env: {
                IMAGE: settings.image,
                COMMIT: "${{ github.sha }}",
                VERSION: version,
            },
            run: steps.script("fail", "registry", "find-image"),
        },
    ];
}

/** Returns the steps that sign the image, give it its tags, and show it. */
function signAndName(settings: Settings): readonly Step[] {
    const { floatingTags = ["latest"] } = settings.build;
    return [
        ...signing
            .sign(settings, digest)
            .map(({ name, ...step }) => ({ name, if: isNew, ...step })),
        {
            name: "Tag the image",
            id: "tag",
            ifFails: steps.ifRegistryFails,
            env: {
                IMAGE: settings.image,
                DIGEST: digest,
                COMMIT: "${{ github.sha }}",
                VERSION: version,
                TAGS: floatingTags.join(" "),
            },
            run: steps.script("fail", "registry", "tag"),
        },
        {
            name: "Write the job summary",
            id: "summary",
            env: {
                TITLE: "Published",
                IMAGE: settings.image,
                DIGEST: tagged,
                TAGS: "${{ steps.tag.outputs.tags }}",
                NOTE: "${{ steps.tag.outputs.note }}",
            },
            run: steps.script("summary"),
        },
        steps.logOut(settings),
    ];
}

/**
 * Pushes the image without a tag: it gets its tags once it has passed all steps.
 *
 * @param only the platform, where others are built too: it has a cache of its own
 */
function buildAndPush({ image, build }: Settings, only?: Platform): Step {
    const {
        context = ".",
        dockerfile = "Dockerfile",
        target,
        platform,
        buildArgs = {},
        buildSecrets = {},
        buildSecretFiles = {},
        buildContexts = {},
        visibility = "public",
    } = { ...build, ...(only && { platform: only }) };
    const cacheTag = only === undefined ? "buildcache" : `buildcache-${architectureOf(only)}`;
    const cache = `type=registry,ref=${image}:${cacheTag}`;
    // The only format of a cache that Quay accepts.
    const cacheTo = `${cache},mode=max,image-manifest=true,oci-mediatypes=true`;
    const keepsSecret = visibility === "public";
    const isPrivate = "github.event.repository.private";
    return {
        name: "Build and push the image",
        ...(keepsSecret && {
            comment:
                "Everyone may pull from the registry: a private repository publishes neither its " +
                "build cache nor the details of the build.",
        }),
        id: "build",
        ifFails:
            "Correct the Dockerfile, or run this job again where a server did not answer. If the " +
            "registry denied the push, the robot needs the permission Write.",
        if: isNew,
        uses: actions.buildPush,
        env: {
            // The same commit gives the same image where the Dockerfile allows it.
            SOURCE_DATE_EPOCH: "${{ steps.commit.outputs.date }}",
            ...Object.fromEntries(
                Object.values(buildSecretFiles).map((name) => [name, `\${{ secrets.${name} }}`]),
            ),
        },
        with: {
            context,
            file: posix.join(context, dockerfile),
            ...(target !== undefined && { target }),
            ...(platform !== undefined && { platforms: platform }),
            "build-args": steps.lines({ VERSION: "sha-${{ github.sha }}", ...buildArgs }),
            ...(Object.keys(buildSecrets).length > 0 && {
                secrets: steps.lines(
                    Object.fromEntries(
                        Object.entries(buildSecrets).map(([id, secret]) => [
                            id,
                            `\${{ secrets.${secret} }}`,
                        ]),
                    ),
                ),
            }),
            // Not in `secrets`, where line breaks and quotes of a file would need escapes.
            ...(Object.keys(buildSecretFiles).length > 0 && {
                "secret-envs": steps.lines(buildSecretFiles),
            }),
            ...(Object.keys(buildContexts).length > 0 && {
                "build-contexts": steps.lines(
                    Object.fromEntries(
                        Object.entries(buildContexts).map(([name, from]) => [
                            name,
                            isFolder(from) ? posix.join(context, from) : from,
                        ]),
                    ),
                ),
            }),
            ...(build.pull === true && { pull: true }),
            outputs:
                `type=image,name=${image},push=true,push-by-digest=true,name-canonical=true,` +
                "rewrite-timestamp=true",
            labels: steps.lines({
                "org.opencontainers.image.revision": "${{ github.sha }}",
                "org.opencontainers.image.source": "${{ github.event.repository.html_url }}",
            }),
            provenance: keepsSecret ? `mode=\${{ ${isPrivate} && 'min' || 'max' }}` : "mode=max",
            sbom: `generator=${tools.sbomScanner}`,
            "cache-from": cache,
            "cache-to": keepsSecret ? `\${{ !${isPrivate} && '${cacheTo}' || '' }}` : cacheTo,
        },
    };
}
