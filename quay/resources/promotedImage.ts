import { z } from "zod";
import { badId } from "../definition/create.ts";
import { age } from "../api/age.ts";
import * as names from "../api/names.ts";
import { has, promote, sideOf, tagsOf, unlessGone } from "./promotion.ts";
import type { Promotion } from "./promotion.ts";
import { inspect, lookUp, refuseGiven } from "./promotionGate.ts";
import { commitOf, labelsOf } from "../api/imageLabels.ts";
import type { Side } from "../api/copyImage.ts";
import { sizeOf } from "../api/imageSize.ts";
import { floatingTagsOf, isFloating } from "../api/floatingTags.ts";
import { parseImageName } from "../api/imageName.ts";
import { resource } from "../definition/resource.ts";
import { severities } from "../api/severity.ts";
import { findSignatureProblem, provenance, signature } from "./imageProof.ts";

const importId = {
    format:
        "REGISTRY/REPOSITORY:TAG, with a comma before each further version tag and a plus before " +
        "each floating tag",
    example: "quay.io/alice/app_prod:1.0.0+latest",
};

const imageName = z
    .string()
    .refine(
        (name) => parseImageName(name) !== undefined,
        "must be a repository with its registry, as in quay.io/alice/app: no tag, no digest.",
    );

const credentials = z
    .strictObject({
        username: z
            .string()
            .min(1, "must not be empty.")
            .describe("The user, or the robot (NAMESPACE+NAME)."),
        password: z
            .string()
            .min(1, "must not be empty.")
            .describe("The password, or the robot's token."),
    })
    .meta({ id: "Credentials", description: "The login of a registry." });

const credentialsFor = (side: string) =>
    credentials.optional().meta({
        description:
            `The login that ${side}. Default: on the provider's own Quay its API token, which ` +
            "needs no robot; on another registry none.",
        secret: true,
    });

const severity = z.enum(severities, `must be ${severities.join(", ")}.`).meta({
    id: "Severity",
    description: "The severity of a vulnerability, as rated by Quay's scanner.",
});

const severityException = z
    .strictObject({
        digest: names.digest.describe("The digest of the image that may be promoted."),
        reason: z.string().min(1, "must not be empty.").describe("The reason for the exception."),
        expires: z.iso
            .date("must be a day, YYYY-MM-DD.")
            .describe("The last day on which the image may be promoted: YYYY-MM-DD."),
    })
    .meta({
        id: "SeverityException",
        description: "Allows the promotion of one image despite its scan.",
    });

const tags = listOf(names.tag);

function listOf(tag: z.ZodString) {
    return z
        .array(tag)
        .refine((list) => new Set(list).size === list.length, "must not name a tag twice.");
}

