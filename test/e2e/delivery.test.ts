import { publishMerge } from "../mergeCommit.ts";
import { deepEqual, doesNotMatch, equal, match, ok, rejects } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
    cpSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { Chain, environments } from "../../sandbox/demo/chain.ts";
import type { Grants } from "../../sandbox/github/model.ts";
import type { RepositoryHandle } from "../../sandbox/github/repositoryHandle.ts";
import { run, temporary } from "../../sandbox/project.ts";

const job = z.object({
    permissions: z.record(z.string(), z.string()),
    steps: z.array(
        z.object({
            id: z.string().optional(),
            with: z.record(z.string(), z.unknown()).default({}),
        }),
    ),
});
const jobs = z.object({ jobs: z.record(z.string(), job) });

/** The permissions that a workflow requests. Its tokens have no others here. */
function permissionsOf(
    workflow: string,
    id: string,
): { readonly own: Grants; readonly app: Grants } {
    const file = readFileSync(
        join(import.meta.dirname, `../../.github/workflows/${workflow}.yml`),
        "utf8",
    );
    const { permissions, steps } = job.parse(jobs.parse(parse(file)).jobs[id]);
    const ofApp = Object.entries(steps.find(({ id }) => id === "app")?.with ?? {}).flatMap(
        ([name, level]) => {
            const [, permission] = /^permission-(.+)$/.exec(name) ?? [];
            return permission === undefined ? [] : [[permission, level] as const];
        },
    );
    const grants = (entries: readonly (readonly [string, unknown])[]): Grants =>
        Object.fromEntries(entries.map(([name, level]) => [name.replaceAll("-", "_"), level]));
    return { own: grants(Object.entries(permissions)), app: grants(ofApp) };
}

/**
 * One sequence: each step continues from the previous one. It runs the script that the workflows
 * run.
 */
