import { z } from "zod";
import type { QuayClient } from "./client.ts";
import { notFound, QuayError, RefusedError, unless } from "./errors.ts";
import type { Descriptor, Manifest } from "./manifest.ts";
import { foreign } from "./text.ts";

/** The severities of Quay's scanner, the most severe first. */
export const severities = ["critical", "high", "medium", "low", "negligible"] as const;
export type Severity = (typeof severities)[number];

/** The scanner's result for an image. */
export interface Scan {
    /**
     * `scanned`, or why there are no findings yet: `queued`, `failed`, `unsupported`,
     * `manifest_layer_too_large`.
     */
    readonly status: string;
    /** The number of findings by severity. */
    readonly findings: Readonly<Record<Severity | "unknown", number>>;
}

/** Lets one image pass despite its scan. */
export interface SeverityException {
    readonly digest: string;
    readonly reason: string;
    /** The last day on which it applies, YYYY-MM-DD. */
    readonly expires: string;
}

const answer = z.object({
    status: z.string(),
    data: z
        .object({
            Layer: z.object({
                Features: z
                    .array(
                        z.object({
                            Vulnerabilities: z
                                .array(z.object({ Severity: z.string().nullish() }))
                                .nullish(),
                        }),
                    )
                    .nullish(),
            }),
        })
        .nullish(),
});

/** Quay will never have a scan of the image. */
class UnscannedError extends QuayError {
    /** The reason, as what is wrong with an image that needs a scan. */
    readonly problem: string;

    constructor(message: string, problem: string) {
        super(message);
        this.problem = problem;
    }
}

/**
 * Returns the scan of a single image, not of an index.
 *
 * @throws QuayError if the image does not exist, or if Quay has no scanner.
 */
export async function scanOf(api: QuayClient, repository: string, digest: string): Promise<Scan> {
    const call = {
        to: `read the scan of ${repository}@${digest}`,
        scope: "repo:read",
        query: { vulnerabilities: true },
    } as const;
    let scan;
    try {
        scan = await unless(notFound, () =>
            api.get(`repository/${repository}/manifest/${digest}/security`, call, answer),
        );
    } catch (error) {
        if (error instanceof RefusedError && error.refusal.status === 520) {
            throw new QuayError(
                `The scanner of Quay at ${api.site.url} does not answer now: try again later.`,
            );
        }
        throw error;
    }
    if (scan === undefined)
        throw new UnscannedError(
            `Quay at ${api.site.url} has no scan of ${repository}@${digest}: there is no such ` +
                "image, or its scanner is switched off.",
            `was not scanned, and maxSeverity asks for a scan: Quay at ${api.site.url} has no ` +
                "scanner, or it is switched off.",
        );
    const findings = { critical: 0, high: 0, medium: 0, low: 0, negligible: 0, unknown: 0 };
    for (const { Severity } of (scan.data?.Layer.Features ?? []).flatMap(
        (feature) => feature.Vulnerabilities ?? [],
    )) {
        findings[severities.find((one) => one === Severity?.toLowerCase()) ?? "unknown"]++;
    }
    return { status: scan.status, findings };
}

/**
 * Returns the scan of an image, or the scans of an index's images.
 *
 * @throws QuayError if an image does not exist, if an index has none, or if Quay has no scanner.
 */
export async function scansOf(
    api: QuayClient,
    repository: string,
    manifest: Manifest,
): Promise<Scan[]> {
    const images = imagesOf(manifest);
    if (images.length === 0)
        throw new UnscannedError(
            `${repository}@${manifest.digest} is an index without an image.`,
            "is an index without an image, and maxSeverity asks for one that was scanned.",
        );
    return Promise.all(images.map((digest) => scanOf(api, repository, digest)));
}

/**
 * Checks that an image's scan has no finding of this severity or a higher one. For an index, checks
 * each of its images.
 *
 * @returns a warning if only the exception lets it pass.
 * @throws QuayError with the counts, or with the reason for a missing scan, and what to do.
 */
export async function checkSeverity(
    api: QuayClient,
    repository: string,
    manifest: Manifest,
    limit: Severity,
    exception: SeverityException | undefined,
): Promise<string | undefined> {
    const problem = await findProblem(api, repository, manifest, limit);
    if (problem === undefined) return undefined;
    const what = `${repository}@${manifest.digest} ${problem}`;
    if (exception?.digest !== manifest.digest)
        throw new QuayError(
            `${what} To let this image pass all the same, make an exception for its digest.`,
        );
    if (exception.expires >= today())
        return `${what} It passes by an exception until ${exception.expires}: ${exception.reason}`;
    throw new QuayError(`${what} The exception for it ended on ${exception.expires}.`);
}

/** Returns why an image does not pass; undefined if it does. */
async function findProblem(
    api: QuayClient,
    repository: string,
    manifest: Manifest,
    limit: Severity,
): Promise<string | undefined> {
    const page = `repository/${repository}/manifest/${manifest.digest}?tab=vulnerabilities`;
    try {
        const scans = await scansOf(api, repository, manifest);
        return problemOf(scans, limit, `${api.site.url}/${page}`);
    } catch (error) {
        if (!(error instanceof UnscannedError)) throw error;
        return error.problem;
    }
}

function problemOf(scans: readonly Scan[], limit: Severity, page: string): string | undefined {
    const unscanned = scans.find(({ status }) => status !== "scanned");
    if (unscanned?.status === "queued") {
        return (
            "is not scanned yet, and maxSeverity asks for a scan: Quay does that within minutes " +
            `of the push. Watch ${page}, and run this again.`
        );
    }
    if (unscanned !== undefined) {
        return (
            "has no scan, and maxSeverity asks for one: Quay's scanner says " +
            `"${foreign(unscanned.status, 100)}". See ${page}`
        );
    }
    const counts = severities
        .slice(0, severities.indexOf(limit) + 1)
        .map((severity) => ({
            severity,
            count: scans.reduce((sum, { findings }) => sum + findings[severity], 0),
        }))
        .filter(({ count }) => count > 0);
    if (counts.length === 0) return undefined;
    const found = counts.map(({ severity, count }) => `${String(count)} ${severity}`).join(", ");
    return (
        `has ${found} vulnerabilities, and maxSeverity lets only those below ${limit} pass. ` +
        `Build it on an image with fixes: ${page}`
    );
}

/**
 * Returns the digests of an index's images, all that a client could run; for an image, its own
 * digest.
 */
function imagesOf({ digest, parts }: Manifest): string[] {
    if (parts.manifests === undefined) return [digest];
    return parts.manifests.filter((one) => !isAttestation(one)).map((one) => one.digest);
}

/**
 * Whether an entry of an index is an attestation as BuildKit writes it (moby/buildkit,
 * docs/attestations/attestation-storage.md). Clients choose by the platform alone: what says only
 * by its annotation that it is none, they run.
 */
function isAttestation({ annotations, platform }: Descriptor): boolean {
    return (
        annotations?.["vnd.docker.reference.type"] === "attestation-manifest" &&
        platform?.os === "unknown" &&
        platform.architecture === "unknown"
    );
}

function today(): string {
    return new Date().toISOString().slice(0, 10);
}
