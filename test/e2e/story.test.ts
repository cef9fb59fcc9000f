/** From a push to production: the whole delivery on the stand-ins and a real cluster. */
import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
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
        const git = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
        await chain.run("git", "init", "--quiet");
        await chain.run("git", "add", "--all");
        await chain.run("git", ...git, "commit", "--quiet", "--message", "The program");
        await chain.up("dev");
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

    /** Runs a step of the workflow `deploy.yml`, as its job does. @returns whether it succeeded */
    async function deliver(...args: string[]): Promise<boolean> {
        const env = {
            ...process.env,
            ...chain.environment,
            GITHUB_API_URL: chain.github.url,
            GITHUB_SERVER_URL: chain.github.url,
            GITHUB_REPOSITORY: `${account}/mlops`,
            GITHUB_RUN_ID: "7",
            SERVICE_REPOSITORY: `${account}/MLOpsPython`,
        };
        const running = promisify(execFile)("operations/deliver.sh", args, {
            cwd: chain.folder,
            env,
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
            const succeeded = await deliver("deploy", "dev");
            ok(await deliver("status", "dev", commit, succeeded ? "success" : "failure"));
        }
        const run = await running;
        output += run.output;
        return run;
    }
    const push = (files: Files, message: string): Promise<Run> =>
        deployOnDemand(chain.push(files, message));

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
        match(run.annotations.join("\n"), /title=Deploy::dev was not deployed: No review is/);
        match(output, /No review is recorded[^]*Deployment::\S+: was not reviewed/);
        await chain.run("git", "checkout", "--quiet", "--", "Pulumi.dev.yaml");
    });

    it("promotes the version to staging and to prod, and takes it back, with one line each", async () => {
        const release = async (environment: EnvironmentName, version: string): Promise<void> => {
            await chain.set(environment, "service.version", version);
            await chain.up(environment);
        };
        for (const environment of ["staging", "prod"] as const) {
            await chain.up(environment);
            await serves(environment, "1.0.0");
            await release(environment, "1.1.0");
            const { digest, commit = "" } = chain.outputs(environment);
            equal(digest, (await chain.tags("dev"))["1.1.0"]);
            await serves(environment, `sha-${commit}`);
        }
        await release("prod", "1.0.0");
        await serves("prod", "1.0.0");
    });
});
