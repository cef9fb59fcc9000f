import { posix } from "node:path";
import { isFolder } from "../docker/namedContext.ts";
import * as actions from "./actions.ts";
import { escapeFilterPattern } from "./filterPattern.ts";
import type { BuildSettings, CommonSettings } from "./settings.ts";
import * as steps from "./steps.ts";
import type { Step, Workflow } from "./write.ts";

/** The digest of the image that the step `build` pushed. */
const digest = "${{ steps.build.outputs.digest }}";

/**
 * Returns a workflow that builds and publishes the image: on every push to the branch that changes
 * more than the workflow's own file, and on demand.
 */
export function buildWorkflow(
    settings: CommonSettings & { readonly build: BuildSettings },
): Workflow {
    const { branch, path, build } = settings;
    const { floatingTags = ["latest"] } = build;
    return {
        name: settings.name,
        on: { push: { branches: [escapeFilterPattern(branch)], "paths-ignore": [path] } },
        concurrency: steps.concurrency(settings),
        jobId: settings.job,
        job: {
            name: "Build and publish the image",
            ...steps.runnerAndEnvironment(settings, digest),
            "timeout-minutes": 60, // the lifetime of a federated login's token
            permissions: {
                contents: { access: "read", why: "to check out the sources" },
                ...steps.loginPermissions(settings),
                ...(build.attestation === true && {
                    "id-token": {
                        access: "write",
                        why:
                            "robot" in settings.login
                                ? "to log in to the registry and sign the attestation"
                                : "to sign the attestation",
                    },
                    attestations: { access: "write", why: "to store the attestation in GitHub" },
                }),
            },
            steps: [
                {
                    name: "Check out the sources with their history",
                    uses: actions.checkout,
                    with: { "fetch-depth": 0, "persist-credentials": false },
                },
                { name: "Set up BuildKit", uses: actions.setupBuildx },
                steps.logIn(settings),
                {
                    name: "Generate the image's tag and labels",
                    id: "metadata",
                    uses: actions.metadata,
                    with: {
                        images: settings.image,
                        flavor: "latest=false",
                        tags: "type=sha,format=long",
                        labels: `org.opencontainers.image.version=${settings.version}`,
                    },
                },
                buildAndPush(settings),
                ...(build.attestation === true ? [attest(settings)] : []),
                steps.smokeTest(settings, digest),
                {
                    name: taggingTitle(floatingTags),
                    id: "tag",
                    env: {
                        IMAGE: settings.image,
                        DIGEST: digest,
                        VERSION: settings.version,
                        TAGS: floatingTags.join(" "),
                    },
                    run: steps.script("tag"),
                },
                {
                    name: "Write the job summary",
                    env: {
                        TITLE: "Published",
                        IMAGE: settings.image,
                        DIGEST: digest,
                        TAGS: "${{ steps.metadata.outputs.version }} ${{ steps.tag.outputs.tags }}",
                        NOTE: "${{ steps.tag.outputs.note }}",
                    },
                    run: steps.script("summary"),
                },
                ...steps.logOut(settings),
            ],
        },
    };
}

function buildAndPush({ image, build }: CommonSettings & { readonly build: BuildSettings }): Step {
    const {
        context = ".",
        dockerfile = "Dockerfile",
        target,
        platform,
        buildArgs = {},
        buildSecrets = {},
        buildSecretFiles = {},
        buildContexts = {},
    } = build;
    const cache = `type=registry,ref=${image}:buildcache`;
    return {
        name: "Build and push the image",
        id: "build",
        uses: actions.buildPush,
        ...(Object.keys(buildSecretFiles).length > 0 && {
            env: Object.fromEntries(
                Object.values(buildSecretFiles).map((name) => [name, `\${{ secrets.${name} }}`]),
            ),
        }),
        with: {
            context,
            file: posix.join(context, dockerfile),
            ...(target !== undefined && { target }),
            ...(platform !== undefined && { platforms: platform }),
            ...(Object.keys(buildArgs).length > 0 && { "build-args": steps.lines(buildArgs) }),
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
            push: true,
            tags: "${{ steps.metadata.outputs.tags }}",
            labels: "${{ steps.metadata.outputs.labels }}",
            provenance: "mode=max",
            sbom: true,
            "cache-from": cache,
            // The only format of a cache that Quay accepts.
            "cache-to": `${cache},mode=max,image-manifest=true,oci-mediatypes=true`,
        },
    };
}

function taggingTitle(floatingTags: readonly string[]): string {
    const version = "Tag with the version (if free)";
    return floatingTags.length === 0 ? version : `${version} and ${floatingTags.join(", ")}`;
}

function attest({ image }: CommonSettings): Step {
    return {
        name: "Attest the build provenance",
        uses: actions.attest,
        with: {
            "subject-name": image,
            "subject-digest": digest,
            "push-to-registry": true,
            "create-storage-record": false, // needs another permission
        },
    };
}
