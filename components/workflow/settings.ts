import type { ContainerSettings } from "../docker/serviceContainer.ts";
import type { EnvironmentArgs } from "../github/environment.ts";

/** How the job's container is asked whether it works. */
export interface HealthSettings {
    /** The port that the service listens on in its container, which it gets as PORT. */
    readonly port: number;
    /**
     * The path that answers with a success once the service works. Default: the image's HEALTHCHECK
     * decides, and the port has to answer.
     */
    readonly path?: string | undefined;
    /** How many seconds that may take. Default: 60. */
    readonly timeout?: number | undefined;
    /** Environment variables that the service needs to start. They are in clear in the file: nothing secret. Default: none. */
    readonly env?: Readonly<Record<string, string>> | undefined;
    /**
     * The names of further variables: each has the value of the GitHub secret of its name. The
     * service goes without one that GitHub does not have, with a warning in the run, and without
     * one that it cannot have (`canPass` in steps.ts), with a comment in the file. Default: none.
     */
    readonly passedOn?: readonly string[] | undefined;
    /** How far the container is locked down, and what it needs all the same. Default: all the way. */
    readonly container?: ContainerSettings | undefined;
}

/** Logs in with a name and a password that GitHub keeps as secrets: the NAMES of those secrets. */
export interface SecretLogin {
    readonly usernameSecret: string;
    readonly passwordSecret: string;
}

/**
 * Logs in without a password: the job proves to Quay who it is with GitHub's OIDC token and gets a token of one hour. The robot's
 * federation has to name this repository and environment. @typeParam Late see WorkflowSettings
 */
export interface FederatedLogin<Late = string> {
    /** The robot, NAMESPACE+NAME. */
    readonly robot: Late;
}

/** Builds the image on every push to the branch, and on demand, and publishes it. */
export interface BuildSettings {
    /** The folder that Docker builds, from the root of the GitHub repository. Default: `.`, all of it. */
    readonly context?: string | undefined;
    /** The Dockerfile, from the context; it may lie outside of it. Default: `Dockerfile`. */
    readonly dockerfile?: string | undefined;
    /** The stage of the Dockerfile to build. Default: the last. */
    readonly target?: string | undefined;
    /** The platform to build for, as in `linux/amd64`; the runner has to be able to run it. Default: the runner's. */
    readonly platform?: string | undefined;
    /** Build arguments. They are in clear in the file and stay in the image's history: nothing secret. Default: none. */
    readonly buildArgs?: Readonly<Record<string, string>> | undefined;
    /** Build secrets by id (`RUN --mount=type=secret,id=…`): the NAME of the GitHub secret that holds each. Default: none. */
    readonly buildSecrets?: Readonly<Record<string, string>> | undefined;
    /**
     * Build secrets that are files elsewhere, by id: the NAME of the GitHub secret that holds each
     * file's text. Default: none.
     */
    readonly buildSecretFiles?: Readonly<Record<string, string>> | undefined;
    /** Named contexts: a folder, from the context, or an address as BuildKit has it. Default: none. */
    readonly buildContexts?: Readonly<Record<string, string>> | undefined;
    /** Whether a run asks registries for newer base images. Default: false. */
    readonly pull?: boolean | undefined;
    /** Tags that always name the image that was built last. Default: `latest`. */
    readonly floatingTags?: readonly string[] | undefined;
    /**
     * Signs a statement of where the image was built, from which commit, and puts it next to the image and into GitHub. A private GitHub
     * repository needs GitHub Enterprise Cloud for it. Default: false.
     */
    readonly attestation?: boolean | undefined;
}

/** Checks an image that was promoted, and records its deployment. It builds nothing. @typeParam Late see WorkflowSettings */
export interface ReleaseSettings<Late = string> {
    /** The image's digest, `sha256:…`. */
    readonly digest: Late;
    /**
     * The path of the workflow, in the same GitHub repository, that has to have built the image: without its attestation the run fails,
     * so the image of a machine that ran `pulumi up` does not pass. Default: it may come from anywhere.
     */
    readonly attestedBy?: string | undefined;
    /** Tags that a run sets once the image has passed, as in `stable`. Default: none. */
    readonly tags?: readonly string[] | undefined;
}

/** What every workflow has. @typeParam Late see WorkflowSettings */
export interface CommonSettings<Late = string> {
    /** The workflow's name, as GitHub shows it. */
    readonly name: string;
    /** The job's id. */
    readonly job: string;
    /** The file, in the root's `.github/workflows`: GitHub reads workflows there and nowhere below. */
    readonly path: string;
    /** The branch that the file is on, and that its runs are for. A run on demand needs it to be the default branch. */
    readonly branch: string;
    /**
     * The GitHub environment of the job: its secrets, its reviewers, its record of deployments. Default: none, for accounts whose plan has no
     * environments; the secrets are the repository's then.
     */
    readonly environment?:
        Pick<EnvironmentArgs, "name" | "branches" | "tags" | "protectedBranches"> | undefined;
    /** The image's repository, HOST/NAMESPACE/NAME, on any Quay. */
    readonly image: Late;
    /** The image's version. */
    readonly version: string;
    /** How the job logs in to the registry. */
    readonly login: SecretLogin | FederatedLogin<Late>;
    /** How the image is tried out. */
    readonly health: HealthSettings;
    /** The label of the runner. Default: `ubuntu-24.04`. */
    readonly runner?: string | undefined;
}

/**
 * All that shapes a workflow file.
 *
 * @typeParam Late the type of the values that other resources give: `string` for the file, `Input<string>` for the component.
 */
export type WorkflowSettings<Late = string> = CommonSettings<Late> &
    ({ readonly build: BuildSettings } | { readonly release: ReleaseSettings<Late> });
