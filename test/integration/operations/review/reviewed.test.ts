import { deepEqual, equal, rejects } from "node:assert/strict";
import { z } from "zod";
import { artifactOf } from "../../../../operations/review/reviewed.ts";
import { findReviewed } from "../../../../operations/review/reviewRun.ts";
import { GitHubRepository, PermissionDenied } from "../../../../operations/review/github.ts";
import type { RepositoryHandle } from "../../../../sandbox/github/repositoryHandle.ts";
import { type GitHub, startGitHub } from "../../../../sandbox/github/server.ts";

const tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

describe("what was reviewed of a commit's tree", () => {
    let github: GitHub;
    let repository: RepositoryHandle;
    let token: string;
    /** The last commit of the pull request. */
    let head: string;
    let number: number;
    /** The name of its record. */
    let name: string;

    const find = (commit = repository.commits()[0]?.sha ?? "", own = token) =>
        findReviewed(
            new GitHubRepository({ apiUrl: github.url, repository: "alice/mlops" }, own),
            tree,
            commit,
        );

    beforeEach(async () => {
        github = await startGitHub();
        github.createUser("alice");
        repository = github.createRepository({ owner: "alice", name: "mlops" });
        const read = { actions: "read", contents: "read", pull_requests: "read" } as const;
        token = github.createToken({ user: "alice", permissions: read });
        repository.createBranch("change");
        head = repository.commit({ file: "new" }, { branch: "change" }).sha;
        const made = await send("POST", "pulls", { title: "A", head: "change", base: "main" });
        ({ number } = z.object({ number: z.int() }).parse(made));
        name = artifactOf(tree, number, head);
    });

    async function send(method: string, path: string, body: object): Promise<unknown> {
        const response = await fetch(`${github.url}/repos/alice/mlops/${path}`, {
            method,
            headers: { authorization: `Bearer ${github.createToken({ user: "alice" })}` },
            body: JSON.stringify(body),
        });
        equal(response.ok, true, await response.clone().text());
        return response.json();
    }
    const ago = (seconds: number) => ({ created: new Date(Date.now() - seconds * 1000) });
    afterEach(async () => {
        const unknown = github.unknown();
        await github.stop();
        deepEqual(unknown, []);
    });

    it("is in the newest run of the reviews, on the default branch", async () => {
        repository.uploadArtifact(name, ago(40));
        const newest = repository.uploadArtifact(name, ago(20));
        repository.uploadArtifact(name, ago(30));
        repository.uploadArtifact(name, { ...ago(10), expired: true });
        repository.uploadArtifact(artifactOf("another", number, head), ago(5));
        repository.merge(number);
        deepEqual(await find(), { run: newest, artifact: name });
    });

    it("is not what another workflow has uploaded, or one that somebody has started", async () => {
        const forged = [
            { workflow: "preview.yml", event: "pull_request", branch: "change" },
            { workflow: "review.yml", event: "pull_request", branch: "change" },
            { workflow: "review.yml", event: "push", branch: "change" },
            { workflow: "review.yml", event: "workflow_dispatch" },
            { workflow: "check.yml", event: "workflow_run" },
            { workflow: "review.yml", event: "workflow_run", branch: "change" },
            { workflow: "review.yml", event: "workflow_run", repository: 1 },
        ];
        for (const options of forged) repository.uploadArtifact(name, { ...ago(20), ...options });
        repository.merge(number);
        equal(await find(), undefined);
        const run = repository.uploadArtifact(name, ago(30));
        deepEqual(await find(), { run, artifact: name });
    });

    it("is of the pull request that was merged, with its last commit", async () => {
        repository.uploadArtifact(artifactOf(tree, number + 1, head));
        repository.uploadArtifact(artifactOf(tree, number, "0".repeat(40)));
        repository.merge(number);
        equal(await find(), undefined);
    });

    it("is nothing while it is not merged, nor of a commit that came without a pull request", async () => {
        repository.uploadArtifact(name);
        equal(await find(head), undefined);
        repository.merge(number);
        equal(await find(repository.commit({ file: "past everybody" }).sha), undefined);
    });

    it("is nothing where it was merged into another branch first", async () => {
        repository.createBranch("mine");
        await send("PATCH", `pulls/${String(number)}`, { base: "mine" });
        repository.uploadArtifact(name);
        repository.merge(number);
        equal(await find(head), undefined);
    });

    it("is not looked for with a token that may not", async () => {
        await rejects(
            find(
                undefined,
                github.createToken({ user: "alice", permissions: { contents: "read" } }),
            ),
            PermissionDenied,
        );
    });
});
