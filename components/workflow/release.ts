import type { CommonSettings, ReleaseSettings } from "./settings.ts";
import { escapeFilterPattern } from "./filterPattern.ts";
import * as steps from "./steps.ts";
import type { Job, Workflow } from "./write.ts";

/**
 * Returns a workflow that checks the image that its file names: whenever the file changes, and on
 * demand. The job is a deployment to the environment: GitHub records it, and waits for the
 * environment's reviewers first.
 */
export function releaseWorkflow(
    settings: CommonSettings & { readonly version: string; readonly release: ReleaseSettings },
): Workflow {
    const { branch, path } = settings;
    return {
        name: settings.name,
        on: { push: { branches: [escapeFilterPattern(branch)], paths: [path] } },
        // A run for another branch, which does nothing, must not end a release.
        concurrency: `${steps.concurrency(settings)}-\${{ github.ref_name }}`,
        // It only checks and tags: the newer run checks and tags all again.
        next: "replaces",
        jobs: { [settings.job]: checkJob(settings) },
    };
}

/** Returns the job that checks the image. */
function checkJob(
    settings: CommonSettings & { readonly version: string; readonly release: ReleaseSettings },
): Job {
    const { image, version, release } = settings;
    const { digest, tags = [] } = release;
    return {
        name: `Release ${version}`,
        if: steps.onBranch(settings),
        ...steps.runnerAndEnvironment(settings, digest),
        "timeout-minutes": 15,
        permissions: steps.loginPermissions(settings),
        steps: steps.explained([
            steps.logIn(settings),
            steps.smokeTest(settings, digest),
            ...(tags.length === 0
                ? []
                : [
                      {
                          name: `Tag with ${tags.join(", ")}`,
                          id: "tag",
                          ifFails: steps.ifRegistryFails,
                          env: { IMAGE: image, DIGEST: digest, TAGS: tags.join(" ") },
                          run: steps.script("fail", "registry", "tag"),
                      },
                  ]),
            {
                name: "Write the job summary",
                id: "summary",
                env: {
                    TITLE: "Released",
                    IMAGE: image,
                    DIGEST: digest,
                    TAGS: [version, ...tags].join(" "),
                },
                run: steps.script("summary"),
            },
            steps.logOut(settings),
        ]),
    };
}
