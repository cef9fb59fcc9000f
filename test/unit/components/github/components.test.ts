import { deepEqual, equal, rejects } from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import {
    RegistrySecrets,
    type RegistrySecretsArgs,
} from "../../../../components/registrySecrets.ts";
import { RobotFederation } from "../../../../components/robotFederation.ts";
import { findReviewers, findSubject } from "../../../../components/github/lookUp.ts";
import { declare, type Declared, insideSecret, only } from "../../mocks.ts";

const environmentType = "github:index/repositoryEnvironment:RepositoryEnvironment";
const policyType =
    "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy";
const secretType = "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret";
const variableType = "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable";
const subjectEndpoint = "repos/octo/digits/actions/oidc/customization/sub";
const owned = { "github:owner": "octo" };

/** What GitHub's API says, by endpoint. */
type Endpoints = Readonly<Record<string, unknown>>;

function answering(endpoints: Endpoints) {
    return (token: string, inputs: Record<string, unknown>): Record<string, unknown> => {
        equal(token, "github:index/getRestApi:getRestApi");
        const body = endpoints[String(inputs["endpoint"])];
        return body === undefined
            ? { status: "404 Not Found", body: JSON.stringify({ message: "Not Found" }) }
            : { status: "200 OK", body: JSON.stringify(body) };
    };
}

describe("RegistrySecrets", () => {
    const args: RegistrySecretsArgs = {
        repository: "digits",
        environment: { name: "dev" },
        secrets: { QUAY_USER: "alice+robot", QUAY_PWD: "the-token" },
    };
    const declared = (
        changed: Partial<RegistrySecretsArgs> = {},
        endpoints: Endpoints = {},
    ): Promise<Declared[]> =>
        declare(
            () => new RegistrySecrets("dev", { ...args, ...changed }),
            owned,
            answering(endpoints),
        );
    const environment = async (
        of: NonNullable<RegistrySecretsArgs["environment"]>,
        endpoints: Endpoints = {},
    ) => only(await declared({ environment: of }, endpoints), environmentType).inputs;

    it("makes the environment and the secrets in it, and notes whose it is", async () => {
        const all = await declared();
        deepEqual(only(all, environmentType).inputs, { repository: "digits", environment: "dev" });
        deepEqual(only(all, variableType).inputs, {
            repository: "digits",
            environment: "dev",
            variableName: "MANAGED_BY",
            value: "mlops/unit",
        });
        deepEqual(
            all
                .filter(({ type }) => type === secretType)
                .map(({ name, inputs: { value, ...inputs } }) => ({
                    name,
                    inputs,
                    secret: insideSecret(value),
                })),
            [
                {
                    name: "dev-QUAY_USER",
                    inputs: { repository: "digits", environment: "dev", secretName: "QUAY_USER" },
                    secret: "alice+robot",
                },
                {
                    name: "dev-QUAY_PWD",
                    inputs: { repository: "digits", environment: "dev", secretName: "QUAY_PWD" },
                    secret: "the-token",
                },
            ],
        );
    });

    it("keeps the reviewers' names by how GitHub knows them", async () => {
        const endpoints = { "users/alice": { id: 7 }, "orgs/octo/teams/ops": { id: 8 } };
        const reviewers = { users: ["alice"], teams: ["ops"] };
        let names: unknown;
        await declare(
            () => {
                const changed = { ...args, environment: { name: "prod", reviewers } };
                new RegistrySecrets("prod", changed).reviewers.apply((kept) => (names = kept));
            },
            owned,
            answering(endpoints),
        );
        deepEqual(names, { "user 7": "alice", "team 8": "ops" });
    });

    it("has no password where jobs log in without one", async () => {
        equal(
            only(await declared({ secrets: { QUAY_USER: "alice+robot" } }), secretType).inputs[
                "secretName"
            ],
            "QUAY_USER",
        );
    });

    it("makes secrets of the repository without an environment", async () => {
        const all = await declared({ environment: undefined });
        deepEqual(
            all.slice(1).map(({ type, name }) => `${type} ${name}`),
            [
                "mlops:github:RegistrySecrets dev",
                "github:index/actionsSecret:ActionsSecret dev-QUAY_USER",
                "github:index/actionsSecret:ActionsSecret dev-QUAY_PWD",
            ],
        );
        equal(insideSecret(all[3]?.inputs["value"]), "the-token");
    });

    it("lets the runs of some branches and tags alone use the environment", async () => {
        const all = await declared({
            environment: { name: "prod", branches: ["main", "release/*"], tags: ["v*"] },
        });
        deepEqual(only(all, environmentType).inputs["deploymentBranchPolicy"], {
            protectedBranches: false,
            customBranchPolicies: true,
        });
        deepEqual(
            all
                .filter(({ type }) => type === policyType)
                .map(({ name, inputs }) => [name, inputs["branchPattern"], inputs["tagPattern"]]),
            [
                ["dev-branch-main", "main", undefined],
                ["dev-branch-release/*", "release/*", undefined],
                ["dev-tag-v*", undefined, "v*"],
            ],
        );
    });

    it("lets the runs of protected branches alone use the environment", async () => {
        deepEqual(
            (await environment({ name: "prod", protectedBranches: true }))[
                "deploymentBranchPolicy"
            ],
            {
                protectedBranches: true,
                customBranchPolicies: false,
            },
        );
    });

    it("wants reviews by the users and teams that are named, and a wait", async () => {
        const endpoints = { "users/alice": { id: 7 }, "orgs/octo/teams/ops": { id: 8 } };
        const reviewers = { users: ["alice"], teams: ["ops"] };
        deepEqual(
            await environment(
                { name: "prod", reviewers, waitTimer: 30, preventSelfReview: true },
                endpoints,
            ),
            {
                repository: "digits",
                environment: "prod",
                reviewers: [{ users: [7], teams: [8] }],
                waitTimer: 30,
                preventSelfReview: true,
            },
        );
    });

    it("refuses rules that GitHub would not do", async () => {
        await rejects(declared({ environment: { name: "prod", preventSelfReview: true } }), {
            message: /preventSelfReview must be false without reviewers/,
        });
    });

    it("refuses to work without an owner, in a preview too", async () => {
        for (const changed of [{}, { environment: undefined }]) {
            await rejects(
                declare(() => new RegistrySecrets("dev", { ...args, ...changed })),
                { message: /^github:owner is not set/ },
            );
        }
    });
});

