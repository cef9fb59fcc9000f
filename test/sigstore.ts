import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { initializeCA, initializeCTLog } from "@sigstore/mock/dist/fulcio/index.js";
import { initializeTLog } from "@sigstore/mock/dist/rekor/index.js";
import { HashAlgorithm, PublicKeyDetails, TrustedRoot } from "@sigstore/protobuf-specs";
import { z } from "zod";
import { type Registry, digestOf, image, imageType } from "../sandbox/registryClient.ts";

const payloadType = "application/vnd.in-toto+json";
export const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
export const provenanceType = "https://slsa.dev/provenance/v1";

/** Who signs: the certificate's subject, and what describes a workflow's run. */
export interface Claims {
    readonly subject: string;
    readonly issuer: string;
    readonly signer?: string;
    readonly runner?: string;
    readonly repository?: string;
    readonly ref?: string;
}

const oids: Readonly<Record<Exclude<keyof Claims, "subject">, number>> = {
    issuer: 8,
    signer: 9,
    runner: 11,
    repository: 12,
    ref: 14,
};

const keyPair = () => generateKeyPairSync("ec", { namedCurve: "P-256" });

/** A Sigstore with an authority and logs of its own. */
export class Sigstore {
    readonly #services;
    /** Its trusted root, as JSON. */
    readonly trustedRoot: string;

    private constructor(services: Awaited<ReturnType<typeof startServices>>) {
        this.#services = services;
        const { ca, ctLog, tLog } = services;
        const log = (publicKey: Buffer) => ({
            baseUrl: "https://log.example.com",
            hashAlgorithm: HashAlgorithm.SHA2_256,
            logId: { keyId: createHash("sha256").update(publicKey).digest() },
            checkpointKeyId: undefined,
            operator: "",
            publicKey: {
                rawBytes: publicKey,
                keyDetails: PublicKeyDetails.PKIX_ECDSA_P256_SHA_256,
                validFor: undefined,
            },
        });
        const root = ca.rootCertificate;
        this.trustedRoot = JSON.stringify(
            TrustedRoot.toJSON({
                mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                certificateAuthorities: [
                    {
                        subject: undefined,
                        uri: "https://fulcio.example.com",
                        certChain: {
                            certificates: [
                                {
                                    rawBytes: Buffer.from(
                                        root.buffer,
                                        root.byteOffset,
                                        root.byteLength,
                                    ),
                                },
                            ],
                        },
                        validFor: undefined,
                        operator: "",
                    },
                ],
                ctlogs: [log(ctLog.publicKey)],
                tlogs: [log(tLog.publicKey)],
                timestampAuthorities: [],
            }),
        );
    }

    static async start(): Promise<Sigstore> {
        return new Sigstore(await startServices());
    }

    /** Signs a statement of a type about a digest. @returns the bundle, as an object to change. */
    async bundle(digest: string, predicateType: string, claims: Claims) {
        const { ca, tLog } = this.#services;
        const { publicKey, privateKey } = keyPair();
        const certificate = await ca.issueCertificate({
            publicKey: publicKey.export({ type: "spki", format: "der" }),
            subjectAltName: claims.subject,
            extensions: Object.entries(oids).flatMap(([name, oid]) => {
                const value = claims[name as keyof typeof oids];
                return value === undefined
                    ? []
                    : [{ oid: `1.3.6.1.4.1.57264.1.${String(oid)}`, value }];
            }),
        });
        const [algorithm = "", hash] = digest.split(":", 2);
        const payload = Buffer.from(
            JSON.stringify({
                _type: "https://in-toto.io/Statement/v1",
                subject: [{ name: "image", digest: { [algorithm]: hash } }],
                predicateType,
                predicate: {},
            }),
        );
        const encoded = `DSSEv1 ${String(payloadType.length)} ${payloadType} ${String(payload.length)} `;
        const signature = sign(
            "sha256",
            Buffer.concat([Buffer.from(encoded), payload]),
            privateKey,
        );
        const sig = signature.toString("base64");
        const payloadHash = createHash("sha256").update(payload).digest("hex");
        const entries: unknown = await tLog.log({
            apiVersion: "0.0.1",
            kind: "dsse",
            spec: {
                payloadHash: { algorithm: "sha256", value: payloadHash },
                signatures: [{ signature: sig, verifier: "" }],
            },
        });
        return {
            mediaType: bundleType,
            verificationMaterial: {
                certificate: {
                    rawBytes: Buffer.from(
                        certificate.buffer,
                        certificate.byteOffset,
                        certificate.byteLength,
                    ).toString("base64"),
                },
                tlogEntries: Object.values(z.record(z.string(), logEntryForm).parse(entries)).map(
                    bundled,
                ),
                timestampVerificationData: { rfc3161Timestamps: [] },
            },
            dsseEnvelope: {
                payload: payload.toString("base64"),
                payloadType,
                signatures: [{ sig, keyid: "" }],
            },
        };
    }
}

async function startServices() {
    const ctLog = await initializeCTLog(keyPair());
    const authority = generateKeyPairSync("ec", { namedCurve: "P-384" });
    return {
        ctLog,
        ca: await initializeCA(authority, ctLog),
        tLog: await initializeTLog("https://log.example.com", keyPair()),
    };
}

/** An entry of a log, as the log returns it (Rekor's API). */
const logEntryForm = z.object({
    body: z.string(),
    integratedTime: z.number(),
    logID: z.string(),
    logIndex: z.number(),
    verification: z.object({
        signedEntryTimestamp: z.string(),
        inclusionProof: z.object({
            logIndex: z.number(),
            rootHash: z.string(),
            treeSize: z.number(),
            checkpoint: z.string(),
        }),
    }),
});

/** Writes an entry as bundles have it: its numbers as texts, its hashes in Base64. */
function bundled({ verification, ...entry }: z.output<typeof logEntryForm>) {
    const { inclusionProof: proof, signedEntryTimestamp } = verification;
    return {
        logIndex: String(entry.logIndex),
        logId: { keyId: Buffer.from(entry.logID, "hex").toString("base64") },
        kindVersion: { kind: "dsse", version: "0.0.1" },
        integratedTime: String(entry.integratedTime),
        inclusionPromise: { signedEntryTimestamp },
        inclusionProof: {
            logIndex: String(proof.logIndex),
            rootHash: Buffer.from(proof.rootHash, "hex").toString("base64"),
            treeSize: String(proof.treeSize),
            hashes: [],
            checkpoint: { envelope: proof.checkpoint },
        },
        canonicalizedBody: entry.body,
    };
}

/** Pushes a bundle that refers to an image, as actions/attest and cosign do. */
export async function pushBundle(
    registry: Registry,
    repository: string,
    subject: { readonly digest: string; readonly size: number },
    bundle: object | string,
): Promise<void> {
    const content = new TextEncoder().encode(
        typeof bundle === "string" ? bundle : JSON.stringify(bundle),
    );
    const layer = {
        mediaType: bundleType,
        digest: await registry.blob(repository, content),
        size: content.length,
    };
    const referrer = await image(registry, repository, {
        artifactType: bundleType,
        layers: [layer],
        subject: { mediaType: imageType, ...subject },
        annotations: { run: randomBytes(8).toString("hex") },
    });
    await registry.manifest(repository, digestOf(referrer), referrer);
}
