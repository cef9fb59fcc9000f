import type { Row } from "./row.ts";
import type { RunningService } from "../services.ts";
import { foreign } from "../../quay/api/text.ts";
import { ageOf, cpuOf, scanOf, shortDigest, shortVersion } from "./words.ts";

/** The columns of every board. */
const common = [
    "environment",
    "version",
    "digest",
    "deployed",
    "visibility",
    "robot",
    "robot's age",
    "scan",
    "drift",
    "next",
];
/** The columns of a board with a service on a cluster. */
const onCluster = ["pods", "rollout", "restarts", "CPU", "URL"];

/** Renders the board for a terminal: a table, with notes below it. */
export function renderText(rows: readonly Row[], now: Date): string {
    const lines = linesOf(rows, now);
    const widths = (lines[0] ?? []).map((_, column) =>
        Math.max(...lines.map((line) => line[column]?.length ?? 0)),
    );
    const table = lines.map((line) =>
        line
            .map((cell, column) => cell.padEnd(widths[column] ?? 0))
            .join("  ")
            .trimEnd(),
    );
    const notes = notesOf(rows);
    return [...table, ...(notes.length === 0 ? [] : ["", ...notes])].join("\n");
}

/** Renders the board as a table in GitHub's Markdown, with notes below it. */
export function renderMarkdown(rows: readonly Row[], now: Date): string {
    const [headings = [], ...cells] = linesOf(rows, now);
    const lines = [headings, headings.map(() => "---"), ...cells.map((row) => row.map(escape))];
    const notes = notesOf(rows).map((note) => `- ${escape(note)}`);
    return [
        ...lines.map((line) => `| ${line.join(" | ")} |`),
        ...(notes.length === 0 ? [] : ["", ...notes]),
    ].join("\n");
}

/** Renders the board as JSON, with times instead of ages and full digests. */
export function renderJson(rows: readonly Row[]): string {
    return JSON.stringify(rows, undefined, 2);
}

/** The headings, and a line of cells for each row. */
function linesOf(rows: readonly Row[], now: Date): string[][] {
    const hasServices = rows.some(({ services }) => services !== undefined);
    return [
        [...common, ...(hasServices ? onCluster : [])],
        ...rows.map((row) =>
            [...cellsOf(row, now), ...(hasServices ? clusterCellsOf(row.services, now) : [])].map(
                (cell) => foreign(cell, 200),
            ),
        ),
    ];
}

/** A row's cells about a cluster, with the same signs as `cellsOf`. */
function clusterCellsOf(services: Row["services"], now: Date): string[] {
    if (!services) return onCluster.map(() => (services === null ? "?" : "-"));
    const cells: ((service: RunningService) => string)[] = [
        ({ ready, wanted, isCurrent }) =>
            `${String(ready)}/${String(wanted)}${isCurrent ? "" : " (other image)"}`,
        ({ since }) => (since === undefined ? "under way" : ageOf(since, now)),
        ({ restarts }) => String(restarts),
        ({ cpu }) => cpuOf(cpu),
        ({ url }) => url ?? "-",
    ];
    return cells.map((cell) => services.map(cell).join(", "));
}

/**
 * A row's cells. `-` means not applicable or not requested, `?` that it could not be determined.
 */
function cellsOf(
    { environment, version, digest, since, visibility, robot, scan, drift, next, notes }: Row,
    now: Date,
): string[] {
    const unknown = notes.length > 0 ? "?" : "not deployed";
    return [
        environment,
        version === undefined ? unknown : shortVersion(version),
        digest === undefined ? "-" : shortDigest(digest),
        ageOf(since, now),
        visibility ?? "-",
        robot?.username ?? "-",
        ageOf(robot?.since, now),
        scanOf(scan),
        drift === undefined
            ? "-"
            : drift === null
              ? "?"
              : drift.length === 0
                ? "none"
                : String(drift.length),
        next === null ? "?" : (next?.version ?? "-"),
    ];
}

/** Merges equal notes of several environments into one. */
function notesOf(rows: readonly Row[]): string[] {
    const environments = new Map<string, string[]>();
    for (const { environment, notes } of rows) {
        for (const note of notes)
            environments.set(note, [...(environments.get(note) ?? []), environment]);
    }
    return [...environments].map(([note, names]) =>
        foreign(`${names.join(", ")}: ${note.replace(/\s+/g, " ")}`),
    );
}

/** Escapes text so that Markdown shows it literally, on one line. */
function escape(text: string): string {
    return text.replace(/[\\`*_{}[\]<>|#~]/g, "\\$&").replace(/\s+/g, " ");
}
