import { deepEqual, equal, rejects } from "node:assert/strict";
import { z } from "zod";
import { artifactOf } from "../../../../operations/review/reviewed.ts";
import { findReviewed } from "../../../../operations/review/reviewRun.ts";
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
        number = await propose("change", "main");
        repository.age(number, 60);
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
    /** Opens a pull request. @returns its number */
    async function propose(from: string, base: string): Promise<number> {
        const made = await send("POST", "pulls", { title: "A change", head: from, base });
        return z.object({ number: z.int() }).parse(made).number;
    }
    const ago = (seconds: number) => ({ created: new Date(Date.now() - seconds * 1000) });
    /** Makes a branch of the attacker's own, whose workflow would run in a pull request to it. */
    const createBase = (): void => {
        repository.createBranch("mine");
        repository.commit({ ".github/workflows/preview.yml": "forged" }, { branch: "mine" });
    };
    afterEach(async () => {
        const unknown = github.unknown();
        await github.stop();
        deepEqual(unknown, []);
    });

    it("is in the newest run about its pull request", async () => {
        repository.uploadArtifact(name, head, ago(40));
        const newest = repository.uploadArtifact(name, head, ago(20));
        repository.uploadArtifact(name, head, ago(30));
        repository.uploadArtifact(name, head, { ...ago(10), expired: true });
        repository.uploadArtifact(artifactOf("another"), head, ago(5));
        repository.merge(number);
        equal(await find(), newest);
    });

    it("is not what another workflow has uploaded, or one that somebody has started", async () => {
        repository.uploadArtifact(name, head, { ...ago(20), workflow: "check.yml" });
        repository.uploadArtifact(name, head, { ...ago(20), event: "push" });
        const own = repository.uploadArtifact(name, head, ago(30));
        repository.merge(number);
        equal(await find(), own);
    });

    it("is not what another branch with the same commit has uploaded", async () => {
        repository.createBranch("twin", "change");
        repository.uploadArtifact(name, { ...head, branch: "twin" });
        repository.merge(number);
        equal(await find(), undefined);
    });

    it("is not what a second pull request, to a base of one's own, may have uploaded", async () => {
        createBase();
        const before = repository.uploadArtifact(name, head, ago(50));
        const second = await propose("change", "mine");
        repository.age(second, 40);
        repository.uploadArtifact(name, head, ago(30));
        repository.merge(number);
        equal(await find(), before);
    });

    it("is not what it has uploaded itself while its base was another one", async () => {
        createBase();
        await send("PATCH", `pulls/${String(number)}`, { base: "mine" });
        repository.uploadArtifact(name, head, ago(50));
        await send("PATCH", `pulls/${String(number)}`, { base: "main" });
        repository.age(number, 40);
        repository.merge(number);
        equal(await find(), undefined);
        const later = repository.uploadArtifact(name, head, ago(30));
        equal(await find(), later);
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
