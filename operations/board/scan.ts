import { QuayClient } from "../../quay/api/client.ts";
import { QuayError } from "../../quay/api/errors.ts";
import { parseImageName } from "../../quay/api/imageName.ts";
import { RegistrySession } from "../../quay/api/registry.ts";
import { clientOptions } from "../../quay/provider/settings.ts";
import { type Scan, scansOf } from "../../quay/api/severity.ts";
import type { Deployed } from "./state.ts";

/**
 * Returns what Quay's scanner found in an image; for an index, the sum over its images.
 *
 * @throws QuayError if Quay does not have the image or does not answer
 */
export async function readScan({
    image,
    settings,
}: NonNullable<Deployed["published"]>): Promise<Scan> {
    const api = new QuayClient(clientOptions(settings, process.env, new AbortController().signal));
    const [name = "", digest = ""] = image.split("@");
    const repository = parseImageName(name);
    // The token must not be sent to another Quay.
    if (repository?.host !== api.site.host)
        throw new QuayError(`The image is on another Quay than ${api.site.url}: set QUAY_URL.`);
    const session = new RegistrySession(api, repository.host, undefined, [
        `repository:${repository.path}:pull`,
    ]);
    const manifest = await session.manifest(repository.path, digest);
    if (manifest === undefined) throw new QuayError(`There is no ${digest} in ${name} any more.`);
    return sum(await scansOf(api, repository.path, manifest));
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
