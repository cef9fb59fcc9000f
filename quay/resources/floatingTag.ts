import { z } from "zod";
import type { QuayClient } from "../api/client.ts";
import { noContent } from "../api/client.ts";
import { notFound, QuayError, RefusedError, unless } from "../api/errors.ts";
import * as names from "../api/names.ts";
import { listActiveTags } from "../api/tags.ts";
import { badId, createOnce } from "../definition/create.ts";
import { resource } from "../definition/resource.ts";
import { requireRepository } from "./repository.ts";

const importId = { format: "REPOSITORY:TAG", example: "alice/app:running" };

/** Quay's answer to a tag that was set. */
const updated = z.literal("Updated");

/** A tag and what it names. */
interface FloatingTag {
    readonly repository: string;
    readonly tag: string;
    readonly digest: string;
}

export const floatingTag = resource({
    name: "FloatingTag",
    description:
        "A tag that names one image of its repository and moves when the digest changes. A tag " +
        "of that name that exists already is moved; one that names the digest already is not " +
        "set again. A tag that was moved or removed by hand is set back. Deleting the resource " +
        "removes the tag. Quay's tag history says what it named and when.",
    importId,
    fixed: {
        repository: names.repository.describe(
            "The repository, NAMESPACE/NAME: the `fullName` of a Repository.",
        ),
        tag: names.tag.describe("The tag. No immutability policy may match it."),
    },
    changing: {
        digest: names.digest.describe("The image's digest, which the repository has."),
    },
    outputs: {},
    id: ({ repository, tag }) =>
        repository === undefined || tag === undefined ? undefined : `${repository}:${tag}`,

    async create(inputs, { api }) {
        await move(api, inputs);
        return { id: `${inputs.repository}:${inputs.tag}`, outputs: {} };
    },

    async read(id, { api }) {
        const [, repository, tag] = /^([^:]+\/[^:]+):([\w][\w.-]*)$/.exec(id) ?? [];
        if (repository === undefined || tag === undefined) throw badId(id, importId);
        const digest = await digestOf(api, repository, tag);
        return digest === undefined
            ? undefined
            : { inputs: { repository, tag, digest }, outputs: {} };
    },

    async update(inputs, _old, { api }) {
        await move(api, inputs);
        return {};
    },

    async delete({ repository, tag }, { api }) {
        const to = `remove the tag ${repository}:${tag}`;
        await unlessImmutable(api, repository, tag, () =>
            unless(notFound, () =>
                api.change(
                    "DELETE",
                    `repository/${repository}/tag/${tag}`,
                    { to, scope: "repo:write" },
                    noContent,
                ),
            ),
        );
    },
});

/**
 * Sets the tag unless it names the digest already: setting it again would begin a new period in its
 * history.
 */
async function move(api: QuayClient, { repository, tag, digest }: FloatingTag): Promise<void> {
    const isSet = async () => (await digestOf(api, repository, tag)) === digest || undefined;
    if (await isSet()) return;
    const call = {
        to: `set the tag ${repository}:${tag}`,
        scope: "repo:write",
        json: { manifest_digest: digest },
        once: true,
    } as const;
    const set = await unlessImmutable(api, repository, tag, () =>
        unless(notFound, () =>
            createOnce(
                api,
                async () => {
                    await api.change("PUT", `repository/${repository}/tag/${tag}`, call, updated);
                    return true;
                },
                isSet,
            ),
        ),
    );
    if (set !== undefined) return;
    await requireRepository(api, repository);
    throw new QuayError(
        `There is no ${digest} in ${repository} on Quay at ${api.site.url}: the tag ${tag} can ` +
            "name only what the repository has.",
    );
}

/** Returns the digest that the tag names; undefined if there is no such tag or repository. */
async function digestOf(
    api: QuayClient,
    repository: string,
    tag: string,
): Promise<string | undefined> {
    const [found] = (await listActiveTags(api, repository, { tag })) ?? [];
    return found?.digest;
}

async function unlessImmutable<T>(
    api: QuayClient,
    repository: string,
    tag: string,
    run: () => Promise<T>,
): Promise<T> {
    try {
        return await run();
    } catch (error) {
        if (!(error instanceof RefusedError) || error.refusal.status !== 409) throw error;
        throw new QuayError(
            `The tag ${tag} of ${repository} on Quay at ${api.site.url} cannot be changed: an ` +
                "immutability policy made it immutable. Change the policy's pattern so that it " +
                "leaves this tag out, make the tag mutable on its page in Quay, and run this " +
                "again.",
        );
    }
}
