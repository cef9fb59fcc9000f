import { valid } from "semver";
import { runningTag } from "../../quay/api/running.ts";
import { listTagHistory, listTagRows, type TagPeriod, type TagRow } from "../../quay/api/tags.ts";
import type { PublishedImage } from "./publishedImage.ts";

/** A version that came to an environment. */
export interface Release {
    /** Absent where no tag says which version the image is. */
    readonly version?: string | undefined;
    readonly digest: string;
    /** When it came: a time (RFC 3339). */
    readonly at: string;
}

/** How many tags are read of each repository, and changes of its tag `running`: the newest. */
const newest = 500;

/**
 * Reads from Quay's tag history which versions came to an environment when, the newest first.
 *
 * @param deployed the version that it has now, whatever its form.
 * @throws QuayError if Quay does not answer.
 */
export async function readReleases(
    { api, path }: PublishedImage,
    deployed: string,
): Promise<readonly Release[]> {
    const now = Math.floor(Date.now() / 1000);
    const [rows = [], running = []] = await Promise.all([
        listTagRows(api, path, newest),
        listTagHistory(api, path, runningTag, now, newest),
    ]);
    return releasesAmong(rows, running, deployed);
}

/**
 * Finds the releases in a history of tags, the newest first: each time at which an image began to
 * run, as the tag `running` tells it. Of the image that is deployed now, and of those that came
 * while there was no such tag, when they were first named by a version.
 */
export function releasesAmong(
    rows: readonly TagRow[],
    running: readonly TagPeriod[],
    deployed: string,
): readonly Release[] {
    const versions = rows.filter(
        ({ name }) => name === deployed || valid(name) !== null || isCommit(name),
    );
    const named = new Map<string, { version: string; start: number }>();
    for (const { name, digest, start } of versions) {
        const known = named.get(digest);
        const version = known === undefined || isCommit(known.version) ? name : known.version;
        named.set(digest, { version, start: Math.min(start, known?.start ?? start) });
    }
    const ran = new Set(running.map(({ digest }) => digest));
    const current = rows.find(({ name }) => name === deployed)?.digest;
    const [last] = running;
    const isKnown = (at: number): boolean =>
        at >= (running.at(-1)?.start ?? Infinity) && at < (last?.end ?? Infinity);
    return [
        ...running.map(({ digest, start }) => ({ digest, start })),
        ...[...named]
            .filter(([digest]) => !ran.has(digest))
            .filter(([digest, { start }]) => digest === current || !isKnown(start))
            .map(([digest, { start }]) => ({ digest, start })),
    ]
        .sort((a, b) => b.start - a.start)
        .map(({ digest, start }) => ({
            version: named.get(digest)?.version,
            digest,
            at: new Date(start * 1000).toISOString(),
        }));
}

/** Whether a tag names a commit of the branch that an environment follows. */
function isCommit(tag: string): boolean {
    return /^sha-[0-9a-f]{40}$/.test(tag);
}
