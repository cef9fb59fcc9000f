import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import type { QuayClient } from "../api/client.ts";
import { floatingTagsOf } from "../api/floatingTags.ts";
import { copyImage } from "../api/copyImage.ts";
import type { Side } from "../api/copyImage.ts";
import { notFound, QuayError, RefusedError, unless, UnansweredError } from "../api/errors.ts";
import { foreign } from "../api/text.ts";
import { listActiveTags } from "../api/tags.ts";
import { parseImageName } from "../api/imageName.ts";
import { RegistrySession } from "../api/registry.ts";
import type { ImageName } from "../api/imageName.ts";
import type { Manifest } from "../api/manifest.ts";
import type { Credentials } from "../api/registryConnection.ts";
import type { Context } from "../definition/context.ts";

/** The image to promote, its source, and the tags to set. */
export interface Promotion {
    readonly source: string;
    readonly target: string;
    readonly digest?: string | undefined;
    readonly tags?: readonly string[] | undefined;
    /** Tags that move; some follow versions (see floatingTagsOf). */
    readonly floatingTags: readonly string[];
    readonly sourceCredentials?: Credentials | undefined;
    readonly targetCredentials?: Credentials | undefined;
}

/** The current state of a tag. */
export interface FoundTag {
    readonly tag: string;
    /** Undefined if the tag does not exist. */
    readonly digest: string | undefined;
    /** The time at which Quay will remove the tag (RFC 2822). Undefined if never or unknown. */
    readonly expiration?: string | undefined;
}

/**
 * How long Quay's API may take to return a tag that was just pushed (it may read from a replica of
 * the database).
 */
const settling = 20_000;

/**
 * Copies an image, sets its tags, and verifies them.
 *
 * @throws QuayError if a version tag points to another digest, if a tag is not as set, or if Quay
 * will remove one.
 */
export async function promote(promotion: Promotion, context: Context): Promise<void> {
    const { api } = context;
    const { digest, tags = [], floatingTags } = promotion;
    if (digest === undefined)
        throw new QuayError(`The digest of ${promotion.source} to promote is not known.`);
    const { source, target } = sidesOf(api, promotion);
    const wanted = [...tags, ...floatingTagsOf(floatingTags, tags)];
    const now = await tagsOf(api, target, wanted);
    const conflict = now.find(
        (one) => tags.includes(one.tag) && one.digest !== undefined && one.digest !== digest,
    );
    if (conflict !== undefined) {
        throw new QuayError(
            `The version tag ${promotion.target}:${conflict.tag} points at ` +
                `${conflict.digest ?? ""}, and this program wants ${digest}. A version ` +
                "tag is never moved, and nothing was changed: raise the version.",
        );
    }
    const unset = tagsToSet(now, digest);
    if (unset.length > 0) {
        // What was promoted before can be promoted again, for example to roll back, even if the
        // source does not have it any more.
        const from = (await has(api, source, digest)) ? source : target;
        await setTags(context, from, target, digest, unset);
    }
    refuseEnds(target, unset.length > 0 ? await tagsOf(api, target, wanted) : now);
}

/**
 * Copies the image and sets the tags, at most twice, until they exist. For two minutes after a
 * repository was deleted, Quay's registry answers reads of manifests of a new one of the same name
 * from a cache. The first copy may therefore skip what is missing, and be refused or set no tags.
 * Writes and the API do not use that cache: the second copy sends everything, and the API tells the
 * result.
 */
async function setTags(
    { api, warn }: Context,
    from: Side,
    target: Side,
    digest: string,
    tags: readonly string[],
): Promise<void> {
    let left = tags;
    for (const trusting of [true, false]) {
        let failure: unknown;
        try {
            await copyImage(from, target, digest, left, { trusting, warn });
        } catch (error) {
            if (!leavesItOpen(error) || api.options.signal.aborted)
                throw await explain(api, error, target, from);
            failure = error;
        }
        left = await unsetTags(api, target, digest, left, failure === undefined && !trusting);
        if (left.length === 0) return;
        if (!trusting && failure !== undefined) throw explainImmutable(failure, target, left);
    }
    throw new QuayError(
        `The registry ${target.session.host} took ` +
            `${left.map((tag) => `${target.path}:${tag}`).join(", ")}, and Quay's API does not ` +
            `show it with ${digest}: it could not be made sure that the image is there. Run ` +
            `\`pulumi up\` again in two minutes.`,
    );
}

