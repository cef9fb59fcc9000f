import { z } from "zod";
import type { QuayClient } from "../client.ts";
import { copyImage } from "../copyImage.ts";
import type { Side } from "../copyImage.ts";
import { badId } from "../create.ts";
import { QuayError, RefusedError } from "../errors.ts";
import * as names from "../names.ts";
import { parseImageName, RegistrySession } from "../registry.ts";
import type { Credentials, ImageName } from "../registry.ts";
import { listActiveTags } from "../functions/getTag.ts";
import { resource } from "../resource.ts";
import type { Context } from "../resource.ts";
import { checkSeverity, severities } from "../severity.ts";
import type { Severity, SeverityException } from "../severity.ts";
import { getRepository } from "./repository.ts";

const importId = { format: "REGISTRY/REPOSITORY:TAG", example: "quay.io/alice/app_prod:1.0.0" };

const imageName = z
    .string()
    .refine(
        (name) => parseImageName(name) !== undefined,
        "it has to be a repository with its registry, as in quay.io/alice/app: no tag, no digest.",
    );

const credentials = z
    .strictObject({
        username: z
            .string()
            .min(1, "it must not be empty.")
            .describe("The user, or robot (NAMESPACE+NAME)."),
        password: z
            .string()
            .min(1, "it must not be empty.")
            .describe("The password, or the robot's token."),
    })
    .meta({ id: "Credentials", description: "A user of a registry." });

const credentialsFor = (side: string) =>
    credentials.optional().meta({
        description: `Who ${side}. Default: on the provider's own Quay its API token, which needs no robot; on another registry nobody in particular.`,
        secret: true,
    });

const severity = z
    .enum(severities, `it has to be ${severities.join(", ")}.`)
    .meta({ id: "Severity", description: "How bad a vulnerability is, as Quay's scanner says." });

const severityException = z
    .strictObject({
        digest: names.digest.describe("The digest of the image that it is for."),
        reason: z.string().min(1, "it must not be empty.").describe("Why it may pass."),
        expires: z.iso
            .date("it has to be a day, YYYY-MM-DD.")
            .describe("The last day on which it may be promoted: YYYY-MM-DD."),
    })
    .meta({
        id: "SeverityException",
        description: "What lets an image be promoted in spite of its scan.",
    });

const tags = z
    .array(names.tag)
    .refine((list) => new Set(list).size === list.length, "it must not name a tag twice.");

interface Promotion {
    readonly source: string;
    readonly target: string;
    readonly version?: string | undefined;
    readonly digest?: string | undefined;
    readonly tags?: readonly string[] | undefined;
    readonly floatingTags: readonly string[];
    readonly sourceCredentials?: Credentials | undefined;
    readonly targetCredentials?: Credentials | undefined;
    readonly maxSeverity?: Severity | undefined;
    readonly severityException?: SeverityException | undefined;
    readonly publishedBy?: string | undefined;
}

