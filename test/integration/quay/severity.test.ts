import { deepEqual, rejects } from "node:assert/strict";
import type { Context } from "../../../quay/definition/context.ts";
import { promotedImage } from "../../../quay/resources/promotedImage.ts";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { Api, expectReply } from "../../../sandbox/quayApi.ts";
import {
    basic,
    digestOf,
    image,
    imageType,
    indexType,
    Registry,
} from "../../../sandbox/registryClient.ts";
import { contextOf, make } from "./context.ts";

const isAttestation = { "vnd.docker.reference.type": "attestation-manifest" };
const unknown = { os: "unknown", architecture: "unknown" };
const linux = { os: "linux", architecture: "amd64" };

/** An entry of an index. */
interface Entry {
    readonly mediaType: string;
    readonly digest: string;
    readonly size: number;
}

describe("an image with a highest severity", function () {
    this.timeout(30_000);

    let quay: Quay;
    let context: Context;
    let registry: Registry;
    let api: Api;
    /** An image that was scanned without a finding. */
    let clean: Entry;
    /** An image that was scanned, with a critical finding. */
    let evil: Entry;

    beforeEach(async () => {
        quay = await startQuay();
        quay.createUser("alice");
        const token = quay.createToken({ user: "alice" });
        context = contextOf(quay, token);
        api = new Api(quay.url, token);
        const json = { repository: "prod", visibility: "private", description: "" };
        expectReply(await api.post("/repository", json), 201);
        registry = await Registry.login(
            quay,
            basic("$oauthtoken", token),
            "alice/dev:pull,push",
            "alice/prod:pull",
        );
        clean = await pushScanned();
        evil = await pushScanned("Critical");
    });
    afterEach(() => quay.stop());

    /** Pushes an image, and sets what was found in it. @returns its entry in an index. */
    async function pushScanned(...found: "Critical"[]): Promise<Entry> {
        const manifest = await image(registry, "alice/dev");
        const entry = await push(manifest, imageType);
        const vulnerabilities = found.map((severity) => ({ name: "CVE-1", severity }));
        quay.setScan(entry.digest, {
            status: "scanned",
            features: [{ name: "openssl", version: "1", vulnerabilities }],
        });
        return entry;
    }
    async function push(
        manifest: string,
        mediaType: string,
        tag = digestOf(manifest),
    ): Promise<Entry> {
        expectReply(await registry.manifest("alice/dev", tag, manifest, mediaType), 201);
        return { mediaType, digest: digestOf(manifest), size: Buffer.byteLength(manifest) };
    }
    const index = (...manifests: object[]) =>
        JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests });
    const release = (manifest: string, mediaType = indexType) => push(manifest, mediaType, "1.0.0");
    const promote = () =>
        make(
            promotedImage,
            {
                source: `${quay.registry}/alice/dev`,
                target: `${quay.registry}/alice/prod`,
                version: "1.0.0",
                maxSeverity: "critical",
            },
            context,
        );

    /** Expects that the image is refused, and that nothing of it is in the target. */
    async function refused(message: RegExp): Promise<void> {
        await rejects(promote(), message);
        const tags = await api.get("/repository/alice/prod/tag/");
        deepEqual(JSON.parse(tags.text), { tags: [], page: 1, has_additional: false });
    }

    it("passes where all that a client could run was scanned", async () => {
        // The attestation is none of it: it has a finding, and nobody runs it.
        await release(index(clean, { ...evil, annotations: isAttestation, platform: unknown }));
        await promote();
    });

    const hidden: Record<string, object> = {
        "by another annotation": {
            annotations: { "vnd.docker.reference.type": "x" },
            platform: unknown,
        },
        "as an attestation for a platform": { annotations: isAttestation, platform: linux },
        "as an attestation for any platform": { annotations: isAttestation },
        "as an attestation for half a platform": {
            annotations: isAttestation,
            platform: { os: "unknown", architecture: "amd64" },
        },
        "by an unknown platform alone": { platform: unknown },
    };
    for (const [how, entry] of Object.entries(hidden))
        it(`is refused where a finding is hidden ${how}`, async () => {
            await release(index(clean, { ...evil, ...entry }));
            await refused(/has 1 critical vulnerabilities/);
        });

    for (const [key, platform] of Object.entries({
        Platform: { platform: unknown, Platform: linux },
        OS: { platform: { ...unknown, OS: "linux", Architecture: "amd64" } },
    }))
        it(`is refused where clients read another platform than Quay: ${key}`, async () => {
            await release(index(clean, { ...evil, annotations: isAttestation, ...platform }));
            await refused(
                new RegExp(`cannot be read: it has the key "${key}", which some clients`),
            );
        });

    it("is refused where clients read another digest than Quay", async () => {
        const listed = { ...evil, annotations: isAttestation, platform: unknown };
        await release(index(listed, { ...clean, Digest: evil.digest }));
        await refused(/cannot be read: it has the key "Digest", which some clients take for "dig/);
    });

    it("is refused where there is nothing to run", async () => {
        await release(index());
        await refused(/is an index without an image, and maxSeverity asks for one/);
        await release(index({ ...evil, annotations: isAttestation, platform: unknown }));
        await refused(/is an index without an image/);
    });

    it("is refused where the finding is in an index of the index", async () => {
        await release(index(clean, await push(index(evil), indexType)));
        await refused(/Quay's scanner says "unsupported"/);
    });
});
