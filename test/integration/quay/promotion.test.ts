import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { QuayClient } from "../../../quay/api/client.ts";
import { QuayError } from "../../../quay/api/errors.ts";
import type { Context } from "../../../quay/definition/context.ts";
import { promotedImage } from "../../../quay/resources/promotedImage.ts";
import { Secret, without } from "../../../quay/definition/values.ts";
import type { Properties } from "../../../quay/definition/values.ts";
import { type Quay, type QuayOptions, startQuay } from "../../../sandbox/quay/server.ts";
import { Api, expectReply, textAt } from "../../../sandbox/quayApi.ts";
import {
    basic,
    digestOf,
    image,
    imageType,
    indexOf,
    indexType,
    pushImage,
    Registry,
} from "../../../sandbox/registryClient.ts";
import { contextOf, make, retryDelay } from "./context.ts";
import { faultKinds, FaultyProxy } from "./faultyProxy.ts";

describe("a promotion", function () {
    this.timeout(60_000);

    let quay: Quay;
    let token: string;
    let api: Api;
    let context: Context;
    let warnings: string[];

    async function start(options: QuayOptions = {}): Promise<void> {
        quay = await startQuay(options);
        quay.createUser("alice");
        token = quay.createToken({ user: "alice" });
        api = new Api(quay.url, token);
        warnings = [];
        context = contextOf(quay, token, warnings);
        await create("prod");
    }
    afterEach(() => quay.stop());

    const create = async (repository: string) => {
        const json = { repository, visibility: "private", description: "" };
        expectReply(await api.post("/repository", json), 201);
    };
    const login = (...scopes: readonly string[]) =>
        Registry.login(quay, basic("$oauthtoken", token), ...scopes);
    const inputs = (args: Properties = {}) => ({
        source: `${quay.registry}/alice/dev`,
        target: `${quay.registry}/alice/prod`,
        version: "1.0.0",
        floatingTags: ["latest"],
        ...args,
    });
    const promote = (args: Properties = {}, by = context) => make(promotedImage, inputs(args), by);
    const tagsIn = async (repository: string) => {
        const reply = await api.get(`/repository/${repository}/tag/?onlyActiveTags=true`);
        const { tags } = reply.json as { tags: { name: string; manifest_digest: string }[] };
        return Object.fromEntries(tags.map((tag) => [tag.name, tag.manifest_digest]));
    };
    const push = async (manifest: string, tag: string, type = imageType) => {
        const registry = await login("alice/dev:pull,push");
        expectReply(await registry.manifest("alice/dev", tag, manifest, type), 201);
    };

    describe("of an image that says which commit it was built from", () => {
        const label = "org.opencontainers.image.revision";
        const [commit, other] = ["a".repeat(40), "b".repeat(40)];
        beforeEach(() => start());
        /** What a preview knows of the commit. */
        const commitIn = async (olds: Properties = {}): Promise<unknown> =>
            (await promotedImage.check(inputs(), olds, context)).inputs["commit"];

        it("knows the commit in the preview, and reads it once for a digest", async () => {
            await pushImage(quay, "alice", "alice/dev", ["1.0.0"], { [label]: commit });
            equal(await commitIn(), commit);
            const { inputs: olds } = await promotedImage.check(inputs(), {}, context);
            quay.clearRequests();
            equal(await commitIn(olds), commit);
            deepEqual(quay.requests(), []);
            // The state of an earlier version of the provider has none.
            const before = Object.entries(olds).filter(([name]) => name !== "commit");
            equal(await commitIn(Object.fromEntries(before)), commit);
        });

        it("finds no drift in the state of an earlier version, which has no commit", async () => {
            await pushImage(quay, "alice", "alice/dev", ["1.0.0"], { [label]: commit });
            const { id, state } = await promote();
            const withoutCommit = (values: Properties): Properties =>
                Object.fromEntries(Object.entries(values).filter(([name]) => name !== "commit"));
            const { inputs: checked } = await promotedImage.check(inputs(), {}, context);
            const former = withoutCommit(checked);
            const found = await promotedImage.read(id, withoutCommit(state), context, former);
            ok(found);
            deepEqual([...promotedImage.diff(former, found.inputs).changes], []);
            equal(await commitIn(found.inputs), commit);
        });

        it("knows it where each platform of an index says the same", async () => {
            const registry = await login("alice/dev:pull,push");
            const pushIndex = async (...labels: Record<string, string>[]): Promise<void> => {
                const images = await Promise.all(
                    labels.map((one) => image(registry, "alice/dev", {}, one)),
                );
                for (const one of images) await push(one, digestOf(one));
                await push(indexOf(images), "1.0.0", indexType);
            };
            await pushIndex({ [label]: commit, platform: "one" }, { [label]: commit }, {});
            equal(await commitIn(), commit);
            await pushIndex({ [label]: commit }, { [label]: other });
            equal(await commitIn(), "");
        });

        it("knows none where the label is no commit", async () => {
            await pushImage(quay, "alice", "alice/dev", ["1.0.0"], { [label]: "main" });
            equal(await commitIn(), "");
        });
    });

    it("reads each manifest once, however often indexes of indexes list it", async () => {
        await start();
        const registry = await login("alice/dev:pull,push");
        let child = await image(registry, "alice/dev", {}, { "quay.expires-after": "2w" });
        await push(child, digestOf(child));
        for (const depth of ["1", "2", "3", "4", "5"]) {
            child = indexOf([child, child]);
            await push(child, depth === "5" ? "1.0.0" : digestOf(child), indexType);
        }
        quay.clearRequests();
        await rejects(promotedImage.check(inputs(), {}, context), /quay\.expires-after=2w/);
        const read = quay
            .requests({ method: "GET", path: /\/manifests\/sha256/ })
            .filter(({ status }) => status === 200);
        equal(read.length, 6);
    });

    it("reads no more than a hundred images of an index", async () => {
        await start();
        const registry = await login("alice/dev:pull,push");
        const child = await image(registry, "alice/dev", {});
        await push(child, digestOf(child));
        // Each lists it another number of times, so that they differ.
        const children = Array.from({ length: 100 }, (_, index) =>
            indexOf(Array<string>(index).fill(child)),
        );
        for (const child of children) await push(child, digestOf(child), indexType);
        const index = indexOf(children);
        await push(index, "1.0.0", indexType);
        quay.clearRequests();
        await rejects(
            promotedImage.check(inputs(), {}, context),
            /The index alice\/dev@sha256:[0-9a-f]{64} lists more than 100 images: promote one/,
        );
        ok(quay.requests({ path: /\/manifests\/sha256/ }).length < 110);
    });

    describe("of an image whose manifest says its size", () => {
        beforeEach(() => start());
        const sizeIn = async (olds: Properties = {}): Promise<unknown> =>
            (await promotedImage.check(inputs(), olds, context)).inputs["size"];

        it("knows it in the preview, and reads it once for a digest", async () => {
            await pushImage(quay, "alice", "alice/dev", ["1.0.0"]);
            equal(await sizeIn(), 102); // a layer of 100 bytes, and the configuration: {}
            const { inputs: olds } = await promotedImage.check(inputs(), {}, context);
            quay.clearRequests();
            equal(await sizeIn(olds), 102);
            deepEqual(quay.requests(), []);
            const { id, state } = await promote();
            equal(state["size"], 102);
            equal((await promotedImage.read(`${id}:1.0.0`, {}, context))?.state["size"], 102);
        });

        it("changes nothing of the state of an earlier version, which has none", async () => {
            await pushImage(quay, "alice", "alice/dev", ["1.0.0"]);
            const { inputs: olds } = await promotedImage.check(inputs(), {}, context);
            const former = without(olds, ["size"]);
            const { inputs: now } = await promotedImage.check(inputs(), former, context);
            deepEqual([...promotedImage.diff(former, now).changes], []);
            // Not even where the manifest is read anyway, for the commit.
            equal(await sizeIn(without(olds, ["size", "commit"])), undefined);
        });

        it("is that of the largest image of an index", async () => {
            const registry = await login("alice/dev:pull,push");
            const labels = { text: "x".repeat(1000) };
            const images = [
                await image(registry, "alice/dev"),
                await image(registry, "alice/dev", {}, labels),
            ];
            for (const one of images) await push(one, digestOf(one));
            await push(indexOf(images), "1.0.0", indexType);
            equal(await sizeIn(), 100 + JSON.stringify({ config: { Labels: labels } }).length);
        });
    });

    it("moves the floating tags of its version, and leaves those of others where they are", async () => {
        await start();
        const floatingTags = ["latest", "{{major}}", "{{major}}.{{minor}}"];
        const pushed = async (version: string): Promise<string> =>
            pushImage(quay, "alice", "alice/dev", [version], { version });
        const first = await pushed("1.0.0");
        const second = await pushed("1.1.0");

        const { id, inputs: olds, state } = await promote({ floatingTags });
        deepEqual(await tagsIn("alice/prod"), {
            "1.0.0": first,
            ...{ latest: first, "1": first, "1.0": first },
        });
        const news = inputs({ version: "1.1.0", floatingTags });
        const { inputs: checked } = await promotedImage.check(news, olds, context);
        const changed = promotedImage.diff(olds, checked).changes.keys();
        deepEqual([...changed].sort(), ["digest", "tags[0]", "version"]);
        await promotedImage.update(id, { ...olds, ...state }, checked, context);
        deepEqual(await tagsIn("alice/prod"), {
            ...{ "1.0.0": first, "1.0": first },
            ...{ "1.1.0": second, latest: second, "1": second, "1.1": second },
        });
    });

    describe("that is imported", () => {
        const floatingTags = ["latest", "{{major}}.{{minor}}"];
        beforeEach(async () => {
            await start();
            await pushImage(quay, "alice", "alice/dev", ["1.0.0"]);
        });
        /** Imports, and checks the program. @returns what the engine gives to an update */
        const imported = async (id: string) => {
            const found = await promotedImage.read(`${quay.registry}/alice/${id}`, {}, context);
            ok(found);
            const news = inputs({ floatingTags });
            const { inputs: checked } = await promotedImage.check(news, found.inputs, context);
            const changes = [...promotedImage.diff(found.inputs, checked).changes.keys()];
            return { ...found, checked, changes };
        };

        it("has the floating tags that the id names: nothing is left to do", async () => {
            await promote({ floatingTags });
            const { changes, inputs: known } = await imported(
                "prod:1.0.0+latest+{{major}}.{{minor}}",
            );
            deepEqual(changes, []);
            deepEqual(known["floatingTags"], floatingTags);
        });

        it("has no floating tag that is missing or names another image: the next `up` sets it", async () => {
            await promote({ floatingTags: [] });
            const other = await pushImage(quay, "alice", "alice/prod", ["latest", "2.0.0"]);
            for (const id of ["prod:1.0.0", "prod:1.0.0+latest+{{major}}.{{minor}}"])
                deepEqual((await imported(id)).changes, ["floatingTags[0]", "floatingTags[1]"]);
            const { id, checked, inputs: olds, state } = await imported("prod:1.0.0");
            const updated = await promotedImage.update(id, { ...olds, ...state }, checked, context);
            deepEqual(updated["floatingTags"], floatingTags);
            const { digest } = updated;
            deepEqual(await tagsIn("alice/prod"), {
                ...{ "1.0.0": digest, "1.0": digest, latest: digest },
                "2.0.0": other,
            });
        });

        it("has those that it has, and lacks the one that it lacks", async () => {
            await promote({ floatingTags: ["latest"] });
            const { changes } = await imported("prod:1.0.0+latest+{{major}}.{{minor}}");
            deepEqual(changes, ["floatingTags[1]"]);
        });
    });

    describe("of an image whose label puts an end on its tags", () => {
        const label = { "quay.expires-after": "2w" };
        const refused =
            /has the label quay\.expires-after=2w.*Remove the line "LABEL quay\.expires-after=2w"/;
        beforeEach(() => start());

        it("is refused before anything is done, in a preview too, and so is its publication", async () => {
            const digest = await pushImage(quay, "alice", "alice/dev", ["1.0.0"], label);
            await rejects(promotedImage.check(inputs(), {}, context), refused);
            const published = {
                source: `${quay.registry}/alice/dev`,
                target: `${quay.registry}/alice/dev`,
                digest,
                tags: ["2.0.0"],
            };
            await rejects(make(promotedImage, published, context), refused);
            deepEqual(await tagsIn("alice/prod"), {});
            deepEqual(Object.keys(await tagsIn("alice/dev")), ["1.0.0"]);
        });

        it("is refused where an image of an index has it, or an annotation says so", async () => {
            const registry = await login("alice/dev:pull,push");
            const images = [
                await image(registry, "alice/dev"),
                await image(registry, "alice/dev", {}, label),
            ];
            for (const one of images) await push(one, digestOf(one));
            await push(indexOf(images), "1.0.0", indexType);
            await rejects(promote(), refused);
            const annotated = await image(registry, "alice/dev", { annotations: label });
            await push(annotated, "1.1.0");
            await rejects(promote({ version: "1.1.0" }), refused);
        });

        for (const value of ["", "never", "0d", "2 weeks"]) {
            it(`goes on where Quay does not take the label for a time: "${value}"`, async () => {
                await pushImage(quay, "alice", "alice/dev", ["1.0.0"], {
                    "quay.expires-after": value,
                });
                await promote();
                deepEqual(Object.keys(await tagsIn("alice/prod")).sort(), ["1.0.0", "latest"]);
            });
        }

        it("is an error where somebody has put an end on a tag, until it is taken away", async () => {
            await pushImage(quay, "alice", "alice/dev", ["1.0.0"]);
            await promote();
            const path = "/repository/alice/prod/tag/1.0.0";
            const expiration = Math.floor(Date.now() / 1000) + 86_400;
            expectReply(await api.put(path, { expiration }), 201);
            await rejects(
                promote(),
                /will remove tags.*alice\/prod:1\.0\.0 \(.* -0000\).*to never/,
            );
            expectReply(await api.put(path, { expiration: null }), 201);
            await promote();
        });
    });

    describe("into a repository that was deleted and made again within two minutes", () => {
        beforeEach(() => start());
        const remake = async () => {
            expectReply(await api.delete("/repository/alice/prod"), 204);
            await create("prod");
        };

        it("sets the tags, though the registry says that they are there", async () => {
            const digest = await pushImage(quay, "alice", "alice/dev", ["1.0.0"]);
            const { id, state } = await promote();
            const registry = await login("alice/prod:pull");
            for (const reference of ["1.0.0", "latest", digest])
                await registry.ask("HEAD", `alice/prod/manifests/${reference}`);
            await remake();
            for (const reference of ["1.0.0", "latest", digest])
                equal(
                    (await registry.ask("HEAD", `alice/prod/manifests/${reference}`)).status,
                    200,
                );
            equal(await promotedImage.read(id, state, context), undefined);
            await promote();
            deepEqual(await tagsIn("alice/prod"), { "1.0.0": digest, latest: digest });
            quay.collect();
            deepEqual((await promotedImage.read(id, state, context))?.state, state);
        });

        it("copies an index and its images, of which the registry says that they are there", async () => {
            const registry = await login("alice/dev:pull,push");
            const images = [await image(registry, "alice/dev"), await image(registry, "alice/dev")];
            for (const one of images) await push(one, digestOf(one));
            await push(indexOf(images), "1.0.0", indexType);
            await promote();
            const prod = await login("alice/prod:pull");
            for (const reference of images.map(digestOf))
                await prod.ask("HEAD", `alice/prod/manifests/${reference}`);
            await remake();
            await promote();
            deepEqual(Object.keys(await tagsIn("alice/prod")).sort(), ["1.0.0", "latest"]);
            for (const reference of images.map(digestOf)) {
                const path = `/repository/alice/prod/manifest/${reference}`;
                expectReply(await api.get(path), 200);
            }
        });

        it("goes back to what the target has, where the source is deleted and still answers", async () => {
            await pushImage(quay, "alice", "alice/dev", ["1.0.0"]);
            await promote();
            const second = await pushImage(quay, "alice", "alice/dev", ["1.1.0"]);
            await promote({ version: "1.1.0" });
            expectReply(await api.delete("/repository/alice/dev"), 204);
            await create("dev");
            await promote();
            equal((await tagsIn("alice/prod"))["1.1.0"], second);
        });
    });

    it("says what hinders it: the repository's state, a scope, no repository", async () => {
        await start();
        await pushImage(quay, "alice", "alice/dev", ["1.0.0"]);
        const scoped = (...scopes: ("repo:read" | "user:read" | "repo:create")[]) =>
            contextOf(quay, quay.createToken({ user: "alice", scopes }));
        for (const state of ["READ_ONLY", "MIRROR"]) {
            expectReply(await api.put("/repository/alice/prod/changestate", { state }), 200);
            await rejects(promote(), new RegExp(`alice/prod is ${state}, and takes no image`));
        }
        expectReply(await api.put("/repository/alice/prod/changestate", { state: "NORMAL" }), 200);
        await rejects(
            promote({}, scoped("repo:read", "user:read")),
            /lacks the scope "Read\/Write to any accessible repositories" \(repo:write\)/,
        );
        await rejects(
            promote({}, scoped("user:read", "repo:create")),
            /lacks the scope "View all visible repositories" \(repo:read\)/,
        );
        deepEqual(await tagsIn("alice/prod"), {});
        await rejects(
            promote({ target: `${quay.registry}/alice/none` }, scoped("repo:read", "user:read")),
            /There is no repository .*alice\/none/,
        );
    });

    it("says so of a repository's state with a robot's credentials too", async () => {
        await start();
        await pushImage(quay, "alice", "alice/dev", ["1.0.0"]);
        const password = textAt(await api.put("/user/robots/deploy"), "token");
        for (const repository of ["dev", "prod"]) {
            const path = `/repository/alice/${repository}/permissions/user/alice+deploy`;
            expectReply(await api.put(path, { role: "write" }), 200);
        }
        const robot = new Secret({ username: "alice+deploy", password });
        const state = "READ_ONLY";
        expectReply(await api.put("/repository/alice/prod/changestate", { state }), 200);
        await rejects(promote({ targetCredentials: robot }), /is READ_ONLY, and takes no image/);
    });

    it("names the tag that a policy made immutable, and the way out", async () => {
        await start();
        await pushImage(quay, "alice", "alice/dev", ["1.0.0"]);
        await pushImage(quay, "alice", "alice/dev", ["1.1.0"]);
        const path = "/repository/alice/prod/immutabilitypolicy/";
        expectReply(await api.post(path, { tagPattern: ".*" }), 201);
        await promote();
        await rejects(
            promote({ version: "1.1.0" }),
            /alice\/prod:latest cannot be moved: an immutability policy.*Change the policy's pattern/,
        );
    });

    describe("with a highest severity on a Quay without a scanner", () => {
        beforeEach(() => start({ features: { securityScanner: false } }));

        it("is refused, unless there is an exception for its digest, which says that nothing was scanned", async () => {
            const digest = await pushImage(quay, "alice", "alice/dev", ["1.0.0"]);
            const exception = (of: string) => ({
                digest: of,
                reason: "a trial",
                expires: "2999-01-01",
            });
            await rejects(promote({ maxSeverity: "high" }), /was not scanned.*make an exception/);
            const other = exception(`sha256:${"0".repeat(64)}`);
            await rejects(
                promote({ maxSeverity: "high", severityException: other }),
                /was not scanned/,
            );
            await promote({ maxSeverity: "high", severityException: exception(digest) });
            match(
                warnings.join(),
                /was not scanned.*has no scanner.*passes by an exception until 2999-01-01: a trial/,
            );
        });
    });

    describe("through a proxy that fails once", function () {
        this.timeout(60_000);

        for (const kind of faultKinds) {
            it(`is done, or an error that the next one makes good, whichever request it is: ${kind}`, async () => {
                await start();
                const registry = await login("alice/dev:pull,push");
                const manifest = await image(registry, "alice/dev");
                const digest = digestOf(manifest);
                await push(manifest, "1.0.0");
                const subject = { mediaType: imageType, digest, size: manifest.length };
                const signature = await image(registry, "alice/dev", { subject });
                await push(signature, digestOf(signature));
                const cosign = `${digest.replace(":", "-")}.sig`;
                await push(await image(registry, "alice/dev"), cosign);

                const run = async (proxy: FaultyProxy, target: string) => {
                    const { signal } = new AbortController();
                    const client = new QuayClient({
                        site: { url: proxy.url, host: proxy.host },
                        tokenVariable: "QUAY_TOKEN",
                        token,
                        maxParallelRequests: 1,
                        signal,
                        retryDelay,
                    });
                    await promote(
                        {
                            source: `${proxy.host}/alice/dev`,
                            target: `${proxy.host}/alice/${target}`,
                        },
                        { ...context, api: client },
                    );
                };
                const isRight = async (target: string) => {
                    const tags = await tagsIn(`alice/${target}`);
                    const prod = await login(`alice/${target}:pull`);
                    const refers = `alice/${target}/referrers/${digest}`;
                    const { text } = await prod.ask("GET", refers);
                    return (
                        tags["1.0.0"] === digest &&
                        tags["latest"] === digest &&
                        tags[cosign] !== undefined &&
                        text.includes(digestOf(signature))
                    );
                };

                const count = await FaultyProxy.start(quay.url);
                await run(count, "prod");
                count.stop();
                ok(count.seen > 15, String(count.seen));
                let failures = 0;
                await Promise.all(
                    Array.from({ length: count.seen }, async (_, at) => {
                        const target = `prod-${String(at)}`;
                        await create(target);
                        const proxy = await FaultyProxy.start(quay.url, kind, at);
                        try {
                            await run(proxy, target);
                        } catch (error) {
                            failures++;
                            ok(error instanceof QuayError, String(error));
                            ok(!/<html|CSRF/.test(error.message), error.message);
                            ok(error.message.length > 40, error.message);
                            await run(proxy, target);
                        } finally {
                            proxy.stop();
                        }
                        ok(await isRight(target), `request ${String(at)}`);
                    }),
                );
                if (["429", "slow"].includes(kind)) equal(failures, 0);
            });
        }
    });
});
