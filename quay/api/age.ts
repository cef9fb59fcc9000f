import { z } from "zod";

const seconds: Readonly<Record<string, number>> = {
    s: 1,
    m: 60,
    h: 3600,
    d: 86_400,
    w: 604_800,
};
const longest = 52 * 604_800;

/**
 * Parses an age: a whole number above 0 and a unit of `s`, `m`, `h`, `d`, `w`; at most `52w`.
 *
 * @returns its seconds; undefined if it is not an age.
 */
export function secondsOf(age: string): number | undefined {
    const [, count, unit = ""] = /^([1-9]\d*)([smhdw])$/.exec(age) ?? [];
    const found = Number(count) * (seconds[unit] ?? NaN);
    return found <= longest ? found : undefined;
}

/** Such an age. */
export const age = z
    .string()
    .refine(
        (value) => secondsOf(value) !== undefined,
        "must be an age such as 30m, 1h or 7d (s, m, h, d, w), at most 52w.",
    );

/** Writes a duration for people, in its two largest units: `1 h 30 min`. */
export function formatDuration(duration: number): string {
    const whole = Math.max(0, Math.floor(duration));
    const units = [
        [Math.floor(whole / 86_400), "d"],
        [Math.floor(whole / 3600) % 24, "h"],
        [Math.floor(whole / 60) % 60, "min"],
        [whole % 60, "s"],
    ] as const;
    const first = units.findIndex(([count]) => count > 0);
    if (first < 0) return "0 s";
    // From ten minutes on, seconds do not matter.
    const last = whole < 600 ? first + 2 : Math.min(first + 2, 3);
    return units
        .slice(first, last)
        .filter(([count]) => count > 0)
        .map(([count, unit]) => `${String(count)} ${unit}`)
        .join(" ");
}

/** Writes a time, in Unix seconds, with its day unless that is today's: `14:32 UTC`. */
export function formatTime(time: number, now: number): string {
    const [day = "", clock = ""] = new Date(time * 1000).toISOString().split("T");
    const isToday = new Date(now * 1000).toISOString().startsWith(day);
    return `${isToday ? "" : `${day} `}${clock.slice(0, 5)} UTC`;
}
