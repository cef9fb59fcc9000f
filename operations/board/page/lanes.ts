/** Draws which version was where when: a lane for each environment, in SVG that scales. */
import type { Release } from "../releases.ts";
import { shortVersion } from "../words.ts";
import { type Html, html } from "./html.ts";
import { formatAs } from "./time.ts";

/** An environment's releases, the newest first. */
export interface Lane {
    readonly environment: string;
    readonly releases: readonly Release[];
}

/** How many times are drawn: more have no room. The list has the others. */
const newest = 40;
const laneHeight = 52;
const barTop = 20;
const barHeight = 24;
/** The share of the width that a day's name needs on a narrow screen. */
const dayWidth = 0.17;

/**
 * Draws the lanes. A long period is compressed, so that several releases of a day and
 * one of a month both have room. Undefined where there is nothing to draw.
 *
 * @param colors the number of each version's colour.
 */
export function drawLanes(
    lanes: readonly Lane[],
    colors: ReadonlyMap<string, number>,
    now: Date,
): Html | undefined {
    const times = [...new Set(lanes.flatMap(({ releases }) => releases.map(timeOf)))]
        .sort((a, b) => a - b)
        .slice(-newest);
    if (times.length === 0) return undefined;
    const place = scaleOf([...times, Math.max(now.getTime(), times.at(-1) ?? 0)]);
    const height = lanes.length * laneHeight;
    return html`<svg role="img" aria-labelledby="lanes-title" width="100%" height="${height + 24}">
        <title id="lanes-title">Which version was where when. The list below says the same.</title>
        ${daysOf(times, place).map(
            ({ name, x }) =>
                html`<g class="day"
                    ><line x1="${percent(x)}" x2="${percent(x)}" y1="${barTop}" y2="${height}" />
                    <text x="${percent(x)}" y="${height + 16}">${name}</text></g
                > `,
        )}
        <text class="now" x="100%" y="${height + 16}">now</text>
        ${lanes.map((lane, index) => drawLane(lane, index * laneHeight, colors, place))}
    </svg>`;
}

function drawLane(
    { environment, releases }: Lane,
    y: number,
    colors: ReadonlyMap<string, number>,
    place: (time: number) => number,
): Html {
    const starts = releases.map((release) => ({ release, from: place(timeOf(release)) }));
    const bars = starts
        .map(({ release, from }, index) => ({ release, from, to: starts[index - 1]?.from ?? 1 }))
        .filter(({ from, to }) => to > from)
        .reverse();
    return html`<text class="lane" x="0" y="${y + 14}">${environment}</text>
        <rect class="lane" x="0" y="${y + barTop}" width="100%" height="${barHeight}" rx="4" />
        ${bars.map(({ release, from, to }) => drawBar(release, from, to, y + barTop, colors))} `;
}

function drawBar(
    { version, digest, at }: Release,
    from: number,
    to: number,
    y: number,
    colors: ReadonlyMap<string, number>,
): Html {
    const name = nameOf(version, digest);
    const needed = (name.length * 7 + 14) / (to - from);
    const label = needed < 320 ? "" : needed < 900 ? "wide" : needed < 1120 ? "widest" : "none";
    return html`<svg
        x="${percent(from)}"
        y="${y}"
        width="${percent(to - from)}"
        height="${barHeight}"
    >
        <title>${name}, since ${formatAs("shortDay", at)}, ${formatAs("clock", at)}</title>
        <rect class="v${colors.get(digest) ?? 0}" x="1" width="100%" height="100%" rx="4" />
        <text class="v${colors.get(digest) ?? 0} ${label}" x="8" y="16">
            ${label === "none" ? "" : name}
        </text>
    </svg> `;
}

/** What a release is called where there is little room. */
export function nameOf(version: string | undefined, digest: string): string {
    return version === undefined
        ? digest.slice("sha256:".length, "sha256:".length + 7)
        : shortVersion(version).slice(0, 16);
}

function timeOf({ at }: Release): number {
    return Date.parse(at);
}

/**
 * Returns where a time is, from 0 to 1. What is between two of the times grows with the logarithm
 * of the hours between them.
 */
function scaleOf(times: readonly number[]): (time: number) => number {
    const ends = times.map(() => 0);
    for (const [index, time] of times.entries()) {
        const before = times[index - 1];
        if (before === undefined) continue;
        ends[index] = (ends[index - 1] ?? 0) + 1 + Math.log2(1 + (time - before) / 3_600_000);
    }
    const all = ends.at(-1) ?? 0;
    const places = new Map(times.map((time, index) => [time, (ends[index] ?? 0) / (all || 1)]));
    return (time) => places.get(time) ?? 0;
}

/** Names the first time of each day where there is room, at the end beside `now`. */
function daysOf(times: readonly number[], place: (time: number) => number) {
    const days: { name: string; x: number }[] = [];
    for (const time of times) {
        const name = formatAs("shortDay", new Date(time).toISOString());
        const x = place(time);
        const last = days.at(-1);
        if (last?.name === name || x > 1 - 1.3 * dayWidth) continue;
        if (last === undefined || x - last.x >= dayWidth) days.push({ name, x });
    }
    return days;
}

function percent(share: number): string {
    return `${String(Number((share * 100).toFixed(3)))}%`;
}
