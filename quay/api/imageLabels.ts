import { z } from "zod";
import type { Side } from "./copyImage.ts";
import { QuayError } from "./errors.ts";
import { parseJson } from "./json.ts";
import type { Manifest } from "./manifest.ts";

/** The labels of an image, and the annotations of its manifest, which hold before them. */
export type Labels = Readonly<Record<string, string>>;

const configuration = z.object({
    config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});

/** Each is two requests, and an index lists what its author chose. Usual ones have up to 20. */
const maxImages = 100;

/**
 * Reads the labels of an image, or of each image of an index.
 *
 * @param seen the digests that were read: an index may list one many times, at every depth.
 * @throws QuayError for an index that lists more than 100 images
 */
export async function labelsOf(
    side: Side,
    manifest: Manifest,
    seen = new Set<string>(),
): Promise<readonly Labels[]> {
    const { session, path } = side;
    const { config, manifests, annotations = {} } = manifest.parts;
    if (manifests !== undefined) {
        const images = manifests.map(async ({ digest }) => {
            if (seen.has(digest)) return [];
            if (seen.size === maxImages)
                throw new QuayError(
                    `The index ${path}@${manifest.digest} lists more than ${String(maxImages)} ` +
                        "images: promote one that is built for fewer platforms.",
                );
            seen.add(digest);
            // An index may list images that are not in the repository.
            const image = await session.manifest(path, digest);
            return image === undefined ? [] : labelsOf(side, image, seen);
        });
        return (await Promise.all(images)).flat();
    }
    const isImage =
        config !== undefined && /image(?:\.config)?\.v1\+json$/.test(config.mediaType ?? "");
    const content = isImage ? await session.blob(path, config.digest) : undefined;
    const parsed = configuration.safeParse(content && parseJson(content));
    return [{ ...parsed.data?.config?.Labels, ...annotations }];
}

/**
 * Returns the commit that an image was built from (OCI image specification, annotations); undefined
 * where it does not say, or its platforms say different ones.
 */
export function commitOf(labels: readonly Labels[]): string | undefined {
    const named = labels.flatMap((one) => one["org.opencontainers.image.revision"] ?? []);
    const [commit, ...others] = new Set(named);
    return others.length === 0 && /^[0-9a-f]{40,64}$/.test(commit ?? "") ? commit : undefined;
}
