import type { ContainerSettings } from "../docker/serviceContainer.ts";
import type { EnvironmentArgs } from "../github/environment.ts";
import type { Platform } from "./platforms.ts";

/** How the smoke test runs the image and checks its health. */
export interface HealthSettings {
    /** The port that the service listens on in its container. The service gets it as PORT. */
    readonly port: number;
    /**
     * The path that answers with a success status once the service is healthy. Default: the image's
     * HEALTHCHECK, if it has one, has to report healthy, and the port has to answer.
     */
    readonly path?: string | undefined;
    /** How long the service may take to become healthy, in seconds. Default: 60. */
    readonly timeout?: number | undefined;
    /**
     * Environment variables that the service needs to start. The file has them in plain text: do
     * not put secrets here. Default: none.
     */
    readonly env?: Readonly<Record<string, string>> | undefined;
    /**
     * The names of further variables. Each gets the value of the GitHub secret of the same name. A
     * variable without such a secret is left out, with a warning in the run; one that cannot have
     * such a secret (`canPass` in steps.ts) is left out with a comment in the file. Default: none.
     */
    readonly passedOn?: readonly string[] | undefined;
    /** How far the container is locked down, and the exceptions. Default: strict, none. */
    readonly container?: ContainerSettings | undefined;
    /** The memory that it may use, in bytes, as on its cluster. Default: the runner's. */
    readonly memory?: number | undefined;
}

/** Logs in with a user name and a password from GitHub secrets: the NAMES of the two secrets. */
export interface SecretLogin {
    readonly usernameSecret: string;
    readonly passwordSecret: string;
}

/**
 * Logs in without a password: Quay exchanges the job's OIDC token for a token of its own, which is
 * valid for one hour. The robot's federation has to name this repository and environment.
 *
 * @typeParam StringInput see {@link WorkflowSettings}.
 */
export interface FederatedLogin<StringInput = string> {
    /** The robot's user name, NAMESPACE+NAME. */
    readonly robot: StringInput;
}

/**
 * A workflow that builds and publishes the image: on every push to the branch, on demand, and on a
 * pushed git tag, `v` and a version, which names the image of its commit.
 */
export interface BuildSettings {
    /** The folder to build, relative to the root of the GitHub repository. Default: `.`. */
    readonly context?: string | undefined;
    /** The Dockerfile, relative to the context; may be outside of it. Default: `Dockerfile`. */
    readonly dockerfile?: string | undefined;
    /** The stage of the Dockerfile to build. Default: the last. */
    readonly target?: string | undefined;
    /**
     * The platform to build for, as in `linux/amd64`. The runner has to be able to run it. Default:
     * the runner's.
     */
    readonly platform?: string | undefined;
    /**
     * At least two platforms to build for, in place of `platform`: each in a job of its own, on
     * GitHub's runner of that platform. Another job joins their images. Default: one platform.
     */
    readonly platforms?: readonly Platform[] | undefined;
    /**
     * Build arguments. The file has them in plain text, and they stay in the image's history: do
     * not put secrets here. Default: only VERSION, `sha-COMMIT`: the commit is built before it has
     * a version.
     */
    readonly buildArgs?: Readonly<Record<string, string>> | undefined;
    /**
     * Build secrets by id (`RUN --mount=type=secret,id=…`): the NAME of the GitHub secret that
     * holds each. Default: none.
     */
    readonly buildSecrets?: Readonly<Record<string, string>> | undefined;
    /**
     * Build secrets that are files on other machines, by id: the NAME of the GitHub secret that
     * holds each file's text. Default: none.
     */
    readonly buildSecretFiles?: Readonly<Record<string, string>> | undefined;
    /**
     * Named contexts by name: a folder, relative to the context, or an address that BuildKit
     * supports. Default: none.
     */
    readonly buildContexts?: Readonly<Record<string, string>> | undefined;
    /** Whether a run pulls newer base images from their registries. Default: false. */
    readonly pull?: boolean | undefined;
    /**
     * Tags that move to the image of the latest commit. `{{major}}` and `{{major}}.{{minor}}`
     * follow versions: the git tag v1.1.0 moves `1` and `1.1`. Default: `latest`.
     */
    readonly floatingTags?: readonly string[] | undefined;
    /**
     * Who may pull from the registry's repository. To a `public` one, a private GitHub repository
     * does not publish its build cache, nor the build's arguments and steps in the provenance.
     * Default: `public`.
     */
    readonly visibility?: "public" | "private" | undefined;
    /**
     * Whether to sign statements: where the image was built and from which commit, and which
     * packages are in it. They are stored next to the image and in GitHub. A private GitHub
     * repository needs GitHub Enterprise Cloud. Default: false.
     */
    readonly attestation?: boolean | undefined;
    /**
     * `keyless`: cosign signs the image with the job's identity. The signature is stored next to
     * the image and in Sigstore's public log. Default: `none`.
     */
    readonly signature?: "none" | "keyless" | undefined;
    /**
     * Has what was built deployed, by the workflow `deploy.yml` of another repository of the same
     * owner, or of this one. Default: the workflow deploys nothing.
     */
    readonly deploy?:
        | {
              /** The repository's name, without its owner. */
              readonly repository: string;
              /** Whether it is the repository of this workflow. */
              readonly isOwn: boolean;
              /** The stack that is deployed, as in `dev`. */
              readonly stack: string;
          }
        | undefined;
}

/**
 * A workflow that checks a promoted image and records its deployment. It builds nothing.
 *
 * @typeParam StringInput see {@link WorkflowSettings}.
 */
export interface ReleaseSettings<StringInput = string> {
    /** The image's digest, `sha256:…`. */
    readonly digest: StringInput;
    /** Tags to set after the image passed the smoke test, as in `stable`. Default: none. */
    readonly tags?: readonly string[] | undefined;
}

/**
 * The settings of every workflow.
 *
 * @typeParam StringInput see {@link WorkflowSettings}.
 */
export interface CommonSettings<StringInput = string> {
    /** The workflow's name, as GitHub shows it. */
    readonly name: string;
    /** The job's id. */
    readonly job: string;
    /** The file's path, directly in `.github/workflows`: GitHub does not read subfolders. */
    readonly path: string;
    /**
     * The branch of the file, whose pushes start runs. Runs on demand work only if it is the
     * default branch.
     */
    readonly branch: string;
    /**
     * The job's GitHub environment, with its secrets, reviewers and record of deployments. Default:
     * none, the secrets belong to the repository. That is for accounts whose plan has no
     * environments.
     */
    readonly environment?:
        Pick<EnvironmentArgs, "name" | "branches" | "tags" | "protectedBranches"> | undefined;
    /** The image's repository, HOST/NAMESPACE/NAME, on any Quay. */
    readonly image: StringInput;
    /** How the job logs in to the registry. */
    readonly login: SecretLogin | FederatedLogin<StringInput>;
    /** How the image is smoke-tested. */
    readonly health: HealthSettings;
    /** The label of the runner. Default: `ubuntu-24.04`. */
    readonly runner?: string | undefined;
}

/**
 * All settings of a workflow file.
 *
 * @typeParam StringInput the type of values that other resources may provide: `string` for the
 * file, `Input<string>` for the component.
 */
export type WorkflowSettings<StringInput = string> = CommonSettings<StringInput> &
    (
        | { readonly build: BuildSettings }
        | {
              /** The version that is released. */
              readonly version: StringInput;
              readonly release: ReleaseSettings<StringInput>;
          }
    );
