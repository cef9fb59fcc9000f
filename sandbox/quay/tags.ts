import type { Features, ImmutabilityPolicy, Manifest, Repository, TagPeriod } from "./model.ts";
import type { State } from "./state.ts";

/** How long a manifest that was pushed by digest lives without a tag. */
export const untaggedLifetime = 3_600_000;

export function isAlive(tag: TagPeriod): boolean {
    return tag.end === undefined || tag.end > Date.now();
}

export function aliveTags(repository: Repository): readonly TagPeriod[] {
    return repository.tags.filter(isAlive);
}

export function aliveTag(repository: Repository, name: string): TagPeriod | undefined {
    return repository.tags.find((tag) => tag.name === name && isAlive(tag));
}

/**
 * Returns the manifest if it is available: while a tag points to it, to an index of it or to its
 * subject, and for an hour after a push by digest.
 */
export function aliveManifest(repository: Repository, digest: string): Manifest | undefined {
    const manifest = repository.manifests.get(digest);
    if (manifest === undefined) return undefined;
    const tagged = new Set(aliveTags(repository).map((tag) => tag.digest));
    const parents = [...repository.manifests.values()].filter(({ children }) =>
        children.includes(digest),
    );
    const alive =
        manifest.keptUntil > Date.now() ||
        [digest, manifest.subject, ...parents.map((parent) => parent.digest)].some(
            (holder) => holder !== undefined && tagged.has(holder),
        );
    return alive ? manifest : undefined;
}

/** Points a tag to a manifest from now on. Its previous target becomes history. */
export function pointTag(
    state: State,
    features: Features,
    repository: Repository,
    name: string,
    digest: string,
    reversion = false,
): void {
    const start = Date.now();
    endTag(repository, name, start);
    const immutable =
        features.immutableTags &&
        policiesFor(state, repository).some((policy) => protects(policy, name));
    const lifetime = immutable ? undefined : lifetimeOf(repository, digest);
    const end = lifetime === undefined ? undefined : start + lifetime;
    repository.tags.unshift({ name, digest, start, end, reversion, immutable });
}

/** The label that sets an expiry on every tag of a manifest. */
export const expiryLabel = "quay.expires-after";

/**
 * How long a tag of a manifest lives, in milliseconds. Its label decides; for an index, the labels
 * of its images, if they are all equal (registry_oci_model.py, _get_expiry_label_for_manifest).
 */
function lifetimeOf(repository: Repository, digest: string): number | undefined {
    const manifest = repository.manifests.get(digest);
    const own = manifest?.labels.find(({ key }) => key === expiryLabel)?.value;
    const ofImages = (manifest?.children ?? []).map(
        (child) =>
            repository.manifests.get(child)?.labels.find(({ key }) => key === expiryLabel)?.value,
    );
    const [shared] = new Set(ofImages).size === 1 ? ofImages : [];
    return lifetimeFrom(own ?? shared ?? "");
}

/** Parses Quay's durations: `30s`, `5m`, `24h`, `7d`, `2w`, `1y`. Anything else means no expiry. */
export function lifetimeFrom(text: string): number | undefined {
    const [, count, unit] = /^\s*([+-]?\d+)\s*([smhdwy])$/.exec(text) ?? [];
    const units: Readonly<Record<string, number>> = {
        s: 1,
        m: 60,
        h: 3600,
        d: 86_400,
        w: 604_800,
        y: 31_536_000,
    };
    const seconds = Number(count) * (units[unit ?? ""] ?? NaN);
    return Number.isNaN(seconds) || seconds === 0 ? undefined : seconds * 1000;
}

/** Ends a tag now, and moves it to the history. @returns whether it existed */
export function endTag(repository: Repository, name: string, now = Date.now()): boolean {
    const tag = aliveTag(repository, name);
    if (tag !== undefined) tag.end = now;
    return tag !== undefined;
}

/** Moves the history of the tags into the past, by milliseconds. */
export function ageTags(repository: Repository, time: number): void {
    repository.tags = repository.tags.map((tag) => ({
        ...tag,
        start: tag.start - time,
        end: tag.end === undefined ? undefined : tag.end - time,
    }));
}

/** The immutability policies of the repository and of its namespace. */
function policiesFor(state: State, repository: Repository): readonly ImmutabilityPolicy[] {
    return [
        ...repository.immutability,
        ...(state.accounts.get(repository.namespace)?.immutability ?? []),
    ];
}

/** Returns whether a policy matches a tag. The pattern must match the whole name. */
function protects(policy: ImmutabilityPolicy, tag: string): boolean {
    return new RegExp(`^(?:${policy.tagPattern})$`).test(tag) === policy.tagPatternMatches;
}

/** Makes the tags immutable that a new policy applies to, except for tags that expire. */
export function protectMatching(repository: Repository, policy: ImmutabilityPolicy): void {
    for (const tag of aliveTags(repository))
        tag.immutable ||= tag.end === undefined && protects(policy, tag.name);
}

/** The stored bytes of a manifest's layers. An index has none of its own. */
export function tagSize(repository: Repository, digest: string): number {
    return (repository.manifests.get(digest)?.layers ?? []).reduce(
        (sum, layer) => sum + layer.size,
        0,
    );
}
