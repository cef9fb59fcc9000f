/** What is looked up and checked before an image is promoted. */
import { secondsOf } from "../api/age.ts";
import type { QuayClient } from "../api/client.ts";
import { QuayError, unless } from "../api/errors.ts";
import { refuseExpiring } from "../api/expiration.ts";
import { commitOf, labelsOf } from "../api/imageLabels.ts";
import type { Manifest } from "../api/manifest.ts";
import type { Side } from "../api/copyImage.ts";
import { sizeOf } from "../api/imageSize.ts";
import type { ImageName } from "../api/imageName.ts";
import { findRunningProblem } from "../api/running.ts";
import { checkSeverity } from "../api/severity.ts";
import type { Severity, SeverityException } from "../api/severity.ts";
import { listActiveTags } from "../api/tags.ts";
import type { Context } from "../definition/context.ts";
import { verifyProof } from "./imageProof.ts";
import type { Proof } from "./imageProof.ts";
import { findManifest, isOwn, nameOf, readersOf, sideOf, tagsOf, unlessGone } from "./promotion.ts";
import type { Promotion } from "./promotion.ts";

/** What an image must fulfil to be promoted. */
export interface Gate extends Proof {
    readonly maxSeverity?: Severity | undefined;
    readonly severityException?: SeverityException | undefined;
    readonly requireRunning?: boolean | undefined;
    readonly soak?: string | undefined;
}

/** The inputs of a promotion. */
export interface Wanted extends Promotion, Gate {
    readonly version?: string | undefined;
    readonly commit?: string | undefined;
    readonly size?: number | undefined;
    readonly trustedRoot?: string | undefined;
    readonly environment?: string | undefined;
    readonly publishedBy?: string | undefined;
    readonly howToPublish?: string | undefined;
}

/**
 * Returns the digest of a version: from the source, or else from the target, which has the tag
 * since an earlier promotion.
 */
export async function lookUp(
    { api, warn }: Context,
    promotion: Wanted,
    version: string,
): Promise<string | undefined> {
    const { source, publishedBy, howToPublish } = promotion;
    for (const side of readersOf(api, promotion)) {
        const found = await unlessGone(api, side, () => tagsOf(api, side, [version]));
        const digest = found?.[0]?.digest;
        if (digest !== undefined) return digest;
    }
    const existing = await versionsIn(api, nameOf(source));
    const missing = `There is no tag "${version}" in ${source}: ${existing}`;
    if (publishedBy === undefined) {
        const first = howToPublish === undefined ? "" : ` (${howToPublish})`;
        throw new QuayError(
            `${missing} Publish it first${first}, or give a version that is there.`,
        );
    }
    await warn(`After ${publishedBy}: digest not yet known. ${missing}`);
    return undefined;
}

/** Lists the tags that exist, preferably those that look like versions. */
async function versionsIn(api: QuayClient, { host, path }: ImageName): Promise<string> {
    if (host !== api.site.host) return "it was not pushed there.";
    const tags = await listActiveTags(api, path, { limit: 100 });
    if (tags === undefined) return "there is no such repository, or the API token may not see it.";
    const all = tags.map(({ name }) => name);
    const versions = all.filter((name) => /^v?\d/.test(name));
    const shown = (versions.length > 0 ? versions : all).slice(0, 10);
    return shown.length === 0 ? "it is empty." : `it has ${shown.join(", ")}.`;
}

/** Refuses an image that Quay would not keep, if its digest was given instead of looked up. */
export async function refuseGiven(
    { api }: Context,
    promotion: Promotion & { readonly version?: string | undefined },
): Promise<void> {
    if (promotion.version !== undefined || promotion.digest === undefined) return;
    const { side, manifest } = await findManifest(api, promotion, promotion.digest);
    refuseExpiring(side, manifest.digest, await labelsOf(side, manifest));
}

/**
 * Checks an image before its promotion, unless it was checked for the old inputs: whether it ran
 * long enough, whether Quay keeps it, and whether its scan, its signature and its provenance allow
 * the promotion.
 *
 * @returns the commit that it was built from, empty where that is not known, and its size
 */
