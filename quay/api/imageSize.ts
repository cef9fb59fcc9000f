import type { Side } from "./copyImage.ts";
import type { Manifest } from "./manifest.ts";

/**
 * Returns how many bytes a node pulls for an image, compressed as they are stored; of an index, for
 * its largest image. undefined where the manifest says no such number.
 */
export async function sizeOf(side: Side, manifest: Manifest): Promise<number | undefined> {
    const { config, layers = [], manifests } = manifest.parts;
    if (manifests !== undefined) {
        const sizes = manifests.map(async ({ digest }) => {
            // An index may list images that are not in the repository.
            const image = await side.session.manifest(side.path, digest);
            return image && sizeOf(side, image);
        });
        const known = (await Promise.all(sizes)).filter((size) => size !== undefined);
        return known.length === 0 ? undefined : Math.max(...known);
    }
    const size = [...(config === undefined ? [] : [config]), ...layers]
        .map((part) => part.size)
        .reduce((sum, one) => sum + one, 0);
    return Number.isSafeInteger(size) && size >= 0 ? size : undefined;
}
