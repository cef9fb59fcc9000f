import { deepEqual, equal, match } from "node:assert/strict";
import { stringify } from "yaml";
import { deployJob } from "../../../../components/workflow/deploy.ts";
import { writeYaml } from "../../../../components/workflow/write.ts";
import type { RepositoryHandle } from "../../../../sandbox/github/repositoryHandle.ts";
import { type GitHub, startGitHub } from "../../../../sandbox/github/server.ts";
import { type Run, runWorkflow } from "../../../../sandbox/runner/run.ts";
import { until } from "../../../until.ts";

const path = ".github/workflows/build.yml";
const runs = /http:\/\/127\.0\.0\.1:\d+\/alice\/infrastructure\/actions\/workflows\/deploy\.yml/;

describe("the job that has a commit deployed", function () {
    this.timeout(60_000);

    let github: GitHub;
    let service: RepositoryHandle;
    let infrastructure: RepositoryHandle;
    /** The permissions of the GitHub App on the infrastructure's repository. */
    let appToken: string;

    const deploying = (on: object): Record<string, string> => ({
        ".github/workflows/deploy.yml": stringify({ on, jobs: {} }),
    });
    beforeEach(async () => {
        github = await startGitHub();
        github.createUser("alice");
        infrastructure = github.createRepository({
            owner: "alice",
            name: "infrastructure",
            files: deploying({ push: null, workflow_dispatch: null }),
        });
        service = github.createRepository({ owner: "alice", name: "digits" });
        appToken = github.createToken({
            user: "alice",
            permissions: { actions: "write" },
            repositories: ["alice/infrastructure"],
        });
        deliver(false);
    });
    afterEach(async () => {
        deepEqual(github.unknown(), []);
        await github.stop();
    });

    /** Commits a workflow with this job alone. */
    function deliver(isOwn: boolean, timeout = "1500"): void {
        const repository = isOwn ? "digits" : "infrastructure";
        const settings = {
            name: "Build",
            job: "build",
            path,
            branch: "main",
            image: "quay.io/alice/digits",
            login: { usernameSecret: "QUAY_USER", passwordSecret: "QUAY_PWD" },
            health: { port: 8080 },
            build: {},
        };
        const job = deployJob(settings, { repository, isOwn, stack: "dev" });
        const file = writeYaml(
            {
                name: "Build",
                on: { push: { branches: ["main"] } },
                concurrency: "build",
                next: "waits",
                jobs: { deploy: { ...job, needs: [] } },
            },
            [],
        );
        service.commit({ [path]: file.replace('TIMEOUT: "1500"', `TIMEOUT: "${timeout}"`) });
    }
    const run = (ref = "refs/heads/main"): Promise<Run> =>
        runWorkflow({
            github,
            repository: "alice/digits",
            path,
            ref,
            untag: () => Promise.resolve(),
            appToken: () => appToken,
        });
    /** Sets a status of the newest commit, as the infrastructure's run does. */
    async function tell(status: Readonly<Record<string, string>>): Promise<void> {
        const sha = service.commits()[0]?.sha ?? "";
        const answer = await fetch(`${github.url}/repos/alice/digits/statuses/${sha}`, {
            method: "POST",
            headers: { authorization: `Bearer ${github.createToken({ user: "alice" })}` },
            body: JSON.stringify({ context: "deploy/dev", ...status }),
        });
        equal(answer.status, 201);
    }
    /** Runs the job, and answers what it starts. */
    async function runAnswered(status: Readonly<Record<string, string>>): Promise<Run> {
        const running = run();
        await until(() => infrastructure.dispatches().length > 0, "the workflow is started");
        await tell({ state: "pending" });
        await tell(status);
        return running;
    }
    const errorsOf = ({ annotations }: Run): string[] =>
        annotations.filter((line) => line.startsWith("::error"));

    it("says where the commit serves", async () => {
        const target = "https://dev.example.org";
        const ended = await runAnswered({
            state: "success",
            description: "sha-0123456789ab serves",
            target_url: target,
        });
        equal(ended.succeeded, true, ended.output);
        deepEqual(infrastructure.dispatches(), [
            { workflow: "deploy.yml", ref: "main", inputs: { commit: ended.commit } },
        ]);
        equal(ended.jobs["deploy"]?.outputs["url"], undefined);
        deepEqual(ended.annotations, [
            `::notice title=Deploy::dev: sha-0123456789ab serves ${target}`,
        ]);
        match(ended.summary, /^## Deployed to dev\n\nsha-0123456789ab serves\n\nhttps:/);
        match(ended.output, /^((?!github_pat_).)*$/s);
    });

    it("fails with what the pods say, in one line", async () => {
        const ended = await runAnswered({
            state: "failure",
            description: "The pods are \u202enot healthy\x1b: exit code 3\n::add-mask::a",
            target_url: "https://github.example/run",
        });
        equal(ended.succeeded, false);
        deepEqual(ended.annotations, [
            "::error title=Deploy::dev was not deployed: The pods are not healthy : exit code 3 " +
                "::add-mask::a https://github.example/run",
        ]);
    });

    it("waits for a new status where it is run again, and no link is followed blindly", async () => {
        await tell({ state: "failure", description: "of the run before" });
        const ended = await runAnswered({
            state: "success",
            description: "Superseded: sha-1 serves",
            target_url: "javascript:alert(1)",
        });
        equal(ended.succeeded, true, ended.output);
        match(
            ended.annotations.join("\n"),
            /^::notice title=Deploy::dev: Superseded: sha-1 serves http/,
        );
        match(ended.annotations.join("\n"), runs);
    });

    it("starts it with the job's own token where program and service share a repository", async () => {
        service.commit(deploying({ workflow_dispatch: null }));
        deliver(true);
        const running = run();
        await until(() => service.dispatches().length > 0, "the workflow is started");
        await tell({ state: "success", description: "sha-1 serves" });
        equal((await running).succeeded, true);
        deepEqual(infrastructure.dispatches(), []);
    });

    const failures: [what: string, arrange: () => void, error: RegExp][] = [
        [
            "nobody answers in time",
            () => {
                deliver(false, "1");
            },
            /Nothing has said within 0 min whether [0-9a-f]{40} was deployed\. Look at the runs: http/,
        ],
        [
            "the App may not start it",
            () => {
                appToken = github.createToken({
                    user: "alice",
                    permissions: { actions: "read" },
                    repositories: ["alice/infrastructure"],
                });
            },
            /The token may not start deploy\.yml in alice\/infrastructure: it needs the permission Actions: write\./,
        ],
        [
            "the App is not installed there",
            () => {
                appToken = github.createToken({
                    user: "alice",
                    permissions: { actions: "write" },
                    repositories: ["alice/digits"],
                });
            },
            /alice\/infrastructure cannot be read \(GitHub answered 404\): install the GitHub App on it\./,
        ],
        [
            "there is no such workflow",
            () => {
                infrastructure.commit({ ".github/workflows/deploy.yml": undefined });
            },
            /alice\/infrastructure has no workflow deploy\.yml on its branch main/,
        ],
        [
            "the workflow cannot be started",
            () => {
                infrastructure.commit(deploying({ push: null }));
            },
            /deploy\.yml in alice\/infrastructure could not be started: GitHub answered 422/,
        ],
    ];
    for (const [what, arrange, error] of failures) {
        it(`ends with one annotation where ${what}`, async () => {
            arrange();
            const ended = await run();
            equal(ended.succeeded, false);
            const [only = "", ...others] = errorsOf(ended);
            deepEqual(others, []);
            match(only, error);
        });
    }
});
