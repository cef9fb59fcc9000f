import { strict as assert } from "node:assert";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import type { Scope } from "../../../sandbox/quay/model.ts";
import {
    Api,
    expectMessage,
    expectPage,
    expectProblem,
    expectReply,
    type Reply,
    textAt,
} from "../../../sandbox/quayApi.ts";
import { pushImage } from "../../../sandbox/registryClient.ts";

/** Every test names the fact that it pins, by the section of the measured facts. */
describe("the Quay to test against: its API", () => {
    let quay: Quay;
    let ada: Api;
    let anonymous: Api;
    let wrong: Api;

    const withScopes = (...scopes: readonly Scope[]): Api =>
        new Api(quay.url, quay.createToken({ user: "ada", scopes }));
    const repository = async (name: string, visibility = "private"): Promise<string> => {
        expectReply(
            await ada.post("/repository", { repository: name, visibility, description: "" }),
            201,
        );
        return `/repository/ada/${name}`;
    };
    const robot = async (name: string): Promise<string> =>
        textAt(await ada.put(`/user/robots/${name}`), "token");

    before(async () => {
        quay = await startQuay();
        quay.createUser("ada");
        quay.createUser("bob");
        quay.createOrganization("org", "ada");
        quay.createOrganization("closed", "bob");
        ada = new Api(quay.url, quay.createToken({ user: "ada" }));
        anonymous = new Api(quay.url);
        wrong = new Api(quay.url, "WRONG");
    });
    after(() => quay.stop());

    describe("1. basics", () => {
        it("gives the discovery document to everybody, with each operation's scope", async () => {
            expectReply(await anonymous.get("/discovery"), 200, {
                swagger: "2.0",
                host: quay.registry,
                paths: {
                    "/api/v1/user/": { get: { security: [{ oauth2_implicit: ["user:read"] }] } },
                },
            });
        });

        it("accepts the bearer scheme in any case, and nothing else: basic authentication, a robot's token, the query", async () => {
            const token = quay.createToken({ user: "ada" });
            const basic = `Basic ${Buffer.from(`$oauthtoken:${token}`).toString("base64")}`;
            expectReply(await anonymous.get("/user/", { authorization: `bEaReR ${token}` }), 200, {
                username: "ada",
            });
            expectReply(await anonymous.get("/user/", { authorization: basic }), 401);
            expectReply(
                await anonymous.get("/user/", { authorization: `Bearer ${await robot("bearer")}` }),
                401,
            );
            expectReply(await anonymous.get(`/user/?access_token=${token}`), 401);
        });

        it("reads GET /user/ with user:read or user:admin, and is 401 with session_required without", async () => {
            expectReply(await withScopes("user:read").get("/user/"), 200, {
                username: "ada",
                anonymous: false,
            });
            expectReply(await withScopes("user:admin").get("/user/"), 200);
            const reply = await withScopes("repo:admin").get("/user/");
            expectProblem(reply, 401, "invalid_token", "Requires authentication");
            assert.ok("session_required" in Object(reply.json));
        });

        it("lets repo:write imply repo:read, and repo:admin both, but neither create repositories nor the rest", async () => {
            const path = await repository("implied");
            expectReply(await withScopes("repo:write").get(path), 200);
            expectReply(await withScopes("repo:admin").put(path, { description: "d" }), 200);
            expectProblem(
                await withScopes("repo:read").put(path, { description: "d" }),
                403,
                "insufficient_scope",
                "Unauthorized",
            );
            expectProblem(
                await withScopes("repo:write").get(`${path}/permissions/user/`),
                403,
                "insufficient_scope",
            );
            const body = { repository: "x", visibility: "private", description: "" };
            expectProblem(
                await withScopes("repo:admin").post("/repository", body),
                403,
                "insufficient_scope",
            );
            expectProblem(await withScopes("org:admin").get(path), 403, "insufficient_scope");
            expectProblem(
                await withScopes("user:admin").get("/organization/org/robots"),
                403,
                "insufficient_scope",
            );
        });

        it("answers a wrong, expired or revoked token on GET with 401, but treats it as nobody on public data", async () => {
            const path = await repository("shown", "public");
            const revoked = quay.createToken({ user: "ada" });
            quay.revokeToken(revoked);
            const expired = quay.createToken({ user: "ada", seconds: -1 });
            for (const api of [wrong, new Api(quay.url, revoked), new Api(quay.url, expired)]) {
                expectProblem(
                    await api.get("/user/robots"),
                    401,
                    "invalid_token",
                    "Requires authentication",
                );
                expectReply(await api.get(path), 200, { can_write: false });
                assert.deepEqual((await api.get("/repository?namespace=ada")).json, {
                    repositories: [],
                });
            }
        });

        it("answers a write with a wrong token or none with 403 about CSRF, as HTML, never 401", async () => {
            for (const api of [anonymous, wrong]) {
                for (const reply of [
                    await api.post("/repository", {
                        repository: "x",
                        visibility: "private",
                        description: "",
                    }),
                    await api.put("/user/robots/x"),
                    await api.delete("/repository/ada/x"),
                ]) {
                    assert.equal(reply.status, 403);
                    assert.equal(reply.type, "text/html; charset=utf-8");
                    assert.equal(reply.text, '{"error": "CSRF token was invalid or missing."}');
                }
            }
        });

        it("hides what a caller cannot see: 403 existing or not, 401 for nobody; 404 only within one's own", async () => {
            for (const path of [
                "/repository/closed/none",
                "/repository/nobody/none",
                "/organization/nobody/robots",
                "/organization/closed/robots",
            ]) {
                expectProblem(await ada.get(path), 403, "insufficient_scope");
                expectProblem(await anonymous.get(path), 401, "invalid_token");
            }
            expectProblem(await ada.get("/repository/ada/none"), 404, "not_found");
            expectProblem(await ada.get("/repository/org/none"), 404, "not_found");
        });

        it("redirects a missing slash with 308, HTML and an absolute Location", async () => {
            const path = await repository("slashes");
            for (const missing of [
                "/user",
                "/organization/org/autoprunepolicy",
                `${path}/tag`,
                `${path}/notification`,
                `${path}/permissions/user`,
            ]) {
                const reply = await ada.get(missing);
                expectPage(reply, 308);
                assert.equal(reply.headers.get("location"), `${quay.url}/api/v1${missing}/`);
            }
            expectPage(await ada.post("/organization", { name: "slashed" }), 308);
        });

        it("knows no superfluous slash and no other path: GET 308 and then 404 as HTML, the rest 405 as HTML", async () => {
            expectPage(await ada.post("/repository/", {}), 405);
            expectPage(await ada.get("/nothing"), 308);
            expectPage(await ada.get("/nothing/"), 404);
            expectPage(await ada.post("/nothing"), 405);
            expectPage(await ada.put("/nothing"), 405);
        });

        it("refuses a browser's User-Agent on GET with 400 as HTML", async () => {
            const browser =
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
            const reply = await ada.get("/user/", { "user-agent": browser });
            assert.equal(reply.status, 400);
            assert.equal(reply.type, "text/html; charset=utf-8");
            expectReply(reply, 400, {
                error: "API calls must be invoked with an X-Requested-With header if called from a browser",
            });
        });

        it("wants JSON by its content type: 415 otherwise, 400 when broken; a robot is made of anything", async () => {
            expectMessage(
                await ada.send("POST", "/repository", "{}", { "content-type": "text/plain" }),
                415,
            );
            const broken =
                "The browser (or proxy) sent a request that this server could not understand.";
            expectMessage(await ada.send("POST", "/repository", "{broken"), 400, broken);
            expectReply(await ada.send("PUT", "/user/robots/frombroken", "{broken"), 201);
            expectReply(await ada.send("PUT", "/user/robots/fromnothing"), 201);
        });

        it("explains a bad body in the first line and dumps the schema after it", async () => {
            const reply = await ada.post("/repository", { repository: "x", visibility: "private" });
            expectProblem(reply, 400, "invalid_request");
            const [first, ...rest] = textAt(reply, "detail").split("\n");
            assert.equal(first, "'description' is a required property");
            assert.ok(rest.length > 10);
            const refused = await ada.post("/repository", {
                repository: "x",
                visibility: "secret",
                description: "",
            });
            assert.match(
                textAt(refused, "detail"),
                /^'secret' is not one of \['public', 'private'\]\n/,
            );
        });

        it("links each deliberate error to a description of its type", async () => {
            const reply = await ada.get("/repository/ada/none");
            const linked = textAt(reply, "type");
            assert.equal(linked, `${quay.url}/api/v1/error/not_found`);
            expectReply(await anonymous.get("/error/not_found"), 200, { title: "not_found" });
        });

        it("makes one of six at once, and lets the last of six permissions win", async () => {
            const path = "/repository/ada/raced";
            const six = (call: () => Promise<Reply>): Promise<Reply[]> =>
                Promise.all(Array.from({ length: 6 }, call));
            const statuses = (replies: readonly Reply[]): number[] =>
                replies.map(({ status }) => status).sort();
            const body = { repository: "raced", visibility: "private", description: "" };
            assert.deepEqual(
                statuses(await six(() => ada.post("/repository", body))),
                [201, 400, 400, 400, 400, 400],
            );
            assert.deepEqual(
                statuses(await six(() => ada.put("/user/robots/raced"))),
                [201, 400, 400, 400, 400, 400],
            );
            assert.deepEqual(
                statuses(
                    await six(() =>
                        ada.put(`${path}/permissions/user/ada+raced`, { role: "write" }),
                    ),
                ),
                Array(6).fill(200),
            );
        });
    });

    describe("2. repositories", () => {
        it("makes one in the caller's namespace or an organization: 201 with namespace, name and kind", async () => {
            const body = { repository: "nested/made", visibility: "public", description: "" };
            const reply = await ada.post("/repository", body);
            assert.equal(reply.status, 201);
            assert.deepEqual(reply.json, { namespace: "ada", name: "nested/made", kind: "image" });
            expectReply(
                await ada.post("/repository", { ...body, namespace: "org", repo_kind: null }),
                201,
                { namespace: "org" },
            );
            expectProblem(
                await ada.post("/repository", body),
                400,
                "invalid_request",
                "Repository already exists",
            );
            expectProblem(
                await ada.post("/repository", { ...body, namespace: "closed" }),
                403,
                "insufficient_scope",
            );
            expectProblem(
                await ada.post("/repository", { ...body, namespace: "nobody" }),
                403,
                "insufficient_scope",
            );
        });

        it("needs a description, which may be empty but not null", async () => {
            const reply = await ada.post("/repository", {
                repository: "described",
                visibility: "private",
                description: null,
            });
            expectProblem(reply, 400, "invalid_request");
        });

        it("takes names by its pattern", async () => {
            const name = (repository: string): Promise<Reply> =>
                ada.post("/repository", { repository, visibility: "private", description: "" });
            for (const good of ["a__b", "a..b", "a/b/c", "0"]) expectReply(await name(good), 201);
            for (const bad of ["Upper", "_a", "a/", "/a", "a b", "x".repeat(256)]) {
                expectProblem(await name(bad), 400, "invalid_request", "Invalid repository name");
            }
        });

        it("shows one, with its tags as an object unless told not to", async () => {
            const path = await repository("viewed");
            const reply = await ada.get(path);
            assert.deepEqual(reply.json, {
                namespace: "ada",
                name: "viewed",
                kind: "image",
                description: "",
                is_public: false,
                is_organization: false,
                is_starred: false,
                status_token: "",
                trust_enabled: false,
                tag_expiration_s: 1209600,
                is_free_account: true,
                state: "NORMAL",
                tags: {},
                can_write: true,
                can_admin: true,
            });
            assert.ok(!("tags" in Object((await ada.get(`${path}?includeTags=false`)).json)));
        });

        it("lists by namespace, public or starred, 100 a page; garbage for a page is the first one", async () => {
            expectProblem(await ada.get("/repository"), 400, "invalid_request");
            assert.deepEqual((await ada.get("/repository?namespace=nobody")).json, {
                repositories: [],
            });
            for (let index = 0; index < 101; index += 1) {
                const body = {
                    namespace: "org",
                    repository: `many-${String(index)}`,
                    visibility: "private",
                    description: "",
                };
                expectReply(await ada.post("/repository", body), 201);
            }
            const list = async (query: string) =>
                Object((await ada.get(`/repository?namespace=org${query}`)).json) as unknown;
            const first = await ada.get("/repository?namespace=org");
            const second = await ada.get(
                `/repository?namespace=org&next_page=${textAt(first, "next_page")}`,
            );
            assert.ok(!("next_page" in Object(second.json)));
            assert.deepEqual(await list("&next_page=garbage"), first.json);
            expectReply(
                await ada.get("/repository?namespace=ada&last_modified=true&popularity=true"),
                200,
                {
                    repositories: [
                        {
                            namespace: "ada",
                            kind: "image",
                            state: "NORMAL",
                            is_starred: false,
                            last_modified: null,
                            popularity: 0,
                        },
                    ],
                },
            );
        });

        it("does not enforce repo:read for the list", async () => {
            const reply = await withScopes("user:read").get("/repository?namespace=ada");
            assert.ok(reply.text.includes('"viewed"'));
        });

        it("changes the description and nothing else", async () => {
            const path = await repository("changed");
            expectReply(await ada.put(path, { description: "new", visibility: "public" }), 200, {
                success: true,
            });
            expectReply(await ada.get(path), 200, { description: "new", is_public: false });
            expectProblem(
                await ada.put("/repository/ada/none", { description: "" }),
                404,
                "not_found",
            );
            expectProblem(
                await ada.put("/repository/closed/none", { description: "" }),
                403,
                "insufficient_scope",
            );
        });

        it("changes visibility again and again, and answers null with 200 for a missing repository", async () => {
            const path = await repository("visible");
            const publish = (): Promise<Reply> =>
                ada.post(`${path}/changevisibility`, { visibility: "public" });
            expectReply(await publish(), 200, { success: true });
            expectReply(await publish(), 200, { success: true });
            expectReply(await anonymous.get(path), 200, { is_public: true });
            const missing = await ada.post("/repository/ada/none/changevisibility", {
                visibility: "public",
            });
            assert.deepEqual([missing.status, missing.json], [200, null]);
        });

        it("changes the state: a read-only one cannot be written, but described", async () => {
            const path = await repository("readonly");
            expectReply(await ada.put(`${path}/changestate`, { state: "READ_ONLY" }), 200, {
                success: true,
            });
            expectReply(await ada.get(path), 200, {
                state: "READ_ONLY",
                can_write: false,
                can_admin: true,
            });
            expectReply(await ada.put(path, { description: "still" }), 200);
            expectMessage(
                await ada.delete(`${path}/tag/v1`),
                503,
                "Repository is in read only or mirror mode: 1",
            );
            expectProblem(
                await ada.put("/repository/ada/none/changestate", { state: "NORMAL" }),
                404,
                "not_found",
            );
        });

        it("deletes at once, missing ones too, and frees the name for a fresh repository", async () => {
            const path = await repository("deleted");
            await robot("deleted");
            expectReply(
                await ada.put(`${path}/permissions/user/ada+deleted`, { role: "write" }),
                200,
            );
            expectReply(await ada.delete(path), 204);
            expectReply(await ada.delete(path), 204);
            expectProblem(await ada.get(path), 404, "not_found");
            expectProblem(await ada.delete("/repository/closed/none"), 403, "insufficient_scope");
            await repository("deleted");
            expectMessage(await ada.get(`${path}/permissions/user/ada+deleted`), 400);
        });

        it("makes the creator a direct admin, in organizations too", async () => {
            expectReply(await ada.get("/repository/org/many-0/permissions/user/ada"), 200, {
                role: "admin",
                is_org_member: true,
            });
        });

        it("takes a path of parts for a nested name where there is no such call", async () => {
            expectProblem(
                await ada.get(`${await repository("collides")}/tag/v1`),
                404,
                "not_found",
            );
        });
    });

    for (const [kind, base, permissionScopes] of [
        ["a user", "/user/robots", ["user:admin"]],
        ["an organization", "/organization/org/robots", ["user:admin", "org:admin"]],
    ] as const) {
        const owner = kind === "a user" ? "ada" : "org";

        describe(`3. robots of ${kind}`, () => {
            it("makes one by PUT: 201 with a token of 64 upper-case letters and digits; missing and duplicate are 400", async () => {
                expectMessage(
                    await ada.get(`${base}/made`),
                    400,
                    "Could not find robot with specified username",
                );
                const made = await ada.put(`${base}/made`, {
                    description: "d",
                    unstructured_metadata: { team: 1 },
                    other: true,
                });
                expectReply(made, 201, {
                    name: `${owner}+made`,
                    description: "d",
                    unstructured_metadata: { team: 1 },
                    last_accessed: null,
                });
                assert.match(textAt(made, "token"), /^[A-Z0-9]{64}$/);
                assert.match(
                    textAt(made, "created"),
                    /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} -0000$/,
                );
                assert.deepEqual((await ada.get(`${base}/made`)).json, made.json);
                expectProblem(
                    await ada.put(`${base}/made`),
                    400,
                    "invalid_request",
                    `Existing robot with name: ${owner}+made`,
                );
                expectReply(await ada.put(`${base}/plain`), 201, {
                    description: "",
                    unstructured_metadata: null,
                });
            });

            it("refuses bad names, a null description, and names too long for the database", async () => {
                for (const bad of ["x", "Upper", "a__b", "-a", "y".repeat(256)]) {
                    assert.match(
                        textAt(await ada.put(`${base}/${bad}`), "detail"),
                        new RegExp(`^The name for the robot '${bad}' is invalid: `),
                    );
                }
                expectProblem(
                    await ada.put(`${base}/nullish`, { description: null }),
                    400,
                    "invalid_request",
                );
                expectMessage(
                    await ada.put(`${base}/${"z".repeat(253)}`),
                    400,
                    "value too long for type character varying(255)\n",
                );
            });

            it("lists them with their tokens, unless asked for none, and with what they may do only when asked", async () => {
                const list = await ada.get(base);
                assert.match(list.text, /"token":"[A-Z0-9]{64}"/);
                assert.doesNotMatch(list.text, /unstructured_metadata|repositories|teams/);
                assert.doesNotMatch((await ada.get(`${base}?token=false`)).text, /"token"/);
                expectReply(await ada.get(`${base}?permissions=true&limit=1`), 200, {
                    robots: [{ teams: [], repositories: [] }],
                });
            });

            it("gives a new token: the answer has no metadata", async () => {
                const old = textAt(await ada.put(`${base}/renewed`), "token");
                const reply = await ada.post(`${base}/renewed/regenerate`);
                expectReply(reply, 200, { name: `${owner}+renewed` });
                assert.ok(!("unstructured_metadata" in Object(reply.json)));
                assert.notEqual(textAt(reply, "token"), old);
                assert.equal(
                    textAt(await ada.get(`${base}/renewed`), "token"),
                    textAt(reply, "token"),
                );
                expectMessage(await ada.post(`${base}/none/regenerate`), 400);
            });

            it("deletes one with its permissions; the next of that name has another token", async () => {
                const token = textAt(await ada.put(`${base}/gone`), "token");
                const path = `/repository/${owner}/of-gone`;
                expectReply(
                    await ada.post("/repository", {
                        namespace: owner,
                        repository: "of-gone",
                        visibility: "private",
                        description: "",
                    }),
                    201,
                );
                expectReply(
                    await ada.put(`${path}/permissions/user/${owner}+gone`, { role: "read" }),
                    200,
                );
                expectReply(await ada.delete(`${base}/gone`), 204);
                expectMessage(await ada.delete(`${base}/gone`), 400);
                expectMessage(
                    await ada.get(`${path}/permissions/user/${owner}+gone`),
                    400,
                    "User does not have permission for repo.",
                );
                assert.notEqual(textAt(await ada.put(`${base}/gone`), "token"), token);
            });

            it(`shows its permissions with the scopes ${permissionScopes.join(" and ")}`, async () => {
                const path = `/repository/${owner}/of-shown`;
                expectReply(
                    await ada.post("/repository", {
                        namespace: owner,
                        repository: "of-shown",
                        visibility: "private",
                        description: "",
                    }),
                    201,
                );
                expectReply(await ada.put(`${base}/shown`), 201);
                expectReply(
                    await ada.put(`${path}/permissions/user/${owner}+shown`, { role: "write" }),
                    200,
                );
                const reply = await withScopes(...permissionScopes).get(
                    `${base}/shown/permissions`,
                );
                expectReply(reply, 200, {
                    permissions: [
                        { repository: { name: "of-shown", is_public: false }, role: "write" },
                    ],
                });
                expectProblem(
                    await withScopes("org:admin").get(`${base}/shown/permissions`),
                    403,
                    "insufficient_scope",
                );
            });

            it("replaces the federation as a whole, as a bare list, and drops other keys", async () => {
                expectReply(await ada.put(`${base}/federated`), 201);
                const path = `${base}/federated/federation`;
                const pair = { issuer: "https://issuer.example", subject: "s" };
                assert.deepEqual((await ada.get(path)).json, []);
                const set = await ada.post(path, [
                    { ...pair, audiences: ["a"] },
                    { issuer: "http://plain.example", subject: "s" },
                ]);
                assert.equal(set.status, 200);
                assert.deepEqual(set.json, [
                    pair,
                    { issuer: "http://plain.example", subject: "s" },
                ]);
                assert.deepEqual((await ada.post(path, [pair])).json, [pair]);
                assert.deepEqual((await ada.get(path)).json, [pair]);
                for (const bad of [
                    {},
                    [{ issuer: pair.issuer }],
                    [{ ...pair, subject: "" }],
                    [{ ...pair, issuer: "ftp://x" }],
                    [pair, pair],
                ]) {
                    expectReply(await ada.post(path, bad), 400);
                }
                assert.deepEqual((await ada.get(path)).json, [pair]);
                expectReply(await ada.put(path, [pair]), 405);
                expectReply(await ada.delete(path), 204);
                expectReply(await ada.delete(path), 204);
                expectMessage(await ada.get(`${base}/none/federation`), 400);
            });
        });
    }

    it("3. refuses an organization's path for a user's name, and takes + in a path raw and as %2B", async () => {
        expectMessage(
            await ada.put("/organization/ada/robots/x1"),
            400,
            "Organization does not exist",
        );
        expectProblem(await ada.put("/organization/nobody/robots/x1"), 403, "insufficient_scope");
        const path = await repository("plus");
        await robot("plus");
        expectReply(await ada.put(`${path}/permissions/user/ada+plus`, { role: "read" }), 200);
        expectReply(await ada.get(`${path}/permissions/user/ada%2Bplus`), 200, {
            name: "ada+plus",
        });
    });

    describe("4. permissions", () => {
        it("sets, changes, shows and deletes a user's or robot's", async () => {
            const path = `${await repository("permitted")}/permissions/user`;
            await robot("permitted");
            expectReply(await ada.put(`${path}/ada+permitted`, { role: "read" }), 200, {
                role: "read",
                name: "ada+permitted",
                is_robot: true,
            });
            expectReply(await ada.put(`${path}/ada+permitted`, { role: "write" }), 200, {
                role: "write",
            });
            expectReply(await ada.put(`${path}/bob`, { role: "read" }), 200, { is_robot: false });
            const list = await ada.get(`${path}/`);
            expectReply(list, 200, {
                permissions: {
                    ada: { role: "admin" },
                    "ada+permitted": { role: "write" },
                    bob: { role: "read" },
                },
            });
            assert.doesNotMatch(list.text, /is_org_member/);
            expectReply(await ada.delete(`${path}/ada+permitted`), 204);
            expectReply(await ada.delete(`${path}/ada+permitted`), 400);
            expectMessage(
                await ada.get(`${path}/ada+permitted`),
                400,
                "User does not have permission for repo.",
            );
        });

        it("refuses strangers, robots of other namespaces, and the owner", async () => {
            const path = `${await repository("refusing")}/permissions/user`;
            expectReply(await ada.put("/organization/org/robots/foreign"), 201);
            expectProblem(
                await ada.put(`${path}/nobody`, { role: "read" }),
                400,
                "invalid_request",
                "Invalid username: nobody",
            );
            const foreign = await ada.put(`${path}/org+foreign`, { role: "read" });
            expectProblem(
                foreign,
                400,
                "invalid_request",
                "Cannot add robot org+foreign under namespace ada",
            );
            const owner = await ada.put(`${path}/ada`, { role: "read" });
            expectProblem(owner, 400, "invalid_request", "Namespace owner must always be admin.");
            expectProblem(await ada.put(`${path}/bob`, { role: "owner" }), 400, "invalid_request");
        });

        it("has for a missing repository an empty list, and 500 for a change", async () => {
            expectReply(await ada.get("/repository/ada/none/permissions/user/"), 200);
            assert.deepEqual((await ada.get("/repository/ada/none/permissions/user/")).json, {
                permissions: {},
            });
            expectPage(
                await ada.put("/repository/ada/none/permissions/user/bob", { role: "read" }),
                500,
            );
        });

        it("knows teams in organizations: the single one is only its role", async () => {
            const path = "/repository/org/many-1/permissions/team";
            expectReply(await ada.put("/organization/org/team/devs", { role: "member" }), 200);
            expectReply(await ada.put(`${path}/devs`, { role: "write" }), 200, {
                role: "write",
                name: "devs",
            });
            assert.deepEqual((await ada.get(`${path}/devs`)).json, { role: "write" });
            expectReply(await ada.get(`${path}/`), 200, {
                permissions: { devs: { role: "write" } },
            });
            expectReply(await ada.get("/organization/org/team/devs/permissions"), 200, {
                permissions: [{ repository: { name: "many-1", is_public: false }, role: "write" }],
            });
            expectReply(await ada.delete(`${path}/devs`), 204);
            expectReply(await ada.delete(`${path}/devs`), 400);
            expectReply(await ada.get(`${path}/devs`), 400);
            expectReply(await ada.put(`${path}/nobody`, { role: "write" }), 400);
            const user = await ada.put(`${await repository("teamless")}/permissions/team/devs`, {
                role: "read",
            });
            expectProblem(user, 400, "invalid_request", "No team devs in organization ada");
        });

        it("adds direct rights and those by team in the transitive view, 404 when none", async () => {
            expectReply(await ada.put("/organization/org/team/readers", { role: "member" }), 200);
            expectReply(await ada.put("/organization/org/team/readers/members/bob"), 200);
            expectReply(
                await ada.put("/repository/org/many-2/permissions/team/readers", { role: "read" }),
                200,
            );
            expectReply(
                await ada.put("/repository/org/many-2/permissions/user/bob", { role: "write" }),
                200,
            );
            const path = "/repository/org/many-2/permissions/user";
            assert.deepEqual((await ada.get(`${path}/bob/transitive`)).json, {
                permissions: [{ role: "write" }, { role: "read" }],
            });
            expectProblem(await ada.get(`${path}/nobody/transitive`), 404, "not_found");
        });
    });

    describe("5. default permissions", () => {
        const path = "/organization/org/prototypes";

        it("are made with 200, twice if one likes, change only their role, and end with 204", async () => {
            expectReply(await ada.put("/organization/org/robots/delegate"), 201);
            const body = { role: "read", delegate: { kind: "user", name: "org+delegate" } };
            const made = await ada.post(path, body);
            expectReply(made, 200, {
                role: "read",
                activating_user: null,
                delegate: { name: "org+delegate", kind: "user", is_robot: true },
            });
            const again = await ada.post(path, { ...body, activating_user: { name: "ada" } });
            expectReply(again, 200, { activating_user: { name: "ada" } });
            assert.notEqual(textAt(made, "id"), textAt(again, "id"));
            expectReply(await ada.put(`${path}/${textAt(made, "id")}`, { role: "write" }), 200, {
                role: "write",
            });
            expectReply(await ada.get(path), 200, {
                prototypes: [{ role: "write" }, { role: "read" }],
            });
            expectReply(await ada.delete(`${path}/${textAt(again, "id")}`), 204);
            expectProblem(await ada.delete(`${path}/${textAt(again, "id")}`), 404, "not_found");
            expectProblem(
                await ada.put(`${path}/${textAt(again, "id")}`, { role: "read" }),
                404,
                "not_found",
            );
        });

        it("apply to repositories made later, and go with their delegate", async () => {
            expectReply(
                await ada.post("/repository", {
                    namespace: "org",
                    repository: "later",
                    visibility: "private",
                    description: "",
                }),
                201,
            );
            expectReply(await ada.get("/repository/org/later/permissions/user/org+delegate"), 200, {
                role: "write",
            });
            expectReply(await ada.delete("/organization/org/robots/delegate"), 204);
            assert.deepEqual((await ada.get(path)).json, { prototypes: [] });
            expectReply(await ada.put("/organization/org/team/delegated", { role: "member" }), 200);
            expectReply(
                await ada.post(path, {
                    role: "read",
                    delegate: { kind: "team", name: "delegated" },
                }),
                200,
                {
                    delegate: { kind: "team" },
                },
            );
            expectReply(await ada.delete("/organization/org/team/delegated"), 204);
            assert.deepEqual((await ada.get(path)).json, { prototypes: [] });
        });

        it("refuse whom nobody knows, each in its way; users have none", async () => {
            const unknown = await ada.post(path, {
                role: "read",
                delegate: { kind: "user", name: "nobody" },
            });
            expectProblem(unknown, 400, "invalid_request", "Missing delegate user or team");
            expectMessage(
                await ada.post(path, { role: "read", delegate: { kind: "team", name: "nobody" } }),
                400,
            );
            const body = {
                role: "read",
                delegate: { kind: "user", name: "bob" },
                activating_user: { name: "nobody" },
            };
            expectReply(await ada.post(path, body), 400);
            expectProblem(await ada.get("/organization/ada/prototypes"), 404, "not_found");
            expectProblem(
                await ada.get("/organization/nobody/prototypes"),
                403,
                "insufficient_scope",
            );
        });
    });

    describe("6. auto-prune and 7. immutability: policies", () => {
        const places = ["/repository/ada/policies", "/organization/org", "/organization/ada"];
        const kinds = [
            {
                name: "autoprunepolicy",
                places: [...places, "/user"],
                one: { method: "number_of_tags", value: 3 },
                other: { method: "creation_date", value: "7d" },
            },
            {
                name: "immutabilitypolicy",
                places,
                one: { tagPattern: "v1.*" },
                other: { tagPattern: "v2.*" },
            },
        ];
        before(() => repository("policies"));

        for (const { name, places: where, one, other } of kinds) {
            for (const place of where) {
                it(`${place}/${name}/: POST 201 with the uuid, PUT 204, DELETE 200 with the uuid, 404 unknown, 400 twice`, async () => {
                    const all = `${place}/${name}/`;
                    const made = await ada.post(all, one);
                    assert.equal(made.status, 201);
                    assert.deepEqual(made.json, { uuid: textAt(made, "uuid") });
                    const path = `${all}${textAt(made, "uuid")}`;
                    expectReply(await ada.get(path), 200, {
                        uuid: textAt(made, "uuid"),
                        ...one,
                        tagPatternMatches: true,
                    });
                    expectProblem(await ada.post(all, one), 400, "invalid_request");
                    const changed = await ada.put(path, { ...other, tagPatternMatches: false });
                    assert.deepEqual([changed.status, changed.text], [204, ""]);
                    expectReply(await ada.get(all), 200, {
                        policies: [{ ...other, tagPatternMatches: false }],
                    });
                    assert.deepEqual((await ada.delete(path)).json, made.json);
                    expectProblem(await ada.delete(path), 404, "not_found");
                    expectProblem(await ada.get(path), 404, "not_found");
                    expectProblem(await ada.put(path, other), 404, "not_found");
                });
            }

            it(`${name} of a missing repository is 404`, async () => {
                expectProblem(await ada.get(`/repository/ada/none/${name}/`), 404, "not_found");
                expectProblem(
                    await ada.post(`/repository/ada/none/${name}/`, one),
                    404,
                    "not_found",
                );
            });
        }

        it("prunes by number or age only, and takes a broken pattern but not an empty one", async () => {
            const path = "/repository/ada/policies/autoprunepolicy/";
            expectProblem(
                await ada.post(path, { method: "size", value: 1 }),
                400,
                "invalid_request",
                "Invalid method provided",
            );
            for (const [method, value] of [
                ["number_of_tags", 0],
                ["number_of_tags", "3"],
                ["creation_date", 7],
                ["creation_date", "1w2d"],
            ]) {
                expectProblem(
                    await ada.post(path, { method, value }),
                    400,
                    "invalid_request",
                    "Invalid value given for method type",
                );
            }
            expectProblem(
                await ada.post(path, { method: "creation_date", value: "7d", tagPattern: "" }),
                400,
                "invalid_request",
            );
            const broken = await ada.post(path, {
                method: "creation_date",
                value: "7d",
                tagPattern: "(",
            });
            expectReply(broken, 201);
            expectReply(await ada.get(`${path}${textAt(broken, "uuid")}`), 200, {
                tagPattern: "(",
                tagPatternMatches: true,
            });
            expectReply(await ada.post(path, { method: "creation_date", value: "7d" }), 201);
            expectReply(await ada.get(path), 200, {
                policies: [{ tagPattern: "(" }, { tagPattern: null }],
            });
        });

        it("refuses for immutability a broken, an empty or a long pattern, and the same with another sense", async () => {
            const path = "/repository/ada/policies/immutabilitypolicy/";
            for (const tagPattern of ["(", "", "x".repeat(257)])
                expectProblem(await ada.post(path, { tagPattern }), 400, "invalid_request");
            expectReply(await ada.post(path, { tagPattern: "same" }), 201);
            expectProblem(
                await ada.post(path, { tagPattern: "same", tagPatternMatches: false }),
                400,
                "invalid_request",
            );
        });

        it("has no /user/immutabilitypolicy/", async () => {
            expectPage(await ada.get("/user/immutabilitypolicy/"), 404);
            expectPage(await ada.post("/user/immutabilitypolicy/", { tagPattern: "v.*" }), 405);
        });
    });

    describe("7. immutable tags", () => {
        it("protects tags whose whole name matches, at once and after the policy is gone, until set back", async () => {
            const path = await repository("immutable");
            const digest = await pushImage(quay, "ada", "ada/immutable", ["v1", "v2"]);
            const policies = `${path}/immutabilitypolicy/`;
            expectReply(await ada.post(policies, { tagPattern: "^v" }), 201);
            expectReply(await ada.get(`${path}/tag/`), 200, {
                tags: [{ immutable: false }, { immutable: false }],
            });
            const policy = await ada.post(policies, { tagPattern: "v.*" });
            expectReply(await ada.get(`${path}/tag/`), 200, {
                tags: [{ immutable: true }, { immutable: true }],
            });
            expectProblem(await ada.delete(`${path}/tag/v1`), 409, "tag_immutable");
            expectProblem(
                await ada.put(`${path}/tag/v1`, { manifest_digest: digest }),
                409,
                "tag_immutable",
            );
            expectMessage(
                await ada.put(`${path}/tag/v1`, { expiration: Math.ceil(Date.now() / 1000) + 60 }),
                400,
            );
            expectReply(await ada.delete(`${policies}${textAt(policy, "uuid")}`), 200);
            expectProblem(await ada.delete(`${path}/tag/v1`), 409, "tag_immutable");
            expectProblem(
                await withScopes("repo:write").put(`${path}/tag/v1`, { immutable: false }),
                403,
                "insufficient_scope",
            );
            expectReply(await ada.put(`${path}/tag/v1`, { immutable: false }), 201);
            expectReply(await ada.delete(`${path}/tag/v1`), 204);
        });

        it("does not make an expiring tag immutable", async () => {
            const path = await repository("expiring");
            await pushImage(quay, "ada", "ada/expiring", ["v1"]);
            expectReply(
                await ada.put(`${path}/tag/v1`, { expiration: Math.ceil(Date.now() / 1000) + 60 }),
                201,
            );
            expectMessage(await ada.put(`${path}/tag/v1`, { immutable: true }), 400);
        });
    });

    describe("8. notifications", () => {
        const webhook = {
            event: "repo_push",
            method: "webhook",
            config: { url: "https://hook.example/x" },
            eventConfig: {},
        };

        it("come in as eventConfig and out as event_config, twice if one likes, and cannot be changed", async () => {
            const path = `${await repository("notified")}/notification/`;
            const made = await ada.post(path, webhook);
            const uuid = textAt(made, "uuid");
            assert.equal(made.status, 201);
            assert.deepEqual(made.json, {
                uuid,
                title: null,
                event: "repo_push",
                method: "webhook",
                config: webhook.config,
                event_config: {},
                number_of_failures: 0,
            });
            expectReply(await ada.post(path, { ...webhook, title: "twice" }), 201, {
                title: "twice",
            });
            expectReply(await ada.get(path), 200, {
                notifications: [{ title: null }, { title: "twice" }],
            });
            expectReply(await ada.get(`${path}${uuid}`), 200, { uuid });
            expectReply(await ada.post(`${path}${uuid}/test`), 200, {});
            expectReply(await ada.post(`${path}${uuid}`), 204);
            expectReply(await ada.put(`${path}${uuid}`, webhook), 405);
            expectReply(await ada.delete(`${path}${uuid}`), 204);
            expectProblem(await ada.get(`${path}${uuid}`), 404, "not_found");
            const missing = `No repository notification found for: ada, notified, ${uuid}`;
            expectProblem(await ada.delete(`${path}${uuid}`), 400, "invalid_request", missing);
            expectProblem(await ada.post(`${path}${uuid}`), 400, "invalid_request", missing);
            expectProblem(await ada.post(`${path}${uuid}/test`), 400, "invalid_request", missing);
        });

        it("are answered by their UUID for any repository, and after the deletion until the collector ran", async () => {
            const path = await repository("deleted-notifications");
            const uuid = textAt(await ada.post(`${path}/notification/`, webhook), "uuid");
            const other = await repository("other-notifications");
            for (const step of ["there", "deleted"]) {
                expectReply(await ada.get(`${path}/notification/${uuid}`), 200, { uuid });
                expectReply(await ada.get(`${other}/notification/${uuid}`), 200, { uuid });
                expectReply(await ada.get(`${other}/notification/`), 200, { notifications: [] });
                if (step === "there") expectReply(await ada.delete(path), 204);
            }
            expectReply(await ada.get(`${path}/notification/`), 200, { notifications: [] });
            quay.collectGarbage();
            expectProblem(await ada.get(`${path}/notification/${uuid}`), 404, "not_found");
        });

        it("refuse what a method cannot use with 400, and unknown events, methods and repositories with 500", async () => {
            const path = `${await repository("refused-notifications")}/notification/`;
            const bad = [
                { config: { url: "http://localhost/x" } },
                { config: { url: "https://127.0.0.1/x" } },
                { config: { url: "ftp://hook.example/x" } },
                { config: {} },
                { config: { url: "https://hook.example", template: "{" } },
                { method: "slack", config: {} },
                { method: "email", config: { email: "a@example.com" } },
                {
                    method: "quay_notification",
                    config: { target: { name: "nobody", kind: "user" } },
                },
                { method: "flowdock", config: {} },
                { method: "hipchat", config: { room_id: "1" } },
                { eventConfig: undefined },
            ];
            for (const change of bad)
                expectProblem(
                    await ada.post(path, { ...webhook, ...change }),
                    400,
                    "invalid_request",
                );
            const template = '{"tags": "${updated_tags}", "name": ${repository.name}}';
            expectReply(
                await ada.post(path, {
                    ...webhook,
                    config: { url: "https://hook.example", template },
                }),
                201,
            );
            expectReply(
                await ada.post(path, {
                    ...webhook,
                    method: "quay_notification",
                    config: { target: { name: "ada", kind: "user" } },
                }),
                201,
            );
            expectPage(await ada.post(path, { ...webhook, event: "nothing" }), 500);
            expectPage(await ada.post(path, { ...webhook, method: "nothing" }), 500);
            expectPage(await ada.post("/repository/ada/none/notification/", webhook), 500);
            assert.deepEqual((await ada.get("/repository/ada/none/notification/")).json, {
                notifications: [],
            });
        });
    });

    describe("9. tags, manifests, scan", () => {
        it("lists active tags or the whole history, newest first, filtered and in pages", async () => {
            const path = await repository("tagged");
            const digest = await pushImage(quay, "ada", "ada/tagged", ["v1", "v2", "latest"]);
            expectReply(await ada.delete(`${path}/tag/v1`), 204);
            const list = async (query: string): Promise<readonly string[]> =>
                [...(await ada.get(`${path}/tag/${query}`)).text.matchAll(/"name":"([^"]+)"/g)].map(
                    ([, name = ""]) => name,
                );
            assert.deepEqual(await list(""), ["latest", "v2", "v1"]);
            assert.deepEqual(await list("?onlyActiveTags=true"), ["latest", "v2"]);
            assert.deepEqual(await list("?specificTag=v2"), ["v2"]);
            assert.deepEqual(await list("?specificTag=none"), []);
            assert.deepEqual(await list("?filter_tag_name=like:v"), ["v2", "v1"]);
            assert.deepEqual(await list("?filter_tag_name=eq:v"), []);
            expectReply(await ada.get(`${path}/tag/?limit=2&page=1`), 200, {
                page: 1,
                has_additional: true,
            });
            expectReply(await ada.get(`${path}/tag/?limit=2&page=2`), 200, {
                page: 2,
                has_additional: false,
                tags: [
                    {
                        name: "v1",
                        reversion: false,
                        manifest_digest: digest,
                        is_manifest_list: false,
                        size: 100,
                    },
                ],
            });
            assert.match((await ada.get(`${path}/tag/?specificTag=v1`)).text, /"end_ts":\d{10}/);
            assert.doesNotMatch(
                (await ada.get(`${path}/tag/?specificTag=v2`)).text,
                /end_ts|expiration/,
            );
            expectMessage(await ada.get(`${path}/tag/?filter_tag_name=v`), 400);
            const bad = await ada.get(`${path}/tag/?limit=x`);
            expectReply(bad, 400, {
                message: { limit: "invalid literal for int() with base 10: 'x'" },
            });
            expectProblem(await ada.get("/repository/ada/none/tag/"), 404, "not_found");
            expectReply(await ada.get(path), 200, {
                tags: { latest: { name: "latest", size: 100, manifest_digest: digest } },
            });
        });

        it('changes a tag with 201 "Updated", also for nothing at all', async () => {
            const path = await repository("retagged");
            const digest = await pushImage(quay, "ada", "ada/retagged", ["v1"]);
            for (const body of [
                { manifest_digest: digest },
                {},
                { expiration: null },
                { expiration: Math.ceil(Date.now() / 1000) + 60 },
            ]) {
                const reply = await ada.put(`${path}/tag/v1`, body);
                assert.deepEqual([reply.status, reply.json], [201, "Updated"]);
            }
            expectReply(await ada.get(`${path}/tag/?specificTag=v1&onlyActiveTags=true`), 200, {
                tags: [{ name: "v1" }],
            });
            assert.match(
                (await ada.get(`${path}/tag/?specificTag=v1&onlyActiveTags=true`)).text,
                /"end_ts":\d{10}/,
            );
            expectReply(await ada.put(`${path}/tag/v2`, { manifest_digest: digest }), 201);
            expectProblem(
                await ada.put(`${path}/tag/v2`, { manifest_digest: `sha256:${"0".repeat(64)}` }),
                404,
                "not_found",
            );
            expectProblem(
                await ada.put(`${path}/tag/none`, { expiration: null }),
                404,
                "not_found",
            );
            expectMessage(await ada.put(`${path}/tag/v2`, { expiration: 1 }), 400);
            expectMessage(await ada.put(`${path}/tag/-bad`, { manifest_digest: digest }), 400);
        });

        it("deletes a tag once, and restores it from the history", async () => {
            const path = await repository("restored");
            const digest = await pushImage(quay, "ada", "ada/restored", ["v1"]);
            expectReply(await ada.delete(`${path}/tag/v1`), 204);
            expectProblem(await ada.delete(`${path}/tag/v1`), 404, "not_found");
            expectProblem(await ada.delete(`${path}/tag/none`), 404, "not_found");
            expectProblem(await ada.post(`${path}/tag/v1/restore`), 400, "invalid_request");
            expectProblem(
                await ada.post(`${path}/tag/v1/restore`, {
                    manifest_digest: `sha256:${"0".repeat(64)}`,
                }),
                404,
                "not_found",
            );
            const restored = await ada.post(`${path}/tag/v1/restore`, { manifest_digest: digest });
            assert.deepEqual([restored.status, restored.json], [200, {}]);
            expectReply(await ada.get(`${path}/tag/`), 200, {
                tags: [
                    { name: "v1", reversion: true },
                    { name: "v1", reversion: false },
                ],
            });
            expectReply(await ada.post(`${path}/tag/v1/expire`, { manifest_digest: digest }), 405);
        });

        it("shows a manifest with its content as text, and its labels", async () => {
            const path = `${await repository("manifests")}/manifest`;
            const digest = await pushImage(quay, "ada", "ada/manifests", ["v1"]);
            const reply = await ada.get(`${path}/${digest}`);
            expectReply(reply, 200, {
                digest,
                is_manifest_list: false,
                layers_compressed_size: 100,
                layers: [{ index: 0, compressed_size: 100 }],
            });
            assert.match(textAt(reply, "manifest_data"), /^{"schemaVersion":2/);
            assert.deepEqual((await ada.get(`${path}/${digest}/labels`)).json, { labels: [] });
            const label = await ada.post(`${path}/${digest}/labels`, {
                key: "k",
                value: "v",
                media_type: "text/plain",
            });
            expectReply(label, 201, {
                label: { key: "k", value: "v", source_type: "api", media_type: "text/plain" },
            });
            expectReply(await ada.get(`${path}/${digest}/labels`), 200, { labels: [{ key: "k" }] });
            expectReply(
                await ada.delete(`${path}/${digest}/labels/${textAt(label, "label", "id")}`),
                204,
            );
            expectProblem(await ada.get(`${path}/sha256:${"0".repeat(64)}`), 404, "not_found");
        });

        it("has queued scans until one is set, by digest only", async () => {
            const path = `${await repository("scanned")}/manifest`;
            const digest = await pushImage(quay, "ada", "ada/scanned", ["v1"]);
            assert.deepEqual(
                (await ada.get(`${path}/${digest}/security?vulnerabilities=true`)).json,
                { status: "queued", data: null },
            );
            quay.setScan(digest, {
                status: "scanned",
                features: [
                    {
                        name: "openssl",
                        version: "1",
                        vulnerabilities: [{ name: "CVE-1", severity: "High", fixedBy: "2" }],
                    },
                ],
            });
            expectReply(await ada.get(`${path}/${digest}/security?vulnerabilities=true`), 200, {
                status: "scanned",
                data: {
                    Layer: {
                        Features: [
                            {
                                Name: "openssl",
                                Vulnerabilities: [
                                    { Name: "CVE-1", Severity: "High", FixedBy: "2" },
                                ],
                            },
                        ],
                    },
                },
            });
            expectProblem(await ada.get(`${path}/v1/security`), 404, "not_found");
        });
    });

    describe("10. organizations, teams, applications", () => {
        it('makes an organization with user:admin: 201 "Created"; taken and bad names are 400', async () => {
            expectProblem(
                await withScopes("org:admin").post("/organization/", { name: "made" }),
                403,
                "insufficient_scope",
            );
            const reply = await withScopes("user:admin").post("/organization/", {
                name: "made",
                email: "same@example.com",
            });
            assert.deepEqual([reply.status, reply.json], [201, "Created"]);
            expectReply(
                await ada.post("/organization/", { name: "made-too", email: "same@example.com" }),
                201,
            );
            expectReply(await ada.get("/organization/made-too"), 200, {
                email: "same@example.com",
            });
            for (const name of ["made", "bob", "Upper", "x"])
                expectProblem(await ada.post("/organization/", { name }), 400, "invalid_request");
        });

        it("shows it to everybody, with teams to members and settings to admins", async () => {
            const seen = await anonymous.get("/organization/org");
            expectReply(seen, 200, { name: "org", email: "", is_admin: false, is_member: false });
            assert.doesNotMatch(seen.text, /teams|tag_expiration_s/);
            expectReply(await ada.get("/organization/org"), 200, {
                is_admin: true,
                is_member: true,
                tag_expiration_s: 1209600,
                teams: {
                    owners: { name: "owners", role: "admin", member_count: 1, is_synced: false },
                },
            });
            expectProblem(await ada.get("/organization/none"), 404, "not_found");
            expectProblem(await ada.get("/organization/ada"), 404, "not_found");
        });

        it("changes its settings, to the values that the server knows", async () => {
            expectReply(
                await ada.put("/organization/org", {
                    tag_expiration_s: 86400,
                    email: "new@example.com",
                }),
                200,
                {
                    tag_expiration_s: 86400,
                    email: "new@example.com",
                },
            );
            expectMessage(
                await ada.put("/organization/org", { tag_expiration_s: 5 }),
                400,
                "Invalid tag expiration option",
            );
            expectProblem(await ada.put("/organization/none", {}), 403, "insufficient_scope");
        });

        it("deletes it at once, after which 403; the name stays taken", async () => {
            expectReply(await ada.post("/organization/", { name: "short-lived" }), 201);
            expectReply(await ada.delete("/organization/short-lived"), 204);
            expectProblem(await ada.get("/organization/short-lived"), 404, "not_found");
            expectProblem(await ada.delete("/organization/short-lived"), 403, "insufficient_scope");
            expectProblem(
                await ada.post("/organization/", { name: "short-lived" }),
                400,
                "invalid_request",
                "Username is not available",
            );
        });

        it("makes and changes a team by PUT with 200, and keeps the last one of admins", async () => {
            const path = "/organization/org/team";
            expectReply(await ada.put(`${path}/made`, { role: "member" }), 200, {
                name: "made",
                role: "member",
                description: "",
                new_team: true,
            });
            expectReply(await ada.put(`${path}/made`, { role: "creator", description: "d" }), 200, {
                role: "creator",
                description: "d",
                new_team: false,
            });
            expectMessage(await ada.put(`${path}/Bad`, { role: "member" }), 400);
            expectProblem(await ada.put(`${path}/made`, {}), 400, "invalid_request");
            expectReply(await ada.delete(`${path}/made`), 204);
            expectMessage(await ada.delete(`${path}/made`), 400);
            expectMessage(await ada.delete(`${path}/owners`), 400);
        });

        it("adds members at once, robots of other namespaces too", async () => {
            const path = "/organization/org/team/members-of";
            expectReply(await ada.put(path, { role: "member" }), 200);
            await robot("member");
            expectReply(await ada.put(`${path}/members/ada+member`), 200, {
                name: "ada+member",
                is_robot: true,
                invited: false,
            });
            expectReply(await ada.put(`${path}/members/bob`), 200, {
                kind: "user",
                is_robot: false,
            });
            expectReply(await ada.get(`${path}/members?includePending=true`), 200, {
                name: "members-of",
                members: [{ name: "ada+member" }, { name: "bob", invited: false }],
                can_edit: true,
            });
            expectProblem(
                await ada.put(`${path}/members/nobody`),
                400,
                "invalid_request",
                "Unknown user",
            );
            expectReply(await ada.put(`${path}/members/bob`), 400, {
                message: "User bob is already a member of team members-of",
            });
            expectReply(await ada.delete(`${path}/members/bob`), 204);
            expectReply(await ada.delete(`${path}/members/bob`), 400);
            expectReply(await ada.delete("/organization/org/team/owners/members/ada"), 400, {
                message: "User cannot remove themselves from their only admin team.",
            });
            expectReply(await ada.put("/organization/org/team/x", { role: "member" }), 400);
        });

        it("mints OAuth tokens for an application, shown once, that act as who made them", async () => {
            const path = "/organization/org/applications";
            const application = await ada.post(path, { name: "ci" });
            expectReply(application, 200, { name: "ci" });
            const tokens = `${path}/${textAt(application, "client_id")}/tokens`;
            const minted = await ada.post(tokens, {
                name: "t",
                scope: "repo:read user:read",
                expiration: 60,
            });
            expectReply(minted, 200, {
                name: "t",
                scope: "repo:read user:read",
                created_by: "ada",
            });
            assert.match(textAt(minted, "expires_at"), /^\d{4}-\d{2}-\d{2}T.*Z$/);
            expectReply(await new Api(quay.url, textAt(minted, "token")).get("/user/"), 200, {
                username: "ada",
            });
            assert.doesNotMatch((await ada.get(tokens)).text, /"token"/);
            expectMessage(
                await ada.post(tokens, { name: "t", scope: "repo:all" }),
                400,
                "Invalid scope: repo:all",
            );
            expectReply(await ada.delete(`${tokens}/${textAt(minted, "uuid")}`), 204);
            expectReply(await new Api(quay.url, textAt(minted, "token")).get("/user/"), 401);
        });
    });

    describe("features that are switched off (surprise 4)", () => {
        let plain: Quay;
        let user: Api;

        before(async () => {
            plain = await startQuay({
                features: {
                    autoPrune: false,
                    immutableTags: false,
                    repositoryMirror: false,
                    userRobotFederation: false,
                    applicationTokens: false,
                    securityScanner: false,
                    referrers: false,
                },
            });
            plain.createUser("ada");
            plain.createOrganization("org", "ada");
            user = new Api(plain.url, plain.createToken({ user: "ada" }));
            expectReply(
                await user.post("/repository", {
                    repository: "r",
                    visibility: "private",
                    description: "",
                }),
                201,
            );
        });
        after(() => plain.stop());

        for (const policy of ["autoprunepolicy", "immutabilitypolicy"]) {
            it(`${policy}: no such route, in HTML; what ends in an id is a repository's name`, async () => {
                for (const place of ["/repository/ada/r", "/organization/org"]) {
                    expectPage(await user.get(`${place}/${policy}/`), 404);
                    expectPage(await user.post(`${place}/${policy}/`, {}), 405);
                }
                expectProblem(await user.get(`/repository/ada/r/${policy}/uuid`), 404, "not_found");
                expectProblem(
                    await user.put(`/repository/ada/r/${policy}/uuid`),
                    400,
                    "invalid_request",
                );
            });
        }

        it("changestate: a repository's name, whose description is missing", async () => {
            const reply = await user.put("/repository/ada/r/changestate", { state: "READ_ONLY" });
            expectProblem(reply, 400, "invalid_request");
            assert.match(textAt(reply, "detail"), /^'description' is a required property\n/);
        });

        it("immutable tags: absent from tags, and setting one has no effect", async () => {
            await pushImage(plain, "ada", "ada/r", ["v1"]);
            assert.doesNotMatch((await user.get("/repository/ada/r/tag/")).text, /immutable/);
            const reply = await user.put("/repository/ada/r/tag/v1", { immutable: true });
            assert.deepEqual([reply.status, reply.json], [201, "Updated"]);
            expectReply(await user.delete("/repository/ada/r/tag/v1"), 204);
        });

        it("the scanner: 404 in JSON, as if the path were a repository's", async () => {
            expectProblem(
                await user.get(`/repository/ada/r/manifest/sha256:${"0".repeat(64)}/security`),
                404,
                "not_found",
            );
        });

        it("federation of users' robots: no such route, while organizations have it", async () => {
            expectReply(await user.put("/user/robots/bot"), 201);
            expectPage(await user.get("/user/robots/bot/federation/"), 404);
            expectPage(await user.post("/user/robots/bot/federation", []), 405);
            expectReply(await user.put("/organization/org/robots/bot"), 201);
            expectReply(await user.get("/organization/org/robots/bot/federation"), 200);
        });

        it("application tokens: no such route", async () => {
            const application = await user.post("/organization/org/applications", { name: "ci" });
            const path = `/organization/org/applications/${textAt(application, "client_id")}/tokens`;
            expectPage(await user.post(path, { name: "t", scope: "repo:read" }), 405);
        });
    });
});
