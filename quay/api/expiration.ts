import type { Side } from "./copyImage.ts";
import { QuayError } from "./errors.ts";
import type { Labels } from "./imageLabels.ts";

/** The label that tells Quay to remove an image's tags after a time: `30s`, `12h`, `2w`. */
const label = "quay.expires-after";

/**
 * Refuses an image whose tags Quay would remove: with every tag that is set, Quay reads the label
 * from the image's configuration, or an annotation from its manifest.
 *
 * @param labels those of each image of an index.
 * @throws QuayError that names the label and the line to remove.
 */
export function refuseExpiring(side: Side, digest: string, labels: readonly Labels[]): void {
    const value = labels.flatMap((one) => one[label] ?? []).find(isLifetime);
    if (value !== undefined) {
        throw new QuayError(
            `The image ${side.session.host}/${side.path}@${digest} has the label ` +
                `${label}=${value}: Quay would ` +
                "remove every tag that it gets after that time, the version too. Remove the line " +
                `"LABEL ${label}=${value}" from the Dockerfile, or where the base image has it ` +
                `add 'LABEL ${label}=""', ` +
                "and build it again.",
        );
    }
}

/**
 * Whether Quay parses the value as a time: a number other than zero and a unit
 * (util/timedeltastring.py). An empty label is ignored.
 */
function isLifetime(value: string): boolean {
    const [, count] = /^\s*([+-]?\d+)\s*[smhdwy]$/.exec(value) ?? [];
    return count !== undefined && Number(count) !== 0;
}
