/** `mlops:github`: the GitHub repository, its environment and secrets, and the workflow file. */
import { z } from "zod";
import { versionTags } from "../../components/workflow/build.ts";
import * as workflowNames from "../../components/workflow/names.ts";
import { text } from "./values.ts";

/** `EnvironmentArgs` in components/github/environment.ts describes the keys in full. */
const environment = z.strictObject({
    name: workflowNames.environmentName.describe("The name, at most 255 characters."),
    reviewers: z
        .strictObject({
            users: z.array(text).optional().describe("Users by login. Default: none."),
            teams: z
                .array(text)
                .optional()
                .describe("Teams of the owning organization by slug. Default: none."),
        })
        .optional()
        .describe("Who has to approve a run; one of them is enough. At most six. Default: nobody."),
    waitTimer: z
        .int()
        .min(1)
        .max(43200)
        .optional()
        .describe("How many minutes a run waits before it starts. Default: 0."),
    preventSelfReview: z
        .boolean()
        .optional()
        .describe("Whether the person who started a run may not approve it. Default: `false`."),
    branches: z
        .array(workflowNames.refPattern)
        .optional()
        .describe("The branches whose runs may use it, as names or patterns. Default: all."),
    tags: z
        .array(workflowNames.refPattern)
        .optional()
        .describe(
            "The git tags whose runs may use it, as names or patterns. Default: all; with " +
                "`branches` in a stack that builds the image `v*`, which name versions.",
        ),
    protectedBranches: z
        .boolean()
        .optional()
        .describe("Whether only protected branches may use it. Default: `false`."),
    administratorsBypass: z
        .boolean()
        .optional()
        .describe("Whether administrators may bypass the rules. Default: as it is on GitHub."),
    protectionRules: z
        .array(workflowNames.appSlug)
        .optional()
        .describe("The GitHub Apps that must approve, by slug. Default: as it is on GitHub."),
});

const workflow = z.strictObject({
    path: workflowNames.workflowPath.describe("The file: `.github/workflows/NAME.yml`."),
    name: workflowNames.text.describe("The workflow's name, as GitHub shows it."),
    job: workflowNames.jobId.describe("The id of its job."),
    testSecrets: z
        .array(workflowNames.secretName)
        .default([])
        .describe(
            "The secret variables of `mlops:env` that the service needs to start. GitHub gets " +
                "them as secrets, for the workflow's smoke test. Default: none.",
        ),
    runner: workflowNames.text
        .optional()
        .describe(
            "The label of the runner. Default: the newest Ubuntu that this project was " +
                "tested with.",
        ),
});
const buildWorkflow = workflow.extend({
    context: workflowNames.pathInRepository
        .default(".")
        .describe(
            "The folder to build, from the root of the GitHub repository. Only of a stack that " +
                "builds the image. Default: `.`.",
        ),
    deployedBy: workflowNames.repository
        .optional()
        .describe(
            "The repository with this program, of the same owner: after each push to the branch, " +
                "the workflow starts its `deploy.yml`, which deploys this stack, and says what " +
                "came of it. Only of a stack that builds the image. Default: nothing is deployed.",
        ),
    platforms: workflowNames.platforms
        .optional()
        .describe(
            "At least two platforms that the workflow builds for, each on a runner of its own: " +
                "`linux/amd64` and `linux/arm64`. Only of a stack that builds the image. " +
                "Default: one, `mlops:service.platform`.",
        ),
    attestation: z
        .boolean()
        .default(false)
        .describe(
            "Whether the workflow attests where the image was built, and its packages. Only of a " +
                "stack that builds the image; a private repository needs GitHub Enterprise " +
                "Cloud. Default: `false`.",
        ),
    signature: z
        .enum(["none", "keyless"])
        .default("none")
        .describe(
            "`keyless`: cosign signs the workflow's images with the job's identity, in " +
                "Sigstore's public log. Only of a stack that builds the image. Default: `none`.",
        ),
});
const releaseWorkflow = workflow.extend({
    attestedBy: workflowNames.workflowPath
        .optional()
        .describe(
            "The path of the workflow that must have built and attested the image, on GitHub's " +
                "own runners, for dev's branch or a git tag `v*`. Checked before the promotion. " +
                "Only of a stack that promotes the image. Default: attestations are not checked.",
        ),
});

const environmentDescription =
    "The GitHub environment that the secrets belong to. Default: they are secrets of the " +
    "repository.";

const github = z.strictObject({
    repository: workflowNames.repository.describe(
        "The repository's name, without its owner, which is `github:owner`.",
    ),
    branch: workflowNames.branch.describe(
        "The branch of the workflow file. A push to it builds the image, and versions are made " +
            "from its commits alone.",
    ),
    delivery: z
        .enum(["commit", "pullRequest"])
        .default("commit")
        .describe(
            "How the workflow file gets there: `commit` to the branch, or `pullRequest` " +
                "where the " +
                "branch is protected. Default: `commit`.",
        ),
    adopt: z
        .boolean()
        .default(false)
        .describe(
            "Whether a workflow file and an environment that this stack did not create are taken " +
                "over. Default: `false`.",
        ),
    environment: environment.optional().describe(environmentDescription),
    secrets: z
        .strictObject({
            username: workflowNames.secretName
                .default("QUAY_USER")
                .describe("The name of the secret with the username. Default: `QUAY_USER`."),
            password: workflowNames.secretName
                .default("QUAY_PWD")
                .describe("The name of the secret with the password. Default: `QUAY_PWD`."),
        })
        .prefault({})
        .describe("The names of the secrets with the robot's credentials, in any letter case."),
    federation: z
        .boolean()
        .default(false)
        .describe(
            "Whether jobs log in to Quay with their OIDC token instead of a password. Quay must " +
                "support robot federation. Default: `false`.",
        ),
});

const workflowDescription =
    "The workflow file. It builds the image, or checks the release of a promoted one.";

/** The section of a stack that builds the image. */
export const buildingGithub = github.extend({
    environment: environment
        .transform((given) => ({
            ...given,
            ...(given.branches && !given.tags && { tags: [versionTags] }),
        }))
        .optional()
        .describe(environmentDescription),
    workflow: buildWorkflow.describe(workflowDescription),
});

/** The section of a stack that promotes the image. */
export const releasingGithub = github.extend({
    promotion: z
        .enum(["pullRequest", "automatic", "byHand"])
        .default("pullRequest")
        .describe(
            "How the workflow `promote.yml` releases the next version of this stack: by a " +
                "`pullRequest`; `automatic`, which also merges it once GitHub lets it; or not at " +
                "all, `byHand`. Only of a stack that promotes the image. Default: `pullRequest`.",
        ),
    workflow: releaseWorkflow.describe(workflowDescription),
});
