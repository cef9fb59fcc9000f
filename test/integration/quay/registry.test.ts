import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { QuayClient } from "../../../quay/api/client.ts";
import { QuayError } from "../../../quay/api/errors.ts";
import { parseImageName } from "../../../quay/api/imageName.ts";
import { RegistrySession } from "../../../quay/api/registry.ts";
import { parseChallenge } from "../../../quay/api/registryConnection.ts";
import type { Credentials } from "../../../quay/api/registryConnection.ts";

const digest = `sha256:${"0".repeat(64)}`;

/** Whether an error is one line for people, not a stack trace of a parser. */
function isClear(error: unknown): boolean {
    assert.ok(error instanceof QuayError, String(error));
    assert.ok(error.message.length < 1000 && !error.message.includes("\n"), error.message);
    return true;
}

describe("registries", function () {
    this.timeout(30_000);

    const servers: Server[] = [];

    afterEach(() => {
        for (const server of servers.splice(0)) {
            server.closeAllConnections();
            server.close();
        }
    });

    async function listen(listener: RequestListener): Promise<string> {
        const server = createServer(listener);
        servers.push(server);
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    }

    function session(host: string, site = host, credentials?: Credentials): RegistrySession {
        return new RegistrySession(clientOf(site), host, credentials, [
            "repository:a/b:pull",
            "repository:c/d:pull,push",
        ]);
    }

    function clientOf(site: string, maxParallelRequests = 8): QuayClient {
        const { signal } = new AbortController();
        return new QuayClient({
            site: { url: `http://${site}`, host: site },
            tokenVariable: "QUAY_TOKEN",
            token: "TOPSECRET",
            maxParallelRequests,
            signal,
        });
    }

    /** A registry that has every requested blob, and accepts every upload without mounting. */
    async function listenForBlobs(
        before: RequestListener = () => undefined,
    ): Promise<{ host: string; asked: string[] }> {
        const asked: string[] = [];
        const host = await listen((request, response) => {
            const { method = "", url = "" } = request;
            asked.push(`${method} ${url}`);
            before(request, response);
            if (response.writableEnded) return;
            if (method === "GET") return void response.end("blob");
            if (method === "HEAD") return void response.writeHead(404).end();
            request.resume().once("end", () => {
                const status = { POST: 202, PATCH: 202, PUT: 201 }[method] ?? 405;
                setImmediate(() =>
                    response.writeHead(status, { location: "/upload?state=x" }).end(),
                ); // requests may meet
            });
        });
        return { host, asked };
    }

    it("stream a blob of any size in little memory, the same bytes", async () => {
        const chunk = Buffer.alloc(65_536, 7);
        const chunks = 4096; // 256 MiB
        const source = await listen((_request, response) => {
            let left = chunks;
            const write = () => {
                while (left > 0) {
                    left--;
                    if (!response.write(chunk)) return void response.once("drain", write);
                }
                response.end();
            };
            write();
        });
        let received = 0;
        let most = 0;
        const before = process.memoryUsage().arrayBuffers;
        const target = await listen((request, response) => {
            if (request.method === "HEAD") return void response.writeHead(404).end();
            if (request.method === "POST")
                return void response.writeHead(202, { location: "/upload?state=x" }).end();
            request.on("data", (data: Buffer) => {
                received += data.length;
                most = Math.max(most, process.memoryUsage().arrayBuffers - before);
            });
            request.on(
                "end",
                () =>
                    void response
                        .writeHead(request.method === "PATCH" ? 202 : 201, {
                            location: "/upload?state=y",
                        })
                        .end(),
            );
        });
        await session(target).takeBlob("c/d", digest, { session: session(source), path: "a/b" });
        assert.equal(received, chunks * chunk.length);
        assert.ok(most < 160 * 2 ** 20, `${String(most)} bytes were kept`);
    });

    it("stream a blob that they do not mount", async () => {
        const { host, asked } = await listenForBlobs();
        const own = session(host);
        await own.takeBlob("c/d", digest, { session: own, path: "a/b" });
        assert.deepEqual(asked, [
            `POST /v2/c/d/blobs/uploads/?${new URLSearchParams({ mount: digest, from: "a/b" }).toString()}`,
            `GET /v2/a/b/blobs/${digest}`,
            "PATCH /upload?state=x",
            `PUT /upload?${new URLSearchParams({ state: "x", digest }).toString()}`,
        ]);
    });

    it("are asked for no more at a time than they may be, all copies together", async () => {
        let now = 0;
        let most = 0;
        const { host } = await listenForBlobs((_request, response) => {
            most = Math.max(most, ++now);
            response.once("close", () => now--);
        });
        const source = await listenForBlobs();
        const api = clientOf(host, 2);
        const copies = Array.from({ length: 4 }, async () => {
            const target = new RegistrySession(api, host, undefined, []);
            const from = {
                session: new RegistrySession(api, source.host, undefined, []),
                path: "a/b",
            };
            await Promise.all(
                ["0", "1", "2", "3", "4", "5"].map((digit) =>
                    target.takeBlob("c/d", `sha256:${digit.repeat(64)}`, from),
                ),
            );
        });
        await Promise.all(copies);
        assert.equal(most, 2);
    });

    for (const status of [429, 500, 503]) {
        it(`are asked again for a blob after ${String(status)}`, async () => {
            const failing = ["GET", "PATCH"];
            const { host, asked } = await listenForBlobs((request, response) => {
                const index = failing.indexOf(request.method ?? "");
                if (index < 0) return;
                failing.splice(index, 1);
                response.writeHead(status, { connection: "close" }).end();
            });
            const own = session(host);
            await own.takeBlob("c/d", digest, { session: own, path: "a/b" });
            assert.equal(asked.filter((request) => request.startsWith("POST")).length, 3);
            assert.equal(asked.filter((request) => request.startsWith("PUT")).length, 1);
        });
    }

    it("are asked for another token where it expires during a copy", async () => {
        let valid = 1;
        const { host, asked } = await listenForBlobs((request, response) => {
            if (request.url?.startsWith("/auth") === true)
                return void response.end(JSON.stringify({ token: String(valid) }));
            if (request.method === "PATCH" && valid === 1) valid = 2;
            if (request.headers.authorization === `Bearer ${String(valid)}`) return;
            response
                .writeHead(401, {
                    "www-authenticate": `Bearer realm="http://${host}/auth"`,
                    connection: "close",
                })
                .end();
        });
        const own = session(host);
        await own.takeBlob("c/d", digest, { session: own, path: "a/b" });
        assert.equal(asked.filter((request) => request.startsWith("GET /auth")).length, 2);
        assert.equal(asked.filter((request) => request.startsWith("PUT")).length, 1);
    });

    it("are given the password itself where that is what they want", async () => {
        const heard: (string | undefined)[] = [];
        const host = await listen((request, response) => {
            heard.push(request.headers.authorization);
            if (request.headers.authorization === undefined)
                response.writeHead(401, { "www-authenticate": 'Basic realm="r"' }).end();
            else response.writeHead(200, { "docker-content-digest": digest }).end();
        });
        const other = session(host, "quay.example.com", { username: "bob", password: "hush" });
        assert.equal(await other.digestOf("a/b", "1"), digest);
        assert.deepEqual(heard, [undefined, `Basic ${Buffer.from("bob:hush").toString("base64")}`]);
    });

    it("tell on several pages what refers to an image", async () => {
        const descriptor = (digit: string) => ({
            mediaType: "m",
            digest: `sha256:${digit.repeat(64)}`,
            size: 1,
        });
        const host = await listen((request, response) => {
            const last = request.url?.includes("page=2") === true;
            const link = `<http://${host}/v2/a/b/referrers/${digest}?page=2>; rel="next"`;
            response
                .writeHead(200, last ? {} : { link })
                .end(
                    JSON.stringify({ schemaVersion: 2, manifests: [descriptor(last ? "2" : "1")] }),
                );
        });
        assert.deepEqual(await session(host).referrers("a/b", digest), [
            descriptor("1"),
            descriptor("2"),
        ]);
    });

    it("are given up where their list of what refers to an image never ends", async () => {
        let asked = 0;
        const host = await listen((_request, response) => {
            asked++;
            const link = `</v2/a/b/referrers/${digest}?page=${String(asked)}>; rel="next"`;
            response.writeHead(200, { link }).end(JSON.stringify({ schemaVersion: 2 }));
        });
        await assert.rejects(
            session(host).referrers("a/b", digest),
            /the list has no end, it named a next page 100 times/,
        );
        assert.equal(asked, 100);
    });

    it("ask once for a token for all scopes, with the provider's token as the password", async () => {
        const asked: string[] = [];
        const host = await listen((request, response) => {
            asked.push(
                `${request.method ?? ""} ${request.url ?? ""} ${request.headers.authorization ?? "-"}`,
            );
            if (request.url?.startsWith("/auth") === true) response.end('{"token":"t"}');
            else if (request.headers.authorization === "Bearer t")
                response.writeHead(200, { "docker-content-digest": digest }).end();
            else
                response
                    .writeHead(401, {
                        "www-authenticate": `Bearer realm="http://${host}/auth",service="s"`,
                    })
                    .end();
        });
        const own = session(host);
        assert.equal(await own.digestOf("a/b", "1"), digest);
        assert.equal(await own.digestOf("a/b", "2"), digest);
        const basic = `Basic ${Buffer.from("$oauthtoken:TOPSECRET").toString("base64")}`;
        assert.deepEqual(asked, [
            "HEAD /v2/a/b/manifests/1 -",
            `GET /auth?service=s&scope=repository%3Aa%2Fb%3Apull&scope=repository%3Ac%2Fd%3Apull%2Cpush ${basic}`,
            "HEAD /v2/a/b/manifests/1 Bearer t",
            "HEAD /v2/a/b/manifests/2 Bearer t",
        ]);
    });

    it("give the provider's token to nobody but its Quay, wherever an answer points", async () => {
        const heard: (string | undefined)[] = [];
        const elsewhere = await listen((request, response) => {
            heard.push(request.headers.authorization);
            response.end('{"token":"t"}');
        });
        const host = await listen((request, response) => {
            const known = request.headers.authorization === "Bearer t";
            response
                .writeHead(known ? 404 : 401, {
                    "www-authenticate": `Bearer realm="http://${elsewhere}/auth"`,
                })
                .end();
        });
        assert.equal(await session(host).digestOf("a/b", "1"), undefined);
        assert.equal(await session(host, "quay.example.com").digestOf("a/b", "1"), undefined);
        assert.deepEqual(heard, [undefined, undefined]);
    });

    it("say whose credentials were refused", async () => {
        const host = await listen((_request, response) =>
            response.writeHead(401, { "www-authenticate": "Basic" }).end(),
        );
        await assert.rejects(
            session(host).digestOf("a/b", "1"),
            /refused to look up a\/b:1 with the API token in QUAY_TOKEN/,
        );
        await assert.rejects(
            session(host, "quay.io").digestOf("a/b", "1"),
            /refused to look up a\/b:1 with no credentials/,
        );
    });

    it("are named in images", () => {
        assert.deepEqual(parseImageName("quay.io/alice/app/web"), {
            host: "quay.io",
            path: "alice/app/web",
        });
        assert.deepEqual(parseImageName("localhost:5000/app"), {
            host: "localhost:5000",
            path: "app",
        });
        for (const wrong of [
            "alice/app",
            "quay.io/alice/app:1",
            "quay.io/alice/app@sha256:0",
            "https://quay.io/a/b",
            "quay.io/",
            "quay.io/Alice/app",
            "",
        ]) {
            assert.equal(parseImageName(wrong), undefined, wrong);
        }
        fc.assert(
            fc.property(fc.string(), (text) => {
                const parsed = parseImageName(text);
                assert.ok(parsed === undefined || `${parsed.host}/${parsed.path}` === text);
            }),
        );
    });

    describe("are not believed", () => {
        const bytes = JSON.stringify({ schemaVersion: 2 });
        const answer = (body: string, headers: Record<string, string> = {}, status = 200) =>
            listen((_request, response) => void response.writeHead(status, headers).end(body));

        for (const said of [
            "../../../etc/passwd",
            "${{ secrets.TOKEN }}",
            "sha256:0",
            `sha512:${"0".repeat(128)}`,
        ]) {
            it(`when they call a digest what is none: ${said.slice(0, 24)}`, async () => {
                const host = await answer("", { "docker-content-digest": said });
                await assert.rejects(
                    session(host).digestOf("a/b", "1.0.0"),
                    /did not look up a\/b:1\.0\.0: it gave ".*as the digest, which is none/,
                );
            });
        }

        it("when they answer with JSON of another form, however deep, in one clear error", async () => {
            const depth = 100_000;
            const deep = `${'{"a":['.repeat(depth)}1${"]}".repeat(depth)}`;
            for (const body of [
                deep,
                `{"schemaVersion":2,"manifests":${deep}}`,
                "[]",
                "1",
                '"x"',
            ]) {
                const host = await answer(body);
                await assert.rejects(session(host).manifest("a/b", "1"), isClear);
                await assert.rejects(session(host).referrers("a/b", digest), isClear);
                const refusing = await answer(
                    `{"errors":[{"code":"X","message":${deep}}]}`,
                    {},
                    400,
                );
                await assert.rejects(session(refusing).manifest("a/b", "1"), isClear);
            }
            await fc.assert(
                fc.asyncProperty(fc.json(), async (body) => {
                    const host = await answer(body);
                    await assert.rejects(session(host).manifest("a/b", "1"), isClear);
                }),
                { numRuns: 30 },
            );
            const right = await answer(bytes);
            assert.equal((await session(right).manifest("a/b", "1"))?.parts.schemaVersion, 2);
        });

        it("when a token is no header's text, or an upload has no address", async () => {
            const guarded = await listen((request, response) => {
                if (request.url?.startsWith("/token") === true)
                    return void response.end(JSON.stringify({ token: "a\nx: y\u{202e}" }));
                const realm = `Bearer realm="http://${guarded}/token"`;
                response.writeHead(401, { "www-authenticate": realm }).end();
            });
            await assert.rejects(session(guarded).digestOf("a/b", "1"), isClear);
            for (const location of ["http://[", "file:///etc/passwd", "::"]) {
                const source = await listenForBlobs();
                const target = await listen((request, response) => {
                    request.resume();
                    const status = request.method === "POST" ? 202 : 404;
                    response.writeHead(status, { location }).end();
                });
                const from = { session: session(source.host), path: "a/b" };
                const taken = session(target).takeBlob("c/d", digest, from);
                await assert.rejects(taken, isClear, location);
            }
        });

        it("when they give another digest, or another content, than was asked for", async () => {
            const other = `sha256:${"1".repeat(64)}`;
            const host = await answer(bytes, { "docker-content-digest": other });
            await assert.rejects(session(host).digestOf("a/b", digest), /which is another/);
            await assert.rejects(session(host).manifest("a/b", digest), /gave another content/);
            await assert.rejects(session(host).blob("a/b", digest), /gave another content/);
            for (const said of [other, "../1.0.0"])
                await assert.rejects(
                    session(await answer(bytes, { "docker-content-digest": said })).manifest(
                        "a/b",
                        "1.0.0",
                    ),
                    /did not read the manifest 1\.0\.0 of a\/b: it calls its content ".*", and the/,
                );
            const own = createHash("sha256").update(bytes).digest("hex");
            const honest = await answer(bytes, { "docker-content-digest": `sha256:${own}` });
            assert.equal((await session(honest).manifest("a/b", "1.0.0"))?.digest, `sha256:${own}`);
        });

        it("when what refers to an image, or what it is made of, is no digest", async () => {
            const manifests = [{ digest: "../manifests/1.0.0", size: 1 }];
            const host = await answer(JSON.stringify({ schemaVersion: 2, manifests }));
            await assert.rejects(session(host).referrers("a/b", digest), /not a registry's/);
            await assert.rejects(
                session(host).manifest("a/b", "1.0.0"),
                /neither an image nor an index/,
            );
        });

        it("when a page is the answer to a push, to a list of referrers, or in place of a token", async () => {
            const host = await answer("<html>Maintenance</html>");
            const manifest = { mediaType: "x", bytes: new TextEncoder().encode(bytes) };
            await assert.rejects(
                session(host).putManifest("a/b", "1.0.0", manifest),
                /push a\/b:1\.0\.0 with something that is not a registry's/,
            );
            await assert.rejects(session(host).referrers("a/b", digest), /not a registry's/);
            const guarded = await listen((request, response) => {
                if (request.url?.startsWith("/token") === true) response.end("<html></html>");
                else
                    response
                        .writeHead(401, {
                            "www-authenticate": `Bearer realm="http://${guarded}/token"`,
                        })
                        .end();
            });
            await assert.rejects(
                session(guarded).digestOf("a/b", "1.0.0"),
                /give a token with something that is not a registry's/,
            );
        });
    });

    it("say in a challenge where to get a token", () => {
        const quay = parseChallenge(
            'Bearer realm="https://quay.io/v2/auth",service="quay.io",scope="repository:a/b:pull"',
        );
        assert.deepEqual(quay, {
            scheme: "bearer",
            realm: "https://quay.io/v2/auth",
            service: "quay.io",
        });
        assert.equal(parseChallenge('Basic realm="x"').scheme, "basic");
        assert.deepEqual(parseChallenge(""), { scheme: "", realm: undefined, service: undefined });
    });
});
