import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import {
    PermissionDenied,
    pullRequestOf,
    ReviewComment,
} from "../../../../operations/review/github.ts";
import { approvalLabel } from "../../../../operations/review/review.ts";
import { run } from "../../../../sandbox/project.ts";
import { type GitHub, startGitHub } from "../../../../sandbox/github/server.ts";
import { checkOutMerge, git } from "../../../mergeCommit.ts";
import { recorded } from "../../../unit/operations/review/previews.ts";

const main = join(import.meta.dirname, "../../../../operations/review/main.ts");
const [a, b] = ["a".repeat(64), "b".repeat(64)];

describe("the review's comment on a pull request", function () {
    this.timeout(60_000);

    let github: GitHub;
    let token: string;
    let number: number;

    const repository = () => github.repository("alice/service");
    const comments = () => repository().comments(number);
    const pull = ({
        token: given = token,
        ...changes
    }: { token?: string; apiUrl?: string; number?: number } = {}) =>
        new ReviewComment(
            { apiUrl: github.url, repository: "alice/service", number, ...changes },
            given,
        );
    /** A request by hand. */
    const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
        const headers = { authorization: `Bearer ${github.createToken({ user: "alice" })}` };
        const response = await fetch(`${github.url}/repos/alice/service/${path}`, {
            method,
            headers,
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        ok(response.ok, `${method} ${path}: ${String(response.status)}`);
        return response.json();
    };
    const label = () => ask("POST", `issues/${String(number)}/labels`, { labels: [approvalLabel] });
    const isLabelled = () => pull().hasLabel(approvalLabel);

    beforeEach(async () => {
        github = await startGitHub();
        github.createUser("alice");
        github.createUser("eve");
        github.createRepository({ owner: "alice", name: "service", private: false });
        token = github.createToken({ user: "alice" });
        number = z
            .object({ number: z.int() })
            .parse(await ask("POST", "issues", { title: "A pull request" })).number;
        github.clearRequests();
    });
    afterEach(async () => {
        const unknown = github.unknown();
        await github.stop();
        deepEqual(unknown, []);
    });

    it("is posted once, and then updated in place", async () => {
        equal(await pull().post("one", a), undefined);
        deepEqual(comments(), [`<!-- mlops review ${a} -->\none`]);
        equal(await pull().post("two", b), a);
        deepEqual(comments(), [`<!-- mlops review ${b} -->\ntwo`]);
        github.clearRequests();
        equal(await pull().post("two", b), b);
        deepEqual(
            github.requests().map(({ method }) => method),
            ["GET", "GET"],
            "what is there already is not written again",
        );
    });

    it("is found among hundreds", async () => {
        for (let index = 0; index < 150; index++)
            repository().comment(number, "eve", `comment ${String(index)}`);
        await pull().post("one", a);
        for (let index = 0; index < 150; index++)
            repository().comment(number, "eve", `comment ${String(index)}`);
        await pull().post("two", b);
        deepEqual(
            comments().filter((body) => !body.startsWith("comment")),
            [`<!-- mlops review ${b} -->\ntwo`],
        );
    });

    it("is one, even where several runs post at the same time", async () => {
        for (let round = 0; round < 5; round++) {
            await Promise.all(
                ["one", "two", "three"].map((text) => pull().post(`${text} ${String(round)}`, a)),
            );
            equal(comments().length, 1);
            match(
                comments()[0] ?? "",
                new RegExp(`^<!-- mlops review ${a} -->\\n(one|two|three) ${String(round)}$`),
            );
        }
    });

    it("is never one that somebody else wrote, whatever is in it", async () => {
        repository().comment(number, "eve", `<!-- mlops review ${a} -->\nharmless`);
        equal(await pull().post("one", b), undefined);
        deepEqual(comments(), [
            `<!-- mlops review ${a} -->\nharmless`,
            `<!-- mlops review ${b} -->\none`,
        ]);
        // A workflow's token does not know its user, so it takes people's comments for those of
        // others.
        github.faults.add({ path: "/user$", status: 403 });
        equal(await pull().post("two", b), undefined);
    });

    it("is posted though GitHub fails now and then", async () => {
        github.faults.add({ status: 502, times: 1 });
        github.faults.add({ method: "POST", status: 503, times: 1 });
        github.faults.add({ method: "POST", reset: "after", times: 1 });
        await pull().post("one", a);
        deepEqual(comments(), [`<!-- mlops review ${a} -->\none`]);
    });

    it("is not posted with a token that may not, and says which is wrong where it is", async () => {
        const reading = github.createToken({
            user: "alice",
            permissions: { issues: "read", metadata: "read" },
        });
        await rejects(pull({ token: reading }).post("one", a), PermissionDenied);
        deepEqual(comments(), []);
        await rejects(
            pull({ token: "ghp_wrong" }).post("one", a),
            /^Error: GitHub answered 401 to GET .*\/comments\S* Its token is GITHUB_TOKEN\.$/,
        );
        await rejects(
            pull({ number: 99 }).post("one", a),
            /^Error: GitHub answered 404 to GET .*\/issues\/99\/comments/,
        );
    });

    it("says so where GitHub does not answer", async () => {
        await rejects(
            pull({ apiUrl: "http://127.0.0.1:1" }).post("one", a),
            /^Error: GitHub at http:\/\/127\.0\.0\.1:1 gives no answer: /,
        );
    });

    it("is about the pull request that the run is for", () => {
        const run = { GITHUB_REPOSITORY: "alice/service", GITHUB_REF: "refs/pull/12/merge" };
        deepEqual(pullRequestOf(run), {
            apiUrl: "https://api.github.com",
            repository: "alice/service",
            number: 12,
        });
        equal(pullRequestOf({ ...run, GITHUB_REF: "refs/heads/pull/12/merge" }), undefined);
    });

    describe("in a workflow", () => {
        let folder: string;

        /** `review post` as a step of GitHub Actions. */
        const post = async (previews: readonly object[], env: Record<string, string> = {}) => {
            const files = previews.map((preview, index) => {
                const file = join(folder, `${String(index)}.json`);
                writeFileSync(file, JSON.stringify(preview));
                return file;
            });
            const actions = {
                PATH: process.env["PATH"],
                GITHUB_API_URL: github.url,
                GITHUB_SERVER_URL: "https://github.com",
                GITHUB_REPOSITORY: "alice/service",
                GITHUB_RUN_ID: "7",
                GITHUB_REF: `refs/pull/${String(number)}/merge`,
                GITHUB_TOKEN: token,
                GITHUB_STEP_SUMMARY: join(folder, "summary.md"),
            };
            const options = { cwd: folder, env: { ...actions, ...env } };
            return run("node", [main, "post", ...files], options).then(
                () => ({ code: 0, err: "" }),
                (error: unknown) =>
                    z
                        .object({ code: z.int(), stderr: z.string() })
                        .transform(({ code, stderr }) => ({ code, err: stderr }))
                        .parse(error),
            );
        };
        /** Checks out a pull request with these files. */
        const propose = (files: Readonly<Record<string, string>>): void => {
            git(folder, "checkout", "--quiet", "main");
            for (const [name, text] of Object.entries(files))
                writeFileSync(join(folder, name), text);
            git(folder, "add", ...Object.keys(files));
            git(folder, "checkout", "--quiet", "--detach");
            git(folder, "commit", "--quiet", "--message", "Change");
            checkOutMerge(folder, "main");
        };
        const summary = () => readFileSync(join(folder, "summary.md"), "utf8");

        beforeEach(() => {
            folder = mkdtempSync(join(tmpdir(), "mlops-review-"));
            git(folder, "init", "--quiet", "--initial-branch", "main");
            git(folder, "commit", "--quiet", "--allow-empty", "--message", "Base");
            propose({ "README.md": "Changed" });
        });
        afterEach(() => {
            rmSync(folder, { recursive: true });
        });

        it("says the same as the job's summary", async () => {
            deepEqual(await post([recorded("release"), { ...recorded("same"), stack: "dev" }]), {
                code: 0,
                err: "",
            });
            const [comment = ""] = comments();
            equal(comment.split("\n").slice(1).join("\n"), summary().trimEnd());
            match(
                comment,
                /<sub>Tree <code>[0-9a-f]{40}<\/code>, <a href="https:\/\/github\.com\/alice\/service\/actions\/runs\/7">run 7<\/a>\.<\/sub>$/,
            );
        });

        it("fails where a preview failed", async () => {
            deepEqual(await post([recorded("mistake", "failed")]), {
                code: 1,
                err: "The preview failed: prod.\n",
            });
            match(comments()[0] ?? "", /Failed:/);
        });

        it("fails at dangerous changes until their label is given, and asks for it again when others come", async () => {
            const dangerous = recorded("dangerous");
            const others = { ...dangerous, changes: dangerous.changes.slice(1) };
            await label(); // before anybody could have seen them
            match(
                (await post([dangerous])).err,
                /^Dangerous changes: prod\. If they are meant, give the pull request the label approve-dangerous now/,
            );
            equal(await isLabelled(), false);
            equal((await post([dangerous])).code, 1);
            await label();
            deepEqual(await post([dangerous]), { code: 0, err: "" });
            equal((await post([others])).code, 1);
            equal(await isLabelled(), false);
            deepEqual(await post([recorded("release")]), { code: 0, err: "" });
        });

        it("asks for the label where a stack's settings change that no resource shows", async () => {
            const file = (url: string): string => `config:\n  quay:url: ${url}\n`;
            propose({ "Pulumi.prod.yaml": file("https://evil.example") });
            match(
                (await post([recorded("same")])).err,
                /^Dangerous changes: files of the pull request\. If they are meant/,
            );
            match(
                comments()[0] ?? "",
                /- 🔴 setting `quay:url` of `prod`, which no resource shows: `not set` → `"https:\/\/evil\.example"`\n/,
            );
            await label();
            deepEqual(await post([recorded("same")]), { code: 0, err: "" });
            propose({ "Pulumi.prod.yaml": file("https://other.example") });
            equal((await post([recorded("same")])).code, 1);
        });

        it("is not written without the pull request's base: what changes is not known", async () => {
            git(folder, "checkout", "--quiet", "main");
            match(
                (await post([recorded("same")])).err,
                /^What the pull request changes is not known/,
            );
            deepEqual(comments(), []);
        });

        it("is only in the job's summary where the token may not comment, as a fork's may not", async () => {
            const reading = github.createToken({
                user: "alice",
                permissions: { issues: "read", metadata: "read" },
            });
            const { code } = await post([recorded("release")], { GITHUB_TOKEN: reading });
            equal(code, 0);
            deepEqual(comments(), []);
            match(summary(), /### Preview: `prod`/);
            equal((await post([recorded("dangerous")], { GITHUB_TOKEN: reading })).code, 1);
            equal((await post([recorded("release")], { GITHUB_TOKEN: "" })).code, 0);
            equal((await post([recorded("dangerous")], { GITHUB_TOKEN: "" })).code, 1);
        });

        it("asks for no label where there is no pull request to give it to", async () => {
            deepEqual(await post([recorded("dangerous")], { GITHUB_REF: "refs/heads/main" }), {
                code: 0,
                err: "",
            });
            deepEqual(comments(), []);
            match(summary(), /🔴 repository/);
        });
    });

    it("of a workflow's token is found as a bot's", async () => {
        // Its token cannot read its own user, and its comments are a bot's. All else is the same.
        const proxy = await startProxy(github.url);
        github.faults.add({ path: "/user$", status: 403 });
        try {
            const bot = pull({ apiUrl: proxy.url });
            await bot.post("one", a);
            await bot.post("two", b);
            deepEqual(comments(), [`<!-- mlops review ${b} -->\ntwo`]);
        } finally {
            proxy.server.close();
        }
    });
});

/** Everybody is a bot. */
async function startProxy(target: string): Promise<{ url: string; server: Server }> {
    const server = createServer((request, response) => {
        void (async () => {
            const body = await text(request);
            const { method = "", url = "", headers } = request;
            const answer = await fetch(`${target}${url}`, {
                method,
                headers: { authorization: headers.authorization ?? "" },
                ...(body === "" ? {} : { body }),
            });
            response.writeHead(answer.status, { "content-type": "application/json" });
            response.end((await answer.text()).replaceAll('"type":"User"', '"type":"Bot"'));
        })();
    });
    return new Promise((resolve) => {
        server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            resolve({
                url: `http://127.0.0.1:${String(typeof address === "object" ? address?.port : 0)}`,
                server,
            });
        });
    });
}