export const promotedImage = resource({
    name: "PromotedImage",
    description:
        "Promotes an image, or an index of images for several platforms: copies it by its " +
        "digest to tags of another repository, or of the same one, without a build or a pull. " +
        "Signatures and attestations are copied too. A version tag is never moved: one that " +
        "points to another digest is an error. Deleting the resource deletes no tag.",
    importId,
    fixed: {
        target: imageName.describe(
            "The repository to copy to, with its registry: the `image` of a Repository.",
        ),
    },
    changing: {
        source: imageName.describe(
            "The repository to copy from, with its registry: `quay.io/alice/app`. May be the " +
                "target.",
        ),
        version: names.tag
            .optional()
            .describe(
                "The tag in the source to promote. Its digest is looked up only when the tag or " +
                    "the source changes. Alternatively set `digest`.",
            ),
        digest: names.digest
            .optional()
            .describe(
                "The digest to promote: `sha256:…`. Default: the digest that `version` points to.",
            ),
        tags: tags
            .optional()
            .describe(
                "The version tags to set in the target: each must be new there or have this " +
                    "digest already. Default: the version.",
            ),
        floatingTags: listOf(names.floatingTag)
            .default([])
            .describe(
                "Further tags that move with every promotion, such as `latest`: set when " +
                    "something changes, never compared. `{{major}}.{{minor}}` follows versions: " +
                    "it stands for the tag `1.1` with the version tag 1.1.0. Default: none.",
            ),
        sourceCredentials: credentialsFor("reads the source"),
        targetCredentials: credentialsFor("writes to the target"),
        maxSeverity: severity
            .optional()
            .describe(
                "Promotes only an image that Quay has scanned without findings of this severity " +
                    "or a higher one. Checked when the digest, this or the exception changes. " +
                    "Default: scans are ignored.",
            ),
        severityException: severityException
            .optional()
            .describe("Allows one digest despite maxSeverity. Default: none."),
        signature: signature
            .optional()
            .describe(
                "Promotes only an image whose digest cosign has signed with this key, or for " +
                    "this identity. Verified when the digest or this changes, also in a preview " +
                    "if the digest is known there. Default: signatures are ignored.",
            ),
        provenance: provenance
            .optional()
            .describe(
                "Promotes only an image that this workflow has built on GitHub's own runners, by " +
                    "the attestation of its digest in the registry. Verified like a signature. " +
                    "Default: attestations are ignored.",
            ),
        trustedRoot: z
            .string()
            .optional()
            .describe(
                "The authorities and logs that provenance and signatures of identities are " +
                    "verified with: the text of Sigstore's trusted_root.json, or several as JSON " +
                    "Lines. In no diff and no state. Default: Sigstore's public ones, from " +
                    "tuf-repo-cdn.sigstore.dev.",
            ),
        requireRunning: z
            .boolean()
            .default(false)
            .describe(
                "Promotes only an image that the source's tag `running` names or has named, by " +
                    "Quay's tag history, which forgets an image some time after it ceased to " +
                    "run. Checked when the digest changes, also in a preview if the digest is " +
                    "known there. What the target has under its version tags was promoted before " +
                    "and passes. Default: false.",
            ),
        soak: age
            .optional()
            .describe(
                "With requireRunning: how long the tag has to have named the image without a " +
                    "break, as in `30m`, `1h`, `7d` (s, m, h, d, w). Default: any time.",
            ),
        commit: z
            .string()
            .regex(/^([0-9a-f]{40,64})?$/, "must be a commit: 40 or 64 hexadecimal digits.")
            .optional()
            .describe(
                "The commit that the image was built from. Default: what its label " +
                    "`org.opencontainers.image.revision` says, read once for a digest that was " +
                    "looked up; else empty.",
            ),
        size: z
            .int("must be a whole number of bytes.")
            .min(0, "must not be negative.")
            .optional()
            .describe(
                "The size of the image in bytes, compressed as a node pulls it; of an index, " +
                    "that of its largest image. Default: what its manifest says, read once for a " +
                    "digest that was looked up; not known of a digest that was given, of an " +
                    "index of indexes or of more than 20 images, or where an image of the index " +
                    "cannot be read.",
            ),
        environment: z
            .string()
            .min(1, "must not be empty.")
            .optional()
            .describe(
                "What runs the source's images, for the messages of requireRunning. In no diff " +
                    "and no state. Default: the source.",
            ),
        publishedBy: z
            .string()
            .min(1, "must not be empty.")
            .optional()
            .describe(
                "For a preview: who will publish a version that does not exist in the source " +
                    "yet. A missing version is then a warning, and the digest is unknown; so is " +
                    "one that does not run there, with requireRunning. In no diff and no state. " +
                    "Default: both are errors.",
            ),
        howToPublish: z
            .string()
            .min(1, "must not be empty.")
            .optional()
            .describe(
                "The command that publishes a version that does not exist in the source, for the " +
                    "error. In no diff and no state. Default: none is named.",
            ),
    },
    unread: [
        "source",
        "version",
        "sourceCredentials",
        "targetCredentials",
        "maxSeverity",
        "severityException",
        "signature",
        "provenance",
        "requireRunning",
        "soak",
    ],
    transient: ["trustedRoot", "environment", "publishedBy", "howToPublish"],
    outputs: {
        digest: names.digest.describe("The promoted digest."),
        tags: z.array(names.tag).describe("The version tags in the target."),
        image: z.string().describe("The image to deploy: REGISTRY/REPOSITORY@DIGEST."),
        commit: z
            .string()
            .default("") // the state of an earlier version has none
            .describe("The commit that it was built from; empty where that is not known."),
        size: z
            .int()
            .optional() // the state of an earlier version has none
            .describe("The size in bytes, compressed as a node pulls it; absent if not known."),
    },
    id: ({ target }) => target,
    derive: ({ target, digest, tags, commit, size }) => ({
        digest,
        tags,
        commit,
        size,
        image: target === undefined || digest === undefined ? undefined : `${target}@${digest}`,
    }),
    validate: ({ version, digest, tags, floatingTags, signature, requireRunning, soak }) => {
        if (soak !== undefined && !requireRunning) return "with soak, requireRunning must be true.";
        const unsigned = findSignatureProblem({ signature });
        if (unsigned !== undefined) return unsigned;
        if (version === undefined && digest === undefined)
            return "one of version and digest must be set.";
        if (version === undefined && tags === undefined && floatingTags.length === 0)
            return "with a digest, tags or floatingTags must be set.";
        const both = tags?.find((tag) => isFloating(floatingTags, tag));
        return both === undefined
            ? undefined
            : `the tag "${both}" cannot be in tags and in floatingTags.`;
    },

    async resolve(inputs, old, context) {
        const { source, version } = inputs;
        const tags =
            inputs.tags ??
            (version === undefined || inputs.floatingTags.includes(version) ? [] : [version]);
        const looked =
            old?.digest !== undefined && old.source === source && old.version === version;
        const found =
            inputs.digest ??
            (looked ? old.digest : version && (await lookUp(context, inputs, version)));
        if (found === undefined) return undefined;
        const about = await inspect(context, { ...inputs, tags }, found, old);
        return { ...inputs, tags, digest: found, ...about };
    },

    async create(inputs, context) {
        await refuseGiven(context, inputs);
        await promote(inputs, context);
        return { id: inputs.target, outputs: outputsOf(inputs) };
    },

    async read(id, { api }, old) {
        const given = old === undefined ? splitId(id) : { ...old, name: old.target };
        const parsed = parseImageName(given?.name ?? "");
        if (given === undefined || parsed === undefined) throw badId(id, importId);
        const { name } = given;
        const side = sideOf(api, parsed, old?.targetCredentials, "pull");
        const moving = old === undefined ? floatingTagsOf(given.floatingTags, given.tags) : [];
        const wanted = [...given.tags, ...moving];
        const found = (await unlessGone(api, side, () => tagsOf(api, side, wanted))) ?? [];
        const [digest] = old === undefined ? found.map((one) => one.digest) : [old.digest];
        const gone =
            wanted.length > 0
                ? found.every((one) => one.digest === undefined)
                : digest === undefined || !(await has(api, side, digest));
        if (gone || digest === undefined) return undefined;
        // A tag that was moved or removed no longer belongs to this image: the next `up` sets it,
        // or reports what it points to.
        const set = found.filter((one) => one.digest === digest).map((one) => one.tag);
        const tags = given.tags.filter((tag) => set.includes(tag));
        const inputs = old ?? {
            source: name,
            target: name,
            floatingTags: given.floatingTags.filter((one) =>
                floatingTagsOf([one], given.tags).every((tag) => set.includes(tag)),
            ),
            requireRunning: false,
            ...(await aboutImage(side, digest)),
        };
        return {
            id: name,
            inputs: { ...inputs, digest, tags },
            outputs: {
                digest,
                tags,
                image: `${name}@${digest}`,
                commit: inputs.commit,
                size: inputs.size,
            },
        };
    },

    async update(inputs, old, context) {
        if (inputs.digest !== old.digest) await refuseGiven(context, inputs);
        await promote(inputs, context);
        return outputsOf(inputs);
    },

    // The tags stay, because the image may be in use.
    delete: () => Promise.resolve(),
});

