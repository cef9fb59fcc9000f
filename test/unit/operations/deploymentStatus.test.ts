import { deepEqual, equal } from "node:assert/strict";
import { publishedOutputs } from "../../../contract/outputs.ts";
import { failureOf, successOf } from "../../../operations/deploymentStatus.ts";

const [commit, later] = ["1".repeat(40), "2".repeat(40)];
const digest = `sha256:${"a".repeat(64)}`;
const outputs = publishedOutputs.parse({
    kind: "published",
    schemaVersion: 1,
    environment: "dev",
    version: `sha-${commit}`,
    commit,
    image: `quay.io/alice/digits@${digest}`,
    digest,
    tags: [`sha-${commit}`],
    repositoryUrl: "https://quay.io/repository/alice/digits",
    pullCommand: "docker pull",
    runCommand: "docker run",
    robotUsername: "alice+robot",
    workflow: "https://github.com/alice/digits/actions/workflows/build.yml",
});
const serviceUrl = "https://dev.example.org";

describe("the status of a commit after its deployment", () => {
    it("says where it serves", () => {
        deepEqual(successOf(commit, { ...outputs, serviceUrl }), {
            state: "success",
            description: "sha-111111111111 serves",
            target_url: serviceUrl,
        });
    });

    it("says where its image is, without a cluster", () => {
        const { description, target_url } = successOf(commit, outputs);
        equal(description, "sha-111111111111 is deployed");
        equal(target_url, outputs.repositoryUrl);
    });

    it("says what serves in its place", () => {
        const { state, description } = successOf(later, { ...outputs, serviceUrl });
        deepEqual([state, description], ["success", "Superseded: sha-111111111111 serves"]);
    });

    const logs: [what: string, log: string, description: string][] = [
        [
            "what the pods say, not that the update failed",
            "Diagnostics:\n  ClusterService (digits):\n    error: exit code 3: no model\n\n" +
                "  Stack (mlops-dev):\n    error: update failed\n",
            "exit code 3: no model",
        ],
        [
            "what the pods say of a rollout",
            "    error: The rollout of digits-dev in the namespace dev failed.\n" +
                "    The container ended:\n      no model\n\n  Stack (mlops-dev):\n",
            "The container ended: no model",
        ],
        [
            "the last line where nothing is marked",
            "Preview\nIt needs a new review.\n\n",
            "It needs a new review.",
        ],
        [
            "that it was not reviewed",
            "Preview\nNo review is recorded of the tree a. Nothing was changed.\n  dev: b\nIt needs c.\n",
            "No review is recorded of the tree a. Nothing was changed.",
        ],
        ["that nothing began", "", "The deployment failed before it began."],
        ["at most 140 characters", `error: ${"a".repeat(200)}`, `${"a".repeat(139)}…`],
    ];
    for (const [what, log, description] of logs) {
        it(`says ${what}`, () => {
            const run = "https://github.com/alice/infrastructure/actions/runs/7";
            deepEqual(failureOf(log, run), { state: "failure", description, target_url: run });
        });
    }
});
