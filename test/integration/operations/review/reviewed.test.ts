import { deepEqual, equal, rejects } from "node:assert/strict";
import { z } from "zod";
import { artifactOf, findReviewed } from "../../../../operations/review/reviewed.ts";
import { GitHubRepository, PermissionDenied } from "../../../../operations/review/github.ts";
import type { RepositoryHandle } from "../../../../sandbox/github/repositoryHandle.ts";
import { type GitHub, startGitHub } from "../../../../sandbox/github/server.ts";

const tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const name = artifactOf(tree);

describe("what was reviewed of a commit's tree", () => {
    let github: GitHub;
    let repository: RepositoryHandle;
    let token: string;
    /** The last commit of the pull request. */
    let head: { sha: string; branch: string };
    let number: number;

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
        head = {
            sha: repository.commit({ file: "new" }, { branch: "change" }).sha,
            branch: "change",
        };
        const response = await fetch(`${github.url}/repos/alice/mlops/pulls`, {
            method: "POST",
            headers: { authorization: `Bearer ${github.createToken({ user: "alice" })}` },
            body: JSON.stringify({ title: "A change", head: "change", base: "main" }),
        });
        number = z.object({ number: z.int() }).parse(await response.json()).number;
    });
    afterEach(async () => {
        const unknown = github.unknown();
        await github.stop();
        deepEqual(unknown, []);
    });

    it("is in the newest run about its pull request", async () => {
        const hour = (hour: number) => ({ created: new Date(Date.UTC(2026, 0, 1, hour)) });
        repository.uploadArtifact(name, head, hour(1));
        const newest = repository.uploadArtifact(name, head, hour(3));
        repository.uploadArtifact(name, head, hour(2));
        repository.uploadArtifact(name, head, { ...hour(4), expired: true });
        repository.uploadArtifact(artifactOf("another"), head, hour(5));
        repository.merge(number);
        equal(await find(), newest);
    });

    it("is not what a fork has uploaded, or another branch, though its name is the same", async () => {
        repository.uploadArtifact(name, { ...head, repository: 1 });
        repository.uploadArtifact(name, {
            sha: repository.commit({ file: "other" }, { branch: "other" }).sha,
            branch: "other",
        });
        repository.merge(number);
        equal(await find(), undefined);
    });

    it("is nothing while it is not merged, nor of a commit that came without a pull request", async () => {
        repository.uploadArtifact(name, head);
        equal(await find(head.sha), undefined);
        repository.merge(number);
        equal(await find(repository.commit({ file: "past everybody" }).sha), undefined);
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
