import { mostProtectionRules } from "./protectionRules.ts";

/**
 * A GitHub environment: it holds secrets for the jobs that name it, and has rules for their runs.
 */
export interface EnvironmentArgs {
    /** The environment's name, at most 255 characters. */
    readonly name: string;
    /**
     * Who may approve a run; one approval is enough. At most six together. Default: none needed.
     */
    readonly reviewers?: Reviewers | undefined;
    /** How many minutes a run waits before it starts, at most 43200 (30 days). Default: 0. */
    readonly waitTimer?: number | undefined;
    /** Whether a run cannot be approved by who started it. Needs reviewers. Default: false. */
    readonly preventSelfReview?: boolean | undefined;
    /**
     * The branches whose runs may use the environment, as names or patterns (`release/*`). Default:
     * every branch, if there are no `tags` either.
     */
    readonly branches?: readonly string[] | undefined;
    /**
     * The tags whose runs may use the environment, as names or patterns (`v*`). Default: every tag,
     * if there are no `branches` either.
     */
    readonly tags?: readonly string[] | undefined;
    /**
     * Whether administrators may bypass the rules. Default: GitHub's current value, which is true
     * for a new environment.
     */
    readonly administratorsBypass?: boolean | undefined;
    /**
     * The slugs of the GitHub Apps that have to approve a deployment
     * (`https://github.com/apps/SLUG`). They have to be installed on the repository. `up` enables
     * these and disables all others; `[]` disables all. At most six. Default: not managed.
     */
    readonly protectionRules?: readonly string[] | undefined;
    /**
     * Whether only protected branches may use the environment. Not with `branches` or `tags`.
     * Default: false.
     */
    readonly protectedBranches?: boolean | undefined;
}

export interface Reviewers {
    /** Users by their login. Default: none. */
    readonly users?: readonly string[] | undefined;
    /** Teams of the owning organization by their slug. Default: none. */
    readonly teams?: readonly string[] | undefined;
}

/** Finds settings that GitHub would refuse or ignore: the key, and what its value must be. */
export function environmentProblems(
    environment: EnvironmentArgs,
): { readonly key: keyof EnvironmentArgs; readonly message: string }[] {
    const {
        reviewers,
        preventSelfReview = false,
        branches = [],
        tags = [],
        protectedBranches = false,
        protectionRules = [],
    } = environment;
    const count = (reviewers?.users?.length ?? 0) + (reviewers?.teams?.length ?? 0);
    return [
        ...(count > 6
            ? [
                  {
                      key: "reviewers" as const,
                      message: `must be six at most, GitHub's limit: there are ${String(count)}`,
                  },
              ]
            : []),
        ...(preventSelfReview && count === 0
            ? [
                  {
                      key: "preventSelfReview" as const,
                      message: "must be false without reviewers: there is no review to prevent",
                  },
              ]
            : []),
        ...(new Set(protectionRules).size < protectionRules.length
            ? [{ key: "protectionRules" as const, message: "must name each app once" }]
            : []),
        ...(protectionRules.length > mostProtectionRules
            ? [
                  {
                      key: "protectionRules" as const,
                      message:
                          "must be six at most, GitHub's limit: " +
                          `there are ${String(protectionRules.length)}`,
                  },
              ]
            : []),
        ...(protectedBranches && branches.length + tags.length > 0
            ? [
                  {
                      key: "protectedBranches" as const,
                      message: "must be false with branches or tags: GitHub takes one or the other",
                  },
              ]
            : []),
    ];
}

/** Returns the problems of `environmentProblems` as sentences that name the environment. */
export function findEnvironmentProblems(environment: EnvironmentArgs): string[] {
    return environmentProblems(environment).map(
        ({ key, message }) => `The environment "${environment.name}": ${key} ${message}.`,
    );
}