export const promotedImage = resource({
    name: "PromotedImage",
    description:
        "An image, or an index of images for several platforms, that is copied by its digest to tags of another repository, or of the same: nothing is " +
        "built or pulled. Signatures and attestations go with it. A version tag is never moved: one that points at another digest is an error. Deleting " +
        "the resource deletes no tag.",
    importId,
    fixed: {
        target: imageName.describe(
            "The repository that gets it, with its registry: the `image` of a Repository.",
        ),
    },
    changing: {
        source: imageName.describe(
            "The repository that has it, with its registry: `quay.io/alice/app`. May be the target itself.",
        ),
        version: names.tag
            .optional()
            .describe(
                "The tag in the source to promote. It is looked up when it or the source changes, and not again. Or give `digest`.",
            ),
        digest: names.digest
            .optional()
            .describe("The digest to promote: `sha256:…`. Default: what `version` points at."),
        tags: tags
            .optional()
            .describe(
                "The version tags that it gets in the target: each is new there, or has this digest already. Default: the version.",
            ),
        floatingTags: tags
            .default([])
            .describe(
                "Tags that it gets too and that move with every promotion, such as `latest`: set when something changes, never compared. Default: none.",
            ),
        sourceCredentials: credentialsFor("reads the source"),
        targetCredentials: credentialsFor("writes to the target"),
        maxSeverity: severity
            .optional()
            .describe(
                "Only an image that Quay has scanned, and found nothing of this severity or worse in, is promoted. It is looked up when the digest, " +
                    "this or the exception changes. Default: scans do not matter.",
            ),
        severityException: severityException
            .optional()
            .describe("Lets one digest pass in spite of maxSeverity. Default: none."),
        publishedBy: z
            .string()
            .min(1, "it must not be empty.")
            .optional()
            .describe(
                "For a preview: who is about to publish a version that the source has not got yet. It is then a warning, and the digest not known yet. " +
                    "It is in no diff and no state. Default: nobody; a missing version is an error.",
            ),
    },
    transient: ["publishedBy"],
    outputs: {
        digest: names.digest.describe("The digest that was promoted."),
        tags: z.array(names.tag).describe("The version tags that it has in the target."),
        image: z.string().describe("What to deploy: REGISTRY/REPOSITORY@DIGEST."),
    },
    id: ({ target }) => target,
    derive: ({ target, digest, tags }) => ({
        digest,
        tags,
        image: target === undefined || digest === undefined ? undefined : `${target}@${digest}`,
    }),
    validate: ({ version, digest, tags, floatingTags }) => {
        if (version === undefined && digest === undefined)
            return "one of version and digest has to be set.";
        if (version === undefined && tags === undefined && floatingTags.length === 0)
            return "with a digest, tags or floatingTags has to be set.";
        const both = floatingTags.find((tag) => tags?.includes(tag));
        return both === undefined
            ? undefined
            : `the tag "${both}" cannot be in tags and in floatingTags.`;
    },

    async resolve(inputs, old, context) {
        const { source, version, maxSeverity, severityException } = inputs;
        const tags =
            inputs.tags ??
            (version === undefined || inputs.floatingTags.includes(version) ? [] : [version]);
        const looked =
            old?.digest !== undefined && old.source === source && old.version === version;
        const found =
            inputs.digest ??
            (looked ? old.digest : version && (await lookUp(context, inputs, version)));
        if (found === undefined) return undefined;
        const judged =
            found === old?.digest &&
            same([maxSeverity, severityException], [old.maxSeverity, old.severityException]);
        if (maxSeverity !== undefined && !judged) await judge(context, inputs, found, maxSeverity);
        return { ...inputs, tags, digest: found };
    },

    async create(inputs, context) {
        return { id: inputs.target, outputs: await promote(inputs, context) };
    },

    async read(id, { api }, old) {
        const [name = "", ...tag] = old === undefined ? splitTag(id) : [old.target];
        const parsed = parseImageName(name);
        if (parsed === undefined || (old === undefined && tag.length === 0))
            throw badId(id, importId);
        const { session, path } = sideOf(api, parsed, old?.targetCredentials, "pull");
        const wanted = old === undefined ? tag : old.tags;
        const found = (await unlessGone(api, parsed, () => digestsOf(session, path, wanted))) ?? [];
        const [digest] = old === undefined ? found.map((one) => one.digest) : [old.digest];
        const gone =
            wanted.length > 0
                ? found.every((one) => one.digest === undefined)
                : !(await exists(session, path, digest));
        if (gone || digest === undefined) return undefined;
        // A tag that was moved or removed is no longer one of this image's: the next `up` sets it, or says what it points at.
        const tags = found.filter((one) => one.digest === digest).map((one) => one.tag);
        const inputs = old ?? { source: name, target: name, floatingTags: [] };
        return {
            id: name,
            inputs: { ...inputs, digest, tags },
            outputs: { digest, tags, image: `${name}@${digest}` },
        };
    },

    update(inputs, _old, context) {
        return promote(inputs, context);
    },

    // Whoever runs the image must not lose it: tags stay.
    delete: () => Promise.resolve(),
});

/** Copies it and sets the tags. */
async function promote(
    promotion: Promotion,
    { api, warn }: Context,
): Promise<{ digest: string; tags: string[]; image: string }> {
    const { digest, tags = [], floatingTags } = promotion;
    if (digest === undefined)
        throw new QuayError(`The digest of ${promotion.source} to promote is not known.`);
    const { source, target } = sidesOf(api, promotion);
    const now = await digestsOf(target.session, target.path, [...tags, ...floatingTags]);
    const conflict = now.find(
        (one) => tags.includes(one.tag) && one.digest !== undefined && one.digest !== digest,
    );
    if (conflict !== undefined) {
        throw new QuayError(
            `The version tag ${promotion.target}:${conflict.tag} points at ${conflict.digest ?? ""}, and this program wants ${digest}. A version ` +
                "tag is never moved, and nothing was changed: raise the version.",
        );
    }
    const unset = now.filter((one) => one.digest !== digest).map((one) => one.tag);
    if (unset.length > 0) {
        // What was promoted before can be again, a roll-back for instance, when the source has it no more.
        const there = await unlessGone(api, nameOf(promotion.source), () =>
            source.session.digestOf(source.path, digest),
        );
        await copyImage(there === undefined ? target : source, target, digest, unset, warn);
    }
    return { digest, tags: [...tags], image: `${promotion.target}@${digest}` };
}

