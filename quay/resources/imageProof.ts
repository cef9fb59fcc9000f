/** The inputs that say what has to prove that an image may be promoted, and their check. */
import { z } from "zod";
import { verifyKeyless } from "../api/keyless.ts";
import type { Side } from "../api/copyImage.ts";
import { verifyProvenance } from "../api/provenance.ts";
import { parsePublicKey, verifySignature } from "../api/signature.ts";

const text = z.string().min(1, "must not be empty.");

export const signature = z
    .strictObject({
        publicKey: z
            .string()
            .optional()
            .describe(
                "The public key, in PEM, that the image must be signed with: ECDSA, Ed25519 or " +
                    "RSA. No transparency log is queried. Alternatively set `identities`.",
            ),
        identities: z
            .array(text)
            .min(1, "must name an identity.")
            .optional()
            .describe(
                "Who may have signed it without a key: subjects of certificates, each an email " +
                    "address or the URI of a workflow. A `*` at the end stands for anything. " +
                    "Needs `issuer`.",
            ),
        issuer: text
            .optional()
            .describe("The issuer of the identities' OpenID tokens. Only with `identities`."),
    })
    .meta({ id: "ImageSignature", description: "The signature that an image must have." });

export const provenance = z
    .strictObject({
        repository: z
            .url("must be the URL of a repository.")
            .describe("The URL of the GitHub repository: `https://github.com/acme/app`."),
        workflow: text.describe("The path of the workflow there that must have built the image."),
        refs: z
            .array(text)
            .min(1, "must name a ref.")
            .describe(
                "The git refs that it may have run for: `refs/heads/main`. A `*` at the end " +
                    "stands for anything.",
            ),
        issuer: z
            .url("must be a URL.")
            .default("https://token.actions.githubusercontent.com")
            .describe("The issuer of the jobs' identity tokens. Default: GitHub's."),
    })
    .meta({ id: "ImageProvenance", description: "Where an image must have been built." });

/** What has to prove that an image may be promoted. */
export interface Proof {
    readonly signature?: z.output<typeof signature> | undefined;
    readonly provenance?: z.output<typeof provenance> | undefined;
}

/**
 * Returns what is wrong with the signature that is asked for; undefined if nothing is. Not in the
 * property's schema, whose error would repeat the value: it may be a private key by mistake.
 */
export function findSignatureProblem({ signature: wanted }: Proof): string | undefined {
    if (wanted === undefined) return undefined;
    const { publicKey, identities, issuer } = wanted;
    const isKeyless = identities !== undefined && issuer !== undefined;
    if (publicKey === undefined && isKeyless) return undefined;
    if (publicKey === undefined || identities !== undefined || issuer !== undefined)
        return "signature: must have either publicKey, or identities and issuer.";
    return parsePublicKey(publicKey) === undefined
        ? 'signature.publicKey: must be a public key in PEM ("-----BEGIN PUBLIC KEY-----"): ' +
              "ECDSA, Ed25519 or RSA."
        : undefined;
}

/**
 * Checks the signature and the provenance of an image.
 *
 * @param trustedRoot trusted roots as JSON (see `trustedRoots`). Default: Sigstore's public one.
 * @throws QuayError if something that is asked for is missing or does not hold.
 */
export async function verifyProof(
    side: Side,
    digest: string,
    { signature: signed, provenance: built }: Proof,
    trustedRoot: string | undefined,
): Promise<void> {
    const { publicKey, identities, issuer } = signed ?? {};
    if (publicKey !== undefined) await verifySignature(side, digest, publicKey);
    if (identities !== undefined && issuer !== undefined)
        await verifyKeyless(side, digest, { identities, issuer }, trustedRoot);
    if (built !== undefined) await verifyProvenance(side, digest, built, trustedRoot);
}
