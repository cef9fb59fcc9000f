import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rmdir } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { z } from "zod";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { until } from "../../until.ts";
import {
    Api,
    ask,
    expectMessage,
    expectPage,
    expectReply,
    type Reply,
    textAt,
} from "../../../sandbox/quayApi.ts";
import {
    basic,
    digestOf,
    image,
    imageType,
    indexOf,
    indexType,
    login,
    pushImage,
    Registry,
} from "../../../sandbox/registryClient.ts";

/** Whether a reply is an error of the registry API. */
function expectError(reply: Reply, status: number, code: string, message?: string): void {
    assert.equal(reply.type, "application/json");
    expectReply(reply, status, {
        errors: [{ code, ...(message === undefined ? {} : { message }) }],
    });
}

/** The server as a command, with its data in a folder. */
function alone(
    parameters: readonly string[],
    folder: string,
    environment: Readonly<Record<string, string>> = {},
) {
    return spawn(process.execPath, ["sandbox/quay/main.ts", ...parameters], {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, TMPDIR: folder, ...environment },
    });
}

const denied = "access to the requested resource is not authorized";

describe("the Quay to test against: its registry", () => {
    let quay: Quay;
    let ada: Api;
    let password: string;

    const repository = async (
        name: string,
        visibility = "private",
        namespace = "ada",
    ): Promise<string> => {
        expectReply(
            await ada.post("/repository", {
                namespace,
                repository: name,
                visibility,
                description: "",
            }),
            201,
        );
        return `${namespace}/${name}`;
    };
    const robot = async (name: string, base = "/user"): Promise<string> =>
        textAt(await ada.put(`${base}/robots/${name}`), "token");
    /** A repository and a robot of its own with a role. */
    const withRobot = async (name: string, role: string) => {
        const path = await repository(name);
        const token = await robot(name);
        expectReply(
            await ada.put(`/repository/${path}/permissions/user/ada+${name}`, { role }),
            200,
        );
        return { path, credentials: basic(`ada+${name}`, token) };
    };
    const asAda = (...scopes: readonly string[]): Promise<Registry> =>
        Registry.login(quay, basic("ada", password), ...scopes);

    before(async () => {
        quay = await startQuay();
        password = quay.createUser("ada");
        quay.createUser("bob");
        quay.createOrganization("org", "ada");
        ada = new Api(quay.url, quay.createToken({ user: "ada" }));
    });
    after(() => quay.stop());

    describe("11. logging in", () => {
        it("challenges at /v2/ with 401 and the body true, and is true for a token", async () => {
            const reply = await ask(`${quay.url}/v2/`);
            assert.deepEqual([reply.status, reply.text], [401, "true"]);
            assert.equal(
                reply.headers.get("www-authenticate"),
                `Bearer realm="${quay.url}/v2/auth",service="${quay.registry}"`,
            );
            const token = textAt(await login(quay, basic("ada", password)), "token");
            assert.equal(
                (await ask(`${quay.url}/v2/`, { headers: { authorization: `Bearer ${token}` } }))
                    .status,
                200,
            );
            assert.equal(
                (await ask(`${quay.url}/v2/`, { headers: { authorization: "Bearer x" } })).status,
                401,
            );
        });

        it("takes robots, users, and $oauthtoken; refuses wrong passwords with 401", async () => {
            const token = await robot("login");
            expectReply(await login(quay, basic("ada+login", token)), 200);
            expectReply(
                await login(quay, basic("$oauthtoken", quay.createToken({ user: "ada" }))),
                200,
            );
            const wrong = "Could not find robot with username: ada+login and supplied password.";
            expectError(await login(quay, basic("ada+login", "X")), 401, "UNAUTHORIZED", wrong);
            expectError(await login(quay, basic("ada", "X")), 401, "UNAUTHORIZED");
            expectError(await login(quay, basic("$oauthtoken", "X")), 401, "UNAUTHORIZED");
            expectError(await login(quay, undefined), 401, "UNAUTHORIZED", denied);
            assert.match(textAt(await ada.get("/user/robots/login"), "last_accessed"), / -0000$/);
        });

        it("gives a token even when it grants nothing; the refusal comes with the request, as 401", async () => {
            const path = await repository("ungranted");
            const reply = await login(
                quay,
                basic("ada+login", await robot("powerless")),
                `repository:${path}:pull`,
            );
            expectError(reply, 401, "UNAUTHORIZED");
            const token = textAt(await ada.get("/user/robots/powerless"), "token");
            const powerless = await Registry.login(
                quay,
                basic("ada+powerless", token),
                `${path}:pull,push`,
            );
            const refused = await powerless.ask("GET", `${path}/tags/list`);
            expectError(refused, 401, "UNAUTHORIZED", denied);
            assert.match(
                refused.headers.get("www-authenticate") ?? "",
                new RegExp(`,scope="repository:${path}:pull"$`),
            );
            expectError(
                await powerless.ask("POST", `${path}/blobs/uploads/`),
                401,
                "UNAUTHORIZED",
                denied,
            );
            expectError(
                await powerless.ask("GET", "ada/none/tags/list"),
                401,
                "UNAUTHORIZED",
                denied,
            );
        });

        it("takes an OAuth token for what its owner may do within its scopes: repo:read pulls, repo:write pushes", async () => {
            const path = await repository("scoped");
            const as = (
                scopes: readonly ("repo:read" | "repo:write" | "user:read")[],
            ): Promise<Registry> =>
                Registry.login(
                    quay,
                    basic("$oauthtoken", quay.createToken({ user: "ada", scopes })),
                    `${path}:pull,push`,
                );
            expectReply(await (await as(["repo:read"])).ask("GET", `${path}/tags/list`), 200);
            expectError(
                await (await as(["repo:read"])).ask("POST", `${path}/blobs/uploads/`),
                401,
                "UNAUTHORIZED",
            );
            expectReply(
                await (await as(["repo:write"])).ask("POST", `${path}/blobs/uploads/`),
                202,
            );
            expectError(
                await (await as(["user:read"])).ask("GET", `${path}/tags/list`),
                401,
                "UNAUTHORIZED",
            );
        });

        it("lets a robot do what its role says on its repository, and nothing anywhere else", async () => {
            const other = await repository("someone-elses");
            const reader = await withRobot("reader", "read");
            const writer = await withRobot("writer", "write");
            const read = await Registry.login(
                quay,
                reader.credentials,
                `${reader.path}:pull,push`,
                `${other}:pull,push`,
            );
            expectReply(await read.ask("GET", `${reader.path}/tags/list`), 200);
            expectError(
                await read.ask("POST", `${reader.path}/blobs/uploads/`),
                401,
                "UNAUTHORIZED",
            );
            const write = await Registry.login(
                quay,
                writer.credentials,
                `${writer.path}:pull,push`,
                `${other}:pull,push`,
            );
            expectReply(await write.ask("POST", `${writer.path}/blobs/uploads/`), 202);
            expectError(await write.ask("GET", `${other}/tags/list`), 401, "UNAUTHORIZED");
            expectError(await write.ask("POST", `${other}/blobs/uploads/`), 401, "UNAUTHORIZED");
        });

        it("goes on for an hour with a token given before a robot was changed or deleted; only the next login fails", async () => {
            const { path, credentials } = await withRobot("rotated", "write");
            const before = await Registry.login(quay, credentials, `${path}:pull,push`);
            expectReply(await ada.post("/user/robots/rotated/regenerate"), 200);
            expectError(await login(quay, credentials), 401, "UNAUTHORIZED");
            expectReply(await ada.delete("/user/robots/rotated"), 204);
            assert.equal(
                (await before.manifest(path, "v1", await image(before, path))).status,
                201,
            );
        });
    });

    describe("11. pushing and pulling", () => {
        it("serves what was pushed, by tag and by digest, on the public address", async () => {
            const path = await repository("served");
            const registry = await asAda(`${path}:pull,push`);
            const started = await registry.ask("POST", `${path}/blobs/uploads/`);
            assert.ok(
                started.headers
                    .get("location")
                    ?.startsWith(`${quay.url}/v2/${path}/blobs/uploads/`),
            );
            const manifest = await image(registry, path);
            const pushed = await registry.manifest(path, "v1", manifest);
            assert.equal(
                pushed.headers.get("location"),
                `${quay.url}/v2/${path}/manifests/${digestOf(manifest)}`,
            );
            for (const reference of ["v1", digestOf(manifest)]) {
                const pulled = await registry.ask(
                    "GET",
                    `${path}/manifests/${reference}`,
                    undefined,
                    { accept: imageType },
                );
                assert.deepEqual(
                    [pulled.status, pulled.text, pulled.type],
                    [200, manifest, imageType],
                );
                const head = await registry.ask("HEAD", `${path}/manifests/${reference}`);
                assert.equal(head.headers.get("docker-content-digest"), digestOf(manifest));
            }
            expectReply(await ada.get(`/repository/${path}/tag/`), 200, {
                tags: [{ name: "v1", manifest_digest: digestOf(manifest) }],
            });
        });

        it("says MANIFEST_UNKNOWN for a missing tag or digest, and TAG_EXPIRED for a deleted one", async () => {
            const path = await repository("unknown");
            await pushImage(quay, "ada", path, ["v1"]);
            const registry = await asAda(`${path}:pull`);
            expectError(
                await registry.ask("GET", `${path}/manifests/none`),
                404,
                "MANIFEST_UNKNOWN",
            );
            expectError(
                await registry.ask("GET", `${path}/manifests/sha256:${"0".repeat(64)}`),
                404,
                "MANIFEST_UNKNOWN",
            );
            expectReply(await ada.delete(`/repository/${path}/tag/v1`), 204);
            expectError(await registry.ask("GET", `${path}/manifests/v1`), 404, "TAG_EXPIRED");
        });

        it("makes a missing repository on a push: private, without a description, in one's own namespace or organization", async () => {
            await asAda("ada/pushed:pull,push", "org/pushed:pull,push", "bob/pushed:pull,push");
            expectReply(await ada.get("/repository/ada/pushed"), 200, {
                description: null,
                is_public: false,
                tags: {},
            });
            expectReply(await ada.get("/repository/org/pushed"), 200, { description: null });
            expectReply(await ada.get("/repository/bob/pushed"), 403);
            const bob = new Api(quay.url, quay.createToken({ user: "bob" }));
            expectReply(await bob.get("/repository/bob/pushed"), 404);
        });

        it("lets a robot make one only from a creator team, and then as its admin", async () => {
            const token = await robot("creator", "/organization/org");
            const push = async (name: string): Promise<Reply> => {
                const registry = await Registry.login(
                    quay,
                    basic("org+creator", token),
                    `org/${name}:pull,push`,
                );
                return registry.ask("POST", `org/${name}/blobs/uploads/`);
            };
            expectError(await push("by-robot"), 401, "UNAUTHORIZED");
            expectReply(await ada.put("/organization/org/team/creators", { role: "creator" }), 200);
            expectReply(await ada.put("/organization/org/team/creators/members/org+creator"), 200);
            expectReply(await push("by-robot"), 202);
            expectReply(
                await ada.get("/repository/org/by-robot/permissions/user/org+creator"),
                200,
                { role: "admin" },
            );
        });

        it("opens a public repository to everybody, without any token, and closes it again at once", async () => {
            const path = await repository("opened");
            const digest = await pushImage(quay, "ada", path, ["v1"]);
            const nobody = new Registry(quay);
            const somebody = await Registry.login(quay, undefined, `${path}:pull`);
            const status = async (registry: Registry): Promise<number> =>
                (await registry.ask("GET", `${path}/manifests/${digest}`)).status;
            assert.deepEqual([await status(nobody), await status(somebody)], [401, 401]);
            expectReply(
                await ada.post(`/repository/${path}/changevisibility`, { visibility: "public" }),
                200,
            );
            assert.deepEqual([await status(nobody), await status(somebody)], [200, 200]);
            expectReply(
                await ada.post(`/repository/${path}/changevisibility`, { visibility: "private" }),
                200,
            );
            assert.deepEqual([await status(nobody), await status(somebody)], [401, 401]);
        });

        it("grants no push to a read-only repository: 401, not 403 or 405 (fact 2)", async () => {
            const path = await repository("frozen");
            await pushImage(quay, "ada", path, ["v1"]);
            expectReply(
                await ada.put(`/repository/${path}/changestate`, { state: "READ_ONLY" }),
                200,
            );
            const registry = await asAda(`${path}:pull,push`);
            expectError(
                await registry.ask("POST", `${path}/blobs/uploads/`),
                401,
                "UNAUTHORIZED",
                denied,
            );
            assert.equal((await registry.ask("GET", `${path}/manifests/v1`)).status, 200);
        });

        it("deletes a tag, or all tags of a digest, with 202 for a writer; * is for admins", async () => {
            const { path, credentials } = await withRobot("deleter", "write");
            const digest = await pushImage(quay, "ada", path, ["v1", "v2", "v3"]);
            const star = await Registry.login(quay, credentials, `${path}:*`);
            expectError(await star.ask("DELETE", `${path}/manifests/v1`), 401, "UNAUTHORIZED");
            const registry = await Registry.login(quay, credentials, `${path}:pull,push`);
            assert.equal((await registry.ask("DELETE", `${path}/manifests/v1`)).status, 202);
            assert.deepEqual((await registry.ask("GET", `${path}/tags/list`)).json, {
                name: path,
                tags: ["v2", "v3"],
            });
            assert.equal((await registry.ask("DELETE", `${path}/manifests/${digest}`)).status, 202);
            expectError(
                await registry.ask("GET", `${path}/manifests/${digest}`),
                404,
                "MANIFEST_UNKNOWN",
            );
            expectError(
                await registry.ask("DELETE", `${path}/manifests/${digest}`),
                404,
                "MANIFEST_UNKNOWN",
            );
            expectReply(await ada.get(`/repository/${path}/tag/`), 200, {
                tags: [{ name: "v3" }, { name: "v2" }, { name: "v1" }],
            });
        });

        it("protects immutable tags from pushes, even of the same digest, and from deletion, by tag or digest: 409 (fact 7)", async () => {
            const path = await repository("protected");
            expectReply(
                await ada.post(`/repository/${path}/immutabilitypolicy/`, { tagPattern: "v.*" }),
                201,
            );
            const registry = await asAda(`${path}:pull,push`);
            const manifest = await image(registry, path);
            assert.equal((await registry.manifest(path, "v1", manifest)).status, 201);
            expectError(await registry.manifest(path, "v1", manifest), 409, "TAG_IMMUTABLE");
            expectError(
                await registry.manifest(path, "v1", await image(registry, path)),
                409,
                "TAG_IMMUTABLE",
            );
            expectError(await registry.ask("DELETE", `${path}/manifests/v1`), 409, "TAG_IMMUTABLE");
            expectError(
                await registry.ask("DELETE", `${path}/manifests/${digestOf(manifest)}`),
                409,
                "TAG_IMMUTABLE",
            );
            assert.equal((await registry.manifest(path, "latest", manifest)).status, 201);
        });

        it("lists tags in pages, with a relative link", async () => {
            const path = await repository("paged");
            await pushImage(quay, "ada", path, ["v2", "v1"]);
            const registry = await asAda(`${path}:pull`);
            const first = await registry.ask("GET", `${path}/tags/list?n=1`);
            assert.deepEqual(first.json, { name: path, tags: ["v1"] });
            assert.equal(
                first.headers.get("link"),
                `</v2/${path}/tags/list?n=1&last=v1>; rel="next"`,
            );
            const second = await registry.ask("GET", `${path}/tags/list?n=1&last=v1`);
            assert.deepEqual(
                [second.json, second.headers.get("link")],
                [{ name: path, tags: ["v2"] }, null],
            );
        });

        it("mounts a blob from a readable repository with 201, and starts an upload otherwise with 202", async () => {
            const source = await repository("mount-source");
            const { path, credentials } = await withRobot("mounter", "write");
            const digest = await (
                await asAda(`${source}:pull,push`)
            ).blob(source, new TextEncoder().encode("mounted"));
            const mount = `${path}/blobs/uploads/?mount=${digest}&from=${source}`;
            const own = await Registry.login(
                quay,
                credentials,
                `${path}:pull,push`,
                `${source}:pull`,
            );
            assert.equal((await own.ask("POST", mount)).status, 202);
            const both = await asAda(`${path}:pull,push`, `${source}:pull`);
            quay.clearRequests();
            const mounted = await both.ask("POST", mount);
            assert.equal(mounted.status, 201);
            assert.equal(mounted.headers.get("location"), `${quay.url}/v2/${path}/blobs/${digest}`);
            assert.equal((await both.ask("GET", `${path}/blobs/${digest}`)).text, "mounted");
            assert.equal(
                (
                    await both.ask(
                        "POST",
                        `${path}/blobs/uploads/?mount=sha256:${"0".repeat(64)}&from=${source}`,
                    )
                ).status,
                202,
            );
            expectReply(
                await ada.post(`/repository/${source}/changevisibility`, { visibility: "public" }),
                200,
            );
            assert.equal((await own.ask("POST", mount)).status, 201);
            assert.deepEqual(
                quay.requests({ method: "POST", path: /mount=/ }).map(({ blobBytes }) => blobBytes),
                [0, 0, 0],
            );
        });

        it("keeps the manifests of an index while a tag points at the index, and lists what refers to an image", async () => {
            const path = await repository("indexed");
            const registry = await asAda(`${path}:pull,push`);
            const child = await image(registry, path);
            assert.equal((await registry.manifest(path, digestOf(child), child)).status, 201);
            const descriptor = {
                mediaType: imageType,
                digest: digestOf(child),
                size: child.length,
            };
            const index = JSON.stringify({
                schemaVersion: 2,
                mediaType: indexType,
                manifests: [descriptor],
            });
            assert.equal((await registry.manifest(path, "v1", index, indexType)).status, 201);
            assert.equal(
                (await registry.ask("GET", `${path}/manifests/${digestOf(child)}`)).text,
                child,
            );
            expectReply(await ada.get(`/repository/${path}/tag/`), 200, {
                tags: [{ is_manifest_list: true }],
            });
            const signature = await image(registry, path, {
                subject: descriptor,
                artifactType: "application/signature",
            });
            const signed = await registry.manifest(path, digestOf(signature), signature);
            assert.deepEqual([signed.status, signed.headers.get("oci-subject")], [201, null]);
            expectReply(await registry.ask("GET", `${path}/referrers/${digestOf(child)}`), 200, {
                mediaType: indexType,
                manifests: [{ digest: digestOf(signature), artifactType: "application/signature" }],
            });
            assert.deepEqual(
                z
                    .object({ manifests: z.array(z.unknown()) })
                    .parse(
                        (
                            await registry.ask(
                                "GET",
                                `${path}/referrers/${digestOf(child)}?artifactType=x`,
                            )
                        ).json,
                    ).manifests,
                [],
            );
        });

        it("refuses a manifest whose blobs it has not got, or whose digest is another", async () => {
            const path = await repository("incomplete");
            const registry = await asAda(`${path}:pull,push`);
            const manifest = await image(registry, path);
            expectError(
                await registry.manifest(
                    path,
                    "v1",
                    manifest.replaceAll(/sha256:[0-9a-f]{8}/g, "sha256:00000000"),
                ),
                400,
                "MANIFEST_INVALID",
            );
            for (const impossible of ["-bad", "bad%20tag", "x".repeat(129)])
                expectPage(await registry.manifest(path, impossible, manifest), 404);
            expectError(
                await registry.ask("GET", `${path}/referrers/sha256:${"0".repeat(64)}`),
                400,
                "MANIFEST_INVALID",
            );
            expectError(
                await registry.manifest(path, `sha256:${"0".repeat(64)}`, manifest),
                400,
                "MANIFEST_INVALID",
            );
            expectReply(await ada.get(`/repository/${path}/tag/`), 200, { tags: [] });
        });

        it("has nothing left in a repository that was deleted and made again (fact 2)", async () => {
            const path = await repository("remade");
            const registry = await asAda(`${path}:pull,push`);
            const digest = await registry.blob(path, new TextEncoder().encode("left"));
            expectReply(await ada.delete(`/repository/${path}`), 204);
            expectError(await registry.ask("GET", `${path}/tags/list`), 404, "NAME_UNKNOWN");
            await repository("remade");
            assert.equal((await registry.ask("HEAD", `${path}/blobs/${digest}`)).status, 404);
        });
    });

    describe("12. what the registry caches: which repository a name means, by manifest reference", () => {
        it("is answered from the deleted repository, until the collector ran", async () => {
            const path = await repository("cached");
            const digest = await pushImage(quay, "ada", path, ["v1", "v2"]);
            const registry = await asAda(`${path}:pull,push`);
            const head = async (reference: string) =>
                (await registry.ask("HEAD", `${path}/manifests/${reference}`)).status;
            assert.deepEqual([await head("v1"), await head(digest)], [200, 200]);
            expectReply(await ada.delete(`/repository/${path}`), 204);
            await repository("cached");
            assert.deepEqual([await head("v1"), await head("v2")], [200, 404]);
            expectReply(await ada.get(`/repository/${path}/tag/?onlyActiveTags=true`), 200, {
                tags: [],
            });
            const manifest = await registry.ask("GET", `${path}/manifests/${digest}`);
            expectError(
                await registry.manifest(path, "v3", manifest.text),
                400,
                "MANIFEST_INVALID",
            );
            quay.collect();
            assert.deepEqual([await head("v1"), await head(digest)], [404, 404]);
        });
    });

    describe("13. an image whose label puts an end on its tags", () => {
        const labels = { "quay.expires-after": "2w" };
        const endsOf = async (path: string) =>
            z
                .object({
                    tags: z.array(
                        z.object({
                            name: z.string(),
                            start_ts: z.number(),
                            end_ts: z.number().optional(),
                        }),
                    ),
                })
                .parse((await ada.get(`/repository/${path}/tag/?onlyActiveTags=true`)).json)
                .tags.map(({ name, start_ts, end_ts }) => [
                    name,
                    end_ts === undefined ? undefined : end_ts - start_ts,
                ]);

        it("gets one on every tag: a pushed one, one set by its digest, and none without or with an empty label", async () => {
            const path = await repository("expiring");
            const digest = await pushImage(quay, "ada", path, ["v1"], labels);
            expectReply(
                await ada.put(`/repository/${path}/tag/v2`, { manifest_digest: digest }),
                201,
            );
            await pushImage(quay, "ada", path, ["v3"]);
            await pushImage(quay, "ada", path, ["v4"], { "quay.expires-after": "" });
            await pushImage(quay, "ada", path, ["v5"], { "quay.expires-after": "never" });
            assert.deepEqual(await endsOf(path), [
                ["v5", undefined],
                ["v4", undefined],
                ["v3", undefined],
                ["v2", 1_209_600],
                ["v1", 1_209_600],
            ]);
        });

        it("gives its end to an index all of whose images have it", async () => {
            const path = await repository("expiring-index");
            const registry = await asAda(`${path}:pull,push`);
            const with1 = await image(registry, path, {}, labels);
            const with2 = await image(registry, path, {}, labels);
            const without = await image(registry, path);
            for (const manifest of [with1, with2, without])
                expectReply(await registry.manifest(path, digestOf(manifest), manifest), 201);
            for (const [tag, manifests] of [
                ["all", [with1, with2]],
                ["some", [with1, without]],
            ] as const)
                expectReply(await registry.manifest(path, tag, indexOf(manifests), indexType), 201);
            assert.deepEqual(await endsOf(path), [
                ["some", undefined],
                ["all", 1_209_600],
            ]);
        });
    });

    describe("3. the federation's token exchange", () => {
        const issuer = "https://token.actions.example";
        const subject = "repo:ada/service:ref:refs/heads/main";
        let keys: {
            readonly publicKey: JWK;
            readonly sign: (claims: { iss: string; sub: string; exp?: number }) => Promise<string>;
        };
        let trusting: Quay;
        let user: Api;

        const exchange = (authorization?: string): Promise<Reply> =>
            ask(`${trusting.url}/oauth2/federation/robot/token`, {
                headers: authorization === undefined ? {} : { authorization },
            });

        before(async () => {
            const { publicKey, privateKey } = await generateKeyPair("RS256");
            keys = {
                publicKey: { ...(await exportJWK(publicKey)), kid: "test", alg: "RS256" },
                sign: ({ exp = Math.floor(Date.now() / 1000) + 60, ...claims }) =>
                    new SignJWT({ ...claims, exp })
                        .setProtectedHeader({ alg: "RS256", kid: "test" })
                        .sign(privateKey),
            };
            trusting = await startQuay({
                issuers: { keys: { [issuer]: { keys: [keys.publicKey] } } },
            });
            trusting.createUser("ada");
            user = new Api(trusting.url, trusting.createToken({ user: "ada" }));
            expectReply(await user.put("/user/robots/ci"), 201);
            expectReply(await user.put("/user/robots/other"), 201);
            expectReply(
                await user.post("/user/robots/ci/federation", [
                    { issuer, subject },
                    { issuer: "http://plain.example", subject },
                ]),
                200,
            );
        });
        after(() => trusting.stop());

        it("gives a password for /v2/auth that is good for an hour", async () => {
            const reply = await exchange(
                basic("ada+ci", await keys.sign({ iss: issuer, sub: subject })),
            );
            expectReply(reply, 200);
            const token = textAt(reply, "token");
            const claims = JSON.parse(
                Buffer.from(token.split(".")[1] ?? "", "base64url").toString(),
            ) as unknown;
            const { iat, exp } = z.object({ iat: z.number(), exp: z.number() }).parse(claims);
            assert.equal(exp - iat, 3600);
            assert.partialDeepStrictEqual(claims, {
                iss: "quay",
                aud: trusting.registry,
                sub: "ada+ci",
            });
            expectReply(await login(trusting, basic("ada+ci", token)), 200);
            expectReply(await login(trusting, basic("ada+other", token)), 401);
        });

        it("says what is wrong: 401 without basic authentication of a robot, 400 for what is not configured, 500 for no JWT and http://", async () => {
            expectReply(await exchange(), 401, { error: "No auth header" });
            expectReply(await exchange("Bearer x"), 401, { error: "Invalid basic auth header" });
            expectReply(await exchange(basic("ada", "x")), 401, { error: "Invalid robot" });
            const good = await keys.sign({ iss: issuer, sub: subject });
            expectMessage(await exchange(basic("ada+none", good)), 400);
            expectMessage(await exchange(basic("ada+other", good)), 400);
            expectMessage(
                await exchange(
                    basic(
                        "ada+ci",
                        await keys.sign({ iss: "https://other.example", sub: subject }),
                    ),
                ),
                400,
            );
            expectMessage(
                await exchange(
                    basic("ada+ci", await keys.sign({ iss: issuer, sub: `${subject}x` })),
                ),
                400,
            );
            expectPage(await exchange(basic("ada+ci", "no-jwt")), 500);
            expectPage(
                await exchange(
                    basic("ada+ci", await keys.sign({ iss: "http://plain.example", sub: subject })),
                ),
                500,
            );
            expectPage(
                await ask(`${trusting.url}/oauth2/federation/robot/token`, { method: "POST" }),
                405,
            );
        });

        it("takes a token ten seconds after its end, but not an hour after", async () => {
            const now = Math.floor(Date.now() / 1000);
            expectReply(
                await exchange(
                    basic("ada+ci", await keys.sign({ iss: issuer, sub: subject, exp: now - 10 })),
                ),
                200,
            );
            expectReply(
                await exchange(
                    basic(
                        "ada+ci",
                        await keys.sign({ iss: issuer, sub: subject, exp: now - 3600 }),
                    ),
                ),
                400,
            );
        });

        it("asks an issuer at http:// for its keys only where that was allowed", async () => {
            const server = createServer((request, response) => {
                const body =
                    request.url === "/keys"
                        ? { keys: [keys.publicKey] }
                        : { jwks_uri: `${here}/keys` };
                response.setHeader("content-type", "application/json").end(JSON.stringify(body));
            }).listen(0, "127.0.0.1");
            await once(server, "listening");
            const here = `http://127.0.0.1:${String(z.object({ port: z.number() }).parse(server.address()).port)}`;
            const allowing = await startQuay({ issuers: { allowHttp: true } });
            try {
                allowing.createUser("ada");
                const api = new Api(allowing.url, allowing.createToken({ user: "ada" }));
                expectReply(await api.put("/user/robots/ci"), 201);
                expectReply(
                    await api.post("/user/robots/ci/federation", [{ issuer: here, subject }]),
                    200,
                );
                const authorization = basic("ada+ci", await keys.sign({ iss: here, sub: subject }));
                expectReply(
                    await ask(`${allowing.url}/oauth2/federation/robot/token`, {
                        headers: { authorization },
                    }),
                    200,
                );
            } finally {
                await allowing.stop();
                server.close();
            }
        });
    });

    describe("faults and the request log", () => {
        afterEach(() => {
            quay.faults.clear();
        });

        it("limits the rate as Quay's nginx does: 429, HTML, no Retry-After; with one when asked", async () => {
            quay.faults.add({ method: "GET", path: "/user/robots", status: 429, times: 2 });
            const limited = await ada.get("/user/robots");
            expectPage(limited, 429);
            assert.equal(limited.headers.get("retry-after"), null);
            expectReply(await ada.put("/user/robots/not-limited"), 201);
            expectPage(await ada.get("/user/robots"), 429);
            expectReply(await ada.get("/user/robots"), 200);
            quay.faults.add({ status: 503, retryAfter: "7", times: 1, after: 1 });
            expectReply(await ada.get("/user/"), 200);
            assert.equal((await ada.get("/user/")).headers.get("retry-after"), "7");
        });

        it("limits only what goes beyond a rate, when asked", async () => {
            quay.faults.add({ path: "/user/", status: 429, within: { burst: 2, perSecond: 20 } });
            const statuses = await Promise.all(
                Array.from({ length: 6 }, async () => (await ada.get("/user/")).status),
            );
            assert.equal(statuses.filter((status) => status === 200).length, 2);
            await until(
                async () => (await ada.get("/user/")).status === 200,
                "the rate allows a request again",
            );
        });

        it("resets the connection before a change, or after it took effect without an answer", async () => {
            const make = (name: string): Promise<Reply> =>
                ada.post("/repository", {
                    repository: name,
                    visibility: "private",
                    description: "",
                });
            quay.faults.add({ method: "POST", reset: "before", times: 1 });
            await assert.rejects(make("reset-before"), TypeError);
            expectReply(await ada.get("/repository/ada/reset-before"), 404);
            quay.faults.add({ method: "POST", reset: "after", times: 1 });
            await assert.rejects(make("reset-after"), TypeError);
            expectReply(await ada.get("/repository/ada/reset-after"), 200);
        });

        it("slows answers and blobs down", async () => {
            const path = await repository("slow");
            const registry = await asAda(`${path}:pull,push`);
            quay.faults.add({ latency: 50, path: "/user/$" });
            const started = performance.now();
            expectReply(await ada.get("/user/"), 200);
            assert.ok(performance.now() - started >= 49);
            quay.faults.add({ bytesPerSecond: 10_000 });
            const uploading = performance.now();
            const digest = await registry.blob(path, new Uint8Array(1000));
            assert.ok(performance.now() - uploading >= 99);
            const downloading = performance.now();
            assert.equal((await registry.ask("GET", `${path}/blobs/${digest}`)).text.length, 1000);
            assert.ok(performance.now() - downloading >= 99);
        });

        it("logs who asked for what, the answer, and the bytes of blobs, to calls and over HTTP", async () => {
            const { path, credentials } = await withRobot("logged", "write");
            const registry = await Registry.login(quay, credentials, `${path}:pull,push`);
            quay.clearRequests();
            const digest = await registry.blob(path, new Uint8Array(500));
            await registry.ask("GET", `${path}/blobs/${digest}`);
            await ada.get("/repository/ada/none?includeTags=false");
            await new Api(quay.url, "WRONG").put("/user/robots/x");
            const log = quay
                .requests()
                .map(({ method, status, who, blobBytes }) => [method, status, who, blobBytes]);
            assert.deepEqual(log, [
                ["POST", 202, "ada+logged", 0],
                ["PUT", 201, "ada+logged", 500],
                ["GET", 200, "ada+logged", 500],
                ["GET", 404, "ada", 0],
                ["PUT", 403, undefined, 0],
            ]);
            assert.equal(
                quay.requests({ path: /includeTags/ })[0]?.path,
                "/api/v1/repository/ada/none?includeTags=false",
            );
            expectReply(await ask(`${quay.url}/_standin/requests`), 200, [
                { method: "POST" },
                { method: "PUT", status: 201, blobBytes: 500 },
            ]);
            expectReply(await ask(`${quay.url}/_standin/requests`, { method: "DELETE" }), 204);
            assert.equal(quay.requests().length, 0);
        });

        it("switches faults over HTTP too, and shows its state and every secret there was", async () => {
            const fault = { method: "POST", headers: { "content-type": "application/json" } };
            expectReply(
                await ask(`${quay.url}/_standin/faults`, { ...fault, body: '{"status": 502}' }),
                204,
            );
            expectReply(
                await ask(`${quay.url}/_standin/faults`, { ...fault, body: '{"state": 502}' }),
                400,
            );
            expectPage(await ada.get("/user/"), 502);
            expectReply(await ask(`${quay.url}/_standin/faults`, { method: "DELETE" }), 204);
            expectReply(await ada.get("/user/"), 200);
            const token = await robot("secretive");
            const renewed = textAt(await ada.post("/user/robots/secretive/regenerate"), "token");
            expectReply(await ask(`${quay.url}/_standin/state`), 200, {
                accounts: { ada: { robots: { secretive: { token: renewed } } } },
            });
            for (const secret of [token, renewed, password])
                assert.ok(quay.secrets().includes(secret));
        });
    });

    describe("its processes", function () {
        this.timeout(20_000);

        it("starts within a second, beside others, and leaves nothing when it stops", async () => {
            const started = performance.now();
            const other = await startQuay();
            assert.ok(performance.now() - started < 1000);
            assert.notEqual(other.url, quay.url);
            await other.stop();
            await assert.rejects(fetch(other.url));
            expectReply(await ada.get("/user/"), 200);
        });

        for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
            it(`leaves no registry and no data when it runs alone and gets ${signal}`, async () => {
                const folder = await mkdtemp(join(tmpdir(), "quay-alone-"));
                const child = alone([], folder);
                try {
                    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
                    const [url = ""] =
                        /http:\/\/[\d.:]+/.exec(z.string().parse((await lines.next()).value)) ?? [];
                    assert.notDeepEqual(await readdir(folder), []);
                    child.kill(signal);
                    await once(child, "exit");
                    await until(
                        async () => (await readdir(folder)).length === 0,
                        "the folder is empty",
                    );
                    await assert.rejects(fetch(url));
                } finally {
                    child.kill("SIGKILL");
                }
                await rmdir(folder);
            });
        }

        it("says why it does not start, and leaves nothing: a port that is taken, no registry to run", async () => {
            const folder = await mkdtemp(join(tmpdir(), "quay-alone-"));
            const taken = alone(["--port", new URL(quay.url).port], folder);
            assert.match(await text(taken.stderr), /EADDRINUSE/);
            const without = alone([], folder, { PATH: "" });
            assert.match(
                await text(without.stderr),
                /docker-registry did not start \(is it installed\?\)/,
            );
            await rmdir(folder);
        });

        it("ends transfers that are under way when it stops", async () => {
            const other = await startQuay();
            other.createUser("ada");
            const token = basic("$oauthtoken", other.createToken({ user: "ada" }));
            const registry = await Registry.login(other, token, "ada/long:pull,push");
            other.faults.add({ path: "/blobs/", bytesPerSecond: 1000 });
            const upload = registry
                .blob("ada/long", new Uint8Array(100_000))
                .catch((error: unknown) => error);
            await until(() => other.requests({ method: "PUT" }).length > 0, "the upload has begun");
            await other.stop();
            assert.ok((await upload) instanceof TypeError);
        });

        it("explains itself with --help", async () => {
            assert.match(await text(alone(["--help"], tmpdir()).stdout), /Usage: npm run quay/);
        });
    });
});
