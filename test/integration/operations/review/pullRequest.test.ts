import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { type Preview, previewSchema } from "../../../../operations/review/preview.ts";
import { approvalLabel } from "../../../../operations/review/review.ts";
import type { RepositoryHandle } from "../../../../sandbox/github/repositoryHandle.ts";
import { type GitHub, startGitHub } from "../../../../sandbox/github/server.ts";
import { run, temporary } from "../../../../sandbox/project.ts";
import { git, publishMerge } from "../../../mergeCommit.ts";
import { recorded } from "../../../unit/operations/review/previews.ts";

const main = join(import.meta.dirname, "../../../../operations/review/main.ts");
const stackFile = (url: string): string => `config:\n  quay:url: ${url}\n`;

describe("the review of a pull request, after its preview", function () {
    this.timeout(60_000);

    let github: GitHub;
    let repository: RepositoryHandle;
    /** The checkout of the default branch, and a folder for what the run of the preview left. */
    let folder: string;
    let artifacts: string;
    let number: number;
    /** The pull request's last commit, and the tree of its merge. */
    let head: string;
    let tree: string;
    let previewed: number;

    /** A request by hand. */
    const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
        const headers = { authorization: `Bearer ${github.createToken({ user: "alice" })}` };
        const response = await fetch(`${github.url}/repos/alice/mlops/${path}`, {
            method,
            headers,
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        ok(response.ok, `${method} ${path}: ${String(response.status)}`);
        return response.json();
    };
    const label = () => ask("POST", `issues/${String(number)}/labels`, { labels: [approvalLabel] });
    const isLabelled = async () =>
        JSON.stringify(await ask("GET", `issues/${String(number)}`)).includes(approvalLabel);
    const open = async (head: string, base: string): Promise<number> =>
        z
            .object({ number: z.int() })
            .parse(await ask("POST", "pulls", { title: "A change", head, base })).number;

    /** Publishes the merge of a new commit of the pull request, which changes these files. */
    const push = (files: Readonly<Record<string, string>>): void => {
        git(folder, "checkout", "--quiet", "--detach", "main");
        for (const [name, text] of Object.entries(files)) {
            mkdirSync(dirname(join(folder, name)), { recursive: true });
            writeFileSync(join(folder, name), text);
        }
        git(folder, "add", ...Object.keys(files));
        git(folder, "commit", "--quiet", "--message", "Change");
        const change = git(folder, "rev-parse", "HEAD");
        git(folder, "checkout", "--quiet", "main");
        head = repository.commit({ change }, { branch: "change" }).sha;
        tree = git(folder, "rev-parse", `${change}^{tree}`);
        if (number > 0) publishMerge(folder, change, { repository, number, head });
    };
    /** Starts a run of the workflow of previews. */
    const preview = (): void => {
        previewed = repository.addRun("preview.yml", "pull_request", "completed", {
            branch: "change",
        });
    };
    /** Leaves the previews as artifacts, and runs a step of the workflow of reviews. */
    const review = async (
        previews: readonly Preview[],
        options: Parameters<typeof reviewFiles>[1] = {},
    ) => {
        for (const preview of previews)
            writeFileSync(
                join(artifacts, `${preview.stack}.json`),
                JSON.stringify({ tree, ...preview }),
            );
        return reviewFiles(
            previews.map(({ stack }) => stack),
            options,
        );
    };
    const reviewFiles = async (
        stacks: readonly string[],
        {
            action = "completed",
            change = (event) => event,
        }: {
            readonly action?: "requested" | "completed";
            readonly change?: (event: string) => string;
        } = {},
    ): Promise<{ code: number; out: string; err: string }> => {
        const payload = github.workflowRunEvent("alice/mlops", previewed, action);
        writeFileSync(join(artifacts, "event"), change(JSON.stringify(payload)));
        writeFileSync(join(artifacts, "output"), "");
        rmSync(join(folder, "reviewed"), { recursive: true, force: true });
        const files = stacks.map((stack) => join(artifacts, `${stack}.json`));
        const permissions = {
            actions: "read",
            contents: "read",
            pull_requests: "write",
            statuses: "write",
        } as const;
        const step = {
            PATH: process.env["PATH"],
            GITHUB_API_URL: github.url,
            GITHUB_SERVER_URL: "https://github.example",
            GITHUB_REPOSITORY: "alice/mlops",
            GITHUB_RUN_ID: "7",
            GITHUB_EVENT_PATH: join(artifacts, "event"),
            GITHUB_OUTPUT: join(artifacts, "output"),
            GITHUB_STEP_SUMMARY: join(artifacts, "summary"),
            GITHUB_TOKEN: github.createToken({ user: "alice", permissions }),
        };
        return run("node", [main, "review", ...files, "--to", "reviewed"], {
            cwd: folder,
            env: step,
        }).then(
            ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
            (error: unknown) =>
                z
                    .object({ code: z.int(), stdout: z.string(), stderr: z.string() })
                    .transform(({ code, stdout, stderr }) => ({ code, out: stdout, err: stderr }))
                    .parse(error),
        );
    };
    const prod = (name: Parameters<typeof recorded>[0]): Preview => recorded(name);
    const statuses = () =>
        repository.statuses().map(({ sha, context, state, targetUrl }) => ({
            sha,
            context,
            state,
            targetUrl,
        }));
    const status = () => repository.statuses().at(-1);
    const comment = () => repository.comments(number)[0] ?? "";
    const records = () => readdirSync(folder).filter((name) => name === "reviewed");
    const output = () => readFileSync(join(artifacts, "output"), "utf8");
    const summary = () => readFileSync(join(artifacts, "summary"), "utf8");
    /** Expects that nothing was posted and nothing recorded. */
    const refused = (
        { code, err }: { code: number; err: string },
        why: RegExp,
        posted: readonly string[] = [],
    ): void => {
        match(err, why);
        deepEqual([code, output(), records()], [1, "", []]);
        deepEqual(repository.comments(number), posted);
    };

    beforeEach(async () => {
        github = await startGitHub();
        github.createUser("alice");
        repository = github.createRepository({ owner: "alice", name: "mlops", private: false });
        folder = temporary("review");
        artifacts = temporary("artifacts");
        git(folder, "init", "--quiet", "--initial-branch", "main");
        writeFileSync(join(folder, "Pulumi.prod.yaml"), "config: {}\n");
        git(folder, "add", ".");
        git(folder, "commit", "--quiet", "--message", "Base");
        repository.createBranch("change");
        number = 0;
        push({ "README.md": "Changed" });
        number = await open("change", "main");
        push({ "README.md": "Changed again" });
        repository.age(number, 60);
        preview();
    });
    afterEach(async () => {
        const unknown = github.unknown();
        await github.stop();
        for (const one of [folder, artifacts]) rmSync(one, { recursive: true });
        deepEqual(unknown, []);
    });

    it("is a comment, the job's summary, a status and a record of the merge's tree", async () => {
        equal((await reviewFiles(["prod"], { action: "requested" })).code, 0);
        equal(status()?.state, "pending");
        deepEqual(await review([prod("release")]), { code: 0, out: "", err: "" });
        const seen = {
            sha: head,
            context: "Review",
            targetUrl: "https://github.example/alice/mlops/actions/runs/7",
        };
        deepEqual(statuses(), [
            { ...seen, state: "pending" },
            { ...seen, state: "success" },
        ]);
        equal(status()?.description, "No dangerous changes.");
        equal(comment().split("\n").slice(1).join("\n"), summary().trimEnd());
        match(
            comment(),
            new RegExp(
                `<sub>Tree <code>${tree}</code>, <a href="https://github\\.example/alice/mlops/actions/runs/7">run 7</a>\\.</sub>$`,
            ),
        );
        deepEqual(readdirSync(join(folder, "reviewed")), [`${tree}.json`]);
        equal(output(), `artifact=reviewed-${tree}-${String(number)}-${head}\n`);
        equal(git(folder, "status", "--porcelain", "--untracked-files=no"), "");
    });

    it("fails where a preview failed, or there is none of a stack", async () => {
        const failed = await review(
            [recorded("mistake", "failed")].map((one) => ({ ...one, stack: "prod" })),
        );
        equal(failed.err, "The preview failed: prod.\n");
        match(comment(), /Failed:/);
        equal(status()?.state, "failure");
        equal((await reviewFiles(["staging"])).err, "The preview failed: staging.\n");
        match(comment(), /There is no result/);
        deepEqual(records(), []);
    });

    it("fails at dangerous changes until their label is given, and asks for it again when others come", async () => {
        const dangerous = prod("dangerous");
        const others = { ...dangerous, changes: dangerous.changes.slice(1) };
        await label(); // before anybody could have seen them
        match(
            (await review([dangerous])).err,
            /^Dangerous changes: prod\. If they are meant, give the pull request the label approve-dangerous now/,
        );
        equal(await isLabelled(), false);
        deepEqual([status()?.state, records()], ["failure", []]);
        match(status()?.description ?? "", /^Dangerous changes: prod/);
        equal((await review([dangerous])).code, 1);
        await label();
        equal((await review([dangerous])).code, 0);
        deepEqual([status()?.state, records()], ["success", ["reviewed"]]);
        equal((await review([others])).code, 1);
        deepEqual([await isLabelled(), records()], [false, []]);
        equal((await review([prod("release")])).code, 0);
    });

    it("asks for the label where a stack's settings change that no resource shows", async () => {
        push({ "Pulumi.prod.yaml": stackFile("https://evil.example") });
        preview();
        match(
            (await review([prod("same")])).err,
            /^Dangerous changes: files of the pull request\. If they are meant/,
        );
        match(
            comment(),
            /- 🔴 setting `quay:url` of `prod`, which no resource shows: `not set` → `"https:\/\/evil\.example"`\n/,
        );
        await label();
        equal((await review([prod("same")])).code, 0);
        push({ "Pulumi.prod.yaml": stackFile("https://other.example") });
        preview();
        equal((await review([prod("same")])).code, 1);
    });

    describe("where somebody attacks it", () => {
        it("is by the default branch's code, whatever the pull request makes of the review", async () => {
            push({
                "operations/review/main.ts": "console.log('no changes')",
                ".github/workflows/preview.yml": "on: pull_request",
            });
            preview();
            match(
                (await review([prod("same")])).err,
                /^Dangerous changes: files of the pull request/,
            );
            match(comment(), /what previews, reviews and deploys is changed/);
            deepEqual(readdirSync(folder).sort(), [".git", "Pulumi.prod.yaml"]);
        });

        it("does not let a changed program call unknown what would be compared", async () => {
            const release = prod("release");
            const hidden = previewSchema.parse(
                JSON.parse(JSON.stringify(release).replaceAll('"1.1.0"', '"[unknown]"')),
            );
            equal((await review([hidden])).code, 0, "the program is the same");
            push({ "components/x.ts": "" });
            preview();
            equal((await review([release])).code, 0, "all is known");
            match((await review([hidden])).err, /^Dangerous changes: files of the pull request/);
            match(comment(), /what is not known yet may become anything: `digits of prod`/);
        });

        it("does not take another tree's preview for this one", async () => {
            for (const other of ["0".repeat(40), undefined])
                refused(
                    await review([{ ...prod("same"), tree: other }]),
                    /^The preview is not of the pull request's newest merge/,
                );
            equal(status()?.state, "failure");
        });

        it("does not take another stack's preview, or one that no stack asked for", async () => {
            writeFileSync(
                join(artifacts, "staging.json"),
                JSON.stringify({ ...prod("same"), tree }),
            );
            equal((await reviewFiles(["staging"])).err, "The preview failed: staging.\n");
            match(comment(), /The preview is not of staging\./);
        });

        it("shows text as text, and lets no artifact be a command or a link", async () => {
            const evil = "\u001b]0;x\u0007\n::set-output name=artifact::evil\n<script>";
            const text = JSON.stringify({ ...prod("release"), tree }).replaceAll(
                "digits_prod",
                JSON.stringify(evil).slice(1, -1),
            );
            writeFileSync(join(artifacts, "prod.json"), text);
            const { code, out, err } = await reviewFiles(["prod"]);
            deepEqual([code, out, err], [0, "", ""]);
            equal(/\u001b|\u0007|^::/m.test(comment()), false);
            equal(output(), `artifact=reviewed-${tree}-${String(number)}-${head}\n`);
            rmSync(join(artifacts, "prod.json"));
            symlinkSync("/etc/passwd", join(artifacts, "prod.json"));
            equal((await reviewFiles(["prod"])).err, "The preview failed: prod.\n");
            match(comment(), /it is no file/);
        });

        it("reads no artifact of 100 MB, and none that is nested without an end", async () => {
            writeFileSync(join(artifacts, "prod.json"), Buffer.alloc(100 << 20, " "));
            equal((await reviewFiles(["prod"])).err, "The preview failed: prod.\n");
            match(comment(), /it is larger than 16777216 bytes/);
            const nested = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
            writeFileSync(
                join(artifacts, "prod.json"),
                JSON.stringify({ ...prod("same"), warnings: "NESTED" }).replace('"NESTED"', nested),
            );
            equal((await reviewFiles(["prod"])).err, "The preview failed: prod.\n");
        });

        it("is of no fork, and of no run of another workflow", async () => {
            const changes: [from: string | RegExp, to: string, why: RegExp][] = [
                [
                    /("head_repository":.*?"full_name":)"alice\/mlops"/g,
                    '$1"eve/mlops"',
                    /^A pull request from a fork is not reviewed/,
                ],
                [
                    ".github/workflows/preview.yml",
                    ".github/workflows/mine.yml",
                    /^Only a run of \.github\/workflows\/preview\.yml for a pull request/,
                ],
                ['"event":"pull_request"', '"event":"push"', /^Only a run of/],
            ];
            for (const [from, to, why] of changes)
                refused(
                    await review([prod("release")], {
                        change: (event) => event.replaceAll(from, to),
                    }),
                    why,
                );
            refused(await review([prod("release")], { change: () => "{}" }), /^This has to run in/);
            deepEqual(statuses(), []);
            equal((await review([prod("release")])).code, 0, "else it is");
        });

        it("is not of a second pull request, to a base of one's own", async () => {
            repository.createBranch("mine");
            repository.commit({ ".github/workflows/preview.yml": "forged" }, { branch: "mine" });
            const second = await open("change", "mine");
            preview();
            const mayBeOther = /^The preview may be of a pull request to another branch than/;
            refused(await review([prod("release")]), mayBeOther);
            await ask("PATCH", `pulls/${String(second)}`, { state: "closed" });
            refused(await review([prod("release")]), mayBeOther);
            equal(status()?.state, "failure");
        });

        it("is not of itself while its base was another one", async () => {
            repository.createBranch("mine");
            repository.commit({ ".github/workflows/preview.yml": "forged" }, { branch: "mine" });
            await ask("PATCH", `pulls/${String(number)}`, { base: "mine" });
            preview();
            const mayBeOther = /^The preview may be of a pull request to another branch than/;
            refused(await review([prod("release")]), mayBeOther);
            await ask("PATCH", `pulls/${String(number)}`, { base: "main" });
            refused(await review([prod("release")]), mayBeOther);
            repository.age(number, 60); // a preview since then
            equal((await review([prod("release")])).code, 0);
        });

        it("is not of a merge that has moved on, or of one with another base", async () => {
            git(folder, "commit", "--quiet", "--allow-empty", "--message", "main moves on");
            git(folder, "push", "--quiet", "origin", "main");
            refused(
                await review([prod("release")]),
                /^The branch main or the pull request has moved on/,
            );
            match(status()?.description ?? "", /^The branch main or the pull request has moved on/);
        });

        it("is not of an older commit", async () => {
            repository.commit({ change: "newer" }, { branch: "change" });
            refused(await review([prod("release")]), /newer commit/);
        });

        it("is of nothing once it is closed, and says so where there is no merge", async () => {
            git(folder, "push", "--quiet", "origin", `:refs/pull/${String(number)}/merge`);
            refused(await review([prod("release")]), /^GitHub gives no merge of the pull request/);
            await ask("PATCH", `pulls/${String(number)}`, { state: "closed" });
            refused(await review([prod("release")]), /^No pull request is open from the branch/);
        });
    });
});
