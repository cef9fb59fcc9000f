import { deepEqual, ok } from "node:assert/strict";
import { GitHubClient } from "../../../../components/github/client.ts";
import { findExisting } from "../../../../components/github/existing.ts";
import { findCommitRestrictions } from "../../../../components/github/protection.ts";
import { readProtectionRules } from "../../../../components/github/protectionRules.ts";
import { listPolicies, pathOf, readRules } from "../../../../components/github/rules.ts";
import { UserError } from "../../../../components/messages/userError.ts";
import { openPullRequests, readDefault } from "../../../../operations/promotion/pullRequest.ts";
import { GitHubRepository, ReviewComment } from "../../../../operations/review/github.ts";
import { pullRequestOf } from "../../../../operations/review/previewRun.ts";
import { artifactOf } from "../../../../operations/review/reviewed.ts";
import { findReviewed } from "../../../../operations/review/reviewRun.ts";
import { type GitHub, startGitHub } from "../../../../sandbox/github/server.ts";
import { tryWrongAnswers } from "../../wrongAnswers.ts";

const isClear = (error: unknown): error is UserError => error instanceof UserError;
const tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const at = "repos/alice/mlops";

describe("an answer of GitHub with a wrong value", function () {
    this.timeout(120_000);

    let github: GitHub;

    before(async () => {
        github = await startGitHub();
        github.limit({ primary: { requests: 1_000_000, seconds: 3600 } });
        github.createUser("alice", { plan: "pro" });
    });
    after(async () => {
        const unknown = github.unknown();
        await github.stop();
        deepEqual(unknown, []);
    });

    it("is one clear error of whatever reads it, or does not matter", async () => {
        const repository = github.createRepository({
            owner: "alice",
            name: "mlops",
            private: false,
        });
        const token = github.createToken({ user: "alice" });
        const client = new GitHubClient({ apiUrl: github.url }, token);
        const change = async (method: "POST" | "PUT", path: string, body: unknown) => {
            const { status } = await client.request(method, path, body);
            ok(status < 300, `${path}: ${String(status)}`);
        };
        const environment = pathOf("alice", "mlops", "prod");
        const deploymentBranchPolicy = { protected_branches: false, custom_branch_policies: true };
        await change("PUT", environment, {
            wait_timer: 5,
            deployment_branch_policy: deploymentBranchPolicy,
        });
        await change("POST", `${environment}/deployment-branch-policies`, { name: "main" });
        repository.createBranch("promotion/staging-2");
        const head = repository.commit({ file: "new" }, { branch: "promotion/staging-2" });
        await change("POST", `${at}/pulls`, {
            title: "2",
            head: "promotion/staging-2",
            base: "main",
        });
        repository.createBranch("merged");
        const merged = repository.commit({ file: "other" }, { branch: "merged" });
        await change("POST", `${at}/pulls`, { title: "3", head: "merged", base: "main" });
        repository.uploadArtifact(artifactOf(tree, 2, merged.sha));
        repository.merge(2);
        const own = new GitHubRepository({ apiUrl: github.url, repository: "alice/mlops" }, token);
        const comment = new ReviewComment(
            { apiUrl: github.url, repository: "alice/mlops", number: 1 },
            token,
        );
        await comment.post("text", "0".repeat(64));

        const readers: Readonly<Record<string, () => Promise<unknown>>> = {
            rules: () => readRules(client, environment),
            policies: () => listPolicies(client, environment),
            "protection rules": () => readProtectionRules(client, environment),
            existing: () => findExisting(client, "alice", "mlops", "prod"),
            "a branch's rules": () => findCommitRestrictions(client, at, "main", true),
            "a file": () => readDefault(own, "README.md"),
            "pull requests": () => openPullRequests(own, "promotion/"),
            "the record of a review": () => findReviewed(own, tree, merged.sha),
            "a preview's pull request": () =>
                pullRequestOf(own, {
                    id: 1,
                    isComplete: true,
                    branch: "alice:promotion/staging-2",
                    head: head.sha,
                    created: new Date().toISOString(),
                    defaultBranch: "main",
                }),
            "the comment": () => comment.post("text", "0".repeat(64)),
            "a label": () => comment.hasLabel("approve-dangerous"),
        };
        for (const [what, read] of Object.entries(readers))
            ok((await tryWrongAnswers(what, read, isClear)) > 0, what);
    });
});
