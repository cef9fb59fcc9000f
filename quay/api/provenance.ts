import type { Side } from "./copyImage.ts";
import { QuayError } from "./errors.ts";
import { findProofProblems } from "./proof.ts";
import { matches } from "./sigstore.ts";
import type { Identity } from "./sigstore.ts";
import { quoted } from "./quoted.ts";

const predicateType = "https://slsa.dev/provenance/v1";

/** Where an image must have been built. */
export interface Provenance {
    /** The URL of the GitHub repository: `https://github.com/acme/app`. */
    readonly repository: string;
    /** The path of the workflow there. */
    readonly workflow: string;
    /** The git refs that it may have run for; a `*` at the end stands for anything. */
    readonly refs: readonly string[];
    /** The issuer of the jobs' identity tokens. */
    readonly issuer: string;
}

/**
 * Checks that a workflow built an image and attested it: that GitHub's attestation of exactly this
 * digest refers to it in the registry, is signed under the trusted root, and names the repository,
 * the ref and the workflow. Refuses self-hosted runners, whose owner could have built anything.
 *
 * @param trustedRoot trusted roots as JSON (see `trustedRoots`). Default: Sigstore's public one.
 * @throws QuayError with what is wrong with each attestation, unless one holds.
 */
export async function verifyProvenance(
    side: Side,
    digest: string,
    wanted: Provenance,
    trustedRoot?: string,
): Promise<void> {
    const image = `${side.session.host}/${side.path}@${digest}`;
    const problems = await findProofProblems(
        side,
        digest,
        { predicateType, findProblem: (identity) => findProblem(identity, wanted) },
        trustedRoot,
    );
    if (problems === undefined) return;
    const builder = `the workflow ${wanted.workflow} of ${wanted.repository}`;
    if (problems.length === 0)
        throw new QuayError(
            `${image} has no attestation of its build: it was built elsewhere, or before ` +
                `attestations were on. Nothing was promoted. Publish a version that ${builder} ` +
                "builds and attests.",
        );
    throw new QuayError(
        `${image} is not attested by ${builder}. Nothing was promoted. Its attestation ` +
            `${problems.join("; another ")}.`,
    );
}

/** Returns what is wrong with the identity that attested; undefined if nothing is. */
function findProblem(identity: Identity, wanted: Provenance): string | undefined {
    const { issuer, repository, ref, signer, runner } = identity;
    const { refs, workflow } = wanted;
    if (issuer !== wanted.issuer) return `is by ${quoted(issuer)}, not by GitHub Actions`;
    // GitHub's names of owners and repositories ignore case.
    if (repository.toLowerCase() !== wanted.repository.toLowerCase())
        return `says that it was built from ${quoted(repository)}, not from ${wanted.repository}`;
    if (!refs.some((allowed) => matches(ref, allowed)))
        return (
            `says that it was built for ${quoted(ref)}; versions are made for ` +
            `${refs.join(" and ")} alone`
        );
    if (signer !== `${repository}/${workflow}@${ref}`)
        return `says that the workflow ${quoted(signer)} built it, not ${workflow} of that ref`;
    if (runner !== "github-hosted")
        return (
            `says that it was built on a runner that is ${quoted(runner)}; only GitHub's own ` +
            "runners prove what they ran"
        );
    return undefined;
}
