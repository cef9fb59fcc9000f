import { bundlesOf } from "./bundles.ts";
import type { Side } from "./copyImage.ts";
import { quoted } from "./quoted.ts";
import { verifyBundle } from "./sigstore.ts";
import type { Identity } from "./sigstore.ts";
import { trustedRoots } from "./trustedRoot.ts";

/** What has to be stated about an image, and by which identity. */
export interface WantedProof {
    /** The type of the statement (https://github.com/in-toto/attestation). */
    readonly predicateType: string;
    /** Returns what is wrong with an identity; undefined if it is the one. */
    readonly findProblem: (identity: Identity) => string | undefined;
}

/**
 * Looks for a statement on an image that holds, among the Sigstore bundles that refer to it.
 *
 * @param trustedRoot trusted roots as JSON (see `trustedRoots`). Default: Sigstore's public one.
 * @returns what is wrong with each, five at most; undefined if one holds.
 */
export async function findProofProblems(
    side: Side,
    digest: string,
    { predicateType, findProblem }: WantedProof,
    trustedRoot: string | undefined,
): Promise<readonly string[] | undefined> {
    const bundles = await bundlesOf(side, digest);
    const roots = bundles.length === 0 ? [] : await trustedRoots(trustedRoot);
    const problems = new Set<string>();
    for (const bundle of bundles) {
        const attested = await verifyBundle(bundle, predicateType, roots);
        if (attested === undefined) continue;
        const problem =
            typeof attested === "string"
                ? attested
                : attested.subjects.includes(digest)
                  ? findProblem(attested.identity)
                  : `is of another image: ${attested.subjects.map(quoted).join(", ") || "none"}`;
        if (problem === undefined) return undefined;
        problems.add(problem);
    }
    return [...problems].slice(0, 5);
}
