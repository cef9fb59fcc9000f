import { type Scan, scansOf } from "../../quay/api/severity.ts";
import type { PublishedImage } from "./publishedImage.ts";

/**
 * Returns what Quay's scanner found in an image; for an index, the sum over its images.
 *
 * @throws QuayError if Quay does not have the image or does not answer
 */
export async function readScan(image: PublishedImage): Promise<Scan> {
    return sum(await scansOf(image.api, image.path, await image.manifest()));
}

/** Adds up the findings. The status is `scanned` only if all images are scanned. */
function sum(scans: readonly Scan[]): Scan {
    const findings = { critical: 0, high: 0, medium: 0, low: 0, negligible: 0, unknown: 0 };
    for (const scan of scans) {
        findings.critical += scan.findings.critical;
        findings.high += scan.findings.high;
        findings.medium += scan.findings.medium;
        findings.low += scan.findings.low;
        findings.negligible += scan.findings.negligible;
        findings.unknown += scan.findings.unknown;
    }
    return {
        status: scans.find(({ status }) => status !== "scanned")?.status ?? "scanned",
        findings,
    };
}
