/** `mlops:promoteFrom`: where the image comes from, in a stack that does not build it. */
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { age } from "../../quay/api/age.ts";
import * as names from "../../quay/api/names.ts";
import { parseImageName } from "../../quay/api/imageName.ts";
import { severities } from "../../quay/api/severity.ts";
import { parsePublicKey } from "../../quay/api/signature.ts";
import { day, text } from "./values.ts";

/** A public key in PEM, or the path of a PEM file in the project. */
const publicKey = z
    .string()
    .transform((given) => {
        const isFile = !given.includes("-----BEGIN") && existsSync(given);
        return isFile ? readFileSync(given, "utf8") : given;
    })
    .refine(
        (pem) => parsePublicKey(pem) !== undefined,
        "a public key in PEM (ECDSA, Ed25519 or RSA), or the path of a PEM file in the project",
    );

/** The path of a file in the project; its text. */
const file = text
    .refine((path) => existsSync(path), "must be the path of a file that exists")
    .transform((path) => (existsSync(path) ? readFileSync(path, "utf8") : path));

const severityException = z.strictObject({
    digest: names.digest.describe("The image's digest, `sha256:` and 64 hexadecimal digits."),
    reason: text.describe("Why the image is promoted all the same."),
    expires: day.describe("The last day on which the exception holds, YYYY-MM-DD, in UTC."),
});

export const promoteFrom = z.strictObject({
    repository: z
        .string()
        .refine(
            (name) => parseImageName(name) !== undefined,
            "must be a repository with its registry, as in quay.io/account/name",
        )
        .describe(
            "The repository to promote from, with its registry, as in `quay.io/account/name`.",
        ),
    environment: text
        .optional()
        .describe(
            "The stack that publishes there. A preview expects the version that its " +
                "`Pulumi.<stack>.yaml` names. Default: the version must be published already.",
        ),
    maxSeverity: z
        .enum(severities)
        .optional()
        .describe(
            "Only an image that Quay has scanned and found nothing of this severity or worse in " +
                "is promoted. Default: scans are not checked.",
        ),
    severityException: severityException
        .optional()
        .describe("Lets one digest pass in spite of `maxSeverity`. Default: none."),
    signature: z
        .strictObject({
            publicKey: publicKey
                .optional()
                .describe(
                    "The public key in PEM (ECDSA, Ed25519 or RSA), or the path of a PEM file in " +
                        "the project. Alternatively set `identities`.",
                ),
            identities: z
                .array(text)
                .min(1, "must name an identity")
                .optional()
                .describe(
                    "Who may have signed it without a key: email addresses, or URIs of " +
                        "workflows, as in the certificate. A `*` at the end stands for anything. " +
                        "Needs `issuer`.",
                ),
            issuer: text
                .optional()
                .describe(
                    "Who vouches for the identities, as in `https://accounts.google.com`. Only " +
                        "with `identities`.",
                ),
        })
        .optional()
        .describe(
            "Only an image whose digest cosign has signed, with this key or for one of these " +
                "identities, is promoted. Default: signatures are not checked.",
        ),
    trustedRoot: file
        .optional()
        .describe(
            "The path of a file with the authorities and logs that attestations and signatures " +
                "of identities are verified with, as `gh attestation trusted-root` writes it: " +
                "for private GitHub repositories, and without access to the internet. Default: " +
                "Sigstore's public ones, from tuf-repo-cdn.sigstore.dev.",
        ),
    requireRunning: z
        .boolean()
        .default(false)
        .describe(
            "Whether only an image is promoted that runs in the environment of `repository`, or " +
                "has run there: the one that the tag `running` names or has named. Default: " +
                "`false`.",
        ),
    soak: age
        .optional()
        .describe(
            "How long the image has to have run there without a break, as in `1h`. Needs " +
                "`requireRunning`. Default: any time.",
        ),
});
