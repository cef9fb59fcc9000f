import { deepEqual, equal, rejects } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { baseImagesOf, lookUpDigests } from "../../../../components/docker/baseImage.ts";
import { UserError } from "../../../../components/messages/userError.ts";

const digest = `sha256:${"a".repeat(64)}`;
const token = "anonymous-token";

describe("the digests of base images", () => {
    let server: Server | undefined;
    let asked: string[];
    beforeEach(() => {
        asked = [];
    });
    afterEach(() => {
        server?.closeAllConnections();
        server?.close();
        server = undefined;
    });

    /** Starts a server. @returns its host and port. */
    async function serve(answer: RequestListener): Promise<string> {
        const started = createServer((request, response) => {
            asked.push(`${String(request.method)} ${String(request.url)}`);
            answer(request, response);
        });
        server = started;
        await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
        return `127.0.0.1:${String((started.address() as AddressInfo).port)}`;
    }

    /** A registry with the image `a/b:1`, whose manifests anyone with a token may read. */
    const registry: RequestListener = (request, response) => {
        const { pathname, searchParams } = new URL(String(request.url), "http://registry");
        const host = String(request.headers.host);
        if (pathname === "/token") {
            const isRight =
                searchParams.get("service") === "registry" &&
                searchParams.get("scope") === "repository:a/b:pull" &&
                request.headers.authorization === undefined;
            response.writeHead(isRight ? 200 : 400).end(JSON.stringify({ token }));
        } else if (request.headers.authorization !== `Bearer ${token}`) {
            const challenge = `Bearer realm="http://${host}/token",service="registry"`;
            response.writeHead(401, { "www-authenticate": challenge }).end();
        } else if (
            request.method === "HEAD" &&
            pathname === "/v2/a/b/manifests/1" &&
            request.headers.accept?.includes("application/vnd.oci.image.index.v1+json")
        ) {
            response.writeHead(200, { "docker-content-digest": digest }).end();
        } else response.writeHead(404).end();
    };

    it("are looked up without credentials, with a token where the registry wants one", async () => {
        const image = `${await serve(registry)}/a/b:1`;
        deepEqual(await lookUpDigests([image]), { [image]: digest });
        deepEqual(asked, [
            "HEAD /v2/a/b/manifests/1",
            "GET /token?service=registry&scope=repository%3Aa%2Fb%3Apull",
            "HEAD /v2/a/b/manifests/1",
        ]);
    });

    it("are looked up all at once", async () => {
        const waiting: (() => void)[] = [];
        const host = await serve((_, response) => {
            waiting.push(() => response.writeHead(200, { "docker-content-digest": digest }).end());
            if (waiting.length === 2) for (const answer of waiting) answer();
        });
        const images = [`${host}/a`, `${host}/b`];
        deepEqual(Object.keys(await lookUpDigests(images, 5_000)), images);
    });

    describe("of a registry that asks for credentials", () => {
        const basic = (user: string, password: string) =>
            `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
        /** A registry that shows its images to alice alone, by this kind of challenge. */
        const isPrivate =
            (kind: "basic" | "bearer"): RequestListener =>
            (request, response) => {
                const host = String(request.headers.host);
                const { authorization } = request.headers;
                const expected = kind === "basic" ? basic("alice", "se:cret") : "Bearer alice";
                if (request.url?.startsWith("/token"))
                    response
                        .writeHead(authorization === basic("alice", "se:cret") ? 200 : 401)
                        .end(JSON.stringify({ token: "alice" }));
                else if (authorization === expected)
                    response.writeHead(200, { "docker-content-digest": digest }).end();
                else {
                    const challenge =
                        kind === "basic"
                            ? 'Basic realm="r"'
                            : `Bearer realm="http://${host}/token"`;
                    response.writeHead(401, { "www-authenticate": challenge }).end();
                }
            };
        const auth = (text: string) => ({ auth: Buffer.from(text).toString("base64") });
        const before = { ...process.env };
        let folder: string;
        beforeEach(() => {
            folder = mkdtempSync(join(tmpdir(), "docker-config-"));
            process.env["DOCKER_CONFIG"] = folder;
            process.env["PATH"] = `${folder}:${before["PATH"] ?? ""}`;
        });
        afterEach(() => {
            Reflect.deleteProperty(process.env, "DOCKER_CONFIG");
            Object.assign(process.env, before);
            rmSync(folder, { recursive: true });
        });
        const configure = (config: unknown) => {
            const text = typeof config === "string" ? config : JSON.stringify(config);
            writeFileSync(join(folder, "config.json"), text);
        };
        const helper = (name: string, script: string) => {
            const file = join(folder, `docker-credential-${name}`);
            writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
        };

        for (const kind of ["basic", "bearer"] as const)
            for (const [what, config] of Object.entries({
                "a login": (host: string) => ({ auths: { [host]: auth("alice:se:cret") } }),
                "a login by URL": (host: string) => ({
                    auths: { [`https://${host}/v1/`]: auth("alice:se:cret") },
                }),
                "a helper": (host: string) => ({
                    auths: { [host]: {} },
                    credHelpers: { [host]: "own" },
                    credsStore: "none",
                }),
                "a store": () => ({ credsStore: "own" }),
            }))
                it(`are looked up with ${what}, where it asks for ${kind}`, async () => {
                    const host = await serve(isPrivate(kind));
                    configure(config(host));
                    helper(
                        "own",
                        `[ "$1 $(cat)" = "get ${host}" ] || exit 1
                        echo '{"Username": "alice", "Secret": "se:cret"}'`,
                    );
                    deepEqual(await lookUpDigests([`${host}/a`]), { [`${host}/a`]: digest });
                });

        const problems: [what: string, config: (host: string) => unknown, problem: string][] = [
            ["has no credentials", () => ({ auths: {} }), "without credentials (401; to log in: "],
            [
                "has those of another",
                (host) => ({ auths: { [host]: auth("eve:secret") } }),
                'with the credentials of "eve" in the Docker configuration (401; to log in: docker ' +
                    "login 127.0.0.1:",
            ],
            ["is broken", () => "{", "config.json cannot be read (wrong format)"],
            [
                "names a helper that is missing",
                () => ({ credsStore: "absent" }),
                "docker-credential-absent does not give them (ENOENT)",
            ],
            [
                "names a helper that fails",
                () => ({ credsStore: "failing" }),
                "docker-credential-failing does not give them (3)",
            ],
            [
                "names a helper that has none",
                () => ({ credsStore: "empty" }),
                "without credentials",
            ],
            [
                "has an identity token",
                (host) => ({ auths: { [host]: { ...auth("x:"), identitytoken: "t" } } }),
                "has an identity token in the Docker configuration",
            ],
        ];
        for (const [what, config, problem] of problems)
            it(`are an error that names no secret where the configuration ${what}`, async () => {
                helper("failing", "echo secret; exit 3");
                helper("empty", "echo credentials not found in native keychain; exit 1");
                for (const kind of ["basic", "bearer"] as const) {
                    const host = await serve(isPrivate(kind));
                    configure(config(host));
                    await rejects(lookUpDigests([`${host}/a`]), (error) => {
                        equal(error instanceof UserError, true);
                        const { message } = error as Error;
                        equal(message.includes(problem), true, message);
                        equal(message.includes("secret"), false, message);
                        return true;
                    });
                    server?.closeAllConnections();
                    server?.close();
                }
            });
    });

    const status =
        (code: number, headers: Record<string, string> = {}): RequestListener =>
        (_, response) => {
            response.writeHead(code, headers).end();
        };
    /** Asks for a token, which is then the given answer. */
    const withToken =
        (answer: RequestListener): RequestListener =>
        (request, response) => {
            if (request.url?.startsWith("/token")) answer(request, response);
            else registry(request, response);
        };
    const html: RequestListener = (_, response) => {
        response.writeHead(200, { "content-type": "text/html" }).end("<html></html>");
    };
    const silent: RequestListener = () => undefined;
    const failures: [what: string, answer: RequestListener, problem: string][] = [
        ["does not have the image", status(404), "does not have it"],
        ["fails", status(503), "answered 503"],
        ["limits requests", status(429), "answered 429"],
        [
            "forbids it",
            status(403),
            "does not show it without credentials (403; to log in: docker login HOST)",
        ],
        [
            "wants a password",
            status(401, { "www-authenticate": 'Basic realm="x"' }),
            "does not show it without credentials (401; to log in: docker login HOST)",
        ],
        ["is a web page", html, "did not answer as a registry: there is no digest"],
        [
            "gives something else for a digest",
            status(200, { "docker-content-digest": "sha256:1" }),
            "did not answer as a registry: there is no digest",
        ],
        [
            "refuses a token",
            withToken(status(401)),
            "gives no token without credentials (401; to log in: docker login HOST)",
        ],
        ["has a web page for tokens", withToken(html), "gave something that is not a token"],
        [
            "does not take its own token",
            withToken((_, response) => response.end('{"access_token": "other"}')),
            "does not show it without credentials (401; to log in: docker login HOST)",
        ],
        ["is silent", silent, "did not answer within 0.2 s"],
        ["is silent about the token", withToken(silent), "did not answer within 0.2 s"],
        [
            "stops in the middle of the token",
            withToken((_, response) => response.write('{"token": "')),
            "did not answer within 0.2 s",
        ],
    ];
    for (const [what, answer, problem] of failures) {
        it(`are an error where the registry ${what}`, async () => {
            const host = await serve(answer);
            const timeout = problem.includes("0.2 s") ? 200 : 5_000;
            await rejects(lookUpDigests([`${host}/a/b:1`], timeout), (error) => {
                equal(error instanceof UserError, true);
                equal(
                    (error as Error).message,
                    `mlops:service.pull is true, but the digest of the base image "${host}/a/b:1" is ` +
                        `not known: the registry ${host} ${problem.replace("HOST", host)}. Try again later, name the image ` +
                        "by its digest (NAME@sha256:…), or set mlops:service.pull to false.",
                );
                return true;
            });
        });
    }

    it("are an error where nothing listens", async () => {
        const host = await serve(silent);
        await new Promise((resolve) => server?.close(resolve));
        await rejects(lookUpDigests([`${host}/a`]), /cannot be reached \(.*ECONNREFUSED/);
    });

    it("are an error, before any request, where the name has a variable without a value", async () => {
        await rejects(lookUpDigests(["a:$V"]), {
            message:
                'The base image "a:$V" of the Dockerfile has a variable without a value. Give its ' +
                "ARG a default, set mlops:service.buildArgs, or set mlops:service.pull to false.",
        });
    });

    describe("of a build", () => {
        let context: string;
        beforeEach(() => {
            context = mkdtempSync(join(tmpdir(), "base-image-"));
        });
        afterEach(() => {
            rmSync(context, { recursive: true });
        });
        const source = { dockerfile: "Dockerfile", buildContexts: {}, buildArgs: {}, pull: true };

        it("are those of its Dockerfile and of its named contexts", async () => {
            const host = await serve(status(200, { "docker-content-digest": digest }));
            writeFileSync(join(context, "Dockerfile"), `FROM ${host}/a\nCOPY --from=tool / /`);
            const tool = `${host}/tool:1`;
            const buildContexts = {
                tool: `docker-image://${tool}`,
                pinned: `docker-image://${host}/b@${digest}`,
                model: "../model",
            };
            deepEqual(await baseImagesOf({ ...source, context, buildContexts }), {
                [`${host}/a`]: digest,
                [tool]: digest,
            });
        });

        it("are not looked up where the build does not follow its base images", async () => {
            const host = await serve(status(404));
            writeFileSync(join(context, "Dockerfile"), `FROM ${host}/a`);
            equal(await baseImagesOf({ ...source, context, pull: false }), undefined);
            deepEqual(asked, []);
        });

        it("are none where the Dockerfile cannot be read, which the build reports", async () => {
            deepEqual(await baseImagesOf({ ...source, context }), {});
        });
    });
});
