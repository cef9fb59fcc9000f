import { strict as assert } from "node:assert";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import { resources } from "../../../quay/resources/index.ts";
import * as quay from "../../../quay/sdk/index.ts";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { Api } from "../../../sandbox/quayApi.ts";
import { pushImage } from "../../../sandbox/registryClient.ts";
import { Project } from "./project.ts";
import { needsStandIn } from "./target.ts";

const password = pulumi.secret("the-reader's-password");

/** The options of a resource of the program. */
type Options = (type: string, name: string) => pulumi.CustomResourceOptions;

/**
 * A program with every resource of the package, with inputs that Quay does not tell, such as
 * passwords and where an image came from.
 */
function program(registry: string, options: Options): PulumiFn {
    return () => {
        const acme = new quay.Organization(
            "acme",
            { name: "acme", email: "acme@example.org" },
            options("Organization", "acme"),
        ).name;
        new quay.Quota(
            "acme",
            {
                organization: acme,
                limitBytes: 1_000_000_000,
                limits: [
                    { type: "Warning", percent: 80 },
                    { type: "Reject", percent: 100 },
                ],
            },
            options("Quota", "acme"),
        );
        const cache = new quay.Organization(
            "cache",
            { name: "acme-cache", email: "cache@example.org" },
            options("Organization", "cache"),
        ).name;
        new quay.ProxyCache(
            "cache",
            {
                organization: cache,
                upstreamRegistry: "registry.example.com/library",
                username: "reader",
                password,
            },
            options("ProxyCache", "cache"),
        );
        const app = new quay.Repository(
            "app",
            { namespace: acme, name: "app", visibility: "public" },
            options("Repository", "app"),
        );
        const robot = new quay.Robot(
            "deploy",
            { namespace: acme, name: "deploy", description: "pushes" },
            options("Robot", "deploy"),
        ).username;
        new quay.RepositoryPermission(
            "deploy",
            { repository: app.fullName, robot, role: "write" },
            options("RepositoryPermission", "deploy"),
        );
        new quay.RobotFederation(
            "deploy",
            {
                robot,
                claims: ["repo:a/b:ref:refs/heads/main", "repo:a/b:environment:prod"].map(
                    (subject) => ({ issuer: "https://token.example.com", subject }),
                ),
            },
            options("RobotFederation", "deploy"),
        );
        const team = new quay.Team(
            "devs",
            { organization: acme, name: "devs", role: "creator", description: "builds" },
            options("Team", "devs"),
        ).name;
        new quay.TeamMembership(
            "devs",
            { organization: acme, team, member: robot },
            options("TeamMembership", "devs"),
        );
        new quay.DefaultPermission(
            "devs",
            { organization: acme, team, creator: "alice", role: "read" },
            options("DefaultPermission", "devs"),
        );
        new quay.Notification(
            "pushes",
            {
                repository: app.fullName,
                event: "repo_push",
                method: "webhook",
                config: { url: "https://hooks.example.com/quay" },
                title: "pushes",
            },
            options("Notification", "pushes"),
        );
        new quay.AutoPrunePolicy(
            "old",
            {
                repository: app.fullName,
                method: "number_of_tags",
                value: "20",
                tagPattern: "sha-.*",
                ifUnsupported: "warn",
            },
            options("AutoPrunePolicy", "old"),
        );
        new quay.TagImmutabilityPolicy(
            "releases",
            { namespace: acme, tagPattern: "final-.*", ifUnsupported: "warn" },
            options("TagImmutabilityPolicy", "releases"),
        );
        const release = new quay.PromotedImage(
            "release",
            {
                source: `${registry}/alice/images`,
                target: app.image,
                version: "1.0.0",
                tags: ["1.0.0", "stable"],
                floatingTags: ["latest"],
                targetCredentials: { username: "$oauthtoken", password: token },
            },
            options("PromotedImage", "release"),
        );
        new quay.FloatingTag(
            "running",
            { repository: app.fullName, tag: "running", digest: release.digest },
            options("FloatingTag", "running"),
        );
        const copy = new quay.Repository(
            "copy",
            { namespace: acme, name: "copy", state: "MIRROR" },
            options("Repository", "copy"),
        );
        new quay.RepositoryMirror(
            "copy",
            {
                repository: copy.fullName,
                robot,
                externalReference: "registry.example.com/library/python",
                tags: ["3.*", "latest"],
                username: "reader",
                password,
            },
            options("RepositoryMirror", "copy"),
        );
        return Promise.resolve({ token: pulumi.secret(robot), commit: release.commit });
    };
}
let token = "";

