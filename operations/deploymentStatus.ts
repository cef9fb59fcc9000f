/** The status of a commit after its deployment. */
import { visible } from "../quay/api/text.ts";
import type { PublishedOutputs } from "../contract/outputs.ts";

/** A commit's status (https://docs.github.com/en/rest/commits/statuses). */
export interface Status {
    readonly state: "success" | "failure";
    /** At most 140 characters. */
    readonly description: string;
    readonly target_url: string | undefined;
}

/** Returns the status after a deployment that succeeded. */
export function successOf(commit: string, outputs: PublishedOutputs): Status {
    const { version, serviceUrl, repositoryUrl } = outputs;
    const what = serviceUrl === undefined ? "is deployed" : "serves";
    const deployed = `${shortVersion(version)} ${what}`;
    return {
        state: "success",
        description: cut(outputs.commit === commit ? deployed : `Superseded: ${deployed}`),
        target_url: serviceUrl ?? repositoryUrl,
    };
}

/** What `verify` of the review says first; a list and advice follow. */
const unreviewed = /^(No review is recorded|What would be deployed is not what was reviewed)/;

/** Returns the status after a deployment that failed: why, by what it printed. */
export function failureOf(log: string, run: string | undefined): Status {
    const lines = log.split("\n").map((line) => line.trim());
    const first = lines.findIndex(
        (line) =>
            line.startsWith("error: ") && !/^error: (update failed|\d+ errors? occ)/.test(line),
    );
    const end = lines.indexOf("", first);
    const error = lines
        .slice(first, end === -1 ? undefined : end)
        .join(" ")
        .slice("error: ".length);
    const reason =
        first === -1
            ? (lines.find((line) => unreviewed.test(line)) ?? lines.findLast((line) => line !== ""))
            : error.replace(/^The rollout of \S+ in the namespace \S+ failed\. (?=.)/, "");
    return {
        state: "failure",
        description: cut(reason ?? "The deployment failed before it began."),
        target_url: run,
    };
}

function shortVersion(version: string): string {
    return version.replace(/^(sha-\w{12})\w+$/, "$1");
}

function cut(text: string): string {
    const shown = visible(text);
    return shown.length <= 140 ? shown : `${shown.slice(0, 139)}…`;
}
