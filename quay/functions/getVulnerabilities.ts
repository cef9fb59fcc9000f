import { z } from "zod";
import * as names from "../api/names.ts";
import { func } from "../definition/function.ts";
import { scanOf } from "../api/severity.ts";

const count = (severity: string) => z.int().describe(`The number of vulnerabilities: ${severity}.`);

export const getVulnerabilities = func({
    name: "getVulnerabilities",
    description:
        "Reads the number of vulnerabilities that Quay's scanner found in an image, by " +
        "severity.",
    inputs: {
        repository: names.repository.describe("The repository, NAMESPACE/NAME."),
        digest: names.digest.describe("The digest of a single image, not of an index."),
    },
    outputs: {
        status: z
            .string()
            .describe(
                "`scanned`, or the reason why there are no findings yet: `queued`, `failed`, " +
                    "`unsupported`, `manifest_layer_too_large`.",
            ),
        critical: count("critical"),
        high: count("high"),
        medium: count("medium"),
        low: count("low"),
        negligible: count("negligible"),
        unknown: count("of unknown severity"),
    },
    async invoke({ repository, digest }, { api }) {
        const { status, findings } = await scanOf(api, repository, digest);
        return { status, ...findings };
    },
});