/** Returns the tags that are not as set. With `patience`, waits a while for them. */
async function unsetTags(
    api: QuayClient,
    target: Side,
    digest: string,
    tags: readonly string[],
    patient: boolean,
): Promise<readonly string[]> {
    const deadline = Date.now() + (patient ? settling : 0);
    for (;;) {
        const left = tagsToSet(await tagsOf(api, target, tags), digest);
        if (left.length === 0 || Date.now() >= deadline) return left;
        await wait(1000, undefined, { signal: api.options.signal });
    }
}

function tagsToSet(found: readonly FoundTag[], digest: string): string[] {
    return found.filter((one) => one.digest !== digest).map((one) => one.tag);
}

/** A missing blob, an immutable tag or a lost answer: the actual state must be looked up. */
function leavesItOpen(error: unknown): boolean {
    return (
        error instanceof UnansweredError ||
        (error instanceof RefusedError && [400, 404, 409].includes(error.refusal.status))
    );
}

function explainImmutable(failure: unknown, target: Side, tags: readonly string[]): unknown {
    if (!(failure instanceof RefusedError) || !/TAG_IMMUTABLE/.test(failure.refusal.said))
        return failure;
    return new QuayError(
        `${tags.map((tag) => `${target.session.host}/${target.path}:${tag}`).join(", ")} cannot ` +
            "be moved: an immutability policy " +
            "made it immutable. Change the policy's pattern so that it leaves this tag out, " +
            "make the tag mutable on its page in Quay, and run this again.",
    );
}

/** Refuses tags that Quay will remove, no matter who set their expiration. */
function refuseEnds(target: Side, found: readonly FoundTag[]): void {
    const ending = found.filter(({ expiration }) => expiration !== undefined);
    if (ending.length === 0) return;
    const list = ending.map(
        ({ tag, expiration = "" }) =>
            `${target.session.host}/${target.path}:${tag} (${expiration})`,
    );
    throw new QuayError(
        `Quay will remove tags of the promoted image: ${list.join(", ")}. A label of the image ` +
            "(quay.expires-after) or somebody has put an " +
            "end on them: set their expiration to never on the repository's page in Quay, and " +
            "run this again.",
    );
}

/**
 * Reads what the tags point to. On the provider's own Quay from its API, whose list of tags is not
 * cached. On other registries, and if the API token has no access to the repository of the
 * credentials, from the registry.
 */
export async function tagsOf(
    api: QuayClient,
    side: Side,
    tags: readonly string[],
): Promise<readonly FoundTag[]> {
    if (!isOwn(api, side)) return registryTags(side, tags);
    try {
        return await Promise.all(
            tags.map(async (tag) => {
                const found = (await listActiveTags(api, side.path, { tag })) ?? [];
                return { tag, digest: found[0]?.digest, expiration: found[0]?.expiration };
            }),
        );
    } catch (error) {
        const unable = error instanceof RefusedError || !api.options.token;
        if (side.session.credentials === undefined || !unable) throw error;
        return registryTags(side, tags);
    }
}

function registryTags({ session, path }: Side, tags: readonly string[]): Promise<FoundTag[]> {
    return Promise.all(
        tags.map(async (tag) => ({ tag, digest: await session.digestOf(path, tag) })),
    );
}

/**
 * Returns a manifest and the side that has it: the source, or else the target, which has it since
 * an earlier promotion.
 */
export async function findManifest(
    api: QuayClient,
    promotion: Promotion,
    digest: string,
): Promise<{ side: Side; manifest: Manifest }> {
    for (const side of readersOf(api, promotion)) {
        const manifest = await unlessGone(api, side, () =>
            side.session.manifest(side.path, digest),
        );
        if (manifest !== undefined) return { side, manifest };
    }
    throw new QuayError(
        `There is no ${digest} in ${promotion.source}: give a version that is there.`,
    );
}

/** Whether the repository has the digest. */
export async function has(api: QuayClient, side: Side, digest: string): Promise<boolean> {
    // The registry may still answer from a deleted repository.
    if (isOwn(api, side) && side.session.credentials === undefined) {
        if ((await access(api, side)) === undefined) return false;
    }
    const found = await unlessGone(api, side, () => side.session.digestOf(side.path, digest));
    return found !== undefined;
}

/** Opens the source and the target for reading. */
export function readersOf(api: QuayClient, promotion: Promotion): readonly Side[] {
    const { source, target, sourceCredentials, targetCredentials } = promotion;
    return [
        sideOf(api, nameOf(source), sourceCredentials, "pull"),
        sideOf(api, nameOf(target), targetCredentials, "pull"),
    ];
}

