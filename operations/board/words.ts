/** How the board says things, in each of its forms. */
import type { RunningService } from "../services.ts";
import type { Row } from "./row.ts";

/** Shortens a version that names a commit; others stay. */
export function shortVersion(version: string): string {
    return version.replace(/^(sha-\w{12})\w+$/, "$1");
}

/** The first twelve digits of a digest. */
export function shortDigest(digest: string): string {
    return digest.replace("sha256:", "").slice(0, 12);
}

/** The use of the busiest pod, and its limit. */
export function cpuOf(cpu: RunningService["cpu"]): string {
    if (cpu === undefined) return "-";
    const limit = cpu.limit === undefined ? "" : ` of ${String(cpu.limit)}m`;
    return `${String(cpu.used)}m${limit}${cpu.isThrottled ? " (throttled)" : ""}`;
}

/** What the scanner found. `-` means not applicable, `?` that it could not be determined. */
export function scanOf(scan: Row["scan"]): string {
    if (scan === undefined) return "-";
    if (scan === null) return "?";
    if (scan.status !== "scanned") return scan.status;
    const found = Object.entries(scan.findings).filter(([, count]) => count > 0);
    return found.length === 0
        ? "nothing found"
        : found.map(([severity, count]) => `${String(count)} ${severity}`).join(", ");
}

/** Formats the time since `since` in its largest unit, such as `3 d`; `-` if there is none. */
export function ageOf(since: string | undefined, now: Date): string {
    if (since === undefined) return "-";
    const minutes = Math.max(0, Math.floor((now.getTime() - Date.parse(since)) / 60_000));
    if (minutes < 60) return `${String(minutes)} min`;
    return minutes < 24 * 60
        ? `${String(Math.floor(minutes / 60))} h`
        : `${String(Math.floor(minutes / 60 / 24))} d`;
}

/** Says how many, with the noun in its number. */
export function count(number: number, noun: string): string {
    return `${String(number)} ${noun}${number === 1 ? "" : "s"}`;
}
