import { mostProtectionRules } from "./protectionRules.ts";

/** A GitHub environment: what a job names to get its secrets, and the rules that a run has to meet before it does. */
export interface EnvironmentArgs {
    /** The environment's name, at most 255 characters. */
    readonly name: string;
    /** Who has to approve a run: one of them is enough. At most six together. Default: nobody. */
    readonly reviewers?: Reviewers | undefined;
    /** How many minutes a run waits before it starts, at most 43200 (30 days). Default: 0. */
    readonly waitTimer?: number | undefined;
    /** Whether whoever started a run may not approve it. Only with reviewers. Default: false. */
    readonly preventSelfReview?: boolean | undefined;
    /** The branches whose runs may use the environment, as names or patterns (`release/*`). Default: every branch, if there are no `tags` either. */
    readonly branches?: readonly string[] | undefined;
    /** The tags whose runs may use the environment, as names or patterns (`v*`). Default: every tag, if there are no `branches` either. */
    readonly tags?: readonly string[] | undefined;
    /**
     * Whether administrators may start a run that the rules hold back. Default: as it is on GitHub,
     * which is true for a new environment.
     */
    readonly administratorsBypass?: boolean | undefined;
    /**
     * The GitHub Apps that have to approve a deployment, by their slugs (`https://github.com/apps/SLUG`);
     * they have to be installed on the repository. `up` enables these and disables all others: `[]` is
     * none. At most six. Default: they stay as they are on GitHub.
     */
    readonly protectionRules?: readonly string[] | undefined;
    /** Whether only protected branches may use the environment; not with `branches` or `tags`. Default: false. */
    readonly protectedBranches?: boolean | undefined;
}

export interface Reviewers {
    /** Users by their login. Default: none. */
    readonly users?: readonly string[] | undefined;
    /** Teams of the owning organization by their slug. Default: none. */
    readonly teams?: readonly string[] | undefined;
}

/** What GitHub would refuse, or take and then not do: the setting, and what it must be. */
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
                      message: `must be six at most, GitHub's limit: there are ${String(protectionRules.length)}`,
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

/** The same, each as a sentence that names the environment. */
export function findEnvironmentProblems(environment: EnvironmentArgs): string[] {
    return environmentProblems(environment).map(
        ({ key, message }) => `The environment "${environment.name}": ${key} ${message}.`,
    );
}
