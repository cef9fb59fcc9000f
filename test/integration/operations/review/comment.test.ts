import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { PermissionDenied, ReviewComment } from "../../../../operations/review/github.ts";
import { type GitHub, startGitHub } from "../../../../sandbox/github/server.ts";

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
