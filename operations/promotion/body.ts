import { formatDuration } from "../../quay/api/age.ts";
import type { Scan } from "../../quay/api/severity.ts";
import { shorten } from "../../quay/api/text.ts";
import { codeSpan } from "../review/text.ts";

/** A commit of the service's repository. */
export interface Commit {
    readonly sha: string;
    readonly author: string;
    /** The first line of its message. */
    readonly title: string;
}

/** How a version runs on the cluster of a stack. */
export interface Health {
    /** How many pods serve. */
    readonly ready: number;
    /** How many pods there should be. */
    readonly wanted: number;
    /** How often their containers were restarted. */
    readonly restarts: number;
    /** Whether all pods run this image. */
    readonly isCurrent: boolean;
    /** What keeps pods from serving; absent if all serve. */
    readonly problem?: string | undefined;
}

/** What the description of a promotion says. */
export interface Promotion {
    readonly stack: string;
    /** The stack before. */
    readonly from: string;
    readonly version: string;
    readonly present: string;
    readonly digest: string;
    /** For how many seconds it has run there; undefined where that is not known. */
    readonly ranFor: number | undefined;
    /** How it runs there; undefined where that is not known. */
    readonly health: Health | undefined;
    readonly scans: readonly Scan[] | undefined;
    /** Undefined where they are not known. */
    readonly commits: readonly Commit[] | undefined;
}

const mostCommits = 50;

/** Returns the description of a promotion's pull request, as Markdown. */
export function promotionBody(promotion: Promotion): string {
    const { stack, from, version, present, digest, ranFor, health, scans, commits } = promotion;
    const ran =
        ranFor === undefined ? "not known" : `for ${formatDuration(ranFor)}, without a break`;
    return [
        `Merging this releases ${codeSpan(version)} to ${codeSpan(stack)}, which has ` +
            `${codeSpan(present)}. The image is promoted by its digest; nothing is built.`,
        "",
        "| | |",
        "| --- | --- |",
        `| image | ${codeSpan(digest)} |`,
        `| runs in ${codeSpan(from)} | ${ran} |`,
        `| pods there | ${podsOf(health)} |`,
        `| Quay's scan | ${scansOf(scans)} |`,
        "",
        ...commitsOf(commits, present),
        "The comment below shows what changes. To refuse it, close this pull request. To go back " +
            `after the merge: ${codeSpan(`make rollback STACK=${stack}`)}.`,
    ].join("\n");
}

/** Returns the description of a pull request that goes back, as Markdown. */
export function rollbackBody(stack: string, version: string, present: string): string {
    return (
        `Merging this takes ${codeSpan(stack)} from ${codeSpan(present)} back to ` +
        `${codeSpan(version)}, which ran there before. The image is still in its repository: ` +
        "neither the stack before nor a build is needed."
    );
}

function commitsOf(commits: readonly Commit[] | undefined, present: string): string[] {
    if (commits === undefined) return [`The commits since ${codeSpan(present)} are not known.`, ""];
    const lines = commits
        .slice(-mostCommits)
        .reverse()
        .map(
            ({ sha, author, title }) =>
                `- ${codeSpan(sha.slice(0, 12))} ${codeSpan(shorten(title))}, ${codeSpan(author)}`,
        );
    const more = commits.length - lines.length;
    return [
        `The commits since ${codeSpan(present)}: ${String(commits.length)}`,
        "",
        ...lines,
        ...(more > 0 ? [`- and ${String(more)} before`] : []),
        "",
    ];
}

function podsOf(health: Health | undefined): string {
    if (health === undefined) return "not known";
    const { ready, wanted, restarts, isCurrent, problem } = health;
    if (!isCurrent) return "they run another image now";
    const count = `${String(ready)} of ${String(wanted)} serve, ${String(restarts)} restarts`;
    return problem === undefined ? count : `${count}: ${codeSpan(problem)}`;
}

function scansOf(scans: readonly Scan[] | undefined): string {
    if (scans === undefined || scans.length === 0) return "none";
    return scans
        .map(({ status, findings }) => {
            if (status !== "scanned") return codeSpan(status);
            const found = Object.entries(findings).filter(([, count]) => count > 0);
            const counts = found.map(([severity, count]) => `${String(count)} ${severity}`);
            return counts.join(", ") || "nothing found";
        })
        .join("; ");
}
