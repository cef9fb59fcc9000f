import { match, ok, rejects } from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { Context } from "../../../quay/definition/context.ts";
import { promotedImage } from "../../../quay/resources/promotedImage.ts";
import type { Properties } from "../../../quay/definition/values.ts";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { Api, expectReply } from "../../../sandbox/quayApi.ts";
import { basic, digestOf, image, imageType, Registry } from "../../../sandbox/registryClient.ts";
import { contextOf, make } from "./context.ts";

interface Keys {
    readonly publicKey: KeyObject;
    readonly privateKey: KeyObject;
}
const pairs: Readonly<Record<string, () => Keys>> = {
    "ECDSA P-256": () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
    Ed25519: () => generateKeyPairSync("ed25519"),
    RSA: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
};
const pem = (key: KeyObject) => key.export({ type: "spki", format: "pem" }).toString();

function signWith({ privateKey }: Keys, content: Uint8Array): string {
    const algorithm = privateKey.asymmetricKeyType === "ed25519" ? null : "sha256";
    return sign(algorithm, content, privateKey).toString("base64");
}

describe("an image that has to be signed", function () {
    this.timeout(30_000);

    let quay: Quay;
    let context: Context;
    let registry: Registry;
    let digest: string;
    let manifest: string;

    beforeEach(async () => {
        quay = await startQuay();
        quay.createUser("alice");
        const token = quay.createToken({ user: "alice" });
        context = contextOf(quay, token);
        const json = { repository: "prod", visibility: "private", description: "" };
        expectReply(await new Api(quay.url, token).post("/repository", json), 201);
        const credentials = basic("$oauthtoken", token);
        registry = await Registry.login(quay, credentials, "alice/dev:pull,push");
        manifest = await image(registry, "alice/dev");
        digest = digestOf(manifest);
        await push("1.0.0", manifest);
    });
    afterEach(() => quay.stop());

    const push = async (reference: string, content: string) => {
        expectReply(await registry.manifest("alice/dev", reference, content), 201);
    };
    const inputs = (key: Keys | string): Properties => ({
        source: `${quay.registry}/alice/dev`,
        target: `${quay.registry}/alice/prod`,
        version: "1.0.0",
        signature: { publicKey: typeof key === "string" ? key : pem(key.publicKey) },
    });
    const promote = (keys: Keys) => make(promotedImage, inputs(keys), context);
    const preview = (keys: Keys) => promotedImage.check(inputs(keys), {}, context);

    /**
     * Signs as cosign did by default before version 3: sigstore/cosign, specs/SIGNATURE_SPEC.md.
     */
    async function signSimply(keys: Keys, of = digest, under = digest): Promise<void> {
        const payload = new TextEncoder().encode(
            JSON.stringify({
                critical: {
                    identity: { "docker-reference": "" },
                    image: { "docker-manifest-digest": of },
                    type: "cosign container image signature",
                },
                optional: null,
            }),
        );
        const layer = {
            mediaType: "application/vnd.dev.cosign.simplesigning.v1+json",
            digest: await registry.blob("alice/dev", payload),
            size: payload.length,
            annotations: { "dev.cosignproject.cosign/signature": signWith(keys, payload) },
        };
        const signature = await image(registry, "alice/dev", { layers: [layer] });
        await push(`${under.replace(":", "-")}.sig`, signature);
    }

    /** Signs as cosign 3 does: a Sigstore bundle with a DSSE envelope that refers to the image. */
    async function signBundle(keys: Keys, of = digest, predicateType = "cosign/sign/v1") {
        const type = "application/vnd.in-toto+json";
        const body = Buffer.from(
            JSON.stringify({
                _type: "https://in-toto.io/Statement/v1",
                subject: [{ digest: { sha256: of.slice("sha256:".length) } }],
                predicateType: `https://sigstore.dev/${predicateType}`,
            }),
        );
        const encoded = `DSSEv1 ${String(type.length)} ${type} ${String(body.length)} `;
        const signed = Buffer.concat([Buffer.from(encoded), body]);
        const bundle = JSON.stringify({
            mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
            verificationMaterial: { publicKey: { hint: "" } },
            dsseEnvelope: {
                payload: body.toString("base64"),
                payloadType: type,
                signatures: [{ sig: signWith(keys, signed) }],
            },
        });
        const content = new TextEncoder().encode(bundle);
        const layer = {
            mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
            digest: await registry.blob("alice/dev", content),
            size: content.length,
        };
        const referrer = await image(registry, "alice/dev", {
            artifactType: layer.mediaType,
            layers: [layer],
            subject: { mediaType: imageType, digest, size: manifest.length },
        });
        await push(digestOf(referrer), referrer);
    }

    for (const [name, generate] of Object.entries(pairs)) {
        for (const [format, signImage] of [
            ["cosign's simple format", signSimply],
            ["a Sigstore bundle", signBundle],
        ] as const) {
            it(`passes by its own key, ${name}, in ${format}, and by no other`, async () => {
                const keys = generate();
                await rejects(preview(keys), /has no signature.*cosign sign/);
                await signImage(keys);
                await rejects(promote(generate()), /none by the key in signature\.publicKey/);
                await preview(keys);
                await promote(keys);
            });
        }
    }

    it("is refused where what was signed is another image", async () => {
        const keys = generateKeyPairSync("ed25519");
        await signSimply(keys, `sha256:${"0".repeat(64)}`);
        await rejects(preview(keys), /of another image: "sha256:0{64}"/);
        await signBundle(keys, `sha256:${"1".repeat(64)}`);
        await rejects(promote(keys), /of another image/);
    });

    it("is not signed by an attestation of something else with the same key", async () => {
        const keys = generateKeyPairSync("ed25519");
        await signBundle(keys, digest, "other/v1");
        await rejects(preview(keys), /has no signature/);
    });

    it("goes back to a version that was promoted, with the signature that went along", async () => {
        const keys = generateKeyPairSync("ed25519");
        await signSimply(keys);
        await promote(keys);
        const api = new Api(quay.url, context.api.token);
        expectReply(await api.delete("/repository/alice/dev"), 204);
        quay.collect();
        await promote(keys);
    });

    for (const [what, key] of [
        ["no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"],
        [
            "a private key",
            generateKeyPairSync("ed25519")
                .privateKey.export({ type: "pkcs8", format: "pem" })
                .toString(),
        ],
    ] as const) {
        it(`is refused where the key is ${what}`, async () => {
            const { failures } = await promotedImage.check(inputs(key), {}, context);
            match(failures.join(), /must be a public key in PEM/);
            ok(!failures.join().includes("PRIVATE"));
        });
    }
});