describe("the import of every resource", function () {
    this.timeout(120_000);
    let server: Quay;
    let first: Project;
    let environment: Readonly<Record<string, string>>;
    /** Each resource of the program, and the id by which it is imported. */
    let ids: { type: string; name: string; id: string }[];

    before(needsStandIn("a super user"));

    before(async () => {
        server = await startQuay();
        server.createUser("alice", { superUser: true }); // only they may change quotas
        token = server.createToken({ user: "alice" });
        await pushImage(server, "alice", "alice/images", ["1.0.0"]);
        environment = { QUAY_URL: server.url, QUAY_TOKEN: token };
        first = await Project.create(environment);
        await first.program(program(server.registry, () => ({}))).up();
        const made = await first.resources();
        ids = made.map(({ type, name }) => ({ type, name, id: idOf(type, name) }));
    });
    after(async () => {
        await first.remove();
        await server.stop();
    });

    /** As the description of each resource says; where there are two forms, the one for a human. */
    function idOf(type: string, name: string): string {
        const byType: Readonly<Record<string, string>> = {
            Organization: name === "cache" ? "acme-cache" : "acme",
            Quota: "acme",
            ProxyCache: "acme-cache",
            Repository: `acme/${name}`,
            Robot: "acme+deploy",
            RepositoryPermission: "acme/app:robot:acme+deploy",
            RobotFederation: "acme+deploy",
            Team: "acme:devs",
            TeamMembership: "acme:devs:acme+deploy",
            DefaultPermission: "acme:team:devs:alice",
            Notification: "acme/app:pushes",
            AutoPrunePolicy: "acme/app",
            TagImmutabilityPolicy: "acme",
            PromotedImage: `${server.registry}/acme/app:1.0.0,stable+latest`,
            FloatingTag: "acme/app:running",
            RepositoryMirror: "acme/copy",
        };
        return byType[type.replace("quay:index:", "")] ?? assert.fail(type);
    }

    it("is tested: the program has every resource", () => {
        assert.deepEqual(
            new Set(ids.map(({ type }) => type)),
            new Set(resources.map(({ name }) => `quay:index:${name}`)),
        );
    });

    /** Nothing is left to do: not by the program, and not by what is on Quay. */
    async function isClean(project: Project): Promise<void> {
        const before = JSON.stringify(server.dump());
        assert.deepEqual((await project.preview()).changes, {});
        assert.deepEqual(await project.refresh(), {});
        assert.deepEqual((await project.preview()).changes, {});
        assert.deepEqual((await project.up()).changes, {});
        assert.deepEqual(await project.refresh(), {});
        assert.deepEqual((await project.preview()).changes, {});
        assert.equal(JSON.stringify(server.dump()), before);
    }

    it("by `pulumi import --file` leaves nothing to do", async () => {
        const other = await Project.create(environment);
        try {
            await other.import(ids);
            await isClean(other.program(program(server.registry, () => ({}))));
        } finally {
            await other.remove();
        }
    });

    it("of an image without one of its floating tags leaves that tag to do", async () => {
        const target = `${server.registry}/alice/images`;
        const digest = await pushImage(server, "alice", "alice/images", ["2.0.0"]);
        const release = () => {
            const args = { source: target, target, version: "2.0.0", floatingTags: ["next"] };
            new quay.PromotedImage("release", args);
            return Promise.resolve();
        };
        const other = await Project.create(environment);
        try {
            const type = "quay:index:PromotedImage";
            await other.import([{ type, name: "release", id: `${target}:2.0.0+next` }]);
            assert.deepEqual((await other.program(release).up()).changes, { update: 1 });
            const api = new Api(server.url, token);
            const { text } = await api.get("/repository/alice/images/tag/?specificTag=next");
            assert.match(text, new RegExp(digest));
            assert.deepEqual((await other.preview()).changes, {});
        } finally {
            await other.remove();
        }
    });

    it("by an id that does not exist, or cannot be one, fails with one message", async () => {
        const other = await Project.create(environment);
        const type = "quay:index:Robot";
        try {
            for (const [id, message] of [
                ["acme+nobody", "resource 'acme\\+nobody' does not exist"],
                ["nobody", '"nobody" is not an id of this type: write NAMESPACE\\+NAME, as in .*'],
            ] as const) {
                await assert.rejects(other.import([{ type, name: "robot", id }]));
                assert.match(
                    other.printed.splice(0).join(""),
                    new RegExp(`quay:index:Robot \\(robot\\):\n +error: .*${message}\n\n`),
                );
            }
        } finally {
            await other.remove();
        }
    });

    it("by the resource option `import` leaves nothing to do", async () => {
        const other = await Project.create(environment);
        try {
            const importing: Options = (type, name) => ({ import: idOf(type, name) });
            const { changes } = await other.program(program(server.registry, importing)).up();
            assert.deepEqual(changes, { import: ids.length, create: 1 });
            await isClean(other.program(program(server.registry, () => ({}))));
            assert.deepEqual(await other.destroy(), { delete: ids.length + 1 });
        } finally {
            await other.remove();
        }
    });
});
