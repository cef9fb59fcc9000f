import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import sodium from "libsodium-wrappers";
import { z } from "zod";
import { Git } from "../../../sandbox/github/git.ts";
import type { Grants } from "../../../sandbox/github/model.ts";
import type { RepositoryHandle } from "../../../sandbox/github/repositoryHandle.ts";
import { type GitHub, startGitHub } from "../../../sandbox/github/server.ts";
import { Api, expectReply, type Reply, textAt } from "../../../sandbox/quayApi.ts";

const workflow = ".github/workflows/deploy.yml";
const root = "/api/v3";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const message = (reply: Reply): string => textAt(reply, "message");
const id = (reply: Reply): number => z.object({ id: z.number() }).parse(reply.json).id;
/** What each entry of a list has there. */
const column = (reply: Reply, key: string): readonly unknown[] =>
    z
        .array(z.looseObject({}))
        .parse(reply.json)
        .map((entry) => entry[key]);
const names = (reply: Reply): readonly unknown[] => column(reply, "name");
const numbers = (reply: Reply): readonly unknown[] => column(reply, "number");
const bodies = (reply: Reply): readonly unknown[] => column(reply, "body");
const messages = (reply: Reply): readonly string[] =>
    z
        .array(z.object({ commit: z.object({ message: z.string() }) }))
        .parse(reply.json)
        .map(({ commit }) => commit.message);