describe("RobotFederation", () => {
    const claims = async (
        customization: unknown,
        environment = "dev",
        issuer?: string,
    ): Promise<unknown> => {
        const program = () =>
            new RobotFederation("digits", {
                robot: "alice+robot",
                repository: "digits",
                environment,
                issuer,
            });
        return only(
            await declare(program, owned, answering({ [subjectEndpoint]: customization })),
            "quay:index:RobotFederation",
        ).inputs["claims"];
    };
    const byGitHub = (subject: string) => [
        { issuer: "https://token.actions.githubusercontent.com", subject },
    ];

    it("is for the jobs of the repository that name the environment, as GitHub says that they are named", async () => {
        const prefix = "repo:octo@12/digits@34";
        deepEqual(
            await claims({
                use_default: true,
                use_immutable_subject: true,
                sub_claim_prefix: prefix,
            }),
            byGitHub(`${prefix}:environment:dev`),
        );
        deepEqual(
            await claims({ use_default: true, sub_claim_prefix: "repo:octo/digits" }),
            byGitHub("repo:octo/digits:environment:dev"),
        );
    });

    it("is by names where GitHub does not say", async () => {
        deepEqual(
            await claims({ use_default: true }),
            byGitHub("repo:octo/digits:environment:dev"),
        );
    });

    it("takes a template that is the same as GitHub's own", async () => {
        deepEqual(
            await claims({ use_default: false, include_claim_keys: ["repo", "context"] }),
            byGitHub("repo:octo/digits:environment:dev"),
        );
    });

    it("escapes a colon in the environment's name, as GitHub does", async () => {
        deepEqual(
            await claims({ use_default: true }, "prod:eu"),
            byGitHub("repo:octo/digits:environment:prod%3Aeu"),
        );
    });

    it("takes another issuer", async () => {
        deepEqual(await claims({ use_default: true }, "dev", "https://issuer.example.com"), [
            { issuer: "https://issuer.example.com", subject: "repo:octo/digits:environment:dev" },
        ]);
    });
});

describe("what GitHub is asked for before something is declared", () => {
    const account = { owner: "octo", apiUrl: "", webUrl: "https://github.com", issuer: "" };
    const asking = (
        ask: (parent: pulumi.Resource) => unknown,
        endpoints: Endpoints = {},
    ): Promise<unknown> =>
        declare(
            () => ask(new pulumi.ComponentResource("test:index:Parent", "parent")),
            owned,
            answering(endpoints),
        );

    it("names the reviewers that there are not", async () => {
        const reviewers = { users: ["alice", "alcie"], teams: ["ops"] };
        await rejects(
            asking((parent) => findReviewers(account, reviewers, parent), {
                "users/alice": { id: 7 },
            }),
            {
                message:
                    'GitHub does not tell who these reviewers of the environment are: the user "alcie" (404 Not Found), the team "ops" of octo ' +
                    "(404 Not Found). There are none of that name, or the token in GITHUB_TOKEN may not see them (a team: scope read:org, or the " +
                    "organization's permission Members: read).",
            },
        );
    });

    it("refuses a repository whose subjects are made in another way", async () => {
        const customization = { use_default: false, include_claim_keys: ["job_workflow_ref"] };
        await rejects(
            asking((parent) => findSubject(account, "digits", "dev", parent), {
                [subjectEndpoint]: customization,
            }),
            {
                message:
                    "The repository octo/digits has identity tokens with a subject of its own (job_workflow_ref), which a robot's federation cannot be " +
                    "set to beforehand. Go back to GitHub's: gh api -X PUT repos/octo/digits/actions/oidc/customization/sub -F use_default=true " +
                    "(https://github.com/octo/digits/settings/actions).",
            },
        );
    });

    it("says what a token has to be able to read", async () => {
        await rejects(
            asking((parent) => findSubject(account, "digits", "dev", parent)),
            { message: /could not be read: GitHub says 404 Not Found\. The token in GITHUB_TOKEN/ },
        );
    });
});