/** The digest of a version: what the source says, or else what the target has by that name since an earlier promotion. */
async function lookUp(
    { api, warn }: Context,
    promotion: Promotion,
    version: string,
): Promise<string | undefined> {
    const { source, target, publishedBy } = promotion;
    for (const [name, credentials] of [
        [source, promotion.sourceCredentials],
        [target, promotion.targetCredentials],
    ] as const) {
        const { session, path } = sideOf(api, nameOf(name), credentials, "pull");
        const digest = await unlessGone(api, nameOf(name), () => session.digestOf(path, version));
        if (digest !== undefined) return digest;
    }
    const missing = `There is no tag "${version}" in ${source}: ${await versionsIn(api, nameOf(source))}`;
    if (publishedBy === undefined)
        throw new QuayError(`${missing} Publish it first, or give a version that is there.`);
    await warn(`After ${publishedBy}: digest not yet known. ${missing}`);
    return undefined;
}

/** What there is instead; the tags that look like versions, where there are any. */
async function versionsIn(api: QuayClient, { host, path }: ImageName): Promise<string> {
    if (host !== api.site.host) return "it was not pushed there.";
    if ((await getRepository(api, path)) === undefined)
        return "there is no such repository, or the API token may not see it.";
    const all = (await listActiveTags(api, path, { limit: 100 })).map(({ name }) => name);
    const versions = all.filter((name) => /^v?\d/.test(name));
    const shown = (versions.length > 0 ? versions : all).slice(0, 10);
    return shown.length === 0 ? "it is empty." : `it has ${shown.join(", ")}.`;
}

/** Quay's registry gives one answer for "missing" and "refused"; its API tells them apart. @returns undefined where the repository is gone */
async function unlessGone<T>(
    api: QuayClient,
    { host, path }: ImageName,
    run: () => Promise<T>,
): Promise<T | undefined> {
    try {
        return await run();
    } catch (error) {
        const refused =
            error instanceof RefusedError && error.refusal.status === 401 && host === api.site.host;
        const gone = async () => (await getRepository(api, path)) === undefined;
        if (refused && (await gone().catch(() => false))) return undefined;
        throw error;
    }
}

/** Lets an image pass or not, by its scan in the repository that has it. */
async function judge(
    { api, warn }: Context,
    promotion: Promotion,
    digest: string,
    limit: Severity,
): Promise<void> {
    for (const [name, credentials] of [
        [promotion.source, promotion.sourceCredentials],
        [promotion.target, promotion.targetCredentials],
    ] as const) {
        const parsed = nameOf(name);
        if (parsed.host !== api.site.host)
            throw new QuayError(
                `maxSeverity asks Quay's scanner: it works for ${api.site.host} only, not for ${name}.`,
            );
        const { session, path } = sideOf(api, parsed, credentials, "pull");
        const manifest = await unlessGone(api, parsed, () => session.manifest(path, digest));
        if (manifest === undefined) continue;
        const warning = await checkSeverity(
            api,
            path,
            manifest,
            limit,
            promotion.severityException,
        );
        if (warning !== undefined) await warn(warning);
        return;
    }
    throw new QuayError(
        `There is no ${digest} in ${promotion.source}: give a version that is there.`,
    );
}

/** Source and target, in one session where one registry and one user serve both: a blob is mounted with one token for both. */
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

function sideOf(
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

/** What the tags point at; undefined for one that is not there. */
function digestsOf(
    session: RegistrySession,
    path: string,
    tags: readonly string[],
): Promise<{ tag: string; digest: string | undefined }[]> {
    return Promise.all(
        tags.map(async (tag) => ({ tag, digest: await session.digestOf(path, tag) })),
    );
}

function same(one: unknown, other: unknown): boolean {
    return JSON.stringify(one) === JSON.stringify(other);
}

async function exists(
    session: RegistrySession,
    path: string,
    digest: string | undefined,
): Promise<boolean> {
    return digest !== undefined && (await session.digestOf(path, digest)) !== undefined;
}

function nameOf(name: string): ImageName {
    const parsed = parseImageName(name);
    if (parsed === undefined)
        throw new QuayError(
            `"${name}" is not a repository with its registry, as in quay.io/alice/app.`,
        );
    return parsed;
}

function splitTag(reference: string): string[] {
    const [, name, tag] = /^(.+):([\w][\w.-]{0,127})$/.exec(reference) ?? [];
    return name === undefined || tag === undefined ? [reference] : [name, tag];
}
