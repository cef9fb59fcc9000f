import { deepEqual, equal, match } from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type GitHub, startGitHub } from "../../../sandbox/github/server.ts";
import type { RepositoryHandle } from "../../../sandbox/github/repositoryHandle.ts";
import { run, temporary } from "../../../sandbox/project.ts";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { Api, expectReply } from "../../../sandbox/quayApi.ts";
import { pushImage } from "../../../sandbox/registryClient.ts";

const root = join(import.meta.dirname, "../../..");
const failed = z.object({ code: z.int(), stdout: z.string(), stderr: z.string() });
/** A stack's state, as the CLI exports it. */
const recorded = readFileSync(join(root, "test/unit/operations/board/fixtures/state.json"), "utf8");
const board = z.tuple([z.object({ next: z.unknown().optional() })]);
const revision = "org.opencontainers.image.revision";

describe("the proposal of another version", function () {
    this.timeout(60_000);

    let quay: Quay;
    let github: GitHub;
    let api: Api;
    let token: string;
    let quayToken: string;
    /** The repository of this program. */
    let own: RepositoryHandle;
    let service: RepositoryHandle;
    let folder: string;
    let file: string;

    beforeEach(async () => {
        quay = await startQuay();
        quay.createUser("alice");
        quayToken = quay.createToken({ user: "alice" });
        api = new Api(quay.url, quayToken);
        github = await startGitHub();
        github.createUser("alice");
        token = github.createToken({ user: "alice" });
        file = `# A comment
config:
  github:owner: alice
  quay:url: ${quay.url}
  mlops:service:
    name: digits
    version: 1.0.0 # the release
  mlops:quay: {namespace: alice, repository: digits_staging, robot: r}
  mlops:promoteFrom:
    repository: ${quay.registry}/alice/digits
    environment: dev
    requireRunning: true
    soak: 1h
  mlops:github:
    repository: digits
`;
        own = github.createRepository({
            owner: "alice",
            name: "mlops",
            files: { "Pulumi.staging.yaml": file },
        });
        service = github.createRepository({ owner: "alice", name: "digits" });
        folder = temporary("promote");
        writeFileSync(join(folder, "Pulumi.staging.yaml"), file);
        const pulumi = '#!/bin/sh\ncat "$(dirname "$0")/state.json"\n';
        writeFileSync(join(folder, "pulumi"), pulumi, { mode: 0o755 });
        await push("alice/digits_staging", "1.0.0");
        await push("alice/digits", "1.0.0");
    });
    afterEach(async () => {
        deepEqual(github.unknown(), []);
        await Promise.all([quay.stop(), github.stop()]);
        rmSync(folder, { recursive: true });
    });

    /** Pushes an image of the newest commit of the service. @returns its digest */
    const push = (repository: string, version: string): Promise<string> =>
        pushImage(quay, "alice", repository, [version, "latest"], {
            [revision]: service.commits()[0]?.sha ?? "",
            version,
        });
    /** Commits a change of the service, and publishes it as a version. */
    const release = async (version: string): Promise<string> => {
        service.commit({ change: version }, { message: `Change for ${version}\n\nMore.` });
        return push("alice/digits", version);
    };
    /** A healthy rollout in dev, after which some time passes. */
    const runInDev = async (digest: string, seconds: number): Promise<void> => {
        const path = "/repository/alice/digits/tag/running";
        expectReply(await api.put(path, { manifest_digest: digest }), 201);
        quay.ageTags("alice/digits", seconds);
    };
    const program = async (name: string, args: readonly string[], on = true) => {
        const env = {
            PATH: `${folder}:${process.env["PATH"] ?? ""}`,
            QUAY_TOKEN: quayToken,
            ...(on && {
                GITHUB_API_URL: github.url,
                GITHUB_REPOSITORY: "alice/mlops",
                GITHUB_TOKEN: token,
            }),
        };
        const command = [join(root, `operations/${name}.ts`), ...args];
        const { code, stdout, stderr } = await run(process.execPath, command, {
            cwd: folder,
            env,
        }).then(
            (ended) => ({ code: 0, ...ended }),
            (error: unknown) => failed.parse(error),
        );
        return { code, output: stdout + stderr };
    };
    const promote = (...args: readonly string[]) => program("promote", ["staging", ...args]);
    const pulls = () =>
        own.pulls().map(({ state, title, pull }) => `${state} ${title} ${pull.head}`);

    it("opens a pull request once a version has run long enough, with its commits", async () => {
        await runInDev(await release("1.1.0"), 600);
        const waiting = await promote();
        match(
            waiting.output,
            /^staging: 1\.1\.0 waits\. It has been running in dev for 10 min of 1 h; it may be promoted from/,
        );
        deepEqual(pulls(), []);

        quay.ageTags("alice/digits", 3600);
        const { code, output } = await promote();
        equal(code, 0, output);
        match(output, /^staging: 1\.1\.0: http\S+\/alice\/mlops\/pull\/1\n$/);
        deepEqual(pulls(), ["open staging: 1.1.0 promotion/staging-1.1.0"]);
        equal(
            own.files("promotion/staging-1.1.0")["Pulumi.staging.yaml"],
            file.replace("version: 1.0.0 #", "version: 1.1.0 #"),
        );
        const body = own.pulls()[0]?.body ?? "";
        match(body, /releases `1\.1\.0` to `staging`, which has `1\.0\.0`/);
        match(body, /`1\.0\.0`: 1\n\n- `[0-9a-f]{12}` `Change for 1\.1\.0`, `alice`/);
        match(body, /runs in `dev` \| for 1 h/);

        github.clearRequests();
        await promote();
        const writes = github.requests().filter(({ method }) => method !== "GET");
        deepEqual(
            writes.filter(({ method }) => method !== "PATCH"),
            [],
        );
    });

    it("is on the board as what comes next, with what it waits for", async () => {
        const next = async (deployed: string): Promise<unknown> => {
            const state = JSON.parse(recorded.replaceAll("1.0.0", deployed)) as object;
            writeFileSync(join(folder, "state.json"), JSON.stringify(state));
            const { code, output } = await program("board/main", ["--json", "staging"]);
            equal(code, 0, output);
            return board.parse(JSON.parse(output))[0].next;
        };
        equal(await next("1.0.0"), undefined);

        await runInDev(await release("1.1.0"), 600);
        match(
            JSON.stringify(await next("1.0.0")),
            /"1\.1\.0".* has been running in dev for 10 min/,
        );

        quay.ageTags("alice/digits", 3600);
        const version = "1.1.0";
        deepEqual(await next("1.0.0"), {
            version,
            waitsFor: "It may be promoted: set mlops:service.version in Pulumi.staging.yaml.",
        });
        const { output } = await promote();
        const [url = ""] = /http\S+/.exec(output) ?? [];
        deepEqual(await next("1.0.0"), { version, waitsFor: `Its pull request is open: ${url}` });

        const merged = file.replace("version: 1.0.0", "version: 1.1.0");
        writeFileSync(join(folder, "Pulumi.staging.yaml"), merged);
        match(
            JSON.stringify(await next("1.0.0")),
            /"1\.1\.0".*Pulumi\.staging\.yaml has it, and it is not deployed: /,
        );
        equal(await next("1.1.0"), undefined);
    });

    it("gives way to a newer version, and is closed once there is nothing to promote", async () => {
        await runInDev(await release("1.1.0"), 7200);
        await promote();
        await runInDev(await release("1.2.0"), 7200);
        await promote();
        deepEqual(pulls(), [
            "closed staging: 1.1.0 promotion/staging-1.1.0",
            "open staging: 1.2.0 promotion/staging-1.2.0",
        ]);
        deepEqual(
            own.branches().filter((name) => name.startsWith("promotion/")),
            ["promotion/staging-1.2.0"],
        );
        const now = file.replace("version: 1.0.0", "version: 1.2.0");
        own.commit({ "Pulumi.staging.yaml": now });
        writeFileSync(join(folder, "Pulumi.staging.yaml"), now);
        const { output } = await promote();
        match(
            output,
            /^staging has 1\.2\.0, and dev has nothing newer\.\nClosed pull request #2\./,
        );
        deepEqual(
            own.pulls().map(({ state }) => state),
            ["closed", "closed"],
        );
    });

    it("takes the version that it is given, and names one that is not there", async () => {
        await runInDev(await release("1.1.0"), 7200);
        await runInDev(await release("1.2.0"), 7200);
        await promote("--version", "1.1.0");
        deepEqual(pulls(), ["open staging: 1.1.0 promotion/staging-1.1.0"]);
        const { code, output } = await promote("--version", "3.0.0");
        equal(code, 1);
        match(output, /^There is no version 3\.0\.0 in \S+\/alice\/digits\.\n$/);
    });

    it("is merged by the schedule where the stack says so, once GitHub lets it", async () => {
        await runInDev(await release("1.1.0"), 7200);
        const configure = (promotion: string): void => {
            const text = file.replace(
                "    repository: digits\n",
                `    repository: digits\n    promotion: ${promotion}\n`,
            );
            own.commit({ "Pulumi.staging.yaml": text });
            writeFileSync(join(folder, "Pulumi.staging.yaml"), text);
        };
        configure("byHand");
        match((await promote("--scheduled")).output, /^staging is released by hand/);
        deepEqual(pulls(), []);

        configure("automatic");
        own.protect();
        await promote("--scheduled");
        deepEqual(pulls(), ["open staging: 1.1.0 promotion/staging-1.1.0"]);
        own.unprotect();
        match((await promote("--scheduled")).output, /pull\/1 is merged\n$/);
        match(own.files()["Pulumi.staging.yaml"] ?? "", /version: 1\.1\.0 #/);
    });

    it("changes the file here where there is no repository on GitHub", async () => {
        await runInDev(await release("1.1.0"), 7200);
        const { output } = await program("promote", ["staging"], false);
        match(output, /make preview STACK=staging\n {2}make up STACK=staging/);
        equal(
            readFileSync(join(folder, "Pulumi.staging.yaml"), "utf8"),
            file.replace("version: 1.0.0 #", "version: 1.1.0 #"),
        );
    });

    it("goes back to what ran before", async () => {
        const digest = await push("alice/digits_staging", "1.1.0");
        const [first = ""] =
            (await api.get("/repository/alice/digits_staging/tag/?specificTag=1.0.0")).text.match(
                /sha256:[0-9a-f]{64}/,
            ) ?? [];
        for (const one of [first, digest]) {
            const path = "/repository/alice/digits_staging/tag/running";
            expectReply(await api.put(path, { manifest_digest: one }), 201);
            quay.ageTags("alice/digits_staging", 60);
        }
        const now = file.replace("version: 1.0.0", "version: 1.1.0");
        own.commit({ "Pulumi.staging.yaml": now });
        writeFileSync(join(folder, "Pulumi.staging.yaml"), now);
        const { code, output } = await program("rollback", ["staging"]);
        equal(code, 0, output);
        deepEqual(pulls(), ["open staging: back to 1.0.0 rollback/staging-1.0.0"]);
        equal(own.files("rollback/staging-1.0.0")["Pulumi.staging.yaml"], file);
    });

    it("says so where there is nothing to go back to", async () => {
        const { code, output } = await program("rollback", ["staging"]);
        equal(code, 1);
        match(
            output,
            /^staging cannot go back: alice\/digits_staging has no such version before 1\.0\.0\./,
        );
    });

    it("names a stack that promotes nothing", async () => {
        writeFileSync(
            join(folder, "Pulumi.dev.yaml"),
            "config:\n  mlops:service: {name: a, version: '1'}\n",
        );
        for (const command of ["promote", "rollback"])
            deepEqual(await program(command, ["dev"]), {
                code: 1,
                output:
                    "Pulumi.dev.yaml does not promote an image: it has no mlops:promoteFrom. " +
                    "These stacks do: staging\n",
            });
    });

    it("lists the stacks where there is no such stack", async () => {
        deepEqual(await program("promote", ["nothing"]), {
            code: 1,
            output:
                'There is no stack "nothing": Pulumi.nothing.yaml is missing. ' +
                "There are: staging\n",
        });
    });

    it("names the key where the account is not filled in", async () => {
        const empty = file.replaceAll("alice", "YOUR-ACCOUNT");
        writeFileSync(join(folder, "Pulumi.staging.yaml"), empty);
        for (const command of ["promote", "rollback"])
            deepEqual(await program(command, ["staging"]), {
                code: 1,
                output:
                    "Pulumi.staging.yaml: github:owner must name your account in place of " +
                    "YOUR-ACCOUNT.\n",
            });
    });
});
