import type { Answer } from "../answers.ts";
import { parameter } from "../send.ts";
import { aliveManifest } from "../tags.ts";
import { manifestInvalid } from "./refusals.ts";
import type { Visit } from "./visit.ts";

const indexType = "application/vnd.oci.image.index.v1+json";

/**
 * Lists the manifests that have this one as their subject, as an OCI index (OCI distribution 1.1).
 */
export function referrersOf({ context, repository, request }: Visit): Answer {
    const digest = parameter(request, "digest");
    const artifactType = new URL(request.url, context.url).searchParams.get("artifactType");
    if (aliveManifest(repository, digest) === undefined) throw manifestInvalid();
    const referrers = [...repository.manifests.values()].filter(
        (manifest) =>
            manifest.subject === digest && [null, manifest.artifactType].includes(artifactType),
    );
    const manifests = referrers.map((manifest) => ({
        mediaType: manifest.mediaType,
        digest: manifest.digest,
        size: Buffer.byteLength(manifest.content),
        artifactType: manifest.artifactType,
        annotations: manifest.annotations,
    }));
    return {
        status: 200,
        type: indexType,
        body: JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }),
        headers: artifactType === null ? {} : { "OCI-Filters-Applied": "artifactType" },
    };
}
