import type { CommonSettings, ReleaseSettings } from "./settings.ts";
import { literal } from "./literal.ts";
import * as steps from "./steps.ts";
import type { Workflow } from "./write.ts";

/**
 * Checks the image that this file names, whenever the file changes and on demand. Its job is the environment's deployment: GitHub records
 * it, and lets the reviewers decide first.
 */
export function releaseWorkflow(
    settings: CommonSettings & { readonly release: ReleaseSettings },
): Workflow {
    const { branch, path, image, version, release } = settings;
    const { digest, attestedBy, tags = [] } = release;
    return {
        name: settings.name,
        on: { push: { branches: [literal(branch)], paths: [path] } },
        concurrency: steps.concurrency(settings),
        jobId: settings.job,
        job: {
            name: `Release ${version}`,
            ...steps.place(settings, digest),
            "timeout-minutes": 15,
            permissions: {
                ...steps.loginPermissions(settings),
                ...(attestedBy !== undefined && {
                    attestations: { access: "read", why: "looks for the image's attestation" },
                }),
            },
            steps: [
                steps.logIn(settings),
                ...(attestedBy === undefined
                    ? []
                    : [
                          {
                              name: "Verify where the image was built",
                              env: {
                                  GH_TOKEN: "${{ github.token }}",
                                  IMAGE: `${image}@${digest}`,
                                  WORKFLOW: attestedBy,
                              },
                              run: steps.script("verify-attestation"),
                          },
                      ]),
                steps.smokeTest(settings, digest),
                ...(tags.length === 0
                    ? []
                    : [
                          {
                              name: "Name it",
                              env: { IMAGE: image, DIGEST: digest, TAGS: tags.join(" ") },
                              run: steps.script("tag"),
                          },
                      ]),
                {
                    name: "Say what there is",
                    env: {
                        TITLE: "Released",
                        IMAGE: image,
                        DIGEST: digest,
                        TAGS: [version, ...tags].join(" "),
                    },
                    run: steps.script("summary"),
                },
                ...steps.logOut(settings),
            ],
        },
    };
}
