import type { TrustedRoot } from "@sigstore/protobuf-specs";
import type { Signer } from "@sigstore/verify";
import { z } from "zod";
import { parseJson } from "./json.ts";

/** The OIDs of an identity in Fulcio's certificates (sigstore/fulcio, docs/oid-info.md). */
const oids = {
    issuer: 8,
    signer: 9,
    runner: 11,
    repository: 12,
    ref: 14,
} as const;

/** An attested statement (in-toto attestation, Statement v1). */
const statement = z.object({
    subject: z.array(z.object({ digest: z.record(z.string(), z.string()) })).max(100),
    predicateType: z.string(),
});

/** Who signed, by a certificate that was verified. */
export interface Identity {
    /** The certificate's subject: an address or a workflow. */
    readonly subject: string;
    /** Who vouches for it: the issuer of its OpenID token. */
    readonly issuer: string;
    /** The workflow that signed: REPOSITORY/PATH@REF. Empty for anybody else, as the following. */
    readonly signer: string;
    /** `github-hosted` or `self-hosted`. */
    readonly runner: string;
    /** The URL of the repository that was built. */
    readonly repository: string;
    /** The git ref that was built: `refs/heads/main`. */
    readonly ref: string;
}

/** What a bundle attests, once its signature was verified. */
export interface Attested {
    /** The digests that it is about. */
    readonly subjects: readonly string[];
    readonly identity: Identity;
}

/**
 * Verifies a Sigstore bundle of a predicate type: its signature, the chain of its certificate to a
 * trusted root, and its time. Where the root names logs, the certificate's and the signature's
 * entries there, too. What the identity may do is for the caller to decide.
 *
 * @returns undefined if the bundle is of another type; a text says why it does not hold.
 */
export async function verifyBundle(
    content: Uint8Array,
    predicateType: string,
    roots: readonly TrustedRoot[],
): Promise<Attested | string | undefined> {
    const { bundleFromJSON } = await import("@sigstore/bundle");
    let bundle;
    try {
        bundle = bundleFromJSON(parseJson(content));
    } catch {
        return "is not a Sigstore bundle";
    }
    if (bundle.content.$case !== "dsseEnvelope") return undefined;
    const { payload, payloadType } = bundle.content.dsseEnvelope;
    const { data } = statement.safeParse(parseJson(payload));
    if (data?.predicateType !== predicateType) return undefined;
    if (payloadType !== "application/vnd.in-toto+json") return "is not an in-toto statement";
    const problems = [];
    for (const root of roots) {
        const signer = await verifySigner(bundle, root);
        if (typeof signer === "string") problems.push(signer);
        else {
            const subjects = data.subject.flatMap(({ digest }) =>
                Object.entries(digest).map(([algorithm, hash]) => `${algorithm}:${hash}`),
            );
            return { subjects, identity: await identityOf(signer) };
        }
    }
    return problems.find((problem) => problem !== unknownRoot) ?? unknownRoot;
}

const unknownRoot =
    "is not signed under the trusted root: its certificate is of another authority. Attestations " +
    "of private repositories need GitHub's root: give what `gh attestation trusted-root` writes " +
    "as `trustedRoot`";

type Bundle = ReturnType<(typeof import("@sigstore/bundle"))["bundleFromJSON"]>;

/** Returns who signed; a text says why the signature does not hold. */
async function verifySigner(bundle: Bundle, root: TrustedRoot): Promise<Signer | string> {
    const { toSignedEntity, toTrustMaterial, VerificationError, Verifier } =
        await import("@sigstore/verify");
    // GitHub's root for private repositories has no logs: its authority timestamps instead.
    const verifier = new Verifier(toTrustMaterial(root), {
        tlogThreshold: Math.min(root.tlogs.length, 1),
        ctlogThreshold: Math.min(root.ctlogs.length, 1),
        timestampThreshold: 1,
    });
    const { content } = bundle.verificationMaterial;
    // A key of the bundle's own would prove nothing.
    if (content.$case === "publicKey") return "is signed with a key, without a certificate";
    try {
        return verifier.verify(toSignedEntity(bundle));
    } catch (error) {
        if (!(error instanceof VerificationError)) return "is damaged";
        switch (error.code) {
            case "CERTIFICATE_ERROR":
                return /SCT/.test(error.message)
                    ? `has a certificate that is in no certificate log (${error.message})`
                    : unknownRoot;
            case "SIGNATURE_ERROR":
                return "was changed after it was signed: its signature does not match";
            case "TIMESTAMP_ERROR":
                return `has no time that can be verified (${error.message})`;
            default:
                return `does not match its entry in the transparency log (${error.message})`;
        }
    }
}

async function identityOf({ identity }: Signer): Promise<Identity> {
    const { ASN1Obj } = await import("@sigstore/core");
    const value = (number: number): string => {
        const found = identity?.oids?.find(
            ({ oid }) => oid?.id.join(".") === `1.3.6.1.4.1.57264.1.${String(number)}`,
        );
        if (found === undefined) return "";
        try {
            return ASN1Obj.parseBuffer(Buffer.from(found.value)).value.toString("utf8");
        } catch {
            return "";
        }
    };
    return {
        subject: identity?.subjectAlternativeName ?? "",
        issuer: value(oids.issuer),
        signer: value(oids.signer),
        runner: value(oids.runner),
        repository: value(oids.repository),
        ref: value(oids.ref),
    };
}

/** Whether a text is the allowed one, or begins like one with a `*` at its end. */
export function matches(given: string, allowed: string): boolean {
    return allowed.endsWith("*") ? given.startsWith(allowed.slice(0, -1)) : given === allowed;
}
