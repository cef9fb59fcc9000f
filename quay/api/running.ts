import { formatDuration, formatTime } from "./age.ts";
import type { QuayClient } from "./client.ts";
import { listActiveTags, listTagHistory, noRepository } from "./tags.ts";
import type { TagPeriod } from "./tags.ts";

/** The tag that names what runs in the environment of a repository. */
export const runningTag = "running";

/** An image that has to have run. */
export interface RunningCheck {
    /** The repository of the environment, NAMESPACE/NAME. */
    readonly repository: string;
    readonly digest: string;
    /** The image's version, for the message. */
    readonly version?: string | undefined;
    /** What the message calls the image. Default: its version and digest. */
    readonly subject?: string;
    /** What the environment is called in the message. */
    readonly environment: string;
    /** For how many seconds it has to have run without a break. */
    readonly soak: number;
}

/** Why an image has not run long enough. */
export interface NotRunLongEnough {
    readonly message: string;
    /** Whether it runs now, so that waiting is enough. */
    readonly isRunning: boolean;
}

/**
 * Reads from Quay's tag history whether an image has run in an environment for long enough without
 * a break: now, or at an earlier time that Quay still knows.
 *
 * @param now in Unix seconds. Default: the time of this machine.
 * @returns what is missing, and what ran there when; undefined if it ran long enough.
 */
export async function findRunningProblem(
    api: QuayClient,
    { repository, digest, version, subject, environment, soak }: RunningCheck,
    now = Math.floor(Date.now() / 1000),
): Promise<NotRunLongEnough | undefined> {
    const history = await listTagHistory(api, repository, runningTag, now);
    if (history === undefined) throw noRepository(api, repository);
    const own = history.filter((period) => period.digest === digest);
    if (own.some((period) => lengthOf(period, now) >= soak)) return undefined;

    const image = subject ?? nameOf(digest, version);
    const of = soak === 0 ? "" : ` of ${formatDuration(soak)}`;
    const [last] = own;
    if (last !== undefined && last.end === undefined) {
        const from = Math.ceil((last.start + soak) / 60) * 60;
        const message =
            `${image} has been running in ${environment} for ` +
            `${formatDuration(lengthOf(last, now))}${of}; it may be promoted from ` +
            `${formatTime(from, now)}.`;
        return { message, isRunning: true };
    }
    if (history.length === 0) {
        const message =
            `Nothing is known to have run in ${environment}: ${repository} on Quay at ` +
            `${api.site.url} never had the tag "${runningTag}", or lost it too long ago. The ` +
            "environment's `up` sets it once its rollout on a cluster is healthy: run that " +
            "first, or leave requireRunning out.";
        return { message, isRunning: false };
    }
    const ran = await describe(api, repository, history, now);
    if (last === undefined) {
        const message =
            `${image} has not run in ${environment}, and requireRunning asks for that` +
            `${soak === 0 ? "" : `, for ${formatDuration(soak)}`}. There ran: ${ran}. Release ` +
            "it there first.";
        return { message, isRunning: false };
    }
    const longest = Math.max(...own.map((period) => lengthOf(period, now)));
    const message =
        `${image} no longer runs in ${environment}, and ran there for ` +
        `${formatDuration(longest)}${of}. There ran: ${ran}. Release it there again.`;
    return { message, isRunning: false };
}

function lengthOf({ start, end }: TagPeriod, now: number): number {
    return (end ?? now) - start;
}

/** Says what ran when, the newest first. */
async function describe(
    api: QuayClient,
    repository: string,
    history: readonly TagPeriod[],
    now: number,
): Promise<string> {
    const tags = (await listActiveTags(api, repository, { limit: 100 })) ?? [];
    return history
        .slice(0, 5)
        .map(({ digest, start, end }) => {
            const version = tags.find((tag) => tag.digest === digest && /^v?\d/.test(tag.name));
            const time =
                end === undefined
                    ? `since ${formatTime(start, now)}`
                    : `from ${formatTime(start, now)} to ${formatTime(end, now)}`;
            return `${nameOf(digest, version?.name)} ${time}`;
        })
        .join(", ");
}

/** Names an image by its version and the start of its digest. */
function nameOf(digest: string, version: string | undefined): string {
    const short = `${digest.slice(0, "sha256:".length + 12)}…`;
    return version === undefined ? short : `${version} (${short})`;
}