/**
 * Opens the source and the target, in one session if registry and user are the same: mounting a
 * blob needs one token for both.
 */
function sidesOf(api: QuayClient, promotion: Promotion): { source: Side; target: Side } {
    const { sourceCredentials, targetCredentials } = promotion;
    const [source, target] = [nameOf(promotion.source), nameOf(promotion.target)];
    const oneUser =
        sourceCredentials?.username === targetCredentials?.username &&
        sourceCredentials?.password === targetCredentials?.password;
    if (source.host !== target.host || !oneUser) {
        return {
            source: sideOf(api, source, sourceCredentials, "pull"),
            target: sideOf(api, target, targetCredentials, "pull,push"),
        };
    }
    const scopes = [`repository:${source.path}:pull`, `repository:${target.path}:pull,push`];
    const session = new RegistrySession(
        api,
        target.host,
        targetCredentials,
        source.path === target.path ? scopes.slice(1) : scopes,
    );
    return { source: { session, path: source.path }, target: { session, path: target.path } };
}

/** Opens a repository for `pull` or `pull,push`. */
export function sideOf(
    api: QuayClient,
    { host, path }: ImageName,
    credentials: Credentials | undefined,
    actions: string,
): Side {
    return {
        session: new RegistrySession(api, host, credentials, [`repository:${path}:${actions}`]),
        path,
    };
}

export function nameOf(name: string): ImageName {
    const parsed = parseImageName(name);
    if (parsed === undefined)
        throw new QuayError(
            `"${name}" is not a repository with its registry, as in quay.io/alice/app.`,
        );
    return parsed;
}

/** Whether the repository is on the provider's own Quay, and so can be read with the API. */
export function isOwn(api: QuayClient, { session }: Side): boolean {
    return session.host === api.site.host;
}

/**
 * @returns undefined if the repository does not exist. Quay's registry reports that like a refusal
 */
export async function unlessGone<T>(
    api: QuayClient,
    side: Side,
    run: () => Promise<T>,
): Promise<T | undefined> {
    try {
        return await run();
    } catch (error) {
        if (!isRefusal(error) || !isOwn(api, side)) throw error;
        const gone = async () => (await access(api, side)) === undefined;
        if (await gone().catch(() => false)) return undefined;
        throw await explain(api, error, side);
    }
}

/**
 * Explains a refusal: Quay's registry answers "missing", "refused" and "read-only" alike, and its
 * API tells them apart.
 */
async function explain(
    api: QuayClient,
    error: unknown,
    target: Side,
    source?: Side,
): Promise<unknown> {
    if (!isRefusal(error) || !isOwn(api, target)) return error;
    const withToken = target.session.credentials === undefined;
    const { tokenVariable } = api.options;
    try {
        const found = await access(api, target);
        const name = `${target.session.host}/${target.path}`;
        if (found === undefined)
            return new QuayError(`There is no repository ${name}: make it first.`);
        if (source !== undefined && found.state !== "NORMAL") {
            return new QuayError(
                `The repository ${name} is ${foreign(found.state, 100)}, and takes no image. ` +
                    `Make its state NORMAL (\`state\` of its Repository), or promote to another.`,
            );
        }
        if (withToken && source !== undefined && !found.can_write) {
            return new QuayError(
                `The registry refused to write to ${name}: the token in ${tokenVariable} lacks ` +
                    'the scope "Read/Write to any accessible repositories" (repo:write), or its ' +
                    "account may not write there.",
            );
        }
        if (source !== undefined && source.path !== target.path) await access(api, source);
        return error;
    } catch (refused) {
        // The API names the missing scope. What it says about a token that was not sent to the
        // registry is ignored.
        return withToken ? refused : error;
    }
}

const accessAnswer = z.object({
    state: z.string().default("NORMAL"),
    can_write: z.boolean().default(true),
});

/**
 * Returns the state of a repository on the provider's own Quay, and whether the API token may write
 * to it; undefined if it does not exist.
 */
function access(
    api: QuayClient,
    { path }: Side,
): Promise<z.output<typeof accessAnswer> | undefined> {
    const call = {
        to: `read the repository ${path}`,
        scope: "repo:read",
        query: { includeTags: false },
    } as const;
    return unless(notFound, () => api.get(`repository/${path}`, call, accessAnswer));
}

function isRefusal(error: unknown): boolean {
    return error instanceof RefusedError && [401, 403].includes(error.refusal.status);
}
