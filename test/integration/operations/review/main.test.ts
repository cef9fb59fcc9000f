import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type GitHub, startGitHub } from "../../../../sandbox/github/server.ts";
import { run } from "../../../../sandbox/project.ts";
import { recorded } from "../../../unit/operations/review/previews.ts";

const main = join(import.meta.dirname, "../../../../operations/review/main.ts");

describe("the review's commands", function () {
    this.timeout(60_000);

    let folder: string;

    const review = (...args: string[]) => reviewIn({}, ...args);
    const reviewIn = async (
        variables: Readonly<Record<string, string>>,
        ...args: string[]
    ): Promise<{ code: number; out: string; err: string }> => {
        try {
            const env = { ...process.env, ...variables };
            const { stdout, stderr } = await run("node", [main, ...args], { cwd: folder, env });
            return { code: 0, out: stdout, err: stderr };
        } catch (error) {
            const failed = error as { code: number; stdout: string; stderr: string };
            return { code: failed.code, out: failed.stdout, err: failed.stderr };
        }
    };
    const git = (...args: string[]) =>
        execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.org", ...args], {
            cwd: folder,
            encoding: "utf8",
            stdio: "pipe",
        });
    const commit = (text: string, branch?: string) => {
        writeFileSync(join(folder, "file"), text);
        if (branch !== undefined) git("checkout", "--quiet", "-b", branch);
        git("add", "file");
        git("commit", "--quiet", "--message", text);
    };
    const write = (name: string, preview: object) => {
        writeFileSync(join(folder, `${name}.json`), JSON.stringify(preview));
    };

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "mlops-review-"));
        git("init", "--quiet", "--initial-branch", "main");
        commit("one");
        write("release", recorded("release"));
        write("rotation", recorded("rotation"));
        write("same", recorded("same"));
        write("failed", recorded("mistake", "failed"));
    });
    afterEach(() => {
        rmSync(folder, { recursive: true });
    });

    it("are listed by help, and by a command that there is not", async () => {
        const { code, out, err } = await review("help");
        deepEqual([code, err], [0, ""]);
        for (const command of [
            "preview",
            "render",
            "review",
            "record",
            "find",
            "verify",
            "drift",
            "report",
        ])
            match(out, new RegExp(`main\\.ts ${command}\\b`));
        deepEqual(await review("preview", "--help"), { code, out, err });
        for (const [wrong, message] of [
            [[], "Which command?"],
            [["constructor"], "Unknown command: constructor"],
            [["reviewe"], "Unknown command: reviewe"],
        ] as const) {
            const { code, err } = await review(...wrong);
            deepEqual([code, err], [2, `${message}\n\n${out}`]);
        }
    });

    it("say what is wrong with their arguments", async () => {
        const usage = (await review("help")).out;
        for (const [wrong, message] of [
            [["render"], /^At least one file has to be named\.$/],
            [["record", "same.json"], /^The option --to FOLDER has to be given\.$/],
            [["review", "same.json"], /^The option --to FOLDER has to be given\.$/],
            [["render", "--colour", "same.json"], /^Unknown option '--colour'.*$/],
        ] as const) {
            const { code, out, err } = await review(...wrong);
            deepEqual([code, out, err.slice(err.indexOf("\n\n") + 2)], [2, "", usage]);
            match(err.slice(0, err.indexOf("\n\n")), message);
        }
        match((await review("render", "absent.json")).err, /^absent\.json cannot be read: .*\n$/);
        writeFileSync(join(folder, "other.json"), "{}");
        match(
            (await review("render", "other.json")).err,
            /^other\.json is not a preview that .* wrote\.\n$/,
        );
    });

    it("say once that nobody is logged in to Pulumi", async () => {
        for (const stack of ["one", "two"]) writeFileSync(join(folder, `Pulumi.${stack}.yaml`), "");
        writeFileSync(join(folder, "Pulumi.yaml"), "name: mlops\nruntime: yaml\n");
        const env = { PATH: process.env["PATH"], PULUMI_HOME: join(folder, "home") };
        for (const command of ["preview", "drift"])
            await rejects(
                run("node", [main, command, "one", "two"], { cwd: folder, env }),
                ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => {
                    deepEqual([code, stdout], [1, ""]);
                    match(stderr, /^Pulumi is not logged in to [^\n]*: pulumi login\n$/);
                    return true;
                },
            );
    });

    it("say that there is no pulumi, where there is none", async () => {
        const node = process.execPath;
        writeFileSync(join(folder, "Pulumi.there.yaml"), "");
        for (const stack of ["local", "there"])
            await rejects(
                run(node, [main, "preview", stack], { cwd: folder, env: {} }),
                /There is no pulumi on PATH: .*\n$/,
            );
    });

    it("render the previews that they are given, the same for a terminal and for a comment", async () => {
        const { out } = await review("render", "release.json", "failed.json");
        match(out, /careful {4}version of quay\.example\/alice\/digits_prod: 1\.0\.0 → 1\.1\.0/);
        match(
            (await review("render", "release.json", "--markdown")).out,
            /- 🟡 version of `quay\.example\/alice\/digits_prod`: `1\.0\.0` → `1\.1\.0`/,
        );
    });

    it("let through what was reviewed of the same tree, and nothing else", async () => {
        commit("two", "pull-request");
        const { out } = await review("record", "release.json", "--to", "reviewed");
        deepEqual(readdirSync(join(folder, "reviewed")), [
            `${git("rev-parse", "HEAD^{tree}").trim()}.json`,
        ]);
        match(out, /^reviewed\/[0-9a-f]{40}\.json\n$/);
        // The commit that squashes it has another hash and another parent, and the same tree.
        git("checkout", "--quiet", "main");
        git("commit", "--quiet", "--allow-empty", "--message", "something else");
        git("merge", "--quiet", "--squash", "pull-request");
        git("commit", "--quiet", "--message", "squashed");
        deepEqual(await review("verify", "release.json", "--reviewed", "reviewed"), {
            code: 0,
            out: "What would be deployed is what was reviewed.\n",
            err: "",
        });

        const other = await review("verify", "rotation.json", "--reviewed", "reviewed");
        equal(other.code, 1);
        match(
            other.err,
            /^What would be deployed is not what was reviewed\. Nothing was changed\.\n/,
        );
        match(
            other.err,
            /^ {2}prod: create urn:pulumi:.*quay:index:Robot::digits-1: was not reviewed$/m,
        );
        match(
            other.err,
            /^ {2}prod: update urn:pulumi:.*PromotedImage::digits: was reviewed, and would not happen$/m,
        );
        match(other.err, /It needs a new review: open a pull request for it/);

        equal(
            (await review("verify", "same.json", "--reviewed", "reviewed")).code,
            0,
            "what was reviewed is deployed already",
        );

        commit("three");
        match(
            (await review("verify", "release.json", "--reviewed", "reviewed")).err,
            /^No review is recorded of the tree [0-9a-f]{40}\. Nothing was changed\.\n/,
        );
        equal(
            (await review("verify", "same.json", "--reviewed", "reviewed")).code,
            0,
            "without changes there is nothing to review",
        );
    });

    it("take no record of another tree for the review", async () => {
        await review("record", "release.json", "--to", "reviewed");
        const [file = ""] = readdirSync(join(folder, "reviewed"));
        const record = readFileSync(join(folder, "reviewed", file), "utf8");
        commit("two");
        const tree = git("rev-parse", "HEAD^{tree}").trim();
        for (const text of [record, "", "{}"]) {
            writeFileSync(join(folder, "reviewed", `${tree}.json`), text);
            const { code, err } = await review("verify", "release.json", "--reviewed", "reviewed");
            equal(code, 1);
            match(
                err,
                /^reviewed\/[0-9a-f]{40}\.json is not a record of what was reviewed of the tree [0-9a-f]{40}\.\n$/,
            );
        }
    });

    describe("where a stack's job left no result", () => {
        let github: GitHub;
        let env: Record<string, string>;

        beforeEach(async () => {
            github = await startGitHub();
            github.createUser("alice");
            github.createRepository({ owner: "alice", name: "mlops", private: false });
            env = {
                GITHUB_API_URL: github.url,
                GITHUB_REPOSITORY: "alice/mlops",
                GITHUB_TOKEN: github.createToken({ user: "alice" }),
                GITHUB_STEP_SUMMARY: join(folder, "summary"),
            };
        });
        afterEach(async () => {
            const unknown = github.unknown();
            await github.stop();
            deepEqual(unknown, []);
        });
        const summary = () => readFileSync(join(folder, "summary"), "utf8");
        const missing =
            /There is no result, and the job's log says why: \S*dev\.json cannot be read/;

        it("report what the others found, name it and fail", async () => {
            const { code, err } = await reviewIn(env, "report", "dev.json", "release.json");
            equal(code, 1);
            equal(err, "The check failed: dev.\n");
            const [issue, ...others] = github.repository("alice/mlops").issues();
            deepEqual(others, []);
            for (const text of [issue?.body ?? "", summary()]) {
                match(text, /version of `quay\.example\/alice\/digits_prod`/);
                match(text, missing);
            }
        });
    });

    it("neither record nor let through a preview that failed", async () => {
        match(
            (await review("record", "failed.json", "--to", "reviewed")).err,
            /^The preview failed: prod\. What failed cannot be reviewed/,
        );
        match(
            (await review("verify", "failed.json", "--reviewed", "reviewed")).err,
            /^The preview failed: prod\./,
        );
    });
});