describe("the GitHub to test against", () => {
    let github: GitHub;
    let ada: Api;
    let bob: Api;
    let anonymous: Api;
    let count = 0;

    const as = (token: string): Api => new Api(github.url, token, root);
    const granted = (permissions: Grants): Api =>
        as(github.createToken({ user: "ada", permissions }));
    const scoped = (...scopes: readonly string[]): Api =>
        as(github.createToken({ user: "ada", scopes }));
    /** A new repository of ada's. */
    const repository = (
        options: Partial<Parameters<GitHub["createRepository"]>[0]> = {},
    ): { path: string; hand: RepositoryHandle } => {
        count += 1;
        const { owner = "ada", name = `service${String(count)}` } = options;
        return {
            path: `/repos/${owner}/${name}`,
            hand: github.createRepository({ private: false, ...options, owner, name }),
        };
    };
    const put = (
        api: Api,
        path: string,
        file: string,
        content: string,
        more: object = {},
    ): Promise<Reply> =>
        api.put(`${path}/contents/${file}`, {
            message: "Change",
            content: base64(content),
            ...more,
        });
    const refuses = (reply: Reply, status: number, text: string): void => {
        expectReply(reply, status, { message: text, status: String(status) });
    };

    before(async () => {
        github = await startGitHub();
        for (const login of ["ada", "bob", "carl"]) github.createUser(login);
        github.createOrganization("org", "ada", { plan: "team" });
        github.createOrganization("big", "ada", { plan: "enterprise" });
        ada = as(github.createToken({ user: "ada" }));
        bob = as(github.createToken({ user: "bob" }));
        anonymous = new Api(github.url, undefined, root);
        await sodium.ready;
    });
    after(() => github.stop());
    let expectedUnknown = 0;
    afterEach(() => {
        assert.deepEqual(github.unknown().slice(expectedUnknown), []);
    });

    describe("the API as the provider uses it", () => {
        it("is below /api/v3 and without", async () => {
            const { path } = repository();
            const plain = new Api(github.url, github.createToken({ user: "ada" }), "");
            expectReply(await plain.get(path), 200, { url: `${github.url}${path}` });
            expectReply(await ada.get(path), 200, { url: `${github.url}${root}${path}` });
        });

        it("says which account is an organization, and its plan to its owners only", async () => {
            refuses(await ada.get("/orgs/ada"), 404, "Not Found");
            expectReply(await ada.get("/orgs/org"), 200, { login: "org", plan: { name: "team" } });
            assert.ok(!("plan" in z.looseObject({}).parse((await bob.get("/orgs/org")).json)));
            expectReply(await ada.get("/users/bob"), 200, { login: "bob", type: "User" });
            refuses(await ada.get("/users/nobody"), 404, "Not Found");
            const team = github.createTeam("org", "release", ["bob"]);
            expectReply(await ada.get("/orgs/org/teams/release"), 200, {
                id: team,
                slug: "release",
                members_count: 1,
            });
            expectReply(await ada.get("/orgs/org/teams/release/members"), 200, [{ login: "bob" }]);
            refuses(await anonymous.get("/orgs/org/teams/release"), 404, "Not Found");
            expectReply(await ada.get("/users/bob/keys"), 200, []);
        });

        it("says who the token's user is", async () => {
            expectReply(await bob.get("/user"), 200, {
                login: "bob",
                type: "User",
                plan: { name: "free" },
            });
            refuses(await anonymous.get("/user"), 401, "Requires authentication");
        });

        it("gives a repository with ids, default branch, visibility and the user's permissions, whatever the name's case", async () => {
            const { path, hand } = repository({
                private: true,
                defaultBranch: "trunk",
                roles: { bob: "push" },
                name: "Shown",
            });
            expectReply(await ada.get(path), 200, {
                id: hand.id,
                name: "Shown",
                full_name: "ada/Shown",
                private: true,
                visibility: "private",
                archived: false,
                default_branch: "trunk",
                owner: { login: "ada", type: "User" },
                permissions: { admin: true, push: true, pull: true },
            });
            expectReply(await bob.get(path.toLowerCase()), 200, {
                permissions: { admin: false, push: true, pull: true },
            });
            refuses(await ada.get("/repos/ada/none"), 404, "Not Found");
            refuses(await ada.get("/repositories/999999"), 404, "Not Found");
        });

        it("gives branches with their protection, by names with slashes in one segment or in several", async () => {
            const { path, hand } = repository();
            hand.createBranch("feature/a b");
            hand.protect("main");
            expectReply(await ada.get(`${path}/branches/main`), 200, {
                name: "main",
                protected: true,
                commit: { sha: hand.commits()[0]?.sha },
            });
            for (const name of ["feature%2Fa%20b", "feature/a%20b"]) {
                expectReply(await ada.get(`${path}/branches/${name}`), 200, {
                    name: "feature/a b",
                    protected: false,
                });
            }
            refuses(await ada.get(`${path}/branches/none`), 404, "Branch not found");
            assert.deepEqual(names(await ada.get(`${path}/branches`)), ["feature/a b", "main"]);
            expectReply(await ada.get(`${path}/branches/main/protection`), 200, {
                enforce_admins: { enabled: true },
            });
            refuses(
                await ada.get(`${path}/branches/feature%2Fa%20b/protection`),
                404,
                "Branch not protected",
            );
        });

        it("gives a file with its ref in the url, base64 in lines and git's sha; nothing where there is none", async () => {
            const { path, hand } = repository();
            const content = "x".repeat(100);
            hand.commit({ [workflow]: content, "empty file": "" });
            const reply = await ada.get(`${path}/contents/${workflow}?ref=main`);
            expectReply(reply, 200, {
                type: "file",
                name: "deploy.yml",
                path: workflow,
                size: 100,
                encoding: "base64",
                url: `${github.url}${root}${path}/contents/${workflow}?ref=main`,
            });
            assert.equal(
                textAt(reply, "content"),
                `${
                    base64(content)
                        .match(/.{1,60}/g)
                        ?.join("\n") ?? ""
                }\n`,
            );
            expectReply(await ada.get(`${path}/contents/empty%20file`), 200, {
                content: "",
                sha: "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
            });
            refuses(await ada.get(`${path}/contents/none?ref=main`), 404, "Not Found");
            refuses(
                await ada.get(`${path}/contents/${workflow}?ref=none`),
                404,
                "No commit found for the ref none",
            );
            assert.deepEqual(names(await ada.get(`${path}/contents/.github`)), ["workflows"]);
        });

        it("knows a file by its path, whatever is in it, however its slashes are written", async () => {
            const { path, hand } = repository({ files: {} });
            const segment = fc
                .string({ minLength: 1, unit: "grapheme" })
                .filter((text) => !/[/\\]|^\.{1,2}$/.test(text));
            await fc.assert(
                fc.asyncProperty(
                    fc.array(segment, { minLength: 1, maxLength: 3 }),
                    fc.string({ unit: "grapheme" }),
                    async (segments, content) => {
                        const encoded = segments.map(encodeURIComponent);
                        const file = segments.join("/");
                        hand.commit(
                            Object.fromEntries(
                                Object.keys(hand.files()).map((old) => [old, undefined]),
                            ),
                        );
                        expectReply(await put(ada, path, encoded.join("/"), content), 201, {
                            content: { path: file },
                        });
                        assert.deepEqual(hand.files(), { [file]: content });
                        const reply = await ada.get(`${path}/contents/${encoded.join("%2F")}`);
                        assert.equal(
                            Buffer.from(textAt(reply, "content"), "base64").toString(),
                            content,
                        );
                    },
                ),
                { numRuns: 25 },
            );
        });

        it("commits a file: 201 for a new one, 200 by the sha of the old one, 422 without it, 409 for another", async () => {
            const { path, hand } = repository();
            const created = await put(ada, path, workflow, "one", { branch: "main" });
            expectReply(created, 201, {
                content: { path: workflow },
                commit: { message: "Change", sha: hand.commits()[0]?.sha },
            });
            const sha = textAt(created, "content", "sha");
            refuses(
                await put(ada, path, workflow, "two"),
                422,
                'Invalid request.\n\n"sha" wasn\'t supplied.',
            );
            const author = { name: "Ada L.", email: "ada@example.com" };
            expectReply(await put(ada, path, workflow, "two", { sha, author }), 200, {
                commit: { author, committer: { name: "ada" } },
            });
            refuses(
                await put(ada, path, workflow, "three", { sha }),
                409,
                `${workflow} does not match ${sha}`,
            );
            refuses(
                await put(ada, path, "new", "three", { branch: "none" }),
                404,
                "Branch none not found",
            );
            assert.deepEqual(hand.files(), {
                "README.md": hand.files()["README.md"],
                [workflow]: "two",
            });
        });

        it("deletes a file by its sha, which the body carries", async () => {
            const { path, hand } = repository({ files: { [workflow]: "one", other: "two" } });
            const sha = textAt(await ada.get(`${path}/contents/${workflow}`), "sha");
            const body = { message: "Remove", branch: "main" };
            refuses(
                await ada.delete(`${path}/contents/${workflow}`, body),
                422,
                'Invalid request.\n\n"sha" wasn\'t supplied.',
            );
            refuses(
                await ada.delete(`${path}/contents/${workflow}`, { ...body, sha: "0" }),
                409,
                `${workflow} does not match 0`,
            );
            refuses(await ada.delete(`${path}/contents/none`, { ...body, sha }), 404, "Not Found");
            expectReply(await ada.delete(`${path}/contents/${workflow}`, { ...body, sha }), 200, {
                content: null,
                commit: { message: "Remove" },
            });
            assert.deepEqual(hand.files(), { other: "two" });
        });

        it("gives commits: one with its files, and those of a branch that changed a path", async () => {
            const { path, hand } = repository({ files: { a: "1\n2\n3\n" } });
            const { sha } = hand.commit({ a: "1\n3\n4\n5\n", "b/c": "x" }, { message: "Second" });
            hand.commit({ d: "x" });
            expectReply(await ada.get(`${path}/commits/${sha}`), 200, {
                sha,
                commit: { message: "Second", author: { name: "ada" } },
                author: { login: "ada" },
                stats: { additions: 3, deletions: 1, total: 4 },
                files: [
                    { filename: "a", status: "modified", additions: 2, deletions: 1 },
                    { filename: "b/c", status: "added", additions: 1 },
                ],
            });
            assert.deepEqual(messages(await ada.get(`${path}/commits?sha=main&path=a`)), [
                "Second",
                "Initial commit",
            ]);
            assert.deepEqual(messages(await ada.get(`${path}/commits?path=b`)), ["Second"]);
            assert.deepEqual(messages(await ada.get(`${path}/commits?sha=${sha}`)), [
                "Second",
                "Initial commit",
            ]);
            refuses(await ada.get(`${path}/commits/none`), 422, "No commit found for SHA: none");
            expectReply(await ada.get(`${path}/git/commits/${sha}`), 200, {
                sha,
                message: "Second",
            });
            refuses(
                await ada.get(`${repository({ files: {} }).path}/commits`),
                409,
                "Git Repository is empty.",
            );
        });

        it("reads, makes, moves and deletes refs", async () => {
            const { path, hand } = repository();
            const first = hand.commits()[0]?.sha ?? "";
            expectReply(await ada.get(`${path}/git/ref/heads/main`), 200, {
                ref: "refs/heads/main",
                object: { type: "commit", sha: first },
            });
            refuses(await ada.get(`${path}/git/ref/heads/none`), 404, "Not Found");
            const made = { ref: "refs/heads/bot/workflow", sha: first };
            expectReply(await ada.post(`${path}/git/refs`, made), 201, {
                ref: made.ref,
                object: { sha: first },
            });
            refuses(await ada.post(`${path}/git/refs`, made), 422, "Reference already exists");
            refuses(
                await ada.post(`${path}/git/refs`, { ref: "refs/heads/x", sha: "0".repeat(40) }),
                422,
                "Object does not exist",
            );
            const { sha } = hand.commit({ a: "x" }, { branch: "bot/workflow" });
            refuses(
                await ada.patch(`${path}/git/refs/heads/bot/workflow`, { sha: first }),
                422,
                "Update is not a fast forward",
            );
            expectReply(await ada.patch(`${path}/git/refs/heads/main`, { sha }), 200, {
                object: { sha },
            });
            expectReply(await ada.delete(`${path}/git/refs/heads/bot/workflow`), 204);
            refuses(
                await ada.delete(`${path}/git/refs/heads/bot/workflow`),
                422,
                "Reference does not exist",
            );
            assert.deepEqual(hand.branches(), ["main"]);
        });

        it("keeps an environment's rules; what a request leaves out is reset; names are the same in any case", async () => {
            const { path } = repository();
            const environment = `${path}/environments/prod`;
            expectReply(await ada.put(environment, { can_admins_bypass: true }), 200, {
                name: "prod",
                can_admins_bypass: true,
            });
            const reviewer = github.createUser("reviewer");
            const body = {
                wait_timer: 5,
                prevent_self_review: true,
                can_admins_bypass: false,
                reviewers: [{ type: "User", id: reviewer }],
                deployment_branch_policy: {
                    protected_branches: true,
                    custom_branch_policies: false,
                },
            };
            expectReply(await ada.put(environment, body), 200);
            expectReply(await ada.get(`${path}/environments/PROD`), 200, {
                can_admins_bypass: false,
                deployment_branch_policy: body.deployment_branch_policy,
                protection_rules: [
                    { type: "wait_timer", wait_timer: 5 },
                    {
                        type: "required_reviewers",
                        prevent_self_review: true,
                        reviewers: [{ type: "User", reviewer: { id: reviewer } }],
                    },
                    { type: "branch_policy" },
                ],
            });
            expectReply(await ada.put(environment), 200, {
                protection_rules: [],
                deployment_branch_policy: null,
                can_admins_bypass: true,
            });
            expectReply(await ada.get(`${path}/environments`), 200, {
                total_count: 1,
                environments: [{ name: "prod" }],
            });
            expectReply(await ada.delete(environment), 204);
            refuses(await ada.get(environment), 404, "Not Found");
            refuses(await ada.delete(environment), 404, "Not Found");
        });

        it("refuses an environment's rules that make no sense", async () => {
            const { path } = repository();
            const environment = `${path}/environments/prod`;
            const both = {
                deployment_branch_policy: {
                    protected_branches: true,
                    custom_branch_policies: true,
                },
            };
            expectReply(await ada.put(environment, both), 422);
            const reviewers = Array.from({ length: 7 }, () => ({ type: "User", id: 1 }));
            expectReply(await ada.put(environment, { reviewers }), 422);
            refuses(
                await ada.put(environment, { colour: "red" }),
                422,
                'Invalid request.\n\n"colour" is not a permitted key.',
            );
            expectReply(await ada.put(environment, { wait_timer: "long" }), 422);
            expectReply(await ada.put(`${path}/environments/a'b`), 422);
        });

        it("asks apps about deployments to an environment, six at most, until they are disabled", async () => {
            const { path, hand } = repository();
            const rules = `${path}/environments/dev/deployment_protection_rules`;
            refuses(await ada.get(rules), 404, "Not Found");
            await ada.put(`${path}/environments/dev`);
            const apps = ["a", "b", "c", "d", "e", "f", "g"].map((slug) =>
                hand.installProtectionApp(slug),
            );
            expectReply(await ada.get(`${rules}/apps?per_page=1`), 200, {
                total_count: 7,
                available_custom_deployment_protection_rule_integrations: [
                    { id: apps[0], slug: "a" },
                ],
            });
            const [first] = apps;
            const enabled = await ada.post(rules, { integration_id: first });
            expectReply(enabled, 201, { enabled: true, app: { id: first, slug: "a" } });
            const rule = `${rules}/${String(id(enabled))}`;
            expectReply(await ada.get(rule), 200, { app: { slug: "a" } });
            for (const app of [first, 9])
                expectReply(await ada.post(rules, { integration_id: app }), 422);
            await ada.put(`${path}/environments/dev`, { wait_timer: 5 });
            expectReply(await ada.get(rules), 200, {
                total_count: 1,
                custom_deployment_protection_rules: [{ enabled: true, app: { slug: "a" } }],
            });
            const statuses = [];
            for (const app of apps.slice(1))
                statuses.push((await ada.post(rules, { integration_id: app })).status);
            assert.deepEqual(statuses, [201, 201, 201, 201, 201, 422]);
            expectReply(await ada.delete(rule), 204);
            refuses(await ada.delete(rule), 404, "Not Found");
            expectReply(await ada.get(rules), 200, { total_count: 5 });
        });

        it("keeps deployment policies for branches and tags of environments that have them", async () => {
            const { path } = repository();
            const policies = `${path}/environments/dev/deployment-branch-policies`;
            await ada.put(`${path}/environments/dev`);
            refuses(await ada.post(policies, { name: "main" }), 404, "Not Found");
            const custom = {
                deployment_branch_policy: {
                    protected_branches: false,
                    custom_branch_policies: true,
                },
            };
            await ada.put(`${path}/environments/dev`, custom);
            const branch = await ada.post(policies, { name: "main" });
            expectReply(branch, 200, { name: "main", type: "branch" });
            const policy = `${policies}/${String(id(branch))}`;
            expectReply(await ada.post(policies, { name: "v*", type: "tag" }), 200, {
                type: "tag",
            });
            expectReply(await ada.post(policies, { name: "main" }), 303);
            expectReply(await ada.put(policy, { name: "release/*" }), 200, {
                name: "release/*",
                type: "branch",
            });
            expectReply(await ada.get(policy), 200, { name: "release/*" });
            expectReply(await ada.get(policies), 200, {
                total_count: 2,
                branch_policies: [{ type: "branch" }, { type: "tag" }],
            });
            expectReply(await ada.delete(policy), 204);
            refuses(await ada.get(policy), 404, "Not Found");
            await ada.put(`${path}/environments/dev`);
            expectReply(await ada.get(policies), 200, { total_count: 0 });
        });

        for (const [where, secretsOf] of [
            ["a repository", ({ path }: { path: string }) => `${path}/actions/secrets`],
            [
                "an environment, by names",
                ({ path }: { path: string }) => `${path}/environments/a%2Fb/secrets`,
            ],
            [
                "an environment, by the repository's id",
                ({ hand }: { hand: RepositoryHandle }) =>
                    `/repositories/${String(hand.id)}/environments/a%2Fb/secrets`,
            ],
        ] as const) {
            it(`opens the secrets of ${where}`, async () => {
                const given = repository();
                await ada.put(`${given.path}/environments/a%2Fb`);
                const environment = where === "a repository" ? undefined : "a/b";
                const path = secretsOf(given);
                const seal = async (value: string): Promise<object> => {
                    const reply = await ada.get(`${path}/public-key`);
                    const key = Buffer.from(textAt(reply, "key"), "base64");
                    assert.equal(key.length, 32);
                    return {
                        key_id: textAt(reply, "key_id"),
                        encrypted_value: Buffer.from(sodium.crypto_box_seal(value, key)).toString(
                            "base64",
                        ),
                    };
                };
                refuses(await ada.get(`${path}/QUAY_PWD`), 404, "Not Found");
                expectReply(await ada.put(`${path}/QUAY_PWD`, await seal("first")), 201, {});
                expectReply(await ada.put(`${path}/quay_pwd`, await seal("sécond ✓")), 204);
                assert.deepEqual(given.hand.secrets(environment), { QUAY_PWD: "sécond ✓" });
                expectReply(await ada.get(`${path}/QUAY_PWD`), 200, { name: "QUAY_PWD" });
                expectReply(await ada.get(path), 200, {
                    total_count: 1,
                    secrets: [{ name: "QUAY_PWD" }],
                });
                assert.ok(github.secrets().includes("first"));
                const sealed = await seal("x");
                expectReply(await ada.put(`${path}/X`, { ...sealed, key_id: "1" }), 422);
                expectReply(
                    await ada.put(`${path}/X`, {
                        ...sealed,
                        encrypted_value: base64("not sealed"),
                    }),
                    422,
                );
                assert.match(
                    message(await ada.put(`${path}/X-Y`, sealed)),
                    /can only contain alphanumeric characters/,
                );
                refuses(
                    await ada.put(`${path}/GITHUB_X`, sealed),
                    422,
                    "Secret names must not start with GITHUB_.",
                );
                expectReply(await ada.delete(`${path}/QUAY_PWD`), 204);
                refuses(await ada.delete(`${path}/QUAY_PWD`), 404, "Not Found");
                assert.deepEqual(given.hand.secrets(environment), {});
            });
        }

        for (const kind of ["actions/variables", "environments/dev/variables"]) {
            it(`keeps ${kind}`, async () => {
                const { path, hand } = repository();
                await ada.put(`${path}/environments/dev`);
                const variables = `${path}/${kind}`;
                expectReply(await ada.post(variables, { name: "image", value: "one" }), 201);
                refuses(
                    await ada.post(variables, { name: "IMAGE", value: "one" }),
                    409,
                    "Already exists - Variable already exists",
                );
                expectReply(await ada.patch(`${variables}/IMAGE`, { value: "two" }), 204);
                expectReply(await ada.get(`${variables}/image`), 200, {
                    name: "IMAGE",
                    value: "two",
                });
                expectReply(await ada.get(variables), 200, { total_count: 1 });
                assert.deepEqual(hand.variables(kind.startsWith("env") ? "dev" : undefined), {
                    IMAGE: "two",
                });
                expectReply(await ada.delete(`${variables}/IMAGE`), 204);
                refuses(await ada.get(`${variables}/IMAGE`), 404, "Not Found");
            });
        }

        it("customizes the subject of OIDC tokens, by names or with ids that are never used again", async () => {
            const { path, hand } = repository({ name: "subject" });
            const sub = `${path}/actions/oidc/customization/sub`;
            const owner = String(id(await ada.get("/user")));
            const prefix = `repo:ada@${owner}/subject@${String(hand.id)}`;
            expectReply(await ada.get(sub), 200, {
                use_default: true,
                use_immutable_subject: true,
                sub_claim_prefix: prefix,
            });
            const keys = {
                use_default: false,
                include_claim_keys: ["repo", "context"],
                use_immutable_subject: false,
            };
            expectReply(await ada.put(sub, keys), 201, {});
            expectReply(await ada.get(sub), 200, { ...keys, sub_claim_prefix: "repo:ada/subject" });
            expectReply(
                await ada.put(sub, { use_default: false, include_claim_keys: ["no-dashes"] }),
                422,
            );
            expectReply(await ada.put(sub, {}), 422);
        });

        it("answers a conditional request with 304, which costs nothing, until something changes", async () => {
            const { path, hand } = repository();
            const ref = `${path}/git/ref/heads/main`;
            const first = await ada.get(ref);
            const etag = first.headers.get("etag") ?? "";
            const again = await ada.get(ref, { "if-none-match": etag });
            assert.equal(again.status, 304);
            assert.equal(
                again.headers.get("x-ratelimit-remaining"),
                first.headers.get("x-ratelimit-remaining"),
            );
            hand.commit({ a: "x" });
            expectReply(await ada.get(ref, { "if-none-match": etag }), 200);
        });
    });

    describe("pull requests", () => {
        /** A repository with a branch that changes a file, and a pull request from it. */
        const pullRequest = async (): Promise<{
            path: string;
            pull: string;
            hand: RepositoryHandle;
        }> => {
            const { path, hand } = repository();
            hand.createBranch("bot");
            hand.commit({ [workflow]: "one\n" }, { branch: "bot" });
            const reply = await ada.post(`${path}/pulls`, {
                title: "Deliver",
                head: "bot",
                base: "main",
                body: "Please",
            });
            expectReply(reply, 201, { number: 1 });
            return { path, pull: `${path}/pulls/1`, hand };
        };

        it("are opened between branches that differ, once", async () => {
            const { path, hand } = repository();
            const body = { title: "Deliver", head: "bot", base: "main" };
            const failed = (error: object): object => ({
                message: "Validation Failed",
                errors: [{ resource: "PullRequest", ...error }],
            });
            expectReply(
                await ada.post(`${path}/pulls`, body),
                422,
                failed({ field: "head", code: "invalid" }),
            );
            hand.createBranch("bot");
            expectReply(
                await ada.post(`${path}/pulls`, body),
                422,
                failed({ code: "custom", message: "No commits between main and bot" }),
            );
            hand.commit({ [workflow]: "one\n" }, { branch: "bot" });
            expectReply(
                await ada.post(`${path}/pulls`, { ...body, base: "none" }),
                422,
                failed({ field: "base", code: "invalid" }),
            );
            expectReply(
                await ada.post(`${path}/pulls`, { ...body, title: "" }),
                422,
                failed({ field: "title", code: "missing_field" }),
            );
            expectReply(await ada.post(`${path}/pulls`, { ...body, head: "ada:bot" }), 201, {
                state: "open",
                merged: false,
                mergeable: true,
                mergeable_state: "clean",
                head: { ref: "bot", label: "ada:bot", sha: hand.commits("bot")[0]?.sha },
                base: { ref: "main", sha: hand.commits()[0]?.sha },
                commits: 1,
                additions: 1,
                changed_files: 1,
                user: { login: "ada" },
                labels: [],
            });
            const already = "A pull request already exists for ada:bot.";
            expectReply(
                await ada.post(`${path}/pulls`, body),
                422,
                failed({ code: "custom", message: already }),
            );
        });

        it("are listed, changed, closed and opened again; they are issues too", async () => {
            const { path, pull } = await pullRequest();
            expectReply(
                await ada.patch(pull, { title: "New", body: "Text", maintainer_can_modify: true }),
                200,
                {
                    title: "New",
                    body: "Text",
                    maintainer_can_modify: true,
                },
            );
            assert.deepEqual(numbers(await ada.get(`${path}/pulls?head=ada:bot&base=main`)), [1]);
            assert.deepEqual(numbers(await ada.get(`${path}/pulls?head=ada:other`)), []);
            expectReply(await ada.get(`${path}/issues/1`), 200, {
                title: "New",
                pull_request: { merged_at: null },
            });
            expectReply(await ada.get(`${pull}/files`), 200, [
                { filename: workflow, status: "added" },
            ]);
            expectReply(await ada.patch(pull, { state: "closed" }), 200, {
                state: "closed",
                merged: false,
            });
            assert.deepEqual(numbers(await ada.get(`${path}/pulls`)), []);
            assert.deepEqual(numbers(await ada.get(`${path}/pulls?state=all`)), [1]);
            expectReply(await ada.patch(pull, { state: "open" }), 200, {
                state: "open",
                closed_at: null,
            });
        });

        for (const method of ["merge", "squash"]) {
            it(`are merged by ${method}, so that the branch has the file`, async () => {
                const { path, pull, hand } = await pullRequest();
                hand.commit({ other: "x" });
                expectReply(await ada.get(`${pull}/merge`), 404);
                refuses(
                    await ada.put(`${pull}/merge`, { sha: "0" }),
                    409,
                    "Head branch was modified. Review and try the merge again.",
                );
                const merged = await ada.put(`${pull}/merge`, { merge_method: method });
                expectReply(merged, 200, { merged: true, sha: hand.commits()[0]?.sha });
                assert.equal(hand.files()[workflow], "one\n");
                assert.equal(hand.files()["other"], "x");
                assert.equal(hand.commits()[0]?.parents.length, method === "merge" ? 2 : 1);
                expectReply(await ada.get(`${pull}/merge`), 204);
                expectReply(await ada.get(pull), 200, {
                    state: "closed",
                    merged: true,
                    merged_by: { login: "ada" },
                    changed_files: 1,
                });
                refuses(await ada.put(`${pull}/merge`), 405, "Pull Request is not mergeable");
                expectReply(await ada.patch(pull, { state: "open" }), 422);
                expectReply(await ada.delete(`${path}/git/refs/heads/bot`), 204);
                expectReply(await ada.get(pull), 200, { merged: true });
            });
        }

        it("cannot be merged where both sides changed a file, or where approvals are required", async () => {
            const { pull, hand } = await pullRequest();
            hand.commit({ [workflow]: "other\n" });
            expectReply(await ada.get(pull), 200, { mergeable: false, mergeable_state: "dirty" });
            refuses(await ada.put(`${pull}/merge`), 405, "Pull Request is not mergeable");
            hand.commit({ [workflow]: undefined });
            hand.protect();
            refuses(
                await ada.put(`${pull}/merge`),
                405,
                "At least 1 approving review is required by reviewers with write access.",
            );
            hand.merge(1);
            assert.equal(hand.files()[workflow], "one\n");
        });

        it("are closed when their branch is deleted", async () => {
            const { path, pull, hand } = await pullRequest();
            const sha = hand.commits("bot")[0]?.sha;
            expectReply(await ada.delete(`${path}/git/refs/heads/bot`), 204);
            expectReply(await ada.get(pull), 200, { state: "closed", head: { sha } });
        });
    });

    describe("issues, comments and labels", () => {
        it("are made, changed, closed and listed", async () => {
            const { path } = repository();
            expectReply(
                await ada.post(`${path}/issues`, { title: "Drift", body: "x", labels: ["drift"] }),
                201,
                {
                    number: 1,
                    state: "open",
                    labels: [{ name: "drift", color: "ededed" }],
                    author_association: "OWNER",
                },
            );
            expectReply(
                await bob.post(`${path}/issues`, { title: "Other", labels: ["drift"] }),
                201,
                { number: 2, labels: [] },
            );
            assert.deepEqual(numbers(await ada.get(`${path}/issues`)), [2, 1]);
            assert.deepEqual(numbers(await ada.get(`${path}/issues?labels=Drift`)), [1]);
            assert.deepEqual(
                numbers(await ada.get(`${path}/issues?creator=bob&sort=created&direction=asc`)),
                [2],
            );
            expectReply(await ada.patch(`${path}/issues/1`, { state: "closed", body: null }), 200, {
                state: "closed",
                state_reason: "completed",
            });
            assert.deepEqual(numbers(await ada.get(`${path}/issues`)), [2]);
            assert.deepEqual(numbers(await ada.get(`${path}/issues?state=all`)), [2, 1]);
            refuses(
                await bob.patch(`${path}/issues/1`, { title: "Mine" }),
                403,
                "Must have admin rights to Repository.",
            );
            expectReply(await ada.post(`${path}/issues`, { title: " " }), 422, {
                errors: [{ field: "title", code: "missing_field" }],
            });
            refuses(await ada.get(`${path}/issues/9`), 404, "Not Found");
        });

        it("are commented on, by all who can see them; changed by their author; up to 65,536 characters", async () => {
            const { path, hand } = repository();
            await ada.post(`${path}/issues`, { title: "Drift" });
            const reply = await bob.post(`${path}/issues/1/comments`, { body: "one" });
            expectReply(reply, 201, {
                body: "one",
                user: { login: "bob" },
                author_association: "NONE",
            });
            const comment = `${path}/issues/comments/${String(id(reply))}`;
            expectReply(await bob.patch(comment, { body: "two" }), 200, { body: "two" });
            expectReply(await ada.get(comment), 200, { body: "two" });
            const carl = as(github.createToken({ user: "carl" }));
            refuses(
                await carl.patch(comment, { body: "x" }),
                403,
                "Must have admin rights to Repository.",
            );
            expectReply(await bob.patch(comment, { body: "é".repeat(65_536) }), 200);
            expectReply(await bob.patch(comment, { body: "é".repeat(65_537) }), 422, {
                errors: [
                    {
                        resource: "IssueComment",
                        code: "unprocessable",
                        message: "Body is too long (maximum is 65536 characters)",
                    },
                ],
            });
            expectReply(await bob.post(`${path}/issues/1/comments`, { body: "" }), 422);
            expectReply(await ada.delete(comment), 204);
            assert.deepEqual(hand.comments(1), []);
            refuses(await ada.get(comment), 404, "Not Found");
            refuses(await ada.get(`${path}/issues/9/comments`), 404, "Not Found");
        });

        it("are listed by pages, with links to the others by the repository's id", async () => {
            const { path, hand } = repository();
            await ada.post(`${path}/issues`, { title: "Drift" });
            for (let number = 1; number <= 250; number++)
                hand.comment(1, "bob", `comment ${String(number)}`);
            const list = `${path}/issues/1/comments`;
            const first = await ada.get(list);
            assert.equal(bodies(first).length, 30);
            const here = `${github.url}${root}/repositories/${String(hand.id)}/issues/1/comments`;
            assert.equal(
                first.headers.get("link"),
                `<${here}?page=2>; rel="next", <${here}?page=9>; rel="last"`,
            );
            const last = await ada.get(`${list}?per_page=100&page=3`);
            assert.deepEqual([bodies(last).length, bodies(last).at(-1)], [50, "comment 250"]);
            assert.equal(
                last.headers.get("link"),
                `<${here}?per_page=100&page=2>; rel="prev", <${here}?per_page=100&page=1>; rel="first"`,
            );
            const [, next = ""] =
                /<([^>]+)>; rel="next"/.exec(first.headers.get("link") ?? "") ?? [];
            assert.equal(
                bodies(await ada.get(next.replace(`${github.url}${root}`, "")))[0],
                "comment 31",
            );
            assert.equal(bodies(await ada.get(`${list}?per_page=1000`)).length, 100);
        });

        it("have labels, which those with push access set", async () => {
            const { path } = repository();
            await ada.post(`${path}/issues`, { title: "Change" });
            const labels = `${path}/issues/1/labels`;
            assert.deepEqual(names(await ada.post(labels, { labels: ["dangerous"] })), [
                "dangerous",
            ]);
            assert.deepEqual(names(await ada.post(labels, { labels: ["Dangerous", "big"] })), [
                "dangerous",
                "big",
            ]);
            assert.deepEqual(names(await ada.get(labels)), ["dangerous", "big"]);
            assert.deepEqual(names(await ada.delete(`${labels}/big`)), ["dangerous"]);
            refuses(await ada.delete(`${labels}/big`), 404, "Label does not exist");
            assert.deepEqual(names(await ada.put(labels, { labels: ["other"] })), ["other"]);
            refuses(await bob.post(labels, { labels: ["x"] }), 404, "Not Found");
            expectReply(await ada.post(`${path}/labels`, { name: "new", color: "ff0000" }), 201, {
                color: "ff0000",
            });
            expectReply(await ada.post(`${path}/labels`, { name: "NEW" }), 422, {
                errors: [{ code: "already_exists" }],
            });
            expectReply(await ada.get(`${path}/labels/new`), 200);
            assert.deepEqual(names(await ada.get(`${path}/labels`)), [
                "dangerous",
                "big",
                "other",
                "new",
            ]);
        });
    });

    it("records deployments and their statuses; a successful one takes the place of those before", async () => {
        const { path, hand } = repository();
        const deploy = async (): Promise<string> => {
            const reply = await ada.post(`${path}/deployments`, {
                ref: "main",
                environment: "prod",
                payload: { version: "1" },
            });
            expectReply(reply, 201, {
                sha: hand.commits()[0]?.sha,
                environment: "prod",
                task: "deploy",
                payload: { version: "1" },
            });
            return `${path}/deployments/${String(id(reply))}`;
        };
        const [first, second] = [await deploy(), await deploy()];
        const success = { state: "success", environment_url: "https://example.com/" };
        for (const deployment of [first, second])
            expectReply(await ada.post(`${deployment}/statuses`, success), 201, success);
        expectReply(await ada.get(`${first}/statuses`), 200, [
            { state: "inactive" },
            { state: "success" },
        ]);
        expectReply(await ada.get(`${second}/statuses`), 200, [{ state: "success" }]);
        expectReply(await ada.get(`${path}/deployments?environment=prod`), 200, [
            { environment: "prod" },
            {},
        ]);
        expectReply(await ada.get(`${path}/deployments?environment=dev`), 200, []);
        expectReply(await ada.get(first), 200);
        refuses(await ada.get(`${path}/deployments/9`), 404, "Not Found");
        refuses(
            await ada.post(`${path}/deployments`, { ref: "none" }),
            422,
            "No ref found for: none",
        );
        expectReply(await ada.post(`${first}/statuses`, { state: "great" }), 422);
        assert.equal(hand.deployments().length, 2);
    });

    describe("refusals", () => {
        it("401 for a token that is none, or no longer, even for what is public", async () => {
            const { path } = repository();
            const token = github.createToken({ user: "ada" });
            expectReply(await as(token).get(path), 200);
            github.revokeToken(token);
            refuses(await as(token).get(path), 401, "Bad credentials");
            refuses(await as("ghp_wrong").get("/user"), 401, "Bad credentials");
        });

        it("404 for nobody on what is private, 401 on a change of what is public", async () => {
            refuses(await anonymous.get(repository({ private: true }).path), 404, "Not Found");
            const { path } = repository();
            expectReply(await anonymous.get(path), 200);
            refuses(await put(anonymous, path, "a", "x"), 401, "Requires authentication");
        });

        it("404 for what the user may not see, and for pushes of those who may only read; 403 for what administrators do", async () => {
            refuses(await bob.get(repository({ private: true }).path), 404, "Not Found");
            const { path } = repository({ private: true, roles: { bob: "read", carl: "push" } });
            expectReply(await bob.get(path), 200);
            refuses(await put(bob, path, "a", "x"), 404, "Not Found");
            const carl = as(github.createToken({ user: "carl" }));
            expectReply(await put(carl, path, "a", "x"), 201);
            refuses(
                await carl.put(`${path}/environments/dev`),
                403,
                "Must have admin rights to Repository.",
            );
        });

        it("classic tokens: 404 without the scope repo, or for a workflow without the scope workflow; the headers say which", async () => {
            const { path } = repository({ private: true });
            refuses(await scoped("read:org").get(path), 404, "Not Found");
            refuses(await put(scoped("public_repo"), path, "a", "x"), 404, "Not Found");
            const reply = await put(scoped("repo"), path, "a", "x");
            expectReply(reply, 201);
            assert.equal(reply.headers.get("x-oauth-scopes"), "repo");
            assert.equal(reply.headers.get("x-accepted-oauth-scopes"), "repo");
            refuses(await put(scoped("repo"), path, workflow, "x"), 404, "Not Found");
            expectReply(await put(scoped("repo", "workflow"), path, workflow, "x"), 201);
            const open = repository().path;
            expectReply(await scoped().get(open), 200);
            refuses(await put(scoped(), open, "a", "x"), 404, "Not Found");
            expectReply(await put(scoped("public_repo"), open, "a", "x"), 201);
        });

        const lacking = "Resource not accessible by personal access token";
        for (const [what, permission, method, path] of [
            ["contents", "contents=write", "PUT", "contents/a"],
            ["a ref", "contents=write", "POST", "git/refs"],
            ["an environment", "administration=write", "PUT", "environments/dev"],
            [
                "an environment's policy",
                "administration=write",
                "POST",
                "environments/dev/deployment-branch-policies",
            ],
            [
                "an environment's protection rule",
                "administration=write",
                "POST",
                "environments/dev/deployment_protection_rules",
            ],
            ["an environment's secret", "environments=write", "PUT", "environments/dev/secrets/X"],
            ["a secret", "secrets=write", "PUT", "actions/secrets/X"],
            ["a variable", "actions_variables=write", "POST", "actions/variables"],
            ["a pull request", "pull_requests=write", "POST", "pulls"],
            ["an issue", "issues=write", "POST", "issues"],
            ["a comment", "issues=write; pull_requests=write", "POST", "issues/1/comments"],
            ["OIDC subjects", "actions=write", "PUT", "actions/oidc/customization/sub"],
            ["a deployment", "deployments=write", "POST", "deployments"],
        ] as const) {
            it(`fine-grained tokens: 403 for ${what} without ${permission}, which the headers name`, async () => {
                const { path: repositoryPath } = repository({ private: true });
                const [name = ""] = permission.split("=");
                const reading = granted({ [name]: "read" });
                const reply = await reading.send(method, `${repositoryPath}/${path}`, {});
                refuses(reply, 403, lacking);
                assert.equal(reply.headers.get("x-accepted-github-permissions"), permission);
                const writing = await granted({ [name]: "write" }).send(
                    method,
                    `${repositoryPath}/${path}`,
                    {},
                );
                assert.notEqual(writing.status, 403, writing.text);
            });
        }

        it("fine-grained tokens: 403 for a workflow without workflows=write, 404 for a private repository that they were not made for", async () => {
            const { path } = repository({ private: true, name: "chosen" });
            refuses(await put(granted({ contents: "write" }), path, workflow, "x"), 403, lacking);
            expectReply(
                await put(granted({ contents: "write", workflows: "write" }), path, workflow, "x"),
                201,
            );
            const repositories = ["ada/other"];
            const other = as(
                github.createToken({
                    user: "ada",
                    permissions: { contents: "write" },
                    repositories,
                }),
            );
            refuses(await other.get(path), 404, "Not Found");
        });

        it("403 for changes of an archived repository", async () => {
            const { path, hand } = repository();
            hand.archive();
            expectReply(await ada.get(path), 200, { archived: true });
            refuses(
                await put(ada, path, "a", "x"),
                403,
                "Repository was archived so is read-only.",
            );
            refuses(
                await ada.put(`${path}/environments/dev`),
                403,
                "Repository was archived so is read-only.",
            );
        });

        it("409 and 422 for changes of a protected branch, but for administrators where they are exempt", async () => {
            const { path, hand } = repository();
            hand.protect();
            refuses(
                await put(ada, path, "a", "x"),
                409,
                "Could not create file: Changes must be made through a pull request.",
            );
            hand.createBranch("other");
            const { sha } = hand.commit({ a: "x" }, { branch: "other" });
            refuses(
                await ada.patch(`${path}/git/refs/heads/main`, { sha }),
                422,
                "Reference update failed",
            );
            hand.protect("other");
            refuses(
                await ada.delete(`${path}/git/refs/heads/other`),
                422,
                "Cannot delete this protected branch",
            );
            hand.protect("main", { enforceAdmins: false });
            expectReply(await put(ada, path, "a", "x"), 201);
        });

        for (const [plan, owner, allowed] of [
            ["free", "ada", []],
            ["team", "org", ["branch policy"]],
            ["enterprise", "big", ["branch policy", "wait timer", "required reviewers"]],
        ] as const) {
            it(`422 for the rules of a private repository's environments that the plan ${plan} has not`, async () => {
                const { path } = repository({ private: true, owner });
                const rules = {
                    "branch policy": {
                        deployment_branch_policy: {
                            protected_branches: true,
                            custom_branch_policies: false,
                        },
                    },
                    "wait timer": { wait_timer: 1 },
                    "required reviewers": {
                        reviewers: [{ type: "User", id: id(await bob.get("/user")) }],
                    },
                };
                expectReply(await ada.put(`${path}/environments/dev`), 200);
                for (const [rule, body] of Object.entries(rules)) {
                    const reply = await ada.put(`${path}/environments/dev`, body);
                    if (allowed.some((name) => name === rule)) expectReply(reply, 200);
                    else {
                        const why = `Please ensure the billing plan supports the ${rule} protection rule.`;
                        refuses(
                            reply,
                            422,
                            `Failed to create the environment protection rule. ${why}`,
                        );
                    }
                }
            });
        }

        it("404 for every call on environments where there are none", async () => {
            const { path } = repository({ environments: false });
            refuses(await ada.put(`${path}/environments/dev`), 404, "Not Found");
            refuses(await ada.get(`${path}/environments/dev/secrets/public-key`), 404, "Not Found");
            expectReply(await ada.get(`${path}/actions/secrets/public-key`), 200);
        });

        it("400 for what is no JSON, 422 for what the description does not allow", async () => {
            const { path } = repository();
            refuses(await ada.send("PUT", `${path}/contents/a`, "{"), 400, "Problems parsing JSON");
            refuses(
                await ada.put(`${path}/contents/a`, {}),
                422,
                'Invalid request.\n\n"message" wasn\'t supplied.',
            );
            refuses(
                await ada.put(`${path}/contents/a`, { message: 5, content: "" }),
                422,
                "Invalid request.\n\nFor 'properties/message', the value must be string.",
            );
        });
    });

    describe("limits and faults", () => {
        it("counts requests, and answers 403 when there are none left until the window ends", async () => {
            const { path } = repository();
            github.limit({ primary: { requests: 2, seconds: 60 } });
            expectReply(await ada.get("/rate_limit"), 200, {
                rate: { limit: 2, used: 0, remaining: 2 },
            });
            assert.equal((await ada.get(path)).headers.get("x-ratelimit-remaining"), "1");
            await ada.get(path);
            const refused = await ada.get(path);
            refuses(refused, 403, "API rate limit exceeded");
            assert.equal(refused.headers.get("x-ratelimit-remaining"), "0");
            const reset = Number(refused.headers.get("x-ratelimit-reset")) * 1000;
            assert.ok(reset > Date.now() && reset <= Date.now() + 61_000);
            expectReply(await bob.get(path), 200);
            github.limit({ primary: { requests: 1, seconds: 1 } });
            const deadline = Date.now() + 10_000;
            const statuses = new Set<number>();
            for (let ended = false; !ended; ended = statuses.has(403))
                statuses.add((await ada.get(path)).status);
            while ((await ada.get(path)).status === 403) assert.ok(Date.now() < deadline);
            github.limit({});
        });

        it("answers too many writes in a minute with 403 and the seconds to wait", async () => {
            const { path } = repository();
            github.limit({ secondary: { writesPerMinute: 1, retryAfter: 60 } });
            expectReply(await put(ada, path, "a", "x"), 201);
            const refused = await put(ada, path, "b", "x");
            expectReply(refused, 403);
            assert.match(message(refused), /^You have exceeded a secondary rate limit/);
            assert.match(textAt(refused, "documentation_url"), /secondary-rate-limits$/);
            assert.equal(refused.headers.get("retry-after"), "60");
            expectReply(await ada.get(path), 200);
            github.limit({});
        });

        it("fails, resets and waits as it is told", async () => {
            const { path, hand } = repository();
            github.faults.add({ path: `${path}$`, after: 1, times: 1, status: 502 });
            expectReply(await ada.get(path), 200);
            expectReply(await ada.get(path), 502, { message: "Server Error" });
            expectReply(await ada.get(path), 200);
            github.faults.add({ method: "PUT", path, times: 1, reset: "after" });
            await assert.rejects(put(ada, path, "a", "x"));
            assert.equal(hand.files()["a"], "x");
            github.faults.add({ latency: 30 });
            const start = performance.now();
            await ada.get(path);
            assert.ok(performance.now() - start >= 29);
            github.faults.clear();
        });

        it("logs each request with its operation, user and status", async () => {
            const { path } = repository();
            github.clearRequests();
            await bob.get(`${path}?x=1`);
            const [logged] = github.requests({ method: "GET", path: /\?x=1$/ });
            assert.partialDeepStrictEqual(logged, {
                path: `${root}${path}?x=1`,
                operation: "repos/get",
                user: "bob",
                status: 200,
            });
        });
    });

    describe("what it cannot do", () => {
        const unknownOnce = (text: RegExp): void => {
            assert.match(github.unknown().slice(expectedUnknown).join("\n"), text);
            expectedUnknown = github.unknown().length;
        };

        it("is 501 and on record: an operation that is not served, a path that is none", async () => {
            expectReply(await ada.get("/repos/ada/service1/stargazers"), 501);
            unknownOnce(/GET \/api\/v3\/repos\/ada\/service1\/stargazers is not served here/);
            expectReply(await ada.post("/graphql"), 501);
            unknownOnce(/POST/);
        });

        it("is 500 and on record: an answer that violates GitHub's description", async () => {
            const { path, hand } = repository();
            hand.protect("main", { requiredApprovals: 7 });
            expectReply(await ada.get(`${path}/branches/main/protection`), 500);
            unknownOnce(
                /repos\/get-branch-protection violates the description: .*required_approving_review_count must be <= 6/,
            );
        });

        it("is 500 and on record: a case that is not served", async () => {
            const { path, hand } = repository();
            hand.createBranch("bot");
            hand.commit({ a: "x" }, { branch: "bot" });
            await ada.post(`${path}/pulls`, { title: "x", head: "bot", base: "main" });
            expectReply(await ada.put(`${path}/pulls/1/merge`, { merge_method: "rebase" }), 500);
            unknownOnce(/merging by rebase is not served here/);
        });
    });
});