function outputsOf(
    inputs: Promotion & {
        readonly commit?: string | undefined;
        readonly size?: number | undefined;
    },
) {
    const { target, digest = "", tags = [], commit = "", size } = inputs;
    return { digest, tags: [...tags], image: `${target}@${digest}`, commit, size };
}

/** Reads the commit that an image was built from, empty where it does not say, and its size. */
async function aboutImage(
    side: Side,
    digest: string,
): Promise<{ commit: string; size: number | undefined }> {
    const manifest = await side.session.manifest(side.path, digest);
    if (manifest === undefined) return { commit: "", size: undefined };
    return {
        commit: commitOf(await labelsOf(side, manifest)) ?? "",
        size: await sizeOf(side, manifest),
    };
}

/** Splits NAME:TAG,TAG+FLOATING+FLOATING into its parts; undefined for an id of another form. */
function splitId(id: string) {
    const [, name = "", versions = "", floating = ""] =
        /^(.+):([\w.,-]+)((?:\+[\w.{}-]+)*)$/.exec(id) ?? [];
    const tags = versions.split(",");
    const floatingTags = floating.split("+").slice(1);
    const valid =
        tags.every((tag) => names.tag.safeParse(tag).success) &&
        floatingTags.every((tag) => names.floatingTag.safeParse(tag).success);
    return valid ? { name, tags, floatingTags } : undefined;
}
