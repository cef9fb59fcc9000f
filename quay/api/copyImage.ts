import { QuayError } from "./errors.ts";
import { indexType } from "./manifest.ts";
import type { Descriptor, Manifest } from "./manifest.ts";
import type { RegistrySession } from "./registry.ts";

/** The source or the target of a copy. */
export interface Side {
    readonly session: RegistrySession;
    /** The repository within the registry: `alice/app`. */
    readonly path: string;
}

/** The tag suffixes of what cosign attaches to a digest, where it does not use referrers. */
const cosignSuffixes = [".sig", ".att", ".sbom"];

export interface CopyOptions {
    /**
     * Whether to trust what the target registry says it has. For two minutes after a repository was
     * deleted, Quay answers for a new one of the same name with the old content. If false,
     * everything is sent again.
     */
    readonly trusting: boolean;
    readonly warn: (message: string) => Promise<void>;
}

/**
 * Copies a manifest by its digest, with everything it consists of and everything that refers to it.
 * Sets the tags last, so that a tag never points to an incomplete image. Streams blobs from
 * registry to registry in pieces.
 */
export async function copyImage(
    source: Side,
    target: Side,
    digest: string,
    tags: readonly string[],
    options: CopyOptions,
): Promise<void> {
    const sameRepository =
        source.session.host === target.session.host && source.path === target.path;
    const manifest = await get(source, digest);
    if (!sameRepository) await new Copy(source, target, options).manifest(manifest);
    for (const tag of tags) await target.session.putManifest(target.path, tag, manifest);
}

class Copy {
    readonly #source: Side;
    readonly #target: Side;
    readonly #options: CopyOptions;
    readonly #done = new Set<string>();

    constructor(source: Side, target: Side, options: CopyOptions) {
        this.#source = source;
        this.#target = target;
        this.#options = options;
    }

    /** Copies a manifest: first what it consists of, then the manifest, then what refers to it. */
    async manifest(manifest: Manifest): Promise<void> {
        const { session, path } = this.#target;
        if (this.#done.has(manifest.digest)) return;
        this.#done.add(manifest.digest);
        const { config, layers = [], manifests = [] } = manifest.parts;
        for (const child of manifests) await this.manifest(await get(this.#source, child.digest));
        const { trusting } = this.#options;
        if (!trusting || (await session.digestOf(path, manifest.digest)) === undefined) {
            // A layer with URLs must not be redistributed under its licence: clients download it
            // from there.
            const own = [config, ...layers]
                .filter((blob) => blob !== undefined)
                .filter(({ urls = [] }) => urls.length === 0);
            const blobs = new Set(own.map((blob) => blob.digest));
            await Promise.all(
                [...blobs].map((digest) => session.takeBlob(path, digest, this.#source, trusting)),
            );
            await session.putManifest(path, manifest.digest, manifest);
        }
        await this.#referrers(manifest.digest);
        await this.#cosignTags(manifest.digest);
    }

    /**
     * Copies signatures and other referrers as defined in OCI 1.1: listed by the registry's API, or
     * under a tag where the registry does not support it.
     */
    async #referrers(digest: string): Promise<void> {
        const tag = fallbackTag(digest);
        const found = await referrersOf(this.#source, digest);
        if (found.length === 0) return;
        for (const referrer of found) await this.manifest(await get(this.#source, referrer.digest));
        const tracked = await this.#target.session.referrers(this.#target.path, digest);
        if (tracked === undefined) await this.#listReferrers(tag, found);
    }

    /**
     * Adds the referrers to the index under the fallback tag, which clients read where the registry
     * has no referrers API.
     */
    async #listReferrers(tag: string, referrers: readonly Descriptor[]): Promise<void> {
        const { session, path } = this.#target;
        const listed = (await session.manifest(path, tag))?.parts.manifests ?? [];
        const added = referrers.filter(
            ({ digest }) => !listed.some((one) => one.digest === digest),
        );
        if (added.length === 0) return;
        const index = { schemaVersion: 2, mediaType: indexType, manifests: [...listed, ...added] };
        await session.putManifest(path, tag, {
            mediaType: indexType,
            bytes: new TextEncoder().encode(JSON.stringify(index)),
        });
    }

    async #cosignTags(digest: string): Promise<void> {
        for (const suffix of cosignSuffixes) {
            const tag = `${fallbackTag(digest)}${suffix}`;
            const manifest = await this.#source.session.manifest(this.#source.path, tag);
            if (manifest === undefined) continue;
            const { session, path } = this.#target;
            const there = await session.digestOf(path, tag);
            if (there === manifest.digest && this.#options.trusting) continue;
            if (there !== undefined && there !== manifest.digest) {
                await this.#options.warn(
                    `${session.host}/${path}:${tag} holds other signatures than the source; ` +
                        "they are kept, and the source's not copied.",
                );
                continue;
            }
            await this.manifest(manifest);
            await session.putManifest(path, tag, manifest);
        }
    }
}

/**
 * Returns the tag under which clients list the referrers of a digest, where the registry has no
 * referrers API. Cosign's tags start with the same text.
 */
export function fallbackTag(digest: string): string {
    return digest.replace(":", "-");
}

/** Returns the referrers of a digest: from the registry's API, or from the fallback tag. */
export async function referrersOf(
    { session, path }: Side,
    digest: string,
): Promise<readonly Descriptor[]> {
    return (
        (await session.referrers(path, digest)) ??
        (await session.manifest(path, fallbackTag(digest)))?.parts.manifests ??
        []
    );
}

async function get({ session, path }: Side, digest: string): Promise<Manifest> {
    const manifest = await session.manifest(path, digest);
    if (manifest !== undefined) return manifest;
    throw new QuayError(
        `There is no ${digest} in ${session.host}/${path} any more: promote another version or ` +
            "digest.",
    );
}
