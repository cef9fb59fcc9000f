import { z } from "zod";
import type { Side } from "./copyImage.ts";
import { QuayError } from "./errors.ts";
import { parseJson } from "./json.ts";
import type { Manifest } from "./manifest.ts";

/** The label that tells Quay to remove an image's tags after a time: `30s`, `12h`, `2w`. */
const label = "quay.expires-after";

const configuration = z.object({
    config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});

/**
 * Refuses an image whose tags Quay would remove: with every tag that is set, Quay reads the label
 * from the image's configuration, or an annotation from its manifest. Checks each image of an
 * index.
 *
 * @throws QuayError that names the label and the line to remove.
 */
export async function refuseExpiring(side: Side, manifest: Manifest): Promise<void> {
    const value = await lifetimeOf(side, manifest);
    if (value !== undefined) {
        throw new QuayError(
            `The image ${side.session.host}/${side.path}@${manifest.digest} has the label ` +
                `${label}=${value}: Quay would ` +
                "remove every tag that it gets after that time, the version too. Remove the line " +
                `"LABEL ${label}=${value}" from the Dockerfile, or where the base image has it ` +
                `add 'LABEL ${label}=""', ` +
                "and build it again.",
        );
    }
}

/**
 * Returns the time after which Quay would remove the tags of an image, or of any image of an index;
 * undefined if it would not.
 */
async function lifetimeOf(side: Side, manifest: Manifest): Promise<string | undefined> {
    const { session, path } = side;
    const { config, manifests, annotations = {} } = manifest.parts;
    if (manifests !== undefined) {
        for (const { digest } of manifests) {
            // An index may list images that are not in the repository.
            const image = await session.manifest(path, digest);
            const found = image && (await lifetimeOf(side, image));
            if (found !== undefined) return found;
        }
        return undefined;
    }
    const isImage =
        config !== undefined && /image(?:\.config)?\.v1\+json$/.test(config.mediaType ?? "");
    const content = isImage ? await session.blob(path, config.digest) : undefined;
    const parsed = configuration.safeParse(content && parseJson(content));
    const value = annotations[label] ?? parsed.data?.config?.Labels?.[label];
    return value !== undefined && isLifetime(value) ? value : undefined;
}

/**
 * Whether Quay parses the value as a time: a number other than zero and a unit
 * (util/timedeltastring.py). An empty label is ignored.
 */
function isLifetime(value: string): boolean {
    const [, count] = /^\s*([+-]?\d+)\s*[smhdwy]$/.exec(value) ?? [];
    return count !== undefined && Number(count) !== 0;
}
