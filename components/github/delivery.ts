import type { EnvironmentArgs } from "./environment.ts";

/** What will be delivered to a repository. */
export interface Delivery {
    /** The repository's name, without its owner. */
    readonly repository: string;
    /** The environment of the secrets; undefined where they belong to the repository. */
    readonly environment?: EnvironmentArgs | undefined;
    /** The branch that the workflow file is for. */
    readonly branch: string;
    /** The workflow file's path in the repository. */
    readonly path: string;
    /** How the file is delivered. */
    readonly delivery: "commit" | "pullRequest";
    /** Whether to take over a file and an environment that this stack did not create. */
    readonly adopt: boolean;
    /** The configuration key of these settings, for messages: `mlops:github`. */
    readonly setting: string;
}

/** A problem, and what to do about it. */
export interface Problem {
    readonly what: string;
    readonly fix: string;
}
