import { strict as assert } from "node:assert";
import * as quay from "../../../quay/sdk/index.ts";
import { EventReader } from "../../../operations/review/events.ts";
import { startQuay } from "../../../sandbox/quay/server.ts";
import type { Quay } from "../../../sandbox/quay/server.ts";
import { Api, expectReply, textAt } from "../../../sandbox/quayApi.ts";
import { everything } from "./everything.ts";
import { Project } from "./project.ts";
import { needsStandIn } from "./target.ts";
import { pushImage } from "../../../sandbox/registryClient.ts";

describe("the Quay provider with the real engine", function () {
    this.timeout(120_000);

    let server: Quay;
    let token: string;
    let project: Project;

    before(needsStandIn("faults, other users and a log of the requests"));

    beforeEach(async () => {
        server = await startQuay();
        server.createUser("alice");
        token = server.createToken({ user: "alice" });
        project = await Project.create({ QUAY_URL: server.url, QUAY_TOKEN: token });
    });

    afterEach(async () => {
        await project.remove();
        await server.stop();
    });

    const changes = (since = 0) =>
        server
            .requests()
            .slice(since)
            .filter(({ method }) => method !== "GET" && method !== "HEAD")
            .map(({ method, path }) => `${method} ${path}`);

    const repository = () => {
        new quay.Repository("app", { namespace: "alice", name: "app", description: "mine" });
        return Promise.resolve();
    };
    const robotWithPermission = () => {
        const app = new quay.Repository("app", { namespace: "alice", name: "app" });
        const robot = new quay.Robot("deploy", { namespace: "alice", name: "deploy" });
        new quay.RepositoryPermission("push", {
            repository: app.fullName,
            robot: robot.username,
            role: "write",
        });
        return Promise.resolve({ token: robot.token });
    };

    /**
     * Returns the message of a run that must fail, and checks that it contains nothing for
     * programmers only.
     */
    async function failure(run: Promise<unknown>): Promise<string> {
        const message = await run.then(
            () => assert.fail("it succeeded"),
            (error: unknown) => String(error),
        );
        assert.doesNotMatch(message, /CSRF|<html|\.ts:\d+|mistake in the Quay provider/);
        assert.ok(!message.includes(token), "a token in a message");
        return message;
    }

    it("creates a repository, a robot and a permission with five requests, including the check of the token", async () => {
        await project.program(robotWithPermission).up();
        assert.deepEqual(
            server
                .requests()
                .map(({ method, path }) => `${method} ${path}`)
                .sort(),
            [
                "GET /api/v1/repository/alice/app/permissions/user/alice+deploy",
                "GET /api/v1/user/",
                "POST /api/v1/repository",
                "PUT /api/v1/repository/alice/app/permissions/user/alice+deploy",
                "PUT /api/v1/user/robots/deploy",
            ],
        );
    });

    it("needs four requests for each further repository with a robot, and none without a change", async () => {
        const count = 20;
        const many = () => {
            for (let index = 0; index < count; index++) {
                const name = `app${String(index)}`;
                const app = new quay.Repository(name, { namespace: "alice", name });
                const robot = new quay.Robot(name, { namespace: "alice", name });
                new quay.RepositoryPermission(name, {
                    repository: app.fullName,
                    robot: robot.username,
                    role: "write",
                });
            }
            return Promise.resolve();
        };
        await project.program(many).up();
        assert.equal(server.requests().length, 4 * count + 1);
        server.clearRequests();
        assert.deepEqual((await project.preview()).changes, {});
        assert.deepEqual((await project.up()).changes, {});
        assert.deepEqual(server.requests(), []);
        await project.refresh();
        assert.equal(server.requests().length, 3 * count);
    });

    it("has no change when the token changes", async () => {
        await project.program(robotWithPermission).up();
        project.setEnvironment("QUAY_TOKEN", server.createToken({ user: "alice" }));
        assert.deepEqual((await project.preview()).changes, {});
        project.setEnvironment("QUAY_TOKEN", "");
        assert.deepEqual((await project.preview()).changes, {});
    });

    it("keeps every token out of the state, the outputs, the diffs and the logs at the highest verbosity", async () => {
        await pushImage(server, "alice", "alice/images", ["1.0.0"]);
        await pushImage(server, "alice", "alice/images", ["1.1.0"]);
        const setting = {
            namespace: "alice",
            organization: false,
            user: "alice",
            registry: server.registry,
            images: "alice/images",
        };
        await project.program(everything(setting, "first")).preview(true);
        await project.up(true);
        await new Api(server.url, token).post("/user/robots/deploy/regenerate");
        await project.refresh();
        await project.program(everything(setting, "replaced")).preview(true);
        const states = [await project.state()];
        await project.up(true);
        states.push(await project.state());
        await project.destroy();
        // At level 9 the engine and its SDK themselves log the content of a secret's envelope, of
        // every provider, when they read and write the protocol's messages
        // (sdk/go/common/resource/plugin/rpc.go, runtime/resource.ts). Nothing else may.
        const ofTheEngine = /arshaling property for RPC|RegisterResource RPC finished/;
        const lines = project.printed.join("").split("\n");
        assert.ok(
            lines.some((line) => ofTheEngine.test(line)),
            "the logs are not verbose",
        );
        const printed = lines.filter((line) => !ofTheEngine.test(line)).join("\n");
        for (const secret of [...server.secrets(), "https://hooks.example.com/quay"]) {
            for (const text of [printed, ...states]) {
                const at = text.indexOf(secret);
                assert.equal(
                    at,
                    -1,
                    `a secret in clear: …${text.slice(Math.max(0, at - 200), at)}[here]`,
                );
            }
        }
        assert.ok(
            !lines.some((line) => line.includes(token)),
            "the API token is in no message of the protocol",
        );
    });

    it("shows a manually regenerated robot token as drift, and passes it on", async () => {
        await project.program(robotWithPermission).up();
        // The second time, the inputs in the state include a token.
        for (const time of ["first", "second"]) {
            assert.deepEqual(await project.drift(), {}, time);
            const fresh = textAt(
                await new Api(server.url, token).post("/user/robots/deploy/regenerate"),
                "token",
            );
            assert.deepEqual(await project.drift(), { update: 1 }, time);
            const preview = ["refresh", "--preview-only", "--diff"];
            assert.match(await project.cli(preview), /~ token *: \[secret\] => \[secret\]/);
            const reader = new EventReader();
            const events = await project.cli(["refresh", "--preview-only", "--json"], {
                PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true",
            });
            for (const line of events.split("\n")) reader.read(line);
            assert.partialDeepStrictEqual(reader.preview("test", undefined).changes, [
                { name: "deploy", properties: [{ path: "token", after: "[secret]" }] },
            ]);
            assert.deepEqual(await project.refresh(), { update: 1 }, time);
            const after = await project.up();
            assert.deepEqual(after.changes, {}, time);
            assert.equal(after.outputs["token"], fresh);
            for (const secret of server.secrets())
                assert.ok(!project.printed.join("").includes(secret), "a secret was printed");
        }
        assert.deepEqual(await project.drift(), {});
    });

    it("sets a permission that a default permission has set differently in a new repository", async () => {
        server.createUser("bob");
        server.createOrganization("acme", "alice");
        const api = new Api(server.url, token);
        await api.post("/organization/acme/prototypes", {
            role: "admin",
            delegate: { kind: "user", name: "bob" },
        });
        // One of this run's own, and one that existed before with the default's role.
        await api.post("/repository", {
            namespace: "acme",
            repository: "old",
            visibility: "private",
            description: "",
        });
        const permissions = () => {
            const repository = new quay.Repository("new", { namespace: "acme", name: "new" });
            for (const [name, full] of [
                ["new", repository.fullName],
                ["old", "acme/old"],
            ] as const)
                new quay.RepositoryPermission(name, {
                    repository: full,
                    user: "bob",
                    role: "read",
                });
            return Promise.resolve();
        };
        assert.deepEqual((await project.program(permissions).up()).changes, { create: 4 });
        for (const name of ["new", "old"])
            expectReply(await api.get(`/repository/acme/${name}/permissions/user/bob`), 200, {
                role: "read",
            });
    });

    it("finds in the first refresh that the content of a manually deleted repository is gone", async () => {
        const program = () => {
            const app = new quay.Repository("app", { namespace: "alice", name: "app" });
            new quay.Notification("hook", {
                repository: app.fullName,
                event: "repo_push",
                method: "slack",
                config: { url: "https://hooks.example.com/x" },
            });
            return Promise.resolve();
        };
        await project.program(program).up();
        await new Api(server.url, token).delete("/repository/alice/app");
        assert.deepEqual(await project.refresh(), { delete: 2 });
        assert.deepEqual((await project.up()).changes, { create: 2 });
        assert.deepEqual(await project.drift(), {});
    });

    it("says how to continue after something, or its organization, was deleted manually", async () => {
        const inOrganization = (description: string) => () => {
            const owner = new quay.Organization("acme", { name: "acme" }).name;
            new quay.Repository("app", { namespace: owner, name: "app", description });
            new quay.Robot("deploy", { namespace: owner, name: "deploy" });
            return Promise.resolve();
        };
        await project.program(inOrganization("one")).up();
        const api = new Api(server.url, token);
        await api.delete("/repository/acme/app");
        assert.match(
            await failure(project.program(inOrganization("two")).up()),
            /Repository acme\/app is not on Quay any more.*Run `pulumi refresh`/,
        );
        await project.refresh();
        await project.up();
        await api.delete("/organization/acme");
        for (const run of [() => project.refresh(), () => project.destroy()]) {
            const message = await failure(run());
            for (const [type, name] of [
                ["Repository", "app"],
                ["Robot", "deploy"],
            ] as const)
                assert.ok(
                    message.includes(
                        `pulumi state delete 'urn:pulumi:test::e2e::quay:index:${type}::${name}'`,
                    ) ||
                        message.includes(
                            `pulumi state delete urn:pulumi:test::e2e::quay:index:${type}::${name}`,
                        ),
                    message,
                );
        }
    });

    it("replaces a robot with its permission and federation when its description changes", async () => {
        const program = (description: string) => () => {
            const app = new quay.Repository("app", { namespace: "alice", name: "app" });
            const robot = new quay.Robot("deploy", {
                namespace: "alice",
                name: "deploy",
                description,
            });
            new quay.RepositoryPermission("push", {
                repository: app.fullName,
                robot: robot.username,
                role: "write",
            });
            return Promise.resolve();
        };
        await project.program(program("one")).up();
        assert.deepEqual((await project.program(program("two")).up()).changes, { replace: 2 });
        const permission = await new Api(server.url, token).get(
            "/repository/alice/app/permissions/user/alice+deploy",
        );
        expectReply(permission, 200, { role: "write" });
    });

    it("refuses to create an existing object, says how to import it, and changes nothing", async () => {
        const api = new Api(server.url, token);
        await api.post("/repository", {
            repository: "app",
            visibility: "public",
            description: "by hand",
        });
        await api.put("/user/robots/deploy");
        server.createOrganization("acme", "alice");
        const since = server.requests().length;
        const message = await failure(
            project
                .program(() => {
                    new quay.Repository("app", { namespace: "alice", name: "app" });
                    new quay.Robot("deploy", { namespace: "alice", name: "deploy" });
                    new quay.Organization("acme", { name: "acme" });
                    new quay.Team("owners", {
                        organization: "acme",
                        name: "owners",
                        role: "admin",
                    });
                    return Promise.resolve();
                })
                .up(),
        );
        assert.match(message, /pulumi import quay:index:Repository app alice\/app\n/);
        assert.match(message, /pulumi import quay:index:Robot deploy alice\+deploy\n/);
        assert.match(message, /pulumi import quay:index:Organization acme acme\n/);
        assert.match(message, /pulumi import quay:index:Team owners acme:owners\n/);
        assert.ok(changes(since).every((request) => !request.includes("team")));
        expectReply(await api.get("/repository/alice/app"), 200, {
            description: "by hand",
            is_public: true,
        });
    });

    it("adopts an equal permission, federation and policy, and refuses to change a different one", async () => {
        const api = new Api(server.url, token);
        await api.post("/repository", { repository: "app", visibility: "public", description: "" });
        await api.put("/user/robots/deploy");
        await api.put("/repository/alice/app/permissions/user/alice+deploy", { role: "write" });
        await api.post("/user/robots/deploy/federation", [
            { issuer: "https://a.example.com", subject: "x" },
        ]);
        await api.post("/repository/alice/app/autoprunepolicy/", {
            method: "number_of_tags",
            value: 20,
        });
        await api.post("/repository/alice/app/immutabilitypolicy/", { tagPattern: "v.*" });
        const permission = (role: "read" | "write") =>
            new quay.RepositoryPermission("push", {
                repository: "alice/app",
                robot: "alice+deploy",
                role,
            });
        const federation = (subject: string) =>
            new quay.RobotFederation("login", {
                robot: "alice+deploy",
                claims: [{ issuer: "https://a.example.com", subject }],
            });
        const immutability = (tagPatternMatches: boolean) =>
            new quay.TagImmutabilityPolicy("keep", {
                repository: "alice/app",
                tagPattern: "v.*",
                tagPatternMatches,
            });
        const since = server.requests().length;
        const refusal = (declare: () => unknown) =>
            failure(
                project
                    .program(() => {
                        declare();
                        return Promise.resolve();
                    })
                    .up(),
            );
        assert.match(
            await refusal(() => permission("read")),
            /permission alice\/app:robot:alice\+deploy is "write", and this program wants "read"/,
        );
        assert.match(
            await refusal(() => federation("y")),
            /federation of the robot alice\+deploy is https:\/\/a\.example\.com x, and this program wants/,
        );
        assert.match(
            await refusal(() => immutability(false)),
            /another immutability policy that this one would clash with/,
        );
        assert.deepEqual(changes(since), []);
        const all = () => {
            permission("write");
            federation("x");
            immutability(true);
            new quay.AutoPrunePolicy("prune", {
                repository: "alice/app",
                method: "number_of_tags",
                value: "20",
            });
            return Promise.resolve();
        };
        assert.deepEqual((await project.program(all).up()).changes, { create: 4 });
        assert.deepEqual(changes(since), []);
    });

    it("finds what it created if the answer was lost", async () => {
        server.faults.add({ method: "POST", path: "/repository$", reset: "after", times: 1 });
        server.faults.add({
            method: "PUT",
            path: "/user/robots/deploy$",
            reset: "after",
            times: 1,
        });
        assert.deepEqual((await project.program(robotWithPermission).up()).changes, { create: 4 });
        assert.deepEqual(
            changes()
                .filter((request) => !request.includes("permissions"))
                .sort(),
            ["POST /api/v1/repository", "PUT /api/v1/user/robots/deploy"],
        );
    });

    it("waits and retries while Quay is busy", async () => {
        server.faults.add({ status: 429, times: 3, retryAfter: "0" });
        server.faults.add({ method: "POST", status: 429, times: 1, retryAfter: "0" });
        assert.deepEqual((await project.program(repository).up()).changes, { create: 2 });
    });

    it("says what is wrong with the token or the address", async () => {
        project.program(repository);
        project.setEnvironment("QUAY_TOKEN", "wrong-token");
        assert.match(
            await failure(project.up()),
            /does not accept the token in QUAY_TOKEN: it is wrong, has expired or was revoked\. Make one/,
        );
        project.setEnvironment("QUAY_TOKEN", "");
        assert.match(await failure(project.up()), /environment variable QUAY_TOKEN is not set/);
        project.setEnvironment(
            "QUAY_TOKEN",
            server.createToken({ user: "alice", scopes: ["repo:read"] }),
        );
        assert.match(
            await failure(project.up()),
            /lacks the scope "Create Repositories" \(repo:create\)/,
        );
        project.setEnvironment("QUAY_TOKEN", token);
        const stopped = await startQuay();
        await stopped.stop();
        project.setEnvironment("QUAY_URL", stopped.url);
        assert.match(
            await failure(project.up()),
            /Quay at http:\/\/127\.0\.0\.1:\d+ gave no answer .*ECONNREFUSED.*quay:url/,
        );
        assert.deepEqual(
            changes().filter((request) => request !== "POST /api/v1/repository"),
            [],
        );
    });

    it("supports two accounts in one program, each with a token from its own variable", async () => {
        server.createUser("bob");
        project.setEnvironment("QUAY_TOKEN_BOB", server.createToken({ user: "bob" }));
        await project
            .program(() => {
                const bob = new quay.Provider("bob", {
                    url: server.url,
                    tokenVariable: "QUAY_TOKEN_BOB",
                    maxParallelRequests: 2,
                });
                new quay.Repository("a", { namespace: "alice", name: "app" });
                new quay.Repository("b", { namespace: "bob", name: "app" }, { provider: bob });
                return Promise.resolve();
            })
            .up();
        assert.deepEqual((await project.resources()).map(({ id }) => id).sort(), [
            "alice/app",
            "bob/app",
        ]);
        assert.deepEqual((await project.preview()).changes, {});
    });

    it("refuses a token as a setting without showing it", async () => {
        await project.stack.setConfig("quay:token", { value: token });
        assert.match(
            await failure(project.program(repository).preview()),
            /the token is no setting/,
        );
        await project.stack.removeConfig("quay:token");
        await project.stack.setConfig("quay:tokenVariable", { value: token });
        assert.match(
            await failure(project.preview()),
            /"tokenVariable" = \[secret\]: must be the NAME of an environment variable/,
        );
    });

    it("names the invalid input", async () => {
        const message = await failure(
            project
                .program(() => {
                    new quay.Repository("app", { namespace: "Alice", name: "app:1" });
                    return Promise.resolve();
                })
                .preview(),
        );
        assert.match(message, /"namespace" = "Alice": must be a user or an organization/);
        assert.match(message, /"name" = "app:1": must be a repository name/);
    });

    it("never takes a refusal or a failure for a deletion", async () => {
        await project.program(robotWithPermission).up();
        for (const [name, value] of [
            ["QUAY_TOKEN", "wrong-token"],
            ["QUAY_TOKEN", server.createToken({ user: "alice", scopes: [] })],
        ] as const) {
            project.setEnvironment(name, value);
            await failure(project.refresh());
            assert.equal((await project.resources()).length, 3);
        }
        project.setEnvironment("QUAY_TOKEN", token);
        const off = server.faults.add({ status: 500 });
        await failure(project.refresh());
        off();
        assert.equal((await project.resources()).length, 3);
        // Another account's robots of the same name are different ones.
        server.createUser("mallory");
        project.setEnvironment("QUAY_TOKEN", server.createToken({ user: "mallory" }));
        assert.match(
            await failure(project.refresh()),
            /belongs to the user alice, and the token in QUAY_TOKEN to another account|refused to/,
        );
        assert.equal((await project.resources()).length, 3);
    });

    it("returns repositories, robots, tags and scans", async () => {
        const digest = await pushImage(server, "alice", "alice/images", ["1.0.0", "1.1.0"]);
        await new Api(server.url, token).put("/user/robots/deploy", { description: "pushes" });
        const { outputs } = await project
            .program(async () => ({
                repository: await quay.getRepository({ repository: "alice/images" }),
                robot: quay.getRobotOutput({ username: "alice+deploy" }),
                tag: await quay.getTag({ repository: "alice/images", tag: "1.1.0" }),
                tags: (await quay.listTags({ repository: "alice/images" })).tags
                    .map(({ name }) => name)
                    .sort(),
                scan: await quay.getVulnerabilities({ repository: "alice/images", digest }),
            }))
            .up();
        assert.partialDeepStrictEqual(outputs, {
            repository: {
                fullName: "alice/images",
                visibility: "private",
                image: `${server.registry}/alice/images`,
            },
            robot: { username: "alice+deploy", description: "pushes", namespaceKind: "user" },
            tag: { digest, isManifestList: false },
            tags: ["1.0.0", "1.1.0"],
            scan: { status: "queued", critical: 0 },
        });
        const state = await project.state();
        for (const secret of server.secrets())
            assert.equal(state.indexOf(secret), -1, secret + state);
        assert.match(
            await failure(
                project
                    .program(async () => ({
                        tag: await quay.getTag({ repository: "alice/images", tag: "2.0.0" }),
                    }))
                    .preview(),
            ),
            /There is no tag "2\.0\.0" in alice\/images/,
        );
    });
});
