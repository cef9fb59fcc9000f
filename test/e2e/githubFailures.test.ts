import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Fault } from "../../sandbox/quay/faults.ts";
import { type GitHub, startGitHub } from "../../sandbox/github/server.ts";
import type { RepositoryHandle } from "../../sandbox/github/repositoryHandle.ts";
import { Project } from "../../sandbox/project.ts";

/** The credentials in their environment, and the workflow, without a Quay. */
const program = `
import * as pulumi from "@pulumi/pulumi";
import { DeliveryWorkflow } from "./components/deliveryWorkflow.ts";
import { RegistrySecrets } from "./components/registrySecrets.ts";
import { preflight } from "./components/github/preflight.ts";

const delivery = new pulumi.Config("mlops").require("delivery");
const [repository, branch, path] = ["service", "main", ".github/workflows/quay-deploy.yml"];
const environment = { name: "dev", branches: ["main"], tags: ["v*"], protectionRules: ["gate"] };
await preflight({ repository, branch, path, environment, delivery, adopt: false, setting: "mlops:github" });
const secrets = new RegistrySecrets("digits", { repository, environment, secrets: { QUAY_PWD: "of-the-robot" } });
new DeliveryWorkflow(
    "digits",
    {
        repository, branch, path, environment, delivery, name: "Images", job: "build_api", image: "quay.io/alice/digits",
        login: { usernameSecret: "QUAY_USER", passwordSecret: "QUAY_PWD" }, health: { port: 8080 }, build: {},
    },
    { dependsOn: secrets },
);
`;

/** Every request that changes something: its method and the end of its path. */
const steps = [
    ["PUT", "/environments/dev"],
    ["POST", "/deployment_protection_rules"],
    ["POST", "/deployment-branch-policies"],
    ["POST", "/environments/dev/variables"],
    ["PUT", "/secrets/QUAY_PWD"],
    ["POST", "/git/refs"],
    ["PUT", "/contents/.github/workflows/quay-deploy.yml"],
    ["POST", "/pulls"],
] as const;

interface Kind {
    readonly fault: Fault;
    readonly delivery: "commit" | "pullRequest";
    /** The steps that it affects. Default: all. */
    readonly hits?: "even" | "odd";
    /** How many of the steps fail. The others are retried at once. */
    readonly failures: number;
}
const kinds: Record<string, Kind> = {
    "has its effect, and its answer is lost": {
        fault: { reset: "after" },
        delivery: "pullRequest",
        failures: 4,
    },
    "has its effect, and is answered with 500": {
        fault: { answer: "failed" },
        delivery: "commit",
        failures: 3,
    },
    "is answered with 500": { fault: { status: 500 }, delivery: "pullRequest", failures: 0 },
    "is one too many (429)": {
        fault: { status: 429, retryAfter: "1" },
        delivery: "pullRequest",
        hits: "even",
        failures: 4,
    },
    "is one too many (403, secondary rate limit)": {
        fault: { status: 403, retryAfter: "1" },
        delivery: "pullRequest",
        hits: "odd",
        failures: 4,
    },
};

describe("an up during which each request to GitHub fails once", () => {
    let github: GitHub;
    let repository: RepositoryHandle;
    let project: Project;

    beforeEach(async () => {
        github = await startGitHub();
        github.createUser("alice");
        repository = github.createRepository({ owner: "alice", name: "service", private: false });
        repository.installProtectionApp("gate");
    });
    afterEach(async () => {
        const unknown = github.unknown();
        project.remove();
        await github.stop();
        deepEqual(unknown, []);
    });

    for (const [what, { fault, delivery, hits, failures }] of Object.entries(kinds)) {
        it(`${what}: the up reports it, and the next one continues`, async () => {
            project = await Project.create(
                { "github:writeDelayMs": "0", delivery },
                {
                    GITHUB_BASE_URL: github.baseUrl,
                    GITHUB_TOKEN: github.createToken({ user: "alice" }),
                    GITHUB_OWNER: "alice",
                },
                undefined,
                program,
            );
            const hit = steps.filter(
                (_, index) => hits === undefined || (index % 2 === 0) === (hits === "even"),
            );
            for (const [method, path] of hit)
                github.faults.add({ method, path: `${path}$`, times: 1, ...fault });
            const failed = new Set<string>();
            for (;;) {
                const result = await project.up();
                if (!result.failed) break;
                const named = steps.filter(([method, path]) =>
                    new RegExp(`${method} \\S*${path}\\b`).test(result.output),
                );
                ok(named.length > 0, result.output);
                const before = failed.size;
                for (const [, path] of named) failed.add(path);
                ok(failed.size > before, `fails again: ${result.output}`);
            }
            equal(failed.size, failures, [...failed].join());
            const environment = repository.environments()["dev"];
            deepEqual(
                {
                    secrets: repository.secrets("dev"),
                    variables: repository.variables("dev"),
                    policies: [...(environment?.policies.values() ?? [])]
                        .map(({ type, name }) => `${type} ${name}`)
                        .sort(),
                    apps: [...(environment?.protectionRules.values() ?? [])].map(
                        ({ slug }) => slug,
                    ),
                },
                {
                    secrets: { QUAY_PWD: "of-the-robot" },
                    variables: { MANAGED_BY: "mlops/local" },
                    policies: ["branch main", "tag v*"],
                    apps: ["gate"],
                },
            );
            const open = repository.pulls().filter(({ state }) => state === "open");
            equal(open.length, delivery === "pullRequest" ? 1 : 0);
            match(
                repository.files(open[0]?.pull.head)[".github/workflows/quay-deploy.yml"] ?? "",
                /^# Managed by Pulumi: mlops\/local/,
            );
            const preview = await project.preview();
            deepEqual(Object.keys(preview.changes), ["same"], preview.output);
        });
    }
});
