import { createHash, randomUUID } from "node:crypto";
import { buffer, text } from "node:stream/consumers";
import { z } from "zod";
import { type Answer, json } from "../answers.ts";
import { parameter } from "../send.ts";
import type { Label, Manifest, Repository } from "../model.ts";
import { aliveManifest, aliveTag, aliveTags, endTag, pointTag, untaggedLifetime } from "../tags.ts";
import { parseManifest } from "./manifest.ts";
import {
    manifestInvalid,
    manifestUnknown,
    noSuchPage,
    registryError,
    tagImmutable,
} from "./refusals.ts";
import { pass, relay } from "./relay.ts";
import type { Visit } from "./visit.ts";

const tagAllowed = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

const imageConfigs = [
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
];
const configuration = z.object({
    config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});

const isDigest = (reference: string): boolean => /^sha256:[0-9a-f]{64}$/.test(reference);

export async function getManifest(visit: Visit): Promise<void> {
    const { context, request } = visit;
    const reference = parameter(request, "reference");
    const { lookups, state } = context;
    const repository =
        lookups.find(state, parameter(request, "repository"), reference) ?? visit.repository;
    const manifest = aliveManifest(repository, digestOf(repository, reference));
    if (manifest === undefined) throw manifestUnknown();
    await relay(
        { ...visit, repository },
        {
            method: request.method,
            path: `${repository.id}/manifests/${manifest.digest}`,
            headers: { accept: manifest.mediaType },
            access: { [repository.id]: ["pull"] },
        },
    );
}

/** Stores a manifest by digest in the underlying registry, which validates it, and its tag here. */
export async function putManifest(visit: Visit): Promise<void> {
    const { context, repository, request } = visit;
    const reference = parameter(request, "reference");
    const mediaType = request.get("content-type") ?? "";
    const content = await buffer(request);
    if (!isDigest(reference) && !tagAllowed.test(reference)) throw noSuchPage();
    const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    const manifest = parseManifest(digest, mediaType, content.toString());
    if (manifest === undefined || (isDigest(reference) && reference !== digest))
        throw manifestInvalid();
    if (aliveTag(repository, reference)?.immutable === true) throw tagImmutable(reference);
    const answer = await context.distribution.ask({
        method: "PUT",
        path: `${repository.id}/manifests/${digest}`,
        headers: { "content-type": mediaType },
        access: { [repository.id]: ["pull", "push"] },
        body: content,
    });
    // Quay's error for a manifest whose layers or images are missing.
    if (answer.statusCode === 400) {
        answer.resume();
        throw manifestInvalid();
    }
    if (answer.statusCode === 201) {
        const labels = await labelsOf(visit, manifest);
        remember(visit, { ...manifest, labels }, reference);
    }
    await pass(visit, answer);
}

/** Ends a tag, or all tags of a digest. If one is immutable, none ends. */
export function deleteTags({ repository, request }: Visit): void {
    const reference = parameter(request, "reference");
    const tags = aliveTags(repository).filter(
        ({ name, digest }) => reference === name || reference === digest,
    );
    if (tags.length === 0) throw manifestUnknown();
    for (const tag of tags) if (tag.immutable) throw tagImmutable(tag.name);
    for (const tag of tags) endTag(repository, tag.name);
}

/** Lists tags. The link to the next page is relative. */
export function tagList({ context, repository, request }: Visit): Answer {
    const { searchParams } = new URL(request.url, context.url);
    const name = `${repository.namespace}/${repository.name}`;
    const limit = Math.min(100, Math.max(0, Number(searchParams.get("n") ?? 100)));
    const last = searchParams.get("last") ?? "";
    const names = aliveTags(repository).map((tag) => tag.name);
    const following = names.sort().filter((tag) => tag > last);
    const tags = following.slice(0, limit);
    const more = following.length > tags.length && tags.length > 0;
    const next = `</v2/${name}/tags/list?n=${String(limit)}&last=${tags.at(-1) ?? ""}>; rel="next"`;
    return json(200, { name, tags }, more ? { Link: next } : {});
}

/** Resolves a reference to a digest. A tag that existed once has an error of its own. */
function digestOf(repository: Repository, reference: string): string {
    if (isDigest(reference)) return reference;
    const tag = aliveTag(repository, reference);
    if (tag !== undefined) return tag.digest;
    if (repository.tags.some(({ name }) => name === reference)) {
        throw registryError(
            404,
            "TAG_EXPIRED",
            `Tag ${reference} was deleted or has expired. To pull, revive via time machine`,
        );
    }
    throw manifestUnknown();
}

/**
 * The labels that Quay reads from an image when it is pushed: its configuration's labels and its
 * OCI annotations. An index has no labels of its own (image/oci/manifest.py and index.py,
 * get_manifest_labels).
 */
async function labelsOf({ context, repository }: Visit, manifest: Manifest): Promise<Label[]> {
    const { config, annotations = {} } = manifest;
    if (manifest.children.length > 0) return [];
    const content =
        config === undefined || !imageConfigs.includes(manifest.configMediaType ?? "")
            ? "{}"
            : await text(
                  await context.distribution.ask({
                      method: "GET",
                      path: `${repository.id}/blobs/${config}`,
                      access: { [repository.id]: ["pull"] },
                  }),
              );
    const parsed = configuration.safeParse(JSON.parse(content));
    return Object.entries({ ...parsed.data?.config?.Labels, ...annotations })
        .filter(([key]) => key !== "")
        .map(([key, value]) => ({
            id: randomUUID(),
            key,
            value,
            source_type: "manifest",
            media_type: "text/plain",
        }));
}

/** Records a pushed manifest and its tag, so that the API shows them. */
function remember(
    { context: { state, features }, repository }: Visit,
    manifest: Manifest,
    reference: string,
): void {
    const known = repository.manifests.get(manifest.digest);
    const { labels = manifest.labels, keptUntil = 0 } = known ?? {};
    const byDigest = isDigest(reference);
    repository.manifests.set(manifest.digest, {
        ...manifest,
        labels,
        keptUntil: byDigest ? Date.now() + untaggedLifetime : keptUntil,
    });
    if (!byDigest) pointTag(state, features, repository, reference, manifest.digest);
}