describe("the delivery of the environments", () => {
    let chain: Chain;
    /** The repository of this project. */
    let project: RepositoryHandle;
    /** The files that a job's steps write to. */
    let runner: string;
    /** A Docker engine that does not exist. */
    const noEngine = { DOCKER_HOST: "tcp://127.0.0.1:1" };
    /** What a job of the environment "preview" has: no passphrase, and no backend. */
    const reading = {
        QUAY_TOKEN: "",
        GITHUB_TOKEN: "",
        PULUMI_CONFIG_PASSPHRASE: "",
        PULUMI_BACKEND_URL: "file:///nowhere",
    };
    const drifting = { GITHUB_TOKEN: "" };

    /** Runs a command like a step of a job. */
    const deliver = async (args: string[], env: Record<string, string> = {}): Promise<string> => {
        const actions = {
            GITHUB_API_URL: chain.github.url,
            GITHUB_SERVER_URL: "https://github.example",
            GITHUB_REPOSITORY: "alice/mlops",
            GITHUB_RUN_ID: "7",
            GITHUB_STEP_SUMMARY: join(runner, "summary"),
            GITHUB_OUTPUT: join(runner, "output"),
        };
        const options = {
            cwd: chain.folder,
            env: { ...process.env, ...chain.environment, ...actions, ...env },
            maxBuffer: 1 << 26,
        };
        try {
            const { stdout } = await run("operations/deliver.sh", args, options);
            return stdout;
        } catch (error) {
            const { stdout, stderr } = z
                .object({ stdout: z.string(), stderr: z.string() })
                .parse(error);
            throw new Error(stdout + stderr);
        }
    };
    /** Returns the token that a job has for this project's repository. */
    const ownToken = (workflow: string, id: string) => ({
        GITHUB_TOKEN: chain.github.createToken({
            user: "alice",
            repositories: ["alice/mlops"],
            permissions: permissionsOf(workflow, id).own,
        }),
    });
    const written = (name: string) => readFileSync(join(runner, name), "utf8");
    const git = (...args: string[]): string =>
        execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.org", ...args], {
            cwd: chain.folder,
            encoding: "utf8",
        });
    const build = (content: string) => {
        mkdirSync(chain.service, { recursive: true });
        writeFileSync(
            join(chain.service, "Dockerfile"),
            "FROM scratch\nCOPY content /content\nUSER 10001\n",
        );
        writeFileSync(join(chain.service, "content"), content);
    };
    const configure = (environment: string, from: string, to: string) => {
        const file = join(chain.folder, `Pulumi.${environment}.yaml`);
        const before = readFileSync(file, "utf8");
        ok(before.includes(from));
        writeFileSync(file, before.replace(from, to));
    };
    const ask = async (method: string, path: string, body: unknown): Promise<unknown> => {
        const response = await fetch(`${chain.github.url}/repos/alice/mlops/${path}`, {
            method,
            headers: { authorization: `Bearer ${chain.github.createToken({ user: "alice" })}` },
            body: JSON.stringify(body),
        });
        ok(response.ok, `${method} ${path}: ${String(response.status)}`);
        return response.json();
    };

    /**
     * Commits the changes to a branch, and opens a pull request for it. The default branch is
     * checked out then.
     */
    const propose = async (title: string) => {
        git("checkout", "--quiet", "-b", title);
        git("add", "--all");
        git("commit", "--quiet", "--allow-empty", "--message", title);
        git("checkout", "--quiet", "main");
        project.createBranch(title);
        const { sha: head } = project.commit({ change: title }, { branch: title });
        const { number } = z
            .object({ number: z.int() })
            .parse(await ask("POST", "pulls", { title, head: title, base: "main" }));
        const merge = publishMerge(chain.folder, title, { repository: project, number, head });
        return { number, head, title, merge };
    };
    type Proposed = Awaited<ReturnType<typeof propose>>;
    /** Does the work of the workflow "Preview". @returns what it prints for each environment */
    const preview = async ({ merge }: Proposed): Promise<string[]> => {
        rmSync(join(chain.folder, "previews"), { recursive: true, force: true });
        git("checkout", "--quiet", "--detach", merge);
        const printed = await Promise.all(
            environments.map((environment) =>
                deliver(["preview", environment], { ...reading, ...noEngine }),
            ),
        );
        git("checkout", "--quiet", "main");
        return printed;
    };
    /** Does the work of the workflow "Review", and uploads its artifact. @returns its run */
    const review = async ({ title }: Proposed): Promise<number> => {
        rmSync(join(chain.folder, "reviewed"), { recursive: true, force: true });
        const of = project.addRun("preview.yml", "pull_request", "completed", { branch: title });
        const event = chain.github.workflowRunEvent("alice/mlops", of, "completed");
        writeFileSync(join(runner, "event"), JSON.stringify(event));
        const previews = join(runner, "previews");
        cpSync(join(chain.folder, "previews"), previews, { recursive: true });
        await deliver(["review", ...environments], {
            ...ownToken("review", "review"),
            GITHUB_EVENT_PATH: join(runner, "event"),
            PREVIEWS: previews,
        });
        const [, artifact = ""] = /^artifact=(.*)$/m.exec(written("output")) ?? [];
        return project.uploadArtifact(artifact);
    };
    /** The name of the record's artifact. */
    const recordOf = ({ number, head, title }: Proposed): string =>
        `reviewed-${git("rev-parse", `${title}^{tree}`).trim()}-${String(number)}-${head}`;
    /** Squashes the pull request. @returns the commit, as on GitHub */
    const merge = ({ number, title }: Proposed): string => {
        project.merge(number);
        git("merge", "--quiet", "--squash", title);
        git("commit", "--quiet", "--allow-empty", "--message", title);
        return project.commits()[0]?.sha ?? "";
    };
    const snapshot = (environment: string) => deliver(["snapshot", environment], noEngine);
    /** Does the work of the workflow "Deploy" for one environment. */
    const deploy = async (environment: string, env: Record<string, string> = {}) => {
        await deliver(["verify", environment], { ...env, ...reading, ...noEngine });
        try {
            return await deliver(["deploy", environment], env);
        } finally {
            await snapshot(environment);
        }
    };
    const find = (commit: string) =>
        deliver(["find"], { ...ownToken("deploy-stack", "deploy"), GITHUB_SHA: commit });
    const stateOf = () =>
        environments.map(
            (environment) =>
                [
                    chain.storedState(environment),
                    statSync(join(stateFolder(), "locks")).mtimeMs,
                ] as const,
        );
    const stateFolder = () =>
        join((chain.environment["PULUMI_BACKEND_URL"] ?? "").replace("file://", ""), ".pulumi");
    const changing = () => {
        const all = [...chain.quay.requests(), ...chain.github.requests()];
        return all
            .filter(({ method }) => !["GET", "HEAD"].includes(method))
            .map(({ method, path }) => `${method} ${path}`);
    };

    before(async () => {
        chain = await Chain.create();
        build("one");
        const service = { user: "alice", repositories: ["alice/MLOpsPython"] };
        const app = (workflow: string, id: string) =>
            chain.github.createToken({ ...service, permissions: permissionsOf(workflow, id).app });
        chain.setEnvironment("GITHUB_TOKEN", app("deploy-stack", "deploy"));
        runner = temporary("job");
        for (const environment of environments) {
            await chain.up(environment);
            await snapshot(environment);
        }
        project = chain.github.createRepository({ owner: "alice", name: "mlops" });
        git("init", "--quiet", "--initial-branch", "main");
        git("add", "--all");
        git("commit", "--quiet", "--message", "What is deployed");
        reading.QUAY_TOKEN = chain.quay.createToken({
            user: "alice",
            scopes: ["repo:read", "user:read"],
        });
        reading.GITHUB_TOKEN = chain.github.createToken({ ...service, permissions: {} });
        drifting.GITHUB_TOKEN = app("drift", "drift");
    });
    beforeEach(() => {
        rmSync(runner, { recursive: true });
        runner = temporary("job");
    });
    after(async () => {
        rmSync(runner, { recursive: true });
        const unknown = chain.github.unknown();
        await chain.remove();
        deepEqual(unknown, []);
    });

    let release: Proposed;
    let reviewedIn: number;

    it("has snapshots without any secret of the environments", () => {
        const folder = join(chain.folder, "snapshots");
        const texts = readdirSync(folder, { recursive: true, withFileTypes: true })
            .filter((entry) => entry.isFile())
            .map(({ parentPath, name }) => readFileSync(join(parentPath, name), "utf8"));
        ok(texts.length > 3 * environments.length);
        const secrets = [...chain.quay.secrets(), ...chain.github.secrets()].filter(
            (secret) => secret.length > 8 && !secret.includes("+"),
        );
        ok(secrets.length >= 4);
        for (const secret of secrets)
            for (const text of texts) ok(!text.includes(secret), "a secret in clear");
    });

    it("previews a release of all environments with read-only tokens and no Docker engine, and changes nothing", async () => {
        await chain.publish("1.1.0");
        for (const environment of environments)
            configure(environment, "version: 1.0.0", "version: 1.1.0");
        release = await propose("release");
        const before = stateOf();
        chain.quay.clearRequests();
        chain.github.clearRequests();
        const [followed = "", ...promoted] = await preview(release);
        match(followed, /version of .*: 1\.0\.0 → latest/);
        for (const text of promoted) match(text, /version of .*: 1\.0\.0 → 1\.1\.0/);
        deepEqual(changing(), []);
        deepEqual(stateOf(), before);
        equal((await chain.tags("staging"))["1.1.0"], undefined);
    });

    it("shows it in one comment and in the job summary, and records it by the tree", async () => {
        reviewedIn = await review(release);
        const [comment = "", ...others] = project.comments(release.number);
        deepEqual(others, []);
        for (const environment of environments)
            match(comment, new RegExp(`^\\| \`${environment}\` \\|`, "m"));
        equal(comment.split("\n").slice(1).join("\n"), written("summary").trimEnd());
        const tree = git("rev-parse", "release^{tree}").trim();
        equal(written("output"), `artifact=${recordOf(release)}\n`);
        const [status] = project.statuses();
        deepEqual(
            [status?.sha, status?.context, status?.state],
            [release.head, "Review", "success"],
        );
        deepEqual(readdirSync(join(chain.folder, "reviewed")), [`${tree}.json`]);
    });

    it("deploys what was reviewed, in order, with the permissions that the workflow requests", async () => {
        await find(merge(release));
        equal(written("output"), `run=${String(reviewedIn)}\nartifact=${recordOf(release)}\n`);
        // A file that was changed since the last `up` is read before it is replaced.
        const path = ".github/workflows/quay-release-staging.yml";
        const before = chain.repository.files()[path] ?? "";
        chain.repository.commit({ [path]: `${before}# By hand.\n` });
        // Somebody who may push to staging's repository must not decide what prod gets.
        const stolen = { PUBLISHED: `sha256:${"0".repeat(64)}` };
        let given: Record<string, string> = {};
        for (const environment of environments) {
            if (environment === "prod")
                await rejects(deploy(environment, stolen), /digest: not known in the review/);
            const printed = await deploy(environment, { ...noEngine, ...given });
            match(printed, /What would be deployed is what was reviewed/);
            const [, PUBLISHED = ""] = /.*^digest=(\S+)$/ms.exec(written("output")) ?? [];
            given = { PUBLISHED };
            const { version, digest } = chain.outputs(environment);
            equal(version, "1.1.0");
            equal((await chain.tags(environment))["1.1.0"], digest);
        }
        doesNotMatch(chain.repository.files()[path] ?? "", /By hand/);
    });

    it("can run again: it skips what is already deployed", async () => {
        const outputs = () => environments.map((environment) => chain.outputs(environment));
        const before = outputs();
        for (const environment of environments)
            match(await deploy(environment), /What would be deployed is what was reviewed\./);
        deepEqual(outputs(), before);
    });

    it("stops and changes nothing if there was another deployment meanwhile; continues after a new review", async () => {
        configure("prod", "visibility: public", "visibility: private");
        const pull = await propose("private");
        await preview(pull);
        await review(pull);
        // A manual deployment.
        configure("prod", "rotation: 0", "rotation: 1");
        await chain.up("prod");
        git("checkout", "--quiet", "--", "Pulumi.prod.yaml");
        merge(pull);
        const before = chain.storedState("prod");
        await rejects(deploy("prod"), (error: Error) => {
            match(
                error.message,
                /What would be deployed is not what was reviewed\. Nothing was changed\./,
            );
            match(error.message, /quay:index:Robot::.*: was not reviewed/);
            match(error.message, /It needs a new review/);
            return true;
        });
        equal(chain.storedState("prod"), before);
        const again = await propose("again");
        await preview(again);
        await review(again);
        merge(again);
        await deploy("prod");
        equal(chain.outputs("prod").version, "1.1.0");
    });

    it("deploys no change without a review", async () => {
        configure("staging", "visibility: private", "visibility: public");
        git("commit", "--quiet", "--all", "--message", "Past everybody");
        const before = chain.storedState("staging");
        await rejects(
            deploy("staging"),
            /No review is recorded of the tree [0-9a-f]{40}\. Nothing was changed\./,
        );
        equal(chain.storedState("staging"), before);
        git("reset", "--quiet", "--hard", "HEAD^");
        const sha = project.commit({ change: "past everybody" }).sha;
        match(await find(sha), /No review is recorded/);
        ok(!readdirSync(runner).includes("output"));
    });

    describe("drift detection", () => {
        const checkForDrift = async (): Promise<void> => {
            rmSync(join(chain.folder, "drift"), { recursive: true, force: true });
            for (const environment of environments) {
                await deliver(["drift", environment], { ...drifting, ...noEngine });
                await deliver(["snapshot", environment], { ...drifting, ...noEngine });
            }
            await deliver(["report", ...environments], ownToken("drift", "report"));
        };
        const issues = () =>
            project.issues().map(({ state, body }) => ({ state, body: body ?? "" }));

        it("reports nothing without drift, whatever is on this machine", async () => {
            // By name: what another image is made of stays, without a name.
            const images = await chain.docker(
                "images",
                "--format={{.Repository}}:{{.Tag}}",
                `${chain.quay.registry}/*/*:*`,
            );
            await chain.docker("rmi", "--force", ...new Set(images.split("\n")));
            const before = stateOf();
            chain.quay.clearRequests();
            chain.github.clearRequests();
            await checkForDrift();
            deepEqual([issues(), stateOf(), changing()], [[], before, []]);
        });

        it("has one open issue until the drift is gone", async () => {
            const { QUAY_PWD = "" } = chain.repository.secrets("staging");
            chain.repository.deleteSecret("QUAY_PWD", "staging");
            await checkForDrift();
            match(issues()[0]?.body ?? "", /secret `QUAY_PWD` of environment `staging` is deleted/);
            await checkForDrift();
            deepEqual(
                issues().map(({ state }) => state),
                ["open"],
            );
            ok(!(issues()[0]?.body ?? "").includes(QUAY_PWD));
            const up = ["up", "--yes", "--skip-preview", "--refresh", "--non-interactive"];
            await chain.run("pulumi", ...up, "--stack", "staging");
            await checkForDrift();
            deepEqual(
                issues().map(({ state }) => state),
                ["closed"],
            );
        });
    });
});
