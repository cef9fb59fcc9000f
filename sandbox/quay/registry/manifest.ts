import { z } from "zod";
import type { Manifest } from "../model.ts";

const descriptor = z.object({
    mediaType: z.string().default(""),
    digest: z.string(),
    size: z.number(),
});

/** An image manifest or an index, Docker's or OCI's. */
const document = z.object({
    mediaType: z.string().optional(),
    artifactType: z.string().optional(),
    config: descriptor.optional(),
    layers: z.array(descriptor).default([]),
    manifests: z.array(descriptor).default([]),
    subject: descriptor.optional(),
    annotations: z.record(z.string(), z.string()).optional(),
});

/** Parses a manifest. @returns undefined if the content is not one */
export function parseManifest(
    digest: string,
    mediaType: string,
    content: string,
): Manifest | undefined {
    const parsed = document.safeParse(fromJson(content));
    if (!parsed.success) return undefined;
    const { config, layers, manifests, subject, artifactType, annotations } = parsed.data;
    return {
        digest,
        mediaType,
        content,
        config: config?.digest,
        configMediaType: config?.mediaType ?? null,
        layers,
        children: manifests.map((child) => child.digest),
        subject: subject?.digest,
        artifactType: artifactType ?? config?.mediaType,
        annotations,
        keptUntil: 0,
        labels: [],
    };
}

function fromJson(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}
