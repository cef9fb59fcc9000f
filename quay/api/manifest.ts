import { createHash } from "node:crypto";
import { z } from "zod";

/** A manifest as stored in a registry: its digest is that of exactly these bytes. */
export interface Manifest {
    readonly digest: string;
    readonly mediaType: string;
    readonly bytes: Uint8Array;
    /** What the manifest refers to, which must exist before it. */
    readonly parts: Parts;
}

/** `sha256:` or `sha512:` and hexadecimal digits (OCI image specification, descriptors). */
const digest = z.string().regex(/^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/);

const descriptor = z.object({
    digest,
    mediaType: z.string().optional(),
    size: z.number(),
    urls: z.array(z.string()).optional(),
    artifactType: z.string().optional(),
    annotations: z.record(z.string(), z.string()).optional(),
});
export type Descriptor = z.output<typeof descriptor>;

export const parts = z.object({
    schemaVersion: z.literal(2),
    mediaType: z.string().optional(),
    artifactType: z.string().optional(),
    config: descriptor.optional(),
    layers: z.array(descriptor).optional(),
    manifests: z.array(descriptor).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
});
type Parts = z.output<typeof parts>;

export const indexType = "application/vnd.oci.image.index.v1+json";
/** The media types of manifests: images and indexes, of OCI and of Docker. */
export const manifestTypes = [
    "application/vnd.oci.image.manifest.v1+json",
    indexType,
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/** Returns the digest of bytes. */
export function digestOfBytes(bytes: Uint8Array, algorithm = "sha256"): string {
    return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}
