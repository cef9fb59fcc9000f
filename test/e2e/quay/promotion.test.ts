import { strict as assert } from "node:assert";
import * as quay from "../../../quay/index.ts";
import { startQuay } from "../../standins/quay/server.ts";
import type { Quay } from "../../standins/quay/server.ts";
import { Api, expectReply, textAt } from "../../unit/standins/client.ts";
import { basic, digestOf, image, indexType, pushImage, Registry } from "../../unit/standins/registryClient.ts";
import { Project } from "./project.ts";

describe("a promoted image", function () {
    this.timeout(120_000);

    let server: Quay;
    let token: string;
    let project: Project;

    beforeEach(async () => {
        server = await startQuay();
        server.createUser("alice");
        token = server.createToken({ user: "alice" });
        await new Api(server.url, token).post("/repository", { repository: "prod", visibility: "private", description: "" });
        project = await Project.create({ QUAY_URL: server.url, QUAY_TOKEN: token });
    });

    afterEach(async () => {
        await project.remove();
        await server.stop();
    });

    const login = (...scopes: readonly string[]) => Registry.login(server, basic("$oauthtoken", token), ...scopes);
    const promote = (args: Omit<quay.PromotedImageArgs, "source" | "target"> & { readonly target?: string }) => () => {
        const { image } = new quay.PromotedImage("release", {
            source: `${server.registry}/alice/dev`,
            target: `${server.registry}/alice/prod`,
            ...args,
        });
        return Promise.resolve({ image });
    };
    const blobBytes = () => server.requests().reduce((sum, request) => sum + request.blobBytes, 0);

    async function tagDigest(registry: Registry, repository: string, tag: string): Promise<string | null> {
        return (await registry.ask("HEAD", `${repository}/manifests/${tag}`)).headers.get("docker-content-digest");
    }

    it("is an index with its images and everything that refers to them, and no blob is transferred", async () => {
        const dev = await login("alice/dev:pull,push");
        const one = await image(dev, "alice/dev");
        const other = await image(dev, "alice/dev");
        for (const manifest of [one, other]) expectReply(await dev.manifest("alice/dev", digestOf(manifest), manifest), 201);
        const descriptor = (manifest: string) => ({
            mediaType: "application/vnd.oci.image.manifest.v1+json",
            digest: digestOf(manifest),
            size: Buffer.byteLength(manifest),
        });
        const index = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [descriptor(one), descriptor(other)] });
        expectReply(await dev.manifest("alice/dev", "1.0.0", index, indexType), 201);
        const subject = { mediaType: indexType, digest: digestOf(index), size: Buffer.byteLength(index) };
        const signature = await image(dev, "alice/dev", { subject, artifactType: "application/vnd.example.signature" });
        expectReply(await dev.manifest("alice/dev", digestOf(signature), signature), 201);
        const cosign = await image(dev, "alice/dev");
        expectReply(await dev.manifest("alice/dev", `${digestOf(one).replace(":", "-")}.sig`, cosign), 201);

        server.clearRequests();
        const { outputs } = await project.program(promote({ version: "1.0.0", floatingTags: ["latest"] })).up();
        assert.equal(outputs["image"], `${server.registry}/alice/prod@${digestOf(index)}`);
        assert.equal(blobBytes(), 0);
        const prod = await login("alice/prod:pull");
        assert.equal(await tagDigest(prod, "alice/prod", "1.0.0"), digestOf(index));
        assert.equal(await tagDigest(prod, "alice/prod", "latest"), digestOf(index));
        assert.equal(await tagDigest(prod, "alice/prod", digestOf(other)), digestOf(other));
        assert.equal(await tagDigest(prod, "alice/prod", `${digestOf(one).replace(":", "-")}.sig`), digestOf(cosign));
        const referrers = await prod.ask("GET", `alice/prod/referrers/${digestOf(index)}`);
        assert.match(referrers.text, new RegExp(digestOf(signature)));
        const written = server.requests({ method: "PUT", path: /manifests/ }).map(({ path }) => path.split("/").slice(-1).join(""));
        assert.deepEqual(written.slice(-2), ["1.0.0", "latest"]); // the tags come last
    });

    it("is streamed to another registry, with credentials of its own", async () => {
        const digest = await pushImage(server, "alice", "alice/dev", ["1.0.0"]);
        const other = await startQuay();
        try {
            other.createUser("bob");
            const api = new Api(other.url, other.createToken({ user: "bob" }));
            await api.post("/repository", { repository: "prod", visibility: "private", description: "" });
            const password = textAt(await api.put("/user/robots/deploy"), "token");
            await api.put("/repository/bob/prod/permissions/user/bob+deploy", { role: "write" });
            const target = `${other.registry}/bob/prod`;
            const program = (password: string) =>
                promote({ version: "1.0.0", target, targetCredentials: { username: "bob+deploy", password } });
            await assert.rejects(
                project.program(program("wrong")).up(),
                /refused to .* with the credentials of "bob\+deploy"|Could not find robot/,
            );
            await project.program(program(password)).up();
            const registry = await Registry.login(other, basic("bob+deploy", password), "bob/prod:pull");
            assert.equal(await tagDigest(registry, "bob/prod", "1.0.0"), digest);
            assert.ok(other.requests({ method: "PATCH" }).length > 0);
            const state = await project.state();
            assert.ok(!state.includes(password) && !state.includes(token));
        } finally {
            await other.stop();
        }
    });

    it("never moves a version tag, and says what it points at", async () => {
        const digest = await pushImage(server, "alice", "alice/dev", ["1.0.0"]);
        const there = await pushImage(server, "alice", "alice/prod", ["1.0.0"]);
        await assert.rejects(project.program(promote({ version: "1.0.0", floatingTags: ["latest"] })).up(), (error) => {
            assert.ok(String(error).includes(there) && String(error).includes(digest), String(error));
            return /raise the version/.test(String(error));
        });
        assert.equal(await tagDigest(await login("alice/prod:pull"), "alice/prod", "latest"), null);
    });

    it("leaves floating tags that others moved alone, and finds a version tag that is gone or was moved", async () => {
        const digest = await pushImage(server, "alice", "alice/dev", ["1.0.0"]);
        await project.program(promote({ version: "1.0.0", floatingTags: ["latest"] })).up();
        const moved = await pushImage(server, "alice", "alice/prod", ["latest"]);
        await project.refresh();
        assert.deepEqual((await project.preview()).changes, {});
        assert.equal(await tagDigest(await login("alice/prod:pull"), "alice/prod", "latest"), moved);
        expectReply(await new Api(server.url, token).delete("/repository/alice/prod/tag/1.0.0"), 204);
        assert.deepEqual(await project.refresh(), { delete: 1 });
        await project.up();
        assert.equal(await tagDigest(await login("alice/prod:pull"), "alice/prod", "1.0.0"), digest);
        await pushImage(server, "alice", "alice/prod", ["1.0.0"]);
        await project.refresh();
        await assert.rejects(project.up(), /points at sha256:.*raise the version/);
    });

    it("gets its tag in the same repository by one manifest", async () => {
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
        assert.equal(await tagDigest(await login("alice/prod:pull"), "alice/prod", "1.0.0"), digest);
    });

    it("says what is missing: the version, or the right", async () => {
        await pushImage(server, "alice", "alice/dev", ["1.0.0"]);
        await assert.rejects(project.program(promote({ version: "2.0.0" })).preview(), /There is no tag "2\.0\.0" in .*alice\/dev/);
        server.createUser("mallory");
        project.setEnvironment("QUAY_TOKEN", server.createToken({ user: "mallory" }));
        await assert.rejects(
            project.program(promote({ version: "1.0.0" })).preview(),
            /refused to look up alice\/dev:1\.0\.0 with the API token in QUAY_TOKEN/,
        );
    });
});
