import { bundlesOf } from "./bundles.ts";
import type { Side } from "./copyImage.ts";
import { QuayError } from "./errors.ts";
import { signPredicate } from "./signature.ts";
import { matches, verifyBundle } from "./sigstore.ts";
import type { Attested } from "./sigstore.ts";
import { trustedRoots } from "./trustedRoot.ts";
import { visible } from "./visible.ts";

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
    const bundles = await bundlesOf(side, digest);
    const roots = bundles.length === 0 ? [] : await trustedRoots(trustedRoot);
    const problems = new Set<string>();
    for (const bundle of bundles) {
        const signed = await verifyBundle(bundle, signPredicate, roots);
        if (signed === undefined) continue;
        const problem = typeof signed === "string" ? signed : findProblem(signed, digest, wanted);
        if (problem === undefined) return;
        problems.add(problem);
    }
    if (problems.size === 0)
        throw new QuayError(
            `${image} has no signature as a Sigstore bundle, and \`signature\` asks for one by ` +
                `${wanted.identities.join(" or ")}. Sign it with cosign 3: cosign sign ${image}`,
        );
    throw new QuayError(
        `${image} is not signed by ${wanted.identities.join(" or ")}. Nothing was promoted. Its ` +
            `signature ${[...problems].slice(0, 5).join("; another ")}.`,
    );
}

function findProblem(
    { subjects, identity: { subject, issuer } }: Attested,
    digest: string,
    wanted: SigningIdentity,
): string | undefined {
    if (!subjects.includes(digest))
        return `is of another image: ${subjects.map(visible).join(", ") || "none"}`;
    if (issuer !== wanted.issuer)
        return `is vouched for by ${visible(issuer)}, not by ${wanted.issuer}`;
    return wanted.identities.some((identity) => matches(subject, identity))
        ? undefined
        : `is by ${visible(subject)}`;
}
