import { createPublicKey, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { z } from "zod";
import { bundlesOf } from "./bundles.ts";
import { fallbackTag } from "./copyImage.ts";
import type { Side } from "./copyImage.ts";
import { QuayError } from "./errors.ts";
import { parseJson } from "./json.ts";
import { quoted } from "./quoted.ts";

/** The annotation in which cosign stores a signature (sigstore/cosign, specs/SIGNATURE_SPEC.md). */
const signatureAnnotation = "dev.cosignproject.cosign/signature";
/** The type of cosign's statement that signs an image. */
export const signPredicate = "https://sigstore.dev/cosign/sign/v1";

/** "Simple signing": the payload that cosign signs (sigstore/cosign, specs/SIGNATURE_SPEC.md). */
const payload = z.object({
    critical: z.object({
        type: z.literal("cosign container image signature"),
        image: z.object({ "docker-manifest-digest": z.string() }),
    }),
});

/** A Sigstore bundle with a DSSE envelope (sigstore/protobuf-specs, secure-systems-lab/dsse). */
const bundle = z.object({
    dsseEnvelope: z.object({
        payload: z.base64(),
        payloadType: z.string(),
        signatures: z.array(z.object({ sig: z.base64() })),
    }),
});

/** The payload of a bundle's envelope (in-toto attestation, Statement v1). */
const statement = z.object({
    subject: z.array(z.object({ digest: z.record(z.string(), z.string()) })),
    predicateType: z.string(),
});

/** Parses a PEM text; undefined unless it is a public key that can verify signatures. */
export function parsePublicKey(pem: string): KeyObject | undefined {
    // Node.js would derive the public key from a private one, which must not be in a configuration.
    if (!/^\s*-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(pem)) return undefined;
    try {
        const key = createPublicKey(pem);
        return ["ec", "rsa", "ed25519"].includes(key.asymmetricKeyType ?? "") ? key : undefined;
    } catch {
        return undefined;
    }
}

/**
 * Checks that cosign signed a digest with the key, in its simple format (the tag `sha256-….sig`) or
 * as a Sigstore bundle that refers to the image. Does not query a transparency log: only the key
 * counts.
 *
 * @throws QuayError if there is no signature, or none of this digest by this key.
 */
export async function verifySignature(side: Side, digest: string, pem: string): Promise<void> {
    const key = parsePublicKey(pem);
    if (key === undefined) throw new QuayError("signature.publicKey is not a public key in PEM.");
    const image = `${side.session.host}/${side.path}@${digest}`;
    const found = [...(await simpleSignatures(side, digest)), ...(await bundles(side, digest))];
    if (found.length === 0) {
        throw new QuayError(
            `${image} has no signature, and \`signature\` asks for one. Sign it with: cosign ` +
                `sign --key KEY ${image}`,
        );
    }
    const valid = found.filter(({ signed, signature }) => isSignedBy(key, signed, signature));
    if (valid.length === 0) {
        throw new QuayError(
            `${image} has ${String(found.length)} signature(s), and none by the key in ` +
                "signature.publicKey.",
        );
    }
    if (valid.some(({ subjects }) => subjects.includes(digest))) return;
    throw new QuayError(
        `${image} has a signature by the key in signature.publicKey that is of another image: ` +
            `${
                valid
                    .flatMap(({ subjects }) => subjects)
                    .map(quoted)
                    .join(", ") || "none"
            }.`,
    );
}

interface Signature {
    /** The signed bytes. */
    readonly signed: Uint8Array;
    readonly signature: Uint8Array;
    /** The digests that the signature applies to. */
    readonly subjects: readonly string[];
}

async function simpleSignatures(
    { session, path }: Side,
    digest: string,
): Promise<readonly Signature[]> {
    const manifest = await session.manifest(path, `${fallbackTag(digest)}.sig`);
    const found: Signature[] = [];
    for (const { digest: blob, annotations } of manifest?.parts.layers ?? []) {
        const signature = z.base64().safeParse(annotations?.[signatureAnnotation]);
        const signed = signature.success ? await session.blob(path, blob) : undefined;
        if (signature.data === undefined || signed === undefined) continue;
        const { data } = payload.safeParse(parseJson(signed));
        found.push({
            signed,
            signature: Buffer.from(signature.data, "base64"),
            subjects: data === undefined ? [] : [data.critical.image["docker-manifest-digest"]],
        });
    }
    return found;
}

async function bundles(side: Side, digest: string): Promise<readonly Signature[]> {
    return (await bundlesOf(side, digest)).flatMap((content) => {
        const { data } = bundle.safeParse(parseJson(content));
        return data === undefined ? [] : signaturesOf(data.dsseEnvelope);
    });
}

/**
 * Returns the signatures of an envelope that contains cosign's signing statement. Ignores other
 * attestations, which do not sign the image.
 */
function signaturesOf(envelope: z.output<typeof bundle>["dsseEnvelope"]): readonly Signature[] {
    const body = Buffer.from(envelope.payload, "base64");
    const { data } = statement.safeParse(parseJson(body));
    if (data?.predicateType !== signPredicate) return [];
    const { payloadType: type } = envelope;
    const length = (text: string | Buffer) => String(Buffer.byteLength(text));
    // DSSE's pre-authentication encoding: the signature covers the payload and its type.
    const signed = Buffer.concat([
        Buffer.from(`DSSEv1 ${length(type)} ${type} ${length(body)} `),
        body,
    ]);
    const subjects = data.subject.flatMap((subject) =>
        Object.entries(subject.digest).map(([algorithm, hash]) => `${algorithm}:${hash}`),
    );
    return envelope.signatures.map(({ sig }) => ({
        signed,
        signature: Buffer.from(sig, "base64"),
        subjects,
    }));
}

/**
 * Verifies a signature: Ed25519 signs the bytes, ECDSA (in DER) and RSA (PKCS #1 v1.5) their
 * SHA-256.
 */
function isSignedBy(key: KeyObject, signed: Uint8Array, signature: Uint8Array): boolean {
    const algorithm = key.asymmetricKeyType === "ed25519" ? null : "sha256";
    return verify(algorithm, signed, key, signature);
}
