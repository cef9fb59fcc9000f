import { strict as assert } from "node:assert";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { noContent, QuayClient } from "../../../quay/api/client.ts";
import { userAgent } from "../../../quay/api/http.ts";
import type { Call, ClientOptions } from "../../../quay/api/client.ts";
import { listActiveTags } from "../../../quay/api/tags.ts";
import { QuayError, readRefusal, RefusedError, UnansweredError } from "../../../quay/api/errors.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const html = { "content-type": "text/html; charset=utf-8" };
const json = { "content-type": "application/json" };
const answer =
    (status: number, body: string, headers: Record<string, string> = json): Answer =>
    (_request, response) => {
        response.writeHead(status, headers).end(body);
    };
const me = answer(200, JSON.stringify({ username: "alice" }));
const call: Call = { to: "read the thing", scope: "repo:read" };
const token = "TOPSECRETTOKEN";

describe("the client of Quay's API", function () {
    this.timeout(30_000);

    let server: Server;
    let answers: Answer[];
    let seen: string[];
    let client: QuayClient;
    let abort: AbortController;

    beforeEach((done) => {
        answers = [];
        seen = [];
        abort = new AbortController();
        server = createServer((request, response) => {
            seen.push(`${request.method ?? ""} ${request.url ?? ""}`);
            const [next] = answers.length > 1 ? answers.splice(0, 1) : answers;
            (next ?? answer(500, ""))(request, response);
        }).listen(0, "127.0.0.1", () => {
            client = newClient();
            done();
        });
    });

    afterEach(() => {
        server.closeAllConnections();
        server.close();
    });

    function newClient(
        options: Partial<
            Pick<ClientOptions, "token" | "timeout" | "maxParallelRequests" | "retryDelay">
        > = {},
    ): QuayClient {
        const host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
        return new QuayClient({
            site: { url: `http://${host}`, host },
            tokenVariable: "QUAY_TOKEN",
            token,
            maxParallelRequests: 8,
            signal: abort.signal,
            ...options,
        });
    }

    async function failure(run: Promise<unknown>): Promise<Error> {
        const error = await run.then(
            () => assert.fail("it succeeded"),
            (error: unknown) => error,
        );
        assert.ok(error instanceof QuayError, String(error));
        assert.doesNotMatch(error.message, /CSRF|<html|TOPSECRET/);
        return error;
    }

    it("signs in, says what it is, and reads JSON", async () => {
        let headers: IncomingMessage["headers"] = {};
        answers = [
            (request, response) => {
                ({ headers } = request);
                response.writeHead(200, json).end('{"a":1}');
            },
        ];
        assert.deepEqual(
            await client.get(
                "thing",
                { ...call, query: { q: "x y", none: undefined } },
                z.object({ a: z.number() }),
            ),
            {
                a: 1,
            },
        );
        assert.equal(headers.authorization, `Bearer ${token}`);
        assert.equal(headers["user-agent"], userAgent);
        assert.deepEqual(seen, ["GET /api/v1/thing?q=x+y"]);
    });

    it("keeps its connections", async () => {
        let connections = 0;
        server.on("connection", () => connections++);
        answers = [answer(200, "{}")];
        for (let request = 0; request < 20; request++) await client.get("x", call, z.object({}));
        assert.ok(connections <= 2, String(connections));
    });

    it("proves the token once, before the first change", async () => {
        answers = [me, answer(201, '"Created"')];
        await client.change("POST", "organization/", call, z.unknown());
        await client.change("POST", "organization/", call, z.unknown());
        assert.deepEqual(seen, [
            "GET /api/v1/user/",
            "POST /api/v1/organization/",
            "POST /api/v1/organization/",
        ]);
    });

    it("accepts a token that may not tell whose it is", async () => {
        answers = [
            answer(401, '{"error_type":"invalid_token"}'),
            answer(403, '{"error_type":"insufficient_scope"}'),
        ];
        assert.deepEqual(await client.account(), { username: undefined });
    });

    it("never shows the page about CSRF", async () => {
        answers = [me, answer(403, '{"error": "CSRF token was invalid or missing."}', html)];
        assert.match(
            (await failure(client.change("POST", "x", call, z.unknown()))).message,
            /does not accept the token in QUAY_TOKEN/,
        );
    });

    it("says which scope is missing", async () => {
        answers = [answer(403, '{"error_type":"insufficient_scope","detail":"Unauthorized"}')];
        const { message } = await failure(client.get("x", call, z.unknown()));
        assert.match(
            message,
            /refused to read the thing \(403\).*lacks the scope "View all visible repositories" \(repo:read\)/,
        );
    });

    it("asks for the variable where there is no token", async () => {
        const error = await failure(
            Promise.resolve().then(() => newClient({ token: "" }).get("x", call, z.unknown())),
        );
        assert.match(error.message, /environment variable QUAY_TOKEN is not set/);
        assert.deepEqual(seen, []);
    });

    for (const status of [429, 502, 503, 504]) {
        it(`reads again after ${String(status)}, and waits as long as it is told to`, async () => {
            answers = [
                answer(status, "<html>", { ...html, "retry-after": "0" }),
                answer(200, "{}"),
            ];
            await client.get("x", call, z.object({}));
            assert.equal(seen.length, 2);
        });
    }

    for (const [retryDelay, least, most] of [
        [1, 0, 440],
        [200, 290, 20_000],
    ] as const) {
        it(`doubles its retries' wait, from ${String(retryDelay)} ms on`, async () => {
            const busy = answer(503, "");
            answers = [busy, busy, answer(200, "{}")];
            const start = performance.now();
            await newClient({ retryDelay }).get("x", call, z.object({}));
            const took = performance.now() - start;
            assert.ok(took >= least && took < most, String(took));
        });
    }

    it("waits as long as Retry-After says, not as long as it would by itself", async () => {
        answers = [answer(429, "", { "retry-after": "2" }), answer(200, "{}")];
        const started = performance.now();
        await client.get("x", call, z.object({}));
        assert.ok(performance.now() - started >= 1900);
    });

    it("reads again after a reset", async () => {
        answers = [(request) => request.socket.destroy(), answer(200, "{}")];
        await client.get("x", call, z.object({}));
        assert.equal(seen.length, 2);
    });

    it("creates again only after an answer that says nothing was done", async () => {
        const create = (once: boolean) =>
            client.change("POST", "x", { ...call, once }, z.unknown());
        answers = [me, answer(429, "", { "retry-after": "0" }), answer(201, "{}")];
        await create(true);
        assert.equal(seen.length, 3);
        for (const lost of [answer(502, "", html), answer(504, "", html)]) {
            seen.length = 0;
            answers = [lost];
            assert.ok((await failure(create(true))) instanceof UnansweredError);
            assert.equal(seen.length, 1);
        }
        seen.length = 0;
        answers = [(request) => request.socket.destroy()];
        assert.ok((await failure(create(true))) instanceof UnansweredError);
        assert.equal(seen.length, 1);
    });

    it("does not repeat what will not pass: a read-only repository", async () => {
        answers = [answer(503, '{"message":"Repository is in read only or mirror mode: 1"}')];
        assert.match(
            (await failure(client.get("x", call, z.unknown()))).message,
            /read only or mirror mode/,
        );
        assert.equal(seen.length, 1);
    });

    it("gives up on an answer that takes too long", async () => {
        answers = [() => undefined];
        const slow = newClient({ timeout: 50 });
        const error = await failure(slow.get("x", { ...call, once: true }, z.unknown()));
        assert.match(error.message, /it took too long/);
        assert.ok(error instanceof UnansweredError);
    });

    it("gets the answer to what it has begun when it is cancelled, and begins no other change", async () => {
        answers = [
            answer(200, '{"username":"alice"}'),
            (request, response) => {
                abort.abort();
                answer(200, '{"done":true}')(request, response);
            },
            answer(200, "{}"),
        ];
        assert.deepEqual(await client.change("POST", "x", call, z.unknown()), { done: true });
        const error = await failure(client.change("POST", "y", call, z.unknown()));
        assert.match(error.message, /Cancelled before the request to read the thing was sent/);
        assert.ok(!(error instanceof UnansweredError), "it is known that nothing happened");
        assert.deepEqual(seen, ["GET /api/v1/user/", "POST /api/v1/x"]);
    });

    it("tries nothing again when it is cancelled", async () => {
        answers = [
            (request, response) => {
                abort.abort();
                answer(503, "")(request, response);
            },
        ];
        await failure(client.get("x", call, z.unknown()));
        assert.equal(seen.length, 1);
    });

    it("sends no more requests at a time than it may", async () => {
        let now = 0;
        let most = 0;
        answers = [
            (_request, response) => {
                most = Math.max(most, ++now);
                setImmediate(() => {
                    now--;
                    response.writeHead(200, json).end("{}");
                });
            },
        ];
        const narrow = newClient({ maxParallelRequests: 2 });
        await Promise.all(Array.from({ length: 20 }, () => narrow.get("x", call, z.unknown())));
        assert.equal(most, 2);
    });

    it("does not follow a redirect, and says where it leads", async () => {
        answers = [answer(308, "<html>", { ...html, location: "https://elsewhere.example.com/" })];
        assert.match(
            (await failure(client.get("x", call, z.unknown()))).message,
            /redirects .* to https:\/\/elsewhere\.example\.com\/\. Set quay:url/,
        );
    });

    it("takes a page of the web UI for a route that is not there, not for something missing", async () => {
        answers = [answer(404, "<!doctype html>", html)];
        const error = await failure(client.get("x", call, z.unknown()));
        assert.match(error.message, /no such route to read the thing \(404\)/);
        assert.ok(error instanceof RefusedError && !error.refusal.deliberate);
    });

    it("says when something that answers is not Quay", async () => {
        answers = [answer(200, "<html>hello</html>", html)];
        assert.match(
            (await failure(client.get("x", call, z.object({})))).message,
            /something that is not Quay's API/,
        );
    });

    for (const [title, status, body] of [
        ["a page", 200, "<html>maintenance</html>"],
        ["a cut answer", 201, '{"done": tr'],
        ["no body", 201, ""],
        ["no body", 200, ""],
        ["another type", 200, "[]"],
        ["another type", 200, '"Created"'],
        ["nothing", 200, "null"],
        ["an answer that is too deep", 200, `${"[".repeat(20_000)}${"]".repeat(20_000)}`],
    ] as const) {
        it(`takes ${title} (${String(status)}) for an unanswered request, and makes the change again if it may`, async () => {
            for (const once of [true, false]) {
                const form = z.object({ done: z.boolean() });
                const change = () => client.change("PUT", "x", { ...call, once }, form);
                answers = [me, answer(status, body)];
                seen.length = 0;
                client = newClient();
                const error = await failure(change());
                assert.ok(error instanceof UnansweredError);
                assert.match(error.message, /not Quay's API.*may have been done all the same/);
                assert.equal(seen.length, once ? 2 : 3);
                answers = [answer(status, body), answer(200, '{"done":true}')];
                if (!once) assert.deepEqual(await change(), { done: true });
            }
        });
    }

    it("takes an answer with a body for no confirmation of a deletion", async () => {
        const remove = () => client.change("DELETE", "x", call, noContent);
        answers = [me, answer(200, "<html>"), answer(204, "")];
        await remove();
        for (const body of ["", "<html>", "{}"]) {
            answers = [answer(200, body)];
            assert.ok((await failure(remove())) instanceof UnansweredError, body);
        }
    });

    it("ends where a server's list of tags never does", async () => {
        const digest = `sha256:${"1".repeat(64)}`;
        const tag = { name: "v1", manifest_digest: digest, is_manifest_list: false };
        const page = (tags: object[]) =>
            answer(200, JSON.stringify({ tags, has_additional: true }));
        answers = [page([tag]), page([])];
        assert.equal((await listActiveTags(client, "alice/app", {}))?.length, 1);
        answers = [page([tag])];
        const { message } = await failure(listActiveTags(client, "alice/app", {}));
        assert.match(message, /alice\/app has more than 100000 tags: set a limit/);
    });

    it("shows control characters of the server's escaped, and cuts what it says", async () => {
        const said = `\u001b[2Jwiped \u202egnorw\u009b ${"x".repeat(10_000)}`;
        answers = [answer(400, JSON.stringify({ detail: said }))];
        const { message } = await failure(client.get("x", call, z.unknown()));
        assert.ok(message.includes("\\u{1b}[2Jwiped \\u{202e}gnorw\\u{9b} xxx"), message);
        assert.ok(message.length < 500, String(message.length));
    });

    it("says in one sentence what an error nested 20,000 deep is", async () => {
        const deep = `${'{"message":'.repeat(20_000)}1${"}".repeat(20_000)}`;
        for (const body of [deep, `{"errors":${"[".repeat(20_000)}${"]".repeat(20_000)}}`]) {
            answers = [answer(400, body)];
            const { message } = await failure(client.get("x", call, z.unknown()));
            assert.match(message, /^Quay at [^\n]*read the thing[^\n]*\(?400\)?[^\n]*$/);
        }
    });

    it("keeps what the server said, in one line, from each of its ways to say it", () => {
        const said = (body: unknown) => readRefusal(400, body).said;
        assert.equal(said({ detail: "first line\nsecond", error_message: "other" }), "first line");
        assert.equal(said({ message: "m" }), "m");
        assert.equal(said({ message: { limit: "too big" } }), "limit: too big");
        assert.equal(said('{"error": "e"}'), "e");
        assert.equal(
            said({ errors: [{ code: "TAG_IMMUTABLE", message: "no" }] }),
            "TAG_IMMUTABLE: no",
        );
        assert.equal(said("<html>"), "");
        assert.equal(said(undefined), "");
    });

    it("does not repeat a token that the server repeats", async () => {
        answers = [answer(400, JSON.stringify({ message: `bad ${token}` }))];
        assert.match((await failure(client.get("x", call, z.unknown()))).message, /bad \[secret\]/);
    });
});
