import { deepEqual, equal, notEqual, rejects } from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import {
    DeliveryWorkflow,
    type DeliveryWorkflowArgs,
} from "../../../components/deliveryWorkflow.ts";
import { workflowFile } from "../../../components/workflow/file.ts";
import { declare, type Declared, only } from "../mocks.ts";

const file = "github:index/repositoryFile:RepositoryFile";
const branch = "github:index/branch:Branch";
const pullRequest = "github:index/repositoryPullRequest:RepositoryPullRequest";

const settings = {
    name: "Build",
    job: "build",
    path: ".github/workflows/build.yml",
    branch: "api/github_action",
    environment: { name: "dev" },
    image: "quay.io/alice/digits",
    version: "1.0.0",
    login: { usernameSecret: "QUAY_USER", passwordSecret: "QUAY_PWD" },
    health: { port: 8080 },
    build: {},
};
const args: DeliveryWorkflowArgs = { ...settings, repository: "digits" };
const config = { "github:owner": "alice" };

describe("DeliveryWorkflow", () => {
    const deliver = (changed: Partial<DeliveryWorkflowArgs> = {}): Promise<Declared[]> =>
        declare(() => new DeliveryWorkflow("digits", { ...args, ...changed }), config);

    it("commits the file to the branch, and overwrites none that it did not make", async () => {
        const { inputs } = only(await deliver(), file);
        deepEqual(inputs, {
            repository: "digits",
            file: settings.path,
            branch: settings.branch,
            content: workflowFile(settings, "mlops/unit"),
            commitMessage: "Deliver .github/workflows/build.yml from mlops/unit",
            overwriteOnCreate: false,
        });
    });

    it("adopts a file that is there where it is told to", async () => {
        equal(only(await deliver({ adopt: true }), file).inputs["overwriteOnCreate"], true);
    });

    it("takes what other resources give", async () => {
        const digest = `sha256:${"d".repeat(64)}`;
        const { build, ...common } = settings;
        const declared = await declare(
            () =>
                new DeliveryWorkflow("digits", {
                    ...common,
                    repository: "digits",
                    image: pulumi.output("quay.io/alice/other"),
                    login: { robot: pulumi.output("alice+robot") },
                    release: { digest: pulumi.output(digest) },
                }),
            config,
        );
        const content = String(only(declared, file).inputs["content"]);
        equal(
            content,
            workflowFile(
                {
                    ...common,
                    image: "quay.io/alice/other",
                    login: { robot: "alice+robot" },
                    release: { digest },
                },
                "mlops/unit",
            ),
        );
        equal(content.includes("secrets."), false);
        deepEqual(build, {});
    });

    it("opens a pull request from a branch of its own, a new one for each content", async () => {
        const declared = await deliver({ delivery: "pullRequest" });
        const head = String(only(declared, branch).inputs["branch"]);
        equal(head, "pulumi/build-x1y2z3");
        deepEqual(only(declared, branch).inputs, {
            repository: "digits",
            branch: head,
            sourceBranch: settings.branch,
        });
        equal(only(declared, file).inputs["branch"], head);
        const { inputs } = only(declared, pullRequest);
        deepEqual(
            [inputs["baseRepository"], inputs["baseRef"], inputs["headRef"]],
            ["digits", settings.branch, head],
        );
        const other = await deliver({ delivery: "pullRequest", name: "Images" });
        const suffix = "random:index/randomString:RandomString";
        notEqual(
            JSON.stringify(only(other, suffix).inputs["keepers"]),
            JSON.stringify(only(declared, suffix).inputs["keepers"]),
        );
    });

    const addresses: [config: Record<string, string>, url: string][] = [
        [{}, "https://github.com/alice/digits"],
        [
            { "github:baseUrl": "https://github.example.com/" },
            "https://github.example.com/alice/digits",
        ],
    ];
    for (const [more, page] of addresses) {
        it(`knows the pages on GitHub: ${page}`, async () => {
            let workflow: DeliveryWorkflow | undefined;
            let urls: unknown;
            await declare(
                () => {
                    workflow = new DeliveryWorkflow("digits", { ...args, delivery: "pullRequest" });
                    pulumi
                        .all([workflow.url, workflow.pullRequestUrl])
                        .apply((known) => (urls = known));
                },
                { ...config, ...more },
            );
            deepEqual(
                [urls, workflow?.path, workflow?.branch],
                [
                    [`${page}/actions/workflows/build.yml`, `${page}/pull/7`],
                    settings.path,
                    settings.branch,
                ],
            );
        });
    }

    it("refuses what GitHub would refuse, and a missing owner, before anything is declared", async () => {
        await rejects(deliver({ branch: "a..b" }), /branch = "a\.\.b"/);
        await rejects(deliver({ image: "digits" }), /image = "digits"/);
        await rejects(
            deliver({ environment: { name: "dev", branches: ["main"] } }),
            /must allow the workflow's branch/,
        );
        await rejects(
            declare(() => new DeliveryWorkflow("digits", args)),
            /github:owner is not set/,
        );
    });
});
