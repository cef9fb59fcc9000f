import { strict as assert } from "node:assert";
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { QuayClient } from "../../../quay/client.ts";
import { parseChallenge, parseImageName, RegistrySession } from "../../../quay/registry.ts";

const digest = `sha256:${"0".repeat(64)}`;

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

    function session(host: string, site = host): RegistrySession {
        const { signal } = new AbortController();
        const api = new QuayClient({
            site: { url: `http://${site}`, host: site },
            tokenVariable: "QUAY_TOKEN",
            token: "TOPSECRET",
            maxParallelRequests: 8,
            signal,
        });
        return new RegistrySession(api, host, undefined, ["repository:a/b:pull", "repository:c/d:pull,push"]);
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
            if (request.method === "POST") return void response.writeHead(202, { location: "/upload?state=x" }).end();
            request.on("data", (data: Buffer) => {
                received += data.length;
                most = Math.max(most, process.memoryUsage().arrayBuffers - before);
            });
            request.on("end", () => void response.writeHead(request.method === "PATCH" ? 202 : 201, { location: "/upload?state=y" }).end());
        });
        await session(target).takeBlob("c/d", digest, { session: session(source), path: "a/b" });
        assert.equal(received, chunks * chunk.length);
        assert.ok(most < 160 * 2 ** 20, `${String(most)} bytes were kept`);
    });

    it("ask once for a token for all scopes, with the provider's token as the password", async () => {
        const asked: string[] = [];
        const host = await listen((request, response) => {
            asked.push(`${request.method ?? ""} ${request.url ?? ""} ${request.headers.authorization ?? "-"}`);
            if (request.url?.startsWith("/auth") === true) response.end('{"token":"t"}');
            else if (request.headers.authorization === "Bearer t") response.writeHead(200, { "docker-content-digest": digest }).end();
            else response.writeHead(401, { "www-authenticate": `Bearer realm="http://${host}/auth",service="s"` }).end();
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
            response.writeHead(known ? 404 : 401, { "www-authenticate": `Bearer realm="http://${elsewhere}/auth"` }).end();
        });
        assert.equal(await session(host).digestOf("a/b", "1"), undefined);
        assert.equal(await session(host, "quay.example.com").digestOf("a/b", "1"), undefined);
        assert.deepEqual(heard, [undefined, undefined]);
    });

    it("say whose credentials were refused", async () => {
        const host = await listen((_request, response) => response.writeHead(401, { "www-authenticate": "Basic" }).end());
        await assert.rejects(session(host).digestOf("a/b", "1"), /refused to look up a\/b:1 with the API token in QUAY_TOKEN/);
        await assert.rejects(session(host, "quay.io").digestOf("a/b", "1"), /refused to look up a\/b:1 with no credentials/);
    });

    it("are named in images", () => {
        assert.deepEqual(parseImageName("quay.io/alice/app/web"), { host: "quay.io", path: "alice/app/web" });
        assert.deepEqual(parseImageName("localhost:5000/app"), { host: "localhost:5000", path: "app" });
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

    it("say in a challenge where to get a token", () => {
        const quay = parseChallenge('Bearer realm="https://quay.io/v2/auth",service="quay.io",scope="repository:a/b:pull"');
        assert.deepEqual(quay, { scheme: "bearer", realm: "https://quay.io/v2/auth", service: "quay.io" });
        assert.equal(parseChallenge('Basic realm="x"').scheme, "basic");
        assert.deepEqual(parseChallenge(""), { scheme: "", realm: undefined, service: undefined });
    });
});
