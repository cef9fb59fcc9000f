import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { z } from "zod";
import { promotedImage } from "../../../quay/resources/promotedImage.ts";
import { Secret } from "../../../quay/definition/values.ts";
import type { Properties } from "../../../quay/definition/values.ts";
import { type Quay, type QuayOptions, startQuay } from "../../../sandbox/quay/server.ts";
import { Api, expectReply, textAt } from "../../../sandbox/quayApi.ts";
import {
    basic,
    digestOf,
    image,
    imageType,
    indexType,
    pushImage,
    Registry,
} from "../../../sandbox/registryClient.ts";
import { contextOf, make } from "./context.ts";

const index = z.object({
    manifests: z.array(z.object({ digest: z.string(), artifactType: z.string() })),
});
const signatureType = "application/vnd.example.signature";

describe("an image that is promoted from another registry", function () {
    this.timeout(30_000);

    const quays: Quay[] = [];
    afterEach(async () => {
        await Promise.all(quays.splice(0).map((quay) => quay.stop()));
    });

    /** A Quay with alice, a private repository alice/app, and a robot that may use it. */
    async function start(options: QuayOptions = {}) {
        const quay = await startQuay(options);
        quays.push(quay);
        quay.createUser("alice");
        const token = quay.createToken({ user: "alice" });
        const api = new Api(quay.url, token);
        expectReply(
            await api.post("/repository", {
                repository: "app",
                visibility: "private",
                description: "",
            }),
            201,
        );
        const password = textAt(await api.put("/user/robots/deploy"), "token");
        expectReply(
            await api.put("/repository/alice/app/permissions/user/alice+deploy", { role: "read" }),
            200,
        );
        const registry = await Registry.login(
            quay,
            basic("$oauthtoken", token),
            "alice/app:pull,push",
        );
        return {
            quay,
            token,
            registry,
            name: `${quay.registry}/alice/app`,
            credentials: { username: "alice+deploy", password },
        };
    }
    type Running = Awaited<ReturnType<typeof start>>;

    const warnings: string[] = [];
    const promote = (from: Running, to: Running, args: Properties = { version: "1.0.0" }) =>
        make(
            promotedImage,
            {
                source: from.name,
                target: to.name,
                sourceCredentials: new Secret(from.credentials),
                ...args,
            },
            contextOf(to.quay, to.token, warnings),
        );

    const fallbackTag = (digest: string) => digest.replace(":", "-");
    const subjectOf = (manifest: string) => ({
        mediaType: imageType,
        digest: digestOf(manifest),
        size: Buffer.byteLength(manifest),
    });

    /**
     * Pushes an image as 1.0.0 with a signature. Without the referrers route, the client lists the
     * referrers of an image.
     */
    async function pushSigned(
        { registry }: Running,
        route: boolean,
    ): Promise<{ digest: string; signature: string }> {
        const manifest = await image(registry, "alice/app");
        expectReply(await registry.manifest("alice/app", "1.0.0", manifest), 201);
        const signature = await sign(registry, manifest);
        if (!route) await list(registry, manifest, [signature]);
        return { digest: digestOf(manifest), signature: digestOf(signature) };
    }
    async function sign(registry: Registry, manifest: string): Promise<string> {
        const signature = await image(registry, "alice/app", {
            subject: subjectOf(manifest),
            artifactType: signatureType,
        });
        expectReply(await registry.manifest("alice/app", digestOf(signature), signature), 201);
        return signature;
    }
    async function list(
        registry: Registry,
        manifest: string,
        signatures: readonly string[],
    ): Promise<void> {
        const manifests = signatures.map((signature) => ({
            ...subjectOf(signature),
            artifactType: signatureType,
        }));
        const content = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests });
        expectReply(
            await registry.manifest(
                "alice/app",
                fallbackTag(digestOf(manifest)),
                content,
                indexType,
            ),
            201,
        );
    }
    const listed = async ({ registry }: Running, digest: string) => {
        const reply = await registry.ask(
            "GET",
            `alice/app/manifests/${fallbackTag(digest)}`,
            undefined,
            { accept: indexType },
        );
        return reply.status === 404 ? undefined : index.parse(JSON.parse(reply.text)).manifests;
    };

    it("is read with the credentials for that registry, which are a secret in the state", async () => {
        const [from, to] = [await start(), await start()];
        const digest = await pushImage(from.quay, "alice", "alice/app", ["1.0.0"]);
        from.quay.clearRequests();
        const { state } = await promote(from, to);
        equal(state["digest"], digest);
        deepEqual(state["sourceCredentials"], new Secret(from.credentials));
        equal(
            (await to.registry.ask("HEAD", "alice/app/manifests/1.0.0")).headers.get(
                "docker-content-digest",
            ),
            digest,
        );
        deepEqual(
            new Set(from.quay.requests().map(({ method }) => method)),
            new Set(["HEAD", "GET"]),
        );
        const wrong = { ...from, credentials: { username: "alice+deploy", password: "WRONG" } };
        await rejects(promote(wrong, to), (error) => {
            ok(
                /refused to .* with the credentials of "alice\+deploy"/.test(String(error)),
                String(error),
            );
            return !String(error).includes("WRONG");
        });
    });

    it("is neither copied nor tagged again where it is there already", async () => {
        const [from, to] = [await start(), await start()];
        await pushSigned(from, true);
        const first = await promote(from, to);
        to.quay.clearRequests();
        deepEqual(await promote(from, to), first);
        deepEqual(new Set(to.quay.requests().map(({ method }) => method)), new Set(["GET"]));
    });

    it("is refused where the credentials for the target are, and is not gone for that", async () => {
        const [from, to] = [await start(), await start()];
        await pushImage(from.quay, "alice", "alice/app", ["1.0.0"]);
        const { id, state } = await promote(from, to);
        const refused = {
            ...state,
            targetCredentials: new Secret({ username: "alice+gone", password: "WRONG" }),
        };
        // The API says what is there, unless its token may not see the repository.
        const other = to.quay.createToken({ user: "alice", scopes: ["user:read"] });
        deepEqual((await promotedImage.read(id, refused, contextOf(to.quay, to.token)))?.id, id);
        await rejects(promotedImage.read(id, refused, contextOf(to.quay, other)), (error) => {
            ok(
                /refused to .* with the credentials of "alice\+gone"/.test(String(error)),
                String(error),
            );
            return !String(error).includes("WRONG");
        });
    });

    for (const [source, target] of [
        [true, true],
        [true, false],
        [false, true],
        [false, false],
    ] as const) {
        const has = (one: boolean) => (one ? "lists" : "does not list");
        it(`keeps its signature where the source ${has(source)} referrers and the target ${has(target)} them`, async () => {
            const from = await start({ features: { referrers: source } });
            const to = await start({ features: { referrers: target } });
            const { digest, signature } = await pushSigned(from, source);
            await promote(from, to);
            equal((await to.registry.ask("HEAD", `alice/app/manifests/${signature}`)).status, 200);
            const expected = [{ digest: signature, artifactType: signatureType }];
            if (target) {
                const { text } = await to.registry.ask("GET", `alice/app/referrers/${digest}`);
                deepEqual(index.parse(JSON.parse(text)).manifests, expected);
                equal(await listed(to, digest), undefined);
            } else {
                deepEqual(await listed(to, digest), expected);
            }
        });
    }

    it("gets its signatures beside those that the target lists already", async () => {
        const from = await start();
        const to = await start({ features: { referrers: false } });
        const manifest = await image(from.registry, "alice/app");
        expectReply(await from.registry.manifest("alice/app", "1.0.0", manifest), 201);
        await promote(from, to);
        const there = await sign(to.registry, manifest);
        await list(to.registry, manifest, [there]);
        const signature = await sign(from.registry, manifest);
        await promote(from, to, { tags: ["1.0.0-signed"], digest: digestOf(manifest) });
        deepEqual(
            (await listed(to, digestOf(manifest)))?.map(({ digest }) => digest),
            [digestOf(there), digestOf(signature)],
        );
    });

    it("leaves cosign's signatures alone that the target has and the source has not, with a warning", async () => {
        const [from, to] = [await start(), await start()];
        const digest = await pushImage(from.quay, "alice", "alice/app", ["1.0.0"]);
        const tag = `${fallbackTag(digest)}.sig`;
        await pushImage(from.quay, "alice", "alice/app", [tag]);
        const there = await pushImage(to.quay, "alice", "alice/app", [tag]);
        await promote(from, to);
        equal(
            (await to.registry.ask("HEAD", `alice/app/manifests/${tag}`)).headers.get(
                "docker-content-digest",
            ),
            there,
        );
        deepEqual(warnings, [
            `${to.name}:${tag} holds other signatures than the source; they are kept, and the source's not copied.`,
        ]);
    });
});
