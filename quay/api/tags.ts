/** The tags of a repository (Quay's API: `GET /api/v1/repository/{repository}/tag/`). */
import { z } from "zod";
import type { QuayClient } from "./client.ts";
import { notFound, QuayError, unless } from "./errors.ts";
import * as names from "./names.ts";

const tagAnswer = z.object({
    name: z.string(),
    manifest_digest: names.digest,
    is_manifest_list: z.boolean(),
    size: z.number().nullish(),
    last_modified: z.string().optional(),
    expiration: z.string().nullish(),
    immutable: z.boolean().optional(),
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
    const tags: z.output<typeof tagObject>[] = [];
    // A page without tags is the last one, whatever `has_additional` says, so that the loop ends.
    for (let page = 1, more = true; more && tags.length < limit; page++) {
        const answer = await unless(notFound, () =>
            api.get(
                `repository/${repository}/tag/`,
                {
                    to: `list the tags of ${repository}`,
                    scope: "repo:read",
                    query: { onlyActiveTags: true, specificTag: tag, limit: 100, page },
                },
                tagsAnswer,
            ),
        );
        if (answer === undefined) return undefined;
        more = answer.has_additional && answer.tags.length > 0;
        if (page > maxPages)
            throw new QuayError(
                `${repository} has more than ${String(maxPages * 100)} tags: set a limit.`,
            );
        tags.push(
            ...answer.tags.map((found) => ({
                name: found.name,
                digest: found.manifest_digest,
                isManifestList: found.is_manifest_list,
                lastModified: found.last_modified,
                expiration: found.expiration ?? undefined,
                immutable: found.immutable ?? false,
            })),
        );
    }
    return tags.slice(0, limit);
}

export function noRepository(api: QuayClient, repository: string): QuayError {
    return new QuayError(`There is no repository ${repository} on Quay at ${api.site.url}.`);
}
