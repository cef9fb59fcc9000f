import { deepEqual } from "node:assert/strict";
import { z } from "zod";
import { GitHubClient } from "../../../../components/github/client.ts";
import {
    compareWithGitHub,
    mergeChanges,
    resourcesIn,
} from "../../../../operations/review/rulesDrift.ts";
import type { Change } from "../../../../operations/review/preview.ts";
import { type GitHub, startGitHub } from "../../../../sandbox/github/server.ts";

const environmentType = "github:index/repositoryEnvironment:RepositoryEnvironment";
const policyType =
    "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy";
const urn = `urn:pulumi:dev::p::${environmentType}::digits`;

describe("the rules of environments that a refresh does not see", () => {
    let github: GitHub;
    let client: GitHubClient;
    let alice: number;

    beforeEach(async () => {
        github = await startGitHub();
        alice = github.createUser("alice");
        github.createRepository({ owner: "alice", name: "service", private: false });
        client = new GitHubClient({ apiUrl: github.url }, github.createToken({ user: "alice" }));
        await put([{ type: "User", id: alice }]);
        await addBranch("main");
    });
    afterEach(async () => {
        const unknown = github.unknown();
        await github.stop();
        deepEqual(unknown, []);
    });

    const path = "repos/alice/service/environments/dev";
    const put = (reviewers: readonly { readonly type: string; readonly id: number }[]) =>
        client.request("PUT", path, {
            reviewers,
            deployment_branch_policy: { protected_branches: false, custom_branch_policies: true },
        });
    const addBranch = (name: string) =>
        client.request("POST", `${path}/deployment-branch-policies`, { name });
    const found = (
        reviewers: unknown = [{ users: [alice] }],
        others: readonly object[] = [],
    ): Promise<Change[]> => {
        const place = { repository: "service", environment: "dev" };
        const resources = [
            {
                urn,
                type: environmentType,
                inputs: {
                    ...place,
                    reviewers,
                    deploymentBranchPolicy: {
                        protectedBranches: false,
                        customBranchPolicies: true,
                    },
                },
            },
            { urn: "policy", type: policyType, inputs: { ...place, branchPattern: "main" } },
            {
                urn: "secrets",
                type: "mlops:github:RegistrySecrets",
                outputs: { reviewers: { [`user ${String(alice)}`]: "alice" } },
            },
            ...others,
        ];
        return compareWithGitHub(
            client,
            "alice",
            resourcesIn(JSON.stringify({ deployment: { resources } })),
        );
    };

    it("are drift where an app was enabled or disabled by hand", async () => {
        const repository = github.repository("alice/service");
        const [gate, scan] = ["gate", "scan"].map((slug) => repository.installProtectionApp(slug));
        const apps = { urn: "apps", type: "mlops:github:ProtectionRules" };
        const place = { repository: "service", environment: "dev" };
        const state = (declared: readonly string[]) =>
            found(undefined, [{ ...apps, inputs: { ...place, apps: [...declared] } }]);
        const enable = async (app: number | undefined) => {
            const at = `${path}/deployment_protection_rules`;
            const { body } = await client.request("POST", at, { integration_id: app });
            return `${at}/${String(z.object({ id: z.int() }).parse(body).id)}`;
        };
        const rule = await enable(gate);
        deepEqual(await state(["gate"]), []);
        deepEqual(await found(), []); // where they are not declared, they are nobody's
        await enable(scan);
        await client.request("DELETE", rule);
        deepEqual(
            (await state(["gate"])).map(({ properties }) => properties),
            [
                [
                    {
                        path: "protectionRules",
                        before: ["gate"],
                        after: ["scan"],
                        replaces: false,
                    },
                ],
            ],
        );
    });

    it("are no drift where they are as declared", async () => {
        deepEqual(await found(), []);
    });

    it("are no drift in a state that was refreshed", async () => {
        deepEqual(await found({ users: [alice], teams: [] }), []);
    });

    it("are drift where the reviewers were removed and a branch rule was added", async () => {
        await put([]);
        await addBranch("feature/*");
        const changes = await found();
        deepEqual(
            changes.map(({ urn, operation, properties }) => ({ urn, operation, properties })),
            [
                {
                    urn,
                    operation: "update",
                    properties: [
                        {
                            path: "branches",
                            before: ["main"],
                            after: ["main", "feature/*"],
                            replaces: false,
                        },
                        {
                            path: "reviewers",
                            before: [{ users: [`alice (${String(alice)})`], teams: [] }],
                            replaces: false,
                        },
                    ],
                },
            ],
        );
        const preview = { stack: "dev", errors: [], warnings: [], changes: [], unchanged: [] };
        const reviewer = { path: "reviewers[0].users[0]", before: "alice", replaces: false };
        const seen = {
            ...preview,
            changes: changes.map((c) => ({ ...c, properties: [reviewer] })),
        };
        deepEqual(
            mergeChanges(seen, changes).changes.map(({ properties }) =>
                properties.map(({ path }) => path),
            ),
            [["reviewers[0].users[0]", "branches"]],
        );
        deepEqual(mergeChanges(mergeChanges(preview, changes), changes).changes, changes);
    });
});