describe("the GitHub to test against: its objects", () => {
    let folder: string;
    before(() => {
        folder = mkdtempSync(join(tmpdir(), "github-git-"));
        execFileSync("git", ["init", "--quiet"], { cwd: folder });
    });
    after(() => {
        rmSync(folder, { recursive: true });
    });

    it("have the names that git gives them", () => {
        const segment = fc.constantFrom("a", "a.b", "a-b", "a0", "B", "é", "a b");
        const paths = fc
            .array(segment, { minLength: 1, maxLength: 3 })
            .map((segments) => segments.join("/"));
        const files = fc
            .dictionary(paths, fc.string({ unit: "grapheme" }), { minKeys: 1, maxKeys: 6 })
            .filter(
                (given) =>
                    !Object.keys(given).some((path) =>
                        Object.keys(given).some((other) => other.startsWith(`${path}/`)),
                    ),
            );
        fc.assert(
            fc.property(files, fc.string({ minLength: 1, unit: "grapheme" }), (given, text) => {
                const person = {
                    name: "Ada",
                    email: "ada@example.com",
                    date: new Date(1_700_000_000_000),
                };
                const changes = new Map(
                    Object.entries(given).map(([path, content]) => [path, Buffer.from(content)]),
                );
                const commit = new Git().commitTo("main", changes, {
                    message: text,
                    author: person,
                    committer: person,
                });
                assert.equal(commit.tree, gitTree(folder, commit.files));
                const [path = ""] = Object.keys(given);
                assert.equal(
                    commit.files.get(path),
                    git(folder, ["hash-object", "--stdin"], given[path] ?? ""),
                );
                const raw = `tree ${commit.tree}\nauthor ${signed}\ncommitter ${signed}\n\n${text}`;
                assert.equal(
                    commit.sha,
                    git(folder, ["hash-object", "--literally", "-t", "commit", "--stdin"], raw),
                );
            }),
            { numRuns: 30 },
        );
    });
});

const signed = "Ada <ada@example.com> 1700000000 +0000";

function git(folder: string, parameters: readonly string[], input: string): string {
    return execFileSync("git", parameters, { cwd: folder, input, encoding: "utf8" }).trim();
}

/** The name of the tree of those files, by the real git. */
function gitTree(folder: string, files: ReadonlyMap<string, string>): string {
    git(folder, ["read-tree", "--empty"], "");
    git(
        folder,
        ["update-index", "--index-info"],
        [...files].map(([path, sha]) => `100644 ${sha}\t"${escaped(path)}"\n`).join(""),
    );
    return git(folder, ["write-tree", "--missing-ok"], "");
}

/** A path as git quotes it: bytes beyond ASCII in octal. */
function escaped(path: string): string {
    return [...Buffer.from(path)]
        .map((byte) => (byte < 128 ? String.fromCharCode(byte) : `\\${byte.toString(8)}`))
        .join("");
}
