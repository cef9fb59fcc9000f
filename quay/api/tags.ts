/** The tags of a repository (Quay's API: `GET /api/v1/repository/{repository}/tag/`). */
import { z } from "zod";
import type { Call, QuayClient } from "./client.ts";
import { notFound, QuayError, unless } from "./errors.ts";
import * as names from "./names.ts";

/** A time in Unix seconds: one that a date can have. */
const time = z.number().min(0).max(8.64e12);
const tagAnswer = z.object({
    name: z.string(),
    manifest_digest: names.digest,
    is_manifest_list: z.boolean(),
    size: z.number().nullish(),
    last_modified: z.string().optional(),
    expiration: z.string().nullish(),
    immutable: z.boolean().optional(),
    start_ts: time.optional(),
    end_ts: time.nullish(),
});
const tagsAnswer = z.object({ tags: z.array(tagAnswer), has_additional: z.boolean() });

/**
 * The maximum number of pages, of a hundred tags each, before the server is assumed to never end.
 */
const maxPages = 1000;

/** A tag, as returned by the functions. */
export const tagObject = z.object({
    name: z.string().describe("The tag."),
    digest: z.string().describe("The digest of the manifest that the tag points to: `sha256:…`."),
    isManifestList: z
        .boolean()
        .describe("Whether the manifest is an index of images for several platforms."),
    lastModified: z
        .string()
        .optional()
        .describe("The time at which the tag was set, in RFC 2822 format."),
    expiration: z
        .string()
        .optional()
        .describe("The time at which Quay will remove the tag (RFC 2822); absent if never."),
    immutable: z
        .boolean()
        .describe("Whether the tag is immutable; false if Quay does not have this feature."),
});

/**
 * Returns the current tags from all pages, the newest first; undefined if the repository does not
 * exist. (Quay also lists deleted tags by default.)
 */
export async function listActiveTags(
    api: QuayClient,
    repository: string,
    {
        tag,
        limit = Infinity,
    }: { readonly tag?: string | undefined; readonly limit?: number | undefined },
): Promise<z.output<typeof tagObject>[] | undefined> {
    const query = { onlyActiveTags: true, specificTag: tag };
    const tags = await listTags(api, repository, `list the tags of ${repository}`, query, limit);
    return tags?.map((found) => ({
        name: found.name,
        digest: found.manifest_digest,
        isManifestList: found.is_manifest_list,
        lastModified: found.last_modified,
        expiration: found.expiration ?? undefined,
        immutable: found.immutable ?? false,
    }));
}

/** A time during which a tag named one digest without a break. */
export interface TagPeriod {
    readonly digest: string;
    /** When the tag was set, in Unix seconds. */
    readonly start: number;
    /** When it was moved or removed, in Unix seconds. Undefined if it still names the digest. */
    readonly end: number | undefined;
}

/**
 * Returns what a tag has named, the newest first; undefined if the repository does not exist. Quay
 * forgets a period some time after its end: the time for which deleted tags of the namespace can be
 * restored.
 *
 * @param now in Unix seconds.
 * @param limit how many times the tag was set, at most. Default: all that Quay knows.
 */
export async function listTagHistory(
    api: QuayClient,
    repository: string,
    tag: string,
    now: number,
    limit = Infinity,
): Promise<readonly TagPeriod[] | undefined> {
    const to = `read the history of the tag ${tag} of ${repository}`;
    const query = { onlyActiveTags: false, specificTag: tag };
    const tags = await listTags(api, repository, to, query, limit);
    const periods: TagPeriod[] = [];
    for (const { manifest_digest: digest, start_ts: start, end_ts } of (tags ?? []).toReversed()) {
        if (start === undefined) throw withoutTimes(api, to);
        // A tag that expires has an end already.
        const end = typeof end_ts === "number" && end_ts <= now ? end_ts : undefined;
        const last = periods.at(-1);
        // Setting a tag to what it names already begins a new row.
        const isSame = last?.digest === digest && last.end !== undefined && start <= last.end;
        if (isSame) periods.splice(-1, 1, { ...last, end });
        else periods.push({ digest, start, end });
    }
    return tags && periods.reverse();
}

/** A tag during a time in which it named one digest. */
export interface TagRow extends TagPeriod {
    readonly name: string;
}

/**
 * Returns what all tags have named, the newest first, as far as Quay knows it; undefined if the
 * repository does not exist.
 *
 * @param limit how many at most.
 */
export async function listTagRows(
    api: QuayClient,
    repository: string,
    limit: number,
): Promise<readonly TagRow[] | undefined> {
    const to = `read the tags' history of ${repository}`;
    const rows = await listTags(api, repository, to, { onlyActiveTags: false }, limit);
    return rows?.map(({ name, manifest_digest: digest, start_ts: start, end_ts: end }) => {
        if (start === undefined) throw withoutTimes(api, to);
        return { name, digest, start, end: end ?? undefined };
    });
}

function withoutTimes(api: QuayClient, to: string): QuayError {
    return new QuayError(
        `Quay at ${api.site.url} did not ${to}: its answer has no times. This Quay is too old ` +
            "for that.",
    );
}

/** Returns the rows of Quay's list of tags, from all pages. */
async function listTags(
    api: QuayClient,
    repository: string,
    to: string,
    query: NonNullable<Call["query"]>,
    limit = Infinity,
): Promise<z.output<typeof tagAnswer>[] | undefined> {
    const tags: z.output<typeof tagAnswer>[] = [];
    // A page without tags is the last one, whatever `has_additional` says, so that the loop ends.
    for (let page = 1, more = true; more && tags.length < limit; page++) {
        const answer = await unless(notFound, () =>
            api.get(
                `repository/${repository}/tag/`,
                { to, scope: "repo:read", query: { ...query, limit: 100, page } },
                tagsAnswer,
            ),
        );
        if (answer === undefined) return undefined;
        more = answer.has_additional && answer.tags.length > 0;
        if (page > maxPages)
            throw new QuayError(
                `${repository} has more than ${String(maxPages * 100)} tags: set a limit.`,
            );
        tags.push(...answer.tags);
    }
    return tags.slice(0, limit);
}

export function noRepository(api: QuayClient, repository: string): QuayError {
    return new QuayError(`There is no repository ${repository} on Quay at ${api.site.url}.`);
}
