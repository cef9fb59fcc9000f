/** Rules on the GitHub environment, the secrets and the workflow. */
import { z } from "zod";
import { problem, rule, text, version } from "./rule.ts";
import { environmentAllows, matchesPolicy } from "../../components/github/branchPolicy.ts";
import { canPass } from "../../components/workflow/steps.ts";
import { environmentProblems } from "../../components/github/environment.ts";

const environment = z.looseObject({
    name: text,
    reviewers: z
        .object({ users: z.array(text).optional(), teams: z.array(text).optional() })
        .optional(),
    preventSelfReview: z.boolean().optional(),
    branches: z.array(text).optional(),
    tags: z.array(text).optional(),
    protectedBranches: z.boolean().optional(),
    protectionRules: z.array(text).optional(),
});

export const onGitHub = [
    rule({ github: z.object({ environment }) }, ({ github: { environment } }) =>
        environmentProblems(environment).map(({ key, message }) =>
            problem(["github", "environment", key], message),
        ),
    ),
    rule(
        { github: z.object({ branch: text, environment }) },
        ({ github: { branch, environment } }) => {
            if (environmentAllows(environment, branch)) return [];
            const message =
                `must allow github.branch, "${branch}": the workflow's job would never ` +
                "start. Add that branch, or a pattern for it";
            return [problem(["github", "environment", "branches"], message)];
        },
    ),
    rule(
        {
            service: version,
            github: z.object({ environment: environment.extend({ tags: z.array(text) }) }),
            promoteFrom: z.undefined().optional(),
        },
        ({ service: { version }, github: { environment } }) =>
            matchesPolicy(environment.tags, `v${version}`)
                ? []
                : [
                      problem(
                          ["github", "environment", "tags"],
                          `must allow the git tag "v${version}", which names the version: the ` +
                              "workflow's job would never start. Add v*",
                      ),
                  ],
    ),
    rule(
        {
            github: z.object({
                environment: environment.extend({ protectedBranches: z.literal(true) }),
            }),
            promoteFrom: z.undefined().optional(),
        },
        () => [
            problem(
                ["github", "environment", "protectedBranches"],
                "must be left out in a stack that builds the image: GitHub lets no git tag use " +
                    "such an environment, and git tags name the versions. Name the branch in " +
                    "github.environment.branches instead",
                "remove",
            ),
        ],
    ),
    rule(
        {
            github: z.object({
                federation: z.literal(true),
                environment: z.undefined().optional(),
            }),
        },
        () => [
            problem(
                ["github", "environment", "name"],
                "must be set with github.federation: it is part of the identity that the " +
                    "robot trusts",
            ),
        ],
    ),
    rule({ github: z.object({ secrets: secretNames() }) }, ({ github: { secrets } }) =>
        secrets.username.toUpperCase() === secrets.password.toUpperCase()
            ? [
                  problem(
                      ["github", "secrets", "password"],
                      "must be another name than that of github.secrets.username",
                  ),
              ]
            : [],
    ),
    rule(
        {
            env: z.record(text, text).default({}),
            github: z.object({
                federation: z.boolean().default(false),
                secrets: secretNames(),
                workflow: z.object({ testSecrets: z.array(text) }),
            }),
        },
        ({ env, github: { federation, secrets, workflow } }) => {
            const login = federation
                ? { robot: "" }
                : { usernameSecret: secrets.username, passwordSecret: secrets.password };
            return workflow.testSecrets.flatMap((name, index) => {
                const problemOf = (message: string) => [
                    problem(["github", "workflow", "testSecrets", index], message),
                ];
                if (!(name in env))
                    return problemOf(
                        "must be a variable of mlops:env, which has none of that name",
                    );
                return canPass(name, login)
                    ? []
                    : problemOf("cannot be given to the smoke test, which uses the name itself");
            });
        },
    ),
    rule(
        { github: z.object({ workflow: z.object({ path: text, attestedBy: text }) }) },
        ({ github: { workflow } }) =>
            workflow.attestedBy === workflow.path
                ? [
                      problem(
                          ["github", "workflow", "attestedBy"],
                          "must be the workflow that builds the image: this is the one that " +
                              "releases it",
                      ),
                  ]
                : [],
    ),
];

/** The names of the secrets on GitHub, with their defaults. */
export function secretNames() {
    return z
        .object({ username: text.default("QUAY_USER"), password: text.default("QUAY_PWD") })
        .prefault({});
}
