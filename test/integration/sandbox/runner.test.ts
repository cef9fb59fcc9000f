import { deepEqual, equal, match } from "node:assert/strict";
import { type GitHub, startGitHub } from "../../../sandbox/github/server.ts";
import type { RepositoryHandle } from "../../../sandbox/github/repositoryHandle.ts";
import { type Run, runWorkflow } from "../../../sandbox/runner/run.ts";

const path = ".github/workflows/build.yml";
const checkout = "actions/checkout@0000000000000000000000000000000000000000";
const file = `
name: Build
on:
  push:
permissions: {}
concurrency: build
defaults:
  run:
    shell: bash
jobs:
  build:
    name: Build
    if: github.ref == 'refs/heads/main' || startsWith(github.ref, 'refs/tags/v')
    runs-on: ubuntu-24.04
    environment:
      name: dev
      url: https://example.org/\${{ steps.made.outputs.digest }}
    timeout-minutes: 5
    permissions:
      contents: read
    outputs:
      digest: \${{ steps.made.outputs.digest }}
    steps:
      - name: Check out
        uses: ${checkout}
      - name: Make
        id: made
        env:
          PASSWORD: \${{ secrets.PASSWORD }}
          MODE: \${{ github.ref_type == 'tag' && 'version' || 'commit' }}
        run: |
          [[ $PASSWORD == secret && $(git rev-parse HEAD) == "$GITHUB_SHA" ]]
          [[ $(git rev-parse origin/main) ]]
          echo "digest=$MODE-$(cat content)" >>"$GITHUB_OUTPUT"
          printf '%s\\n' 'more<<END' one two END >>"$GITHUB_OUTPUT"
          echo "::notice title=Made::$(git log --format=%s -1)"
          [[ $(cat content) != bad ]]
      - name: Never after a failure
        run: echo "after \${{ steps.made.outputs.more }}" >>"$GITHUB_STEP_SUMMARY"
      - name: Say what failed
        if: failure()
        env:
          OUTCOME: \${{ steps.made.outcome }}
        run: echo "::error::$OUTCOME of made"
  deploy:
    name: Deploy
    needs: build
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - name: Deploy
        env:
          DIGEST: \${{ needs.build.outputs.digest }}
        run: echo "deploys $DIGEST"
`;

describe("the runner of workflow files", () => {
    let github: GitHub;
    let repository: RepositoryHandle;

    before(async () => {
        github = await startGitHub();
        github.createUser("alice");
        repository = github.createRepository({ owner: "alice", name: "service" });
        const token = github.createToken({ user: "alice" });
        const made = await fetch(`${github.url}/repos/alice/service/environments/dev`, {
            method: "PUT",
            headers: { authorization: `Bearer ${token}` },
        });
        equal(made.status, 200);
        repository.setSecret("PASSWORD", "secret", "dev");
        repository.commit({ [path]: file, content: "good" });
    });
    after(() => github.stop());

    const runFor = (ref: string): Promise<Run> =>
        runWorkflow({
            github,
            repository: "alice/service",
            path,
            ref,
            untag: () => Promise.reject(new Error("no registry")),
            appToken: () => "",
        });

    it("runs the jobs of the ref's commit, in order, with what they give each other", async () => {
        const { commit, succeeded, jobs, output, annotations, summary } =
            await runFor("refs/heads/main");
        equal(succeeded, true, output);
        equal(commit, repository.commits()[0]?.sha);
        deepEqual(jobs["build"]?.outputs, { digest: "commit-good" });
        equal(jobs["build"].url, "https://example.org/commit-good");
        deepEqual(annotations, ["::notice title=Made::By hand"]);
        equal(summary, "after one\ntwo\n");
        match(output, /deploys commit-good/);
    });

    it("runs for a tag, and skips what no condition admits", async () => {
        repository.createTag("v1.0.0", repository.commits()[0]?.sha ?? "");
        match((await runFor("refs/tags/v1.0.0")).output, /deploys version-good/);
        repository.createTag("other", repository.commits()[0]?.sha ?? "");
        const { jobs, succeeded } = await runFor("refs/tags/other");
        deepEqual(
            [succeeded, jobs["build"]?.result, jobs["deploy"]?.result],
            [true, "skipped", "skipped"],
        );
    });

    it("ends a job at its first failure, but for the steps that ask for it", async () => {
        repository.commit({ content: "bad" });
        const { jobs, succeeded, annotations, output } = await runFor("refs/heads/main");
        deepEqual(
            [succeeded, jobs["build"]?.result, jobs["deploy"]?.result],
            [false, "failure", "skipped"],
        );
        equal(annotations.at(-1), "::error::failure of made");
        match(output, /^((?!after|deploys).)*$/s);
    });

    it("has the history of a merge under the same names", async () => {
        repository.createBranch("feature");
        repository.commit({ content: "good" }, { branch: "feature" });
        repository.commit({ "folder/ä b": "1" });
        const token = github.createToken({ user: "alice" });
        const opened = await fetch(`${github.url}/repos/alice/service/pulls`, {
            method: "POST",
            headers: { authorization: `Bearer ${token}` },
            body: JSON.stringify({ title: "A merge", head: "feature", base: "main" }),
        });
        equal(opened.status, 201);
        repository.merge(1);
        const { commit, succeeded, output } = await runFor("refs/heads/main");
        equal(succeeded, true, output);
        equal(commit, repository.commits()[0]?.sha);
    });
});
