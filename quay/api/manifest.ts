import { createHash } from "node:crypto";
import { z } from "zod";
import { parseJson } from "./json.ts";
import { quoted } from "./quoted.ts";

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

/**
 * An object that all clients read alike. Those in Go, Docker and containerd among them, ignore the
 * case of keys: a `Platform` after `platform` would be the one that counts there.
 */
function unambiguous<Shape extends z.ZodRawShape>(shape: Shape) {
    const names = new Map(Object.keys(shape).map((name) => [fold(name), name]));
    return z
        .record(z.string(), z.unknown())
        .superRefine((given, context) => {
            for (const key of Object.keys(given)) {
                const name = names.get(fold(key)) ?? key;
                if (name !== key)
                    context.addIssue(
                        `it has the key ${quoted(key)}, which some clients take for "${name}"`,
                    );
            }
        })
        .pipe(z.object(shape));
}

/** Go's folding of case, in which `ſ` is an `s` (encoding/json). */
function fold(key: string): string {
    return key.toUpperCase().toLowerCase();
}

const descriptor = unambiguous({
    digest,
    mediaType: z.string().optional(),
    size: z.number(),
    urls: z.array(z.string()).optional(),
    artifactType: z.string().optional(),
    annotations: z.record(z.string(), z.string()).optional(),
    platform: unambiguous({
        os: z.string().optional(),
        architecture: z.string().optional(),
    }).nullish(),
});
export type Descriptor = z.output<typeof descriptor>;

export const parts = unambiguous({
    schemaVersion: z.literal(2),
    mediaType: z.string().optional(),
    artifactType: z.string().optional(),
    config: descriptor.optional(),
    layers: z.array(descriptor).optional(),
    manifests: z.array(descriptor).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
}).refine(
    ({ config, layers, manifests }) =>
        manifests === undefined || (config === undefined && layers === undefined),
    "it is an index and an image at once", // CVE-2021-41190
);
type Parts = z.output<typeof parts>;

const imageTypes = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];
export const indexType = "application/vnd.oci.image.index.v1+json";
const indexTypes = [indexType, "application/vnd.docker.distribution.manifest.list.v2+json"];
/** The media types of manifests: images and indexes, of OCI and of Docker. */
export const manifestTypes = [...imageTypes, ...indexTypes];

/**
 * Reads a manifest that all clients take for the same image.
 *
 * @param mediaType the media type that the registry gave it; undefined if none.
 * @returns what it refers to; a text says why it is none.
 */
export function readParts(bytes: Uint8Array, mediaType: string | undefined): Parts | string {
    const { data, error } = parts.safeParse(parseJson(bytes));
    if (data === undefined) {
        const ambiguity = error.issues.find(({ code }) => code === "custom")?.message;
        return ambiguity ?? "it is neither an image nor an index of the kinds that can be copied";
    }
    const other = [mediaType, data.mediaType].find(
        (type) =>
            type !== undefined &&
            (data.manifests === undefined ? indexTypes : imageTypes).includes(type),
    );
    if (other === undefined) return data;
    const is = data.manifests === undefined ? "an image" : "an index";
    return `it is ${is} and is called ${quoted(other)}`;
}

/** Returns the digest of bytes. */
export function digestOfBytes(bytes: Uint8Array, algorithm = "sha256"): string {
    return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}
