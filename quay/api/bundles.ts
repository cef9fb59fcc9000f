import { referrersOf } from "./copyImage.ts";
import type { Side } from "./copyImage.ts";
import { QuayError } from "./errors.ts";

const bundleType = "application/vnd.dev.sigstore.bundle";

/** Everybody who may push can add referrers: more, or larger ones, are refused and not read. */
const maxBundles = 50;
const maxSize = 1_000_000;

/**
 * Returns the Sigstore bundles that refer to a digest: signatures and attestations, each as JSON.
 * Nothing about them has been verified.
 *
 * @throws QuayError if there are more than 50, or if one has more than a megabyte.
 */
export async function bundlesOf(side: Side, digest: string): Promise<readonly Uint8Array[]> {
    const { session, path } = side;
    const image = `${session.host}/${path}@${digest}`;
    const referrers = (await referrersOf(side, digest)).filter(
        ({ artifactType }) => artifactType?.startsWith(bundleType) === true,
    );
    if (referrers.length > maxBundles)
        throw new QuayError(
            `${image} has ${String(referrers.length)} signatures and attestations: more than ` +
                `${String(maxBundles)} are not read. Remove those that are not needed.`,
        );
    const found: Uint8Array[] = [];
    for (const referrer of referrers) {
        const manifest = await session.manifest(path, referrer.digest);
        // A bundle is the only layer of its manifest.
        const [layer] = manifest?.parts.layers ?? [];
        if (layer === undefined) continue;
        if (layer.size > maxSize)
            throw new QuayError(
                `${image} has a signature or attestation of ${String(layer.size)} bytes ` +
                    `(${referrer.digest}): more than ${String(maxSize)} are not read. Remove it.`,
            );
        const content = await session.blob(path, layer.digest);
        if (content !== undefined) found.push(content);
    }
    return found;
}