export async function inspect(
    context: Context,
    wanted: Wanted,
    digest: string,
    old: (Gate & Pick<Wanted, "digest" | "commit" | "size">) | undefined,
): Promise<{ commit: string; size: number | undefined }> {
    const { maxSeverity, severityException, requireRunning = false, trustedRoot } = wanted;
    const known = digest === old?.digest;
    if (requireRunning && !known) await requireRun(context, wanted, digest);
    const scan =
        maxSeverity !== undefined &&
        !(
            known &&
            same([maxSeverity, severityException], [old.maxSeverity, old.severityException])
        );
    const proof = unproven(wanted, known ? old : {});
    // With a digest alone a preview needs no registry: `refuseGiven` follows in the `up`.
    const isLookedUp = wanted.version !== undefined;
    const last = wanted.commit ?? (known ? old.commit : undefined);
    const label = isLookedUp && !(known && last !== undefined);
    const size = wanted.size ?? (known ? old.size : undefined);
    if (!label && !scan && proof === undefined) return { commit: last ?? "", size };
    const { side, manifest } = await findManifest(context.api, wanted, digest);
    // First: what the others read is up to those who may push to the source.
    if (proof !== undefined) await verifyProof(side, digest, proof, trustedRoot);
    const labels = label ? await labelsOf(side, manifest) : [];
    if (!known) refuseExpiring(side, digest, labels);
    if (scan) await checkScan(context, side, manifest, { maxSeverity, severityException });
    return {
        commit: last ?? commitOf(labels) ?? "",
        // Not for a digest that is known: the state of an earlier version has none, and none is
        // no change.
        size: size ?? (known ? undefined : await sizeOf(side, manifest)),
    };
}

/** Refuses an image whose scan does not allow the promotion. */
async function checkScan(
    { api, warn }: Context,
    side: Side,
    manifest: Manifest,
    { maxSeverity, severityException }: Gate & { readonly maxSeverity: Severity },
): Promise<void> {
    if (!isOwn(api, side))
        throw new QuayError(
            `maxSeverity asks Quay's scanner: it works for ${api.site.host} only, not for ` +
                `${side.session.host}/${side.path}.`,
        );
    const warning = await checkSeverity(api, side.path, manifest, maxSeverity, severityException);
    if (warning !== undefined) await warn(warning);
}

/** Returns what has to be proven and was not before; undefined if nothing. */
function unproven(wanted: Proof, old: Proof): Proof | undefined {
    const signature = same(wanted.signature, old.signature) ? undefined : wanted.signature;
    const provenance = same(wanted.provenance, old.provenance) ? undefined : wanted.provenance;
    return signature === undefined && provenance === undefined
        ? undefined
        : { signature, provenance };
}

/** Refuses an image that did not run in the source's environment for long enough. */
async function requireRun({ api, warn }: Context, wanted: Wanted, digest: string): Promise<void> {
    const { source, target, version, soak = "", environment = source, publishedBy } = wanted;
    const { host, path } = nameOf(source);
    if (host !== api.site.host)
        throw new QuayError(
            `requireRunning reads Quay's tag history: it works for ${api.site.host} only, not ` +
                `for ${source}.`,
        );
    // What was promoted before is a way back that must always be open. A target that may not be
    // read yet, in a namespace that the same `up` creates, has nothing.
    const side = sideOf(api, nameOf(target), wanted.targetCredentials, "pull");
    const found = await unless(
        ({ status }) => status === 401 || status === 403,
        () => unlessGone(api, side, () => tagsOf(api, side, wanted.tags ?? [])),
    );
    if (found?.some((tag) => tag.digest === digest)) return;
    const check = { repository: path, digest, version, environment, soak: secondsOf(soak) ?? 0 };
    const problem = await findRunningProblem(api, check);
    if (problem === undefined) return;
    // The environment is about to run it. One that runs it already only has to go on.
    if (publishedBy === undefined || problem.isRunning) throw new QuayError(problem.message);
    await warn(`After ${publishedBy}: not yet known whether it runs. ${problem.message}`);
}

function same(one: unknown, other: unknown): boolean {
    return JSON.stringify(one) === JSON.stringify(other);
}
