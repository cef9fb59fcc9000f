import { z } from "zod";
import { notFound, QuayError, RefusedError, unless } from "../errors.ts";
import * as names from "../names.ts";
import { func } from "../resource.ts";

const answer = z.object({
    status: z.string(),
    data: z
        .object({
            Layer: z.object({
                Features: z.array(z.object({ Vulnerabilities: z.array(z.object({ Severity: z.string().nullish() })).nullish() })).nullish(),
            }),
        })
        .nullish(),
});

const count = (severity: string) => z.int().describe(`How many are ${severity}.`);

export const getVulnerabilities = func({
    name: "getVulnerabilities",
    description: "What Quay's scanner found in an image, counted by severity.",
    inputs: {
        repository: names.repository.describe("The repository, NAMESPACE/NAME."),
        digest: names.digest.describe("The digest of the image: of one image, not of an index."),
    },
    outputs: {
        status: z
            .string()
            .describe("`scanned`, or why there are no findings yet: `queued`, `failed`, `unsupported`, `manifest_layer_too_large`."),
        critical: count("critical"),
        high: count("high"),
        medium: count("medium"),
        low: count("low"),
        negligible: count("negligible"),
        unknown: count("of unknown severity"),
    },
    async invoke({ repository, digest }, { api }) {
        const call = { to: `read the scan of ${repository}@${digest}`, scope: "repo:read", query: { vulnerabilities: true } } as const;
        let scan;
        try {
            scan = await unless(notFound, () => api.get(`repository/${repository}/manifest/${digest}/security`, call, answer));
        } catch (error) {
            if (error instanceof RefusedError && error.refusal.status === 520) {
                throw new QuayError(`The scanner of Quay at ${api.site.url} does not answer now: try again later.`);
            }
            throw error;
        }
        if (scan === undefined) {
            throw new QuayError(
                `Quay at ${api.site.url} has no scan of ${repository}@${digest}: there is no such image, or its scanner is switched off.`,
            );
        }
        const found = (scan.data?.Layer.Features ?? []).flatMap((feature) => feature.Vulnerabilities ?? []);
        const severities = found.map(({ Severity }) => Severity?.toLowerCase() ?? "unknown");
        const known = ["critical", "high", "medium", "low", "negligible"];
        const counted = (severity: string) => severities.filter((one) => one === severity).length;
        return {
            status: scan.status,
            critical: counted("critical"),
            high: counted("high"),
            medium: counted("medium"),
            low: counted("low"),
            negligible: counted("negligible"),
            unknown: severities.filter((one) => !known.includes(one)).length,
        };
    },
});
