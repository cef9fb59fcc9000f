/** From a push to production: the whole delivery on the stand-ins and a real cluster. */
import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { z } from "zod";
import { publishMerge } from "../mergeCommit.ts";
import { until } from "../until.ts";
import { hasCluster } from "../../sandbox/cluster/cluster.ts";
import { account, Chain, type EnvironmentName, serviceBranch } from "../../sandbox/demo/chain.ts";
import type { Files, RepositoryHandle } from "../../sandbox/github/repositoryHandle.ts";
import type { Run } from "../../sandbox/runner/run.ts";

const root = join(import.meta.dirname, "../..");
const service = join(root, "service");
const deployFile = ".github/workflows/deploy.yml";
const ended = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() });

describe("from a push to production", () => {
    let chain: Chain;
    /** The repository of this program. */
    let infrastructure: RepositoryHandle;
    let output = "";
    /** The first commit that dev has run. */
    let first: string;

    before(async function () {
        if (!hasCluster()) this.skip();
        chain = await Chain.create({
            service,
            onCluster: true,
            onOutput: (text) => (output += text),
        });
        infrastructure = chain.github.createRepository({
            owner: account,
            name: "mlops",
            files: { [deployFile]: readFileSync(join(root, deployFile), "utf8") },
        });
        await chain.set("dev", "github.workflow.deployedBy", "mlops");
        await git("init", "--quiet", "--initial-branch", "main");
        await commit("The program");
        await chain.up("dev");
        ok(await deliver("snapshot", "dev"), output);
    });
    after(async () => {
        const unknown = chain.github.unknown();
        await chain.remove();
        deepEqual(unknown, []);
    });
    beforeEach(() => {
        output = "";
    });
    afterEach(function () {
        if (this.currentTest?.state === "failed") console.error(output.slice(-8000));
    });

    const environmentOf = (more: Record<string, string> = {}): NodeJS.ProcessEnv => ({
        ...process.env,
        ...chain.environment,
        GITHUB_API_URL: chain.github.url,
        GITHUB_SERVER_URL: chain.github.url,
        GITHUB_REPOSITORY: `${account}/mlops`,
        GITHUB_RUN_ID: "7",
        SERVICE_REPOSITORY: `${account}/MLOpsPython`,
        ...more,
    });

    /** Runs a step of a workflow of this project. @returns whether it succeeded */
    const deliver = (...args: string[]): Promise<boolean> => deliverWith({}, ...args);

    async function deliverWith(
        variables: Record<string, string>,
        ...args: string[]
    ): Promise<boolean> {
        const running = promisify(execFile)("operations/deliver.sh", args, {
            cwd: chain.folder,
            env: environmentOf(variables),
            maxBuffer: 1 << 26,
        });
        const { code, stdout, stderr } = await running.then(
            (answer) => ({ code: 0, ...answer }),
            (error: unknown) => ended.parse(error),
        );
        output += stdout + stderr;
        return code === 0;
    }

    /** Does the work of `deploy.yml` once the workflow of the service has started it. */
    async function deployOnDemand(running: Promise<Run>): Promise<Run> {
        const before = infrastructure.dispatches().length;
        let isOver = false;
        void running.finally(() => (isOver = true));
        await until(
            () => isOver || infrastructure.dispatches().length > before,
            "the deployment is started",
            300,
        );
        const { commit } = z
            .object({ commit: z.string() })
            .or(z.undefined().transform(() => ({ commit: undefined })))
            .parse(infrastructure.dispatches()[before]?.inputs);
        if (commit !== undefined) {
            await deployFor(commit);
        }
        const run = await running;
        output += run.output;
        return run;
    }
    /** Does the work of `deploy-stack.yml` for a commit of the service. */
    async function deployFor(commit: string): Promise<void> {
        if (!(await deliver("verify", "dev"))) {
            await refuse(commit);
            return;
        }
        const succeeded = await deliver("deploy", "dev");
        ok(await deliver("status", "dev", commit, succeeded ? "success" : "failure"));
        ok(await deliver("snapshot", "dev"));
    }

    /** Does the work of the job that says why nothing was deployed. */
    async function refuse(commit: string): Promise<void> {
        const { jobs } = z
            .object({
                jobs: z.object({
                    refused: z.object({ steps: z.array(z.object({ run: z.string().optional() })) }),
                }),
            })
            .parse(parse(readFileSync(join(root, ".github/workflows/deploy-stack.yml"), "utf8")));
        const script = jobs.refused.steps.flatMap(({ run }) => run ?? []).join("\n");
        const variables = {
            STACK: "dev",
            COMMIT: commit,
            RUN: `${chain.github.url}/actions/runs/7`,
        };
        await promisify(execFile)("bash", ["-euo", "pipefail", "-c", script], {
            env: environmentOf(variables),
        });
    }
    const push = (files: Files, message: string): Promise<Run> =>
        deployOnDemand(chain.push(files, message));

    async function git(...args: string[]): Promise<string> {
        const author = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
        return chain.run("git", ...author, ...args);
    }
    async function commit(message: string): Promise<void> {
        await git("add", "--all");
        await git("commit", "--quiet", "--message", message);
    }
    const stackFile = (environment: EnvironmentName): string =>
        readFileSync(join(chain.folder, `Pulumi.${environment}.yaml`), "utf8");

    /** Lets an hour pass in the history of what runs in an environment. */
    function passAnHour(environment: EnvironmentName): void {
        const [repository = ""] = chain.outputs(environment).image.split("@");
        chain.quay.ageTags(repository.slice(repository.indexOf("/") + 1), 3600);
    }

    /**
     * Does the work of `preview.yml` for the open pull request, merges it, and does the work of
     * `deploy.yml`.
     *
     * @returns the pull request's description
     */
    async function releaseProposed(environment: EnvironmentName, title: string): Promise<string> {
        const [pull, ...others] = infrastructure.pulls().filter(({ state }) => state === "open");
        deepEqual([pull?.title, others], [title, []]);
        const { number = 0, body = "" } = pull ?? {};
        const branch = pull?.pull.head ?? "";
        const proposed = infrastructure.files(branch)[`Pulumi.${environment}.yaml`] ?? "";
        const lines = stackFile(environment).split("\n");
        const changed = proposed.split("\n").filter((line) => !lines.includes(line));
        deepEqual([changed.length, proposed.split("\n").length], [1, lines.length], proposed);

        writeFileSync(join(chain.folder, `Pulumi.${environment}.yaml`), proposed);
        await git("checkout", "--quiet", "-b", branch);
        await commit(title);
        await git("checkout", "--quiet", "main");
        const [{ sha: head } = { sha: "" }] = infrastructure.commits(branch);
        const merge = { repository: infrastructure, number, head };
        const merged = publishMerge(chain.folder, branch, merge);
        await git("checkout", "--quiet", "--detach", merged);
        for (const folder of ["previews", "reviewed"])
            rmSync(join(chain.folder, folder), { recursive: true, force: true });
        ok(await deliver("preview", environment));
        await git("checkout", "--quiet", "main");
        const run = infrastructure.addRun("preview.yml", "pull_request", "completed", { branch });
        const event = chain.github.workflowRunEvent(`${account}/mlops`, run, "completed");
        const file = join(chain.folder, ".git/event.json");
        writeFileSync(file, JSON.stringify(event));
        ok(await deliverWith({ GITHUB_EVENT_PATH: file }, "review", environment));
        const [comment = ""] = infrastructure.comments(number);
        match(comment, /version of `\S+`: `\S+` → `\S+`/);

        infrastructure.merge(number);
        await git("merge", "--quiet", "--ff-only", branch);
        ok(await deliver("verify", environment));
        ok(await deliver("deploy", environment));
        ok(await deliver("snapshot", environment));
        match(output, /What would be deployed is what was reviewed/);
        return body ?? "";
    }

    /** Returns the version that answers in an environment. */
    async function serving(environment: EnvironmentName): Promise<string> {
        const url = await chain.serviceUrl(environment);
        const health = await fetch(`${url}/health`);
        return z.object({ version: z.string() }).parse(await health.json()).version;
    }

    /** Waits for a version: the pods before serve on, over open connections, while they end. */
    const serves = (environment: EnvironmentName, version: string): Promise<void> =>
        until(async () => (await serving(environment)) === version, `${version} serves`);

    it("serves a pushed commit in dev, and the run says where", async function () {
        const started = Date.now();
        const run = await push({ "NOTES.md": "one\n" }, "One");
        const seconds = Math.round((Date.now() - started) / 1000);
        equal(run.succeeded, true, run.output);
        first = run.commit;
        await serves("dev", `sha-${first}`);
        const { serviceUrl = "", commit, version } = chain.outputs("dev");
        deepEqual([commit, version], [first, `sha-${first}`]);
        deepEqual(run.annotations, [
            `::notice title=Deploy::dev: sha-${first.slice(0, 12)} serves ${serviceUrl}`,
        ]);
        equal(run.jobs["deploy"]?.url, serviceUrl);
        equal((await chain.tags("dev"))["running"], chain.outputs("dev").digest);
        this.runnable().title += `: ${String(seconds)} s`;
        ok(seconds < 90, `it took ${String(seconds)} s, with the build`);
    });

    it("keeps the former commit in dev where the new one does not work there, and the run is red", async () => {
        const { digest } = chain.outputs("dev");
        const boot = readFileSync(join(service, "boot.py"), "utf8");
        const broken = `import os\nif "KUBERNETES_SERVICE_HOST" in os.environ:\n    raise SystemExit("no model on a cluster")\n`;
        const run = await push({ "boot.py": broken + boot }, "Two");
        equal(run.succeeded, false);
        equal(run.jobs["build_api"]?.result, "success", run.output);
        const errors = run.annotations.filter((line) => line.startsWith("::error"));
        equal(errors.length, 1);
        match(errors.join(), /title=Deploy::dev was not deployed: .*actions\/runs\/7/);
        await serves("dev", `sha-${first}`);
        equal((await chain.tags("dev"))["running"], digest);
        notEqual((await chain.tags("dev"))["latest"], digest);

        const next = await push({ "boot.py": boot }, "Three");
        equal(next.succeeded, true, next.output);
        await serves("dev", `sha-${next.commit}`);
    });

    it("publishes nothing of a commit that fails its smoke test, and starts no deployment", async () => {
        const before = await chain.tags("dev");
        const started = infrastructure.dispatches().length;
        const boot = readFileSync(join(service, "boot.py"), "utf8");
        const broken = `import sys\nif __name__ == "__main__":\n    sys.exit("no model")\n`;
        const run = await push({ "boot.py": broken + boot }, "Four");
        equal(run.succeeded, false);
        equal(run.annotations.filter((line) => line.startsWith("::error")).length, 1, run.output);
        match(run.output, /no model/);
        deepEqual(await chain.tags("dev"), before);
        equal(infrastructure.dispatches().length, started);
        equal((await push({ "boot.py": boot }, "Five")).succeeded, true);
    });

    it("makes a version of the commit that a git tag names, once", async () => {
        const { digest } = chain.outputs("dev");
        const run = await chain.pushTag("v1.1.0");
        equal(run.succeeded, true, run.output);
        equal((await chain.tags("dev"))["1.1.0"], digest);
        deepEqual(run.jobs["deploy"]?.result, "skipped");
        const before = await chain.tags("dev");
        equal((await chain.runWorkflow("refs/tags/v1.1.0")).succeeded, true);
        deepEqual(await chain.tags("dev"), before);
    });

    it("changes nothing where an old commit is run again, and says what serves in its place", async () => {
        const before = await chain.tags("dev");
        const { version } = chain.outputs("dev");
        const run = await deployOnDemand(chain.runWorkflow(`refs/heads/${serviceBranch}`, first));
        equal(run.succeeded, true, run.output);
        deepEqual(await chain.tags("dev"), before);
        equal(chain.outputs("dev").version, version);
        match(
            run.annotations.join("\n"),
            new RegExp(`title=Deploy::dev: Superseded: ${version.slice(0, 16)} serves`),
        );
    });

    it("deploys nothing but the image that dev follows without a review", async () => {
        await chain.set("dev", "cluster.replicas.min", "2");
        const run = await push({ "NOTES.md": "two\n" }, "Six");
        equal(run.succeeded, false);
        const refused = /title=Deploy::dev was not deployed: Its changes were not reviewed/;
        match(run.annotations.join("\n"), refused);
        match(output, /No review is recorded[^]*Deployment::\S+: was not reviewed/);
        await git("checkout", "--quiet", "--", "Pulumi.dev.yaml");
    });

    it("proposes the version for staging once it has run long enough in dev, and the merge releases it", async () => {
        for (const environment of ["staging", "prod"] as const) {
            await chain.up(environment);
            ok(await deliver("snapshot", environment));
            await serves(environment, "1.0.0");
            await chain.set(environment, "promoteFrom.requireRunning", "true");
            await chain.set(environment, "promoteFrom.soak", "1h");
        }
        await commit("The first release");
        infrastructure.commit({
            "Pulumi.staging.yaml": stackFile("staging"),
            "Pulumi.prod.yaml": stackFile("prod"),
        });
        ok(await deliver("promote", "staging"));
        match(output, /staging: 1\.1\.0 waits\. .* has been running in dev for .+ of 1 h/);
        deepEqual(infrastructure.pulls(), []);

        passAnHour("dev");
        ok(await deliver("promote", "staging"));
        const body = await releaseProposed("staging", "staging: 1.1.0");
        match(body, /\| runs in `dev` \| for 1 h[^|]*, without a break \|/);
        match(body, /\| pods there \| \d of \d serve, 0 restarts \|/);
        const { digest, commit: from = "" } = chain.outputs("staging");
        equal(digest, (await chain.tags("dev"))["1.1.0"]);
        await serves("staging", `sha-${from}`);
    });

    it("does the same from staging to prod", async () => {
        ok(await deliver("promote", "prod"));
        match(output, /prod: 1\.1\.0 waits\./);
        passAnHour("staging");
        ok(await deliver("promote", "prod"));
        await releaseProposed("prod", "prod: 1.1.0");
        equal(chain.outputs("prod").digest, (await chain.tags("dev"))["1.1.0"]);
        await serves("prod", `sha-${chain.outputs("prod").commit ?? ""}`);
    });

    it("takes prod back by a pull request, too", async () => {
        const program = join(chain.folder, "operations/rollback.ts");
        await promisify(execFile)(process.execPath, [program, "prod"], {
            cwd: chain.folder,
            env: environmentOf(),
        });
        await releaseProposed("prod", "prod: back to 1.0.0");
        await serves("prod", "1.0.0");
    });
});
