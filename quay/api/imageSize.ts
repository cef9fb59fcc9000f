import type { Side } from "./copyImage.ts";
import { QuayError } from "./errors.ts";
import type { Manifest } from "./manifest.ts";

/** More than the platforms of any usual image, with an attestation for each. */
const maxImages = 20;

/**
 * Returns how many bytes a node pulls for an image, compressed as they are stored; of an index, for
 * its largest image. undefined where that is not known: the manifest says no such number, an image
 * of the index cannot be read, or the index lists another index or more than 20 images.
 */
export async function sizeOf(side: Side, manifest: Manifest): Promise<number | undefined> {
    const { manifests } = manifest.parts;
    if (manifests === undefined) return sizeOfImage(manifest);
    // Each is a request, and the index lists what its author chose.
    const digests = [...new Set(manifests.map(({ digest }) => digest))];
    if (digests.length === 0 || digests.length > maxImages) return undefined;
    const sizes = await Promise.all(digests.map((digest) => sizeOfListed(side, digest)));
    const known = sizes.filter((size) => size !== undefined);
    return known.length < sizes.length ? undefined : Math.max(...known);
}

/** The size is for information only: an image that cannot be read is no error here. */
async function sizeOfListed(side: Side, digest: string): Promise<number | undefined> {
    try {
        const image = await side.session.manifest(side.path, digest);
        return image && sizeOfImage(image);
    } catch (error) {
        if (error instanceof QuayError) return undefined;
        throw error;
    }
}

function sizeOfImage({ parts: { config, layers = [], manifests } }: Manifest): number | undefined {
    if (manifests !== undefined) return undefined;
    const size = [...(config === undefined ? [] : [config]), ...layers]
        .map((part) => part.size)
        .reduce((sum, one) => sum + one, 0);
    return Number.isSafeInteger(size) && size >= 0 ? size : undefined;
}
