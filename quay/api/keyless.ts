import type { Side } from "./copyImage.ts";
import { QuayError } from "./errors.ts";
import { findProofProblems } from "./proof.ts";
import { signPredicate } from "./signature.ts";
import { matches } from "./sigstore.ts";
import type { Identity } from "./sigstore.ts";
import { quoted } from "./quoted.ts";

/** Who must have signed an image with cosign, without a key. */
export interface SigningIdentity {
    /**
     * The subjects of certificates, each an email address or the URI of a workflow; a `*` at the
     * end stands for anything.
     */
    readonly identities: readonly string[];
    /** The issuer of the OpenID token that proved it. */
    readonly issuer: string;
}

/**
 * Checks that an identity signed a digest with cosign, as a Sigstore bundle that refers to the
 * image (the default since cosign 3).
 *
 * @param trustedRoot trusted roots as JSON (see `trustedRoots`). Default: Sigstore's public one.
 * @throws QuayError with what is wrong with each signature, unless one holds.
 */
export async function verifyKeyless(
    side: Side,
    digest: string,
    wanted: SigningIdentity,
    trustedRoot?: string,
): Promise<void> {
    const image = `${side.session.host}/${side.path}@${digest}`;
    const problems = await findProofProblems(
        side,
        digest,
        { predicateType: signPredicate, findProblem: (signer) => findProblem(signer, wanted) },
        trustedRoot,
    );
    if (problems === undefined) return;
    if (problems.length === 0)
        throw new QuayError(
            `${image} has no signature as a Sigstore bundle, and \`signature\` asks for one by ` +
                `${wanted.identities.join(" or ")}. Sign it with cosign 3: cosign sign ${image}`,
        );
    throw new QuayError(
        `${image} is not signed by ${wanted.identities.join(" or ")}. Nothing was promoted. Its ` +
            `signature ${problems.join("; another ")}.`,
    );
}

/** Returns what is wrong with the identity that signed; undefined if nothing is. */
function findProblem({ subject, issuer }: Identity, wanted: SigningIdentity): string | undefined {
    if (issuer !== wanted.issuer)
        return `is vouched for by ${quoted(issuer)}, not by ${wanted.issuer}`;
    return wanted.identities.some((identity) => matches(subject, identity))
        ? undefined
        : `is by ${quoted(subject)}`;
}
