import { strict as assert } from "node:assert";
import * as quay from "../../../quay/sdk/index.ts";
import { startQuay } from "../../../sandbox/quay/server.ts";
import type { Quay } from "../../../sandbox/quay/server.ts";
import { Api, expectReply, textAt } from "../../../sandbox/quayApi.ts";
import {
    basic,
    digestOf,
    image,
    indexType,
    pushImage,
    Registry,
} from "../../../sandbox/registryClient.ts";
import { Project } from "./project.ts";
import { needsStandIn } from "./target.ts";

describe("a promoted image", function () {
    this.timeout(120_000);

    let server: Quay;
    let token: string;
    let project: Project;

    before(needsStandIn("scans, other users and a log of the requests"));

    beforeEach(async () => {
        server = await startQuay();
        server.createUser("alice");
        token = server.createToken({ user: "alice" });
        await new Api(server.url, token).post("/repository", {
            repository: "prod",
            visibility: "private",
            description: "",
        });
        project = await Project.create({ QUAY_URL: server.url, QUAY_TOKEN: token });
    });

    afterEach(async () => {
        await project.remove();
        await server.stop();
    });

    const login = (...scopes: readonly string[]) =>
        Registry.login(server, basic("$oauthtoken", token), ...scopes);
    const promote =
        (args: Omit<quay.PromotedImageArgs, "source" | "target"> & { readonly target?: string }) =>
        () => {
            const { image } = new quay.PromotedImage("release", {
                source: `${server.registry}/alice/dev`,
                target: `${server.registry}/alice/prod`,
                ...args,
            });
            return Promise.resolve({ image });
        };
    const blobBytes = () => server.requests().reduce((sum, request) => sum + request.blobBytes, 0);

    async function tagDigest(
        registry: Registry,
        repository: string,
        tag: string,
    ): Promise<string | null> {
        return (await registry.ask("HEAD", `${repository}/manifests/${tag}`)).headers.get(
            "docker-content-digest",
        );
    }

    it("is an index with its images and all referrers, and no blob is transferred", async () => {
        const dev = await login("alice/dev:pull,push");
        const one = await image(dev, "alice/dev");
        const other = await image(dev, "alice/dev");
        for (const manifest of [one, other])
            expectReply(await dev.manifest("alice/dev", digestOf(manifest), manifest), 201);
        const descriptor = (manifest: string) => ({
            mediaType: "application/vnd.oci.image.manifest.v1+json",
            digest: digestOf(manifest),
            size: Buffer.byteLength(manifest),
        });
        const index = JSON.stringify({
            schemaVersion: 2,
            mediaType: indexType,
            manifests: [descriptor(one), descriptor(other)],
        });
        expectReply(await dev.manifest("alice/dev", "1.0.0", index, indexType), 201);
        const subject = {
            mediaType: indexType,
            digest: digestOf(index),
            size: Buffer.byteLength(index),
        };
        const signature = await image(dev, "alice/dev", {
            subject,
            artifactType: "application/vnd.example.signature",
        });
        expectReply(await dev.manifest("alice/dev", digestOf(signature), signature), 201);
        const cosign = await image(dev, "alice/dev");
        expectReply(
            await dev.manifest("alice/dev", `${digestOf(one).replace(":", "-")}.sig`, cosign),
            201,
        );

        server.clearRequests();
        const { outputs } = await project
            .program(promote({ version: "1.0.0", floatingTags: ["latest"] }))
            .up();
        assert.equal(outputs["image"], `${server.registry}/alice/prod@${digestOf(index)}`);
        assert.equal(blobBytes(), 4); // the two configurations, read for their labels
        const prod = await login("alice/prod:pull");
        assert.equal(await tagDigest(prod, "alice/prod", "1.0.0"), digestOf(index));
        assert.equal(await tagDigest(prod, "alice/prod", "latest"), digestOf(index));
        assert.equal(await tagDigest(prod, "alice/prod", digestOf(other)), digestOf(other));
        assert.equal(
            await tagDigest(prod, "alice/prod", `${digestOf(one).replace(":", "-")}.sig`),
            digestOf(cosign),
        );
        const referrers = await prod.ask("GET", `alice/prod/referrers/${digestOf(index)}`);
        assert.match(referrers.text, new RegExp(digestOf(signature)));
        const written = server
            .requests({ method: "PUT", path: /manifests/ })
            .map(({ path }) => path.split("/").slice(-1).join(""));
        assert.deepEqual(written.slice(-2), ["1.0.0", "latest"]); // the tags come last
    });

    it("is streamed to another registry, with separate credentials", async () => {
        const digest = await pushImage(server, "alice", "alice/dev", ["1.0.0"]);
        const other = await startQuay();
        try {
            other.createUser("bob");
            const api = new Api(other.url, other.createToken({ user: "bob" }));
            await api.post("/repository", {
                repository: "prod",
                visibility: "private",
                description: "",
            });
            const password = textAt(await api.put("/user/robots/deploy"), "token");
            await api.put("/repository/bob/prod/permissions/user/bob+deploy", { role: "write" });
            const target = `${other.registry}/bob/prod`;
            const program = (password: string) =>
                promote({
                    version: "1.0.0",
                    target,
                    targetCredentials: { username: "bob+deploy", password },
                });
            await assert.rejects(
                project.program(program("wrong")).up(),
                /refused to .* with the credentials of "bob\+deploy"|Could not find robot/,
            );
            await project.program(program(password)).up();
            const registry = await Registry.login(
                other,
                basic("bob+deploy", password),
                "bob/prod:pull",
            );
            assert.equal(await tagDigest(registry, "bob/prod", "1.0.0"), digest);
            assert.ok(other.requests({ method: "PATCH" }).length > 0);
            const state = await project.state();
            assert.ok(!state.includes(password) && !state.includes(token));
        } finally {
            await other.stop();
        }
    });

    it("never moves a version tag, and says where it points", async () => {
        const digest = await pushImage(server, "alice", "alice/dev", ["1.0.0"]);
        const there = await pushImage(server, "alice", "alice/prod", ["1.0.0"]);
        await assert.rejects(
            project.program(promote({ version: "1.0.0", floatingTags: ["latest"] })).up(),
            (error) => {
                assert.ok(
                    String(error).includes(there) && String(error).includes(digest),
                    String(error),
                );
                return /raise the version/.test(String(error));
            },
        );
        assert.equal(await tagDigest(await login("alice/prod:pull"), "alice/prod", "latest"), null);
    });

    it("leaves floating tags that others moved alone, and detects a deleted or moved version tag", async () => {
        const digest = await pushImage(server, "alice", "alice/dev", ["1.0.0"]);
        await project.program(promote({ version: "1.0.0", floatingTags: ["latest"] })).up();
        const moved = await pushImage(server, "alice", "alice/prod", ["latest"]);
        await project.refresh();
        assert.deepEqual((await project.preview()).changes, {});
        assert.equal(
            await tagDigest(await login("alice/prod:pull"), "alice/prod", "latest"),
            moved,
        );
        expectReply(
            await new Api(server.url, token).delete("/repository/alice/prod/tag/1.0.0"),
            204,
        );
        assert.deepEqual(await project.refresh(), { delete: 1 });
        await project.up();
        assert.equal(
            await tagDigest(await login("alice/prod:pull"), "alice/prod", "1.0.0"),
            digest,
        );
        await pushImage(server, "alice", "alice/prod", ["1.0.0"]);
        await project.refresh();
        await assert.rejects(project.up(), /points at sha256:.*raise the version/);
    });

    it("gets its tag in the same repository with one manifest", async () => {
        const digest = await pushImage(server, "alice", "alice/prod", ["ctx-1"]);
        server.clearRequests();
        await project
            .program(() => {
                const repository = `${server.registry}/alice/prod`;
                new quay.PromotedImage("tags", {
                    source: repository,
                    target: repository,
                    digest,
                    tags: ["1.0.0"],
                    floatingTags: ["latest"],
                });
                return Promise.resolve();
            })
            .up();
        assert.deepEqual(
            server.requests({ method: "POST" }).map(({ path }) => path),
            [],
        );
        assert.equal(
            await tagDigest(await login("alice/prod:pull"), "alice/prod", "1.0.0"),
            digest,
        );
    });

    it("can return to the previous promotion after the source was deleted", async () => {
        const first = await pushImage(server, "alice", "alice/dev", ["1.0.0"]);
        await project.program(promote({ version: "1.0.0", floatingTags: ["latest"] })).up();
        const second = await pushImage(server, "alice", "alice/dev", ["1.1.0"]);
        await project.program(promote({ version: "1.1.0", floatingTags: ["latest"] })).up();
        expectReply(await new Api(server.url, token).delete("/repository/alice/dev"), 204);
        assert.deepEqual((await project.preview()).changes, {});
        const { outputs, changes } = await project
            .program(promote({ version: "1.0.0", floatingTags: ["latest"] }))
            .up();
        assert.deepEqual(changes, { update: 1 });
        assert.equal(outputs["image"], `${server.registry}/alice/prod@${first}`);
        const prod = await login("alice/prod:pull");
        assert.equal(await tagDigest(prod, "alice/prod", "latest"), first);
        assert.equal(await tagDigest(prod, "alice/prod", "1.1.0"), second);
    });

    it("may be missing in a preview if another environment will publish it, but never in an up", async () => {
        const awaited = (publishedBy?: string) =>
            promote({ version: "1.0.0", floatingTags: ["latest"], publishedBy });
        const before = await project.program(awaited("dev")).preview();
        assert.deepEqual(before.changes, { create: 2 }); // with the stack
        assert.match(
            before.printed.stderr,
            /After dev: digest not yet known\. There is no tag "1\.0\.0" in .*no such repository/,
        );
        await assert.rejects(
            project.program(awaited()).up(),
            /There is no tag "1\.0\.0" in .*Publish it first/,
        );
        await pushImage(server, "alice", "alice/dev", ["1.0.0"]);
        await project.program(awaited()).up();
        assert.deepEqual((await project.program(awaited("dev")).preview()).changes, {});
    });

    describe("with a maximum severity", () => {
        const gated = (more: Parameters<typeof promote>[0] = {}) =>
            promote({ version: "1.0.0", maxSeverity: "high", ...more });
        const finding = (severity: "Critical" | "High" | "Medium") => ({
            name: `CVE-${severity}`,
            severity,
        });
        const scanned = (...found: ("Critical" | "High" | "Medium")[]) => ({
            status: "scanned" as const,
            features: [{ name: "openssl", version: "1", vulnerabilities: found.map(finding) }],
        });
        let digest: string;
        beforeEach(async () => {
            digest = await pushImage(server, "alice", "alice/dev", ["1.0.0"]);
        });

        it("is refused before it is scanned, and after a finding of that severity", async () => {
            await assert.rejects(
                project.program(gated()).preview(),
                /alice\/dev@sha256:\w+ is not scanned yet.*run this again/,
            );
            server.setScan(digest, { status: "failed" });
            await assert.rejects(
                project.program(gated()).preview(),
                /Quay's scanner says "failed"/,
            );
            server.setScan(digest, scanned("Critical", "High", "High", "Medium"));
            await assert.rejects(
                project.program(gated()).preview(),
                /has 1 critical, 2 high vulnerabilities.*only those below high/,
            );
            assert.equal(
                await tagDigest(await login("alice/prod:pull"), "alice/prod", "1.0.0"),
                null,
            );
        });

        it("passes below it, and is not checked again without a change", async () => {
            server.setScan(digest, scanned("Medium"));
            await project.program(gated()).up();
            server.setScan(digest, scanned("Critical"));
            server.clearRequests();
            assert.deepEqual((await project.preview()).changes, {});
            assert.deepEqual(server.requests(), []);
        });

        it("passes with an exception for its digest, with its reason, while that is valid", async () => {
            server.setScan(digest, scanned("Critical"));
            const exception = (expires: string, of = digest) =>
                gated({ severityException: { digest: of, reason: "not reachable", expires } });
            await assert.rejects(
                project.program(exception("2020-01-01")).preview(),
                /The exception for it ended on 2020-01-01/,
            );
            const another = `sha256:${"0".repeat(64)}`;
            await assert.rejects(
                project.program(exception("2999-01-01", another)).preview(),
                /make an exception for its digest/,
            );
            await assert.rejects(
                project.program(exception("tomorrow")).preview(),
                /severityException.expires" = "tomorrow": must be a day/,
            );
            const { printed } = await project.program(exception("2999-01-01")).up();
            assert.match(
                printed.stdout,
                /warning: .* passes by an exception until 2999-01-01: not reachable/,
            );
        });

        it("checks each image of an index", async () => {
            const dev = await login("alice/dev:pull,push");
            const images = [await image(dev, "alice/dev"), await image(dev, "alice/dev")];
            for (const manifest of images)
                expectReply(await dev.manifest("alice/dev", digestOf(manifest), manifest), 201);
            const manifests = images.map((manifest, at) => ({
                mediaType: "application/vnd.oci.image.manifest.v1+json",
                digest: digestOf(manifest),
                size: Buffer.byteLength(manifest),
                ...(at === 0
                    ? {}
                    : {
                          annotations: { "vnd.docker.reference.type": "attestation-manifest" },
                          platform: { os: "unknown", architecture: "unknown" },
                      }),
            }));
            const index = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests });
            expectReply(await dev.manifest("alice/dev", "2.0.0", index, indexType), 201);
            await assert.rejects(
                project.program(gated({ version: "2.0.0" })).preview(),
                /is not scanned yet/,
            );
            // The other image is an attestation.
            server.setScan(digestOf(images[0] ?? ""), scanned("Medium"));
            assert.deepEqual(
                (await project.program(gated({ version: "2.0.0" })).preview()).changes,
                { create: 2 },
            ); // with the stack
        });
    });

    it("has to have run, and its environment's name is in no diff", async () => {
        const digest = await pushImage(server, "alice", "alice/dev", ["1.0.0"]);
        const gated = (environment: string) =>
            promote({ version: "1.0.0", requireRunning: true, soak: "1h", environment });
        const api = new Api(server.url, token);
        const running = { manifest_digest: digest };
        expectReply(await api.put("/repository/alice/dev/tag/running", running), 201);
        await assert.rejects(
            project.program(gated("dev")).preview(),
            /1\.0\.0 \(sha256:.*…\) has been running in dev for \d+ s of 1 h; it may be promoted/,
        );
        server.ageTags("alice/dev", 3600);
        assert.deepEqual((await project.up()).changes, { create: 2 });
        assert.deepEqual((await project.program(gated("staging")).preview()).changes, {});
    });

    it("says what is missing: the version, with the existing ones, or the permission", async () => {
        await pushImage(server, "alice", "alice/dev", ["1.0.0"]);
        await pushImage(server, "alice", "alice/dev", ["1.1.0", "latest"]);
        await assert.rejects(
            project.program(promote({ version: "2.0.0" })).preview(),
            /There is no tag "2\.0\.0" in .*alice\/dev: it has 1\.1\.0, 1\.0\.0\. Publish it first/,
        );
        server.createUser("mallory");
        project.setEnvironment("QUAY_TOKEN", server.createToken({ user: "mallory" }));
        await assert.rejects(
            project.program(promote({ version: "1.0.0" })).preview(),
            /token in QUAY_TOKEN lacks the scope .* \(repo:read\), or its account has no right/,
        );
    });
});
