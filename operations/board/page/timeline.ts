import type { Release } from "../releases.ts";
import type { Row } from "../row.ts";
import { count, shortDigest, shortVersion } from "../words.ts";
import { type Content, type Html, html } from "./html.ts";
import { drawLanes, type Lane } from "./lanes.ts";
import { formatAs, timeElement } from "./time.ts";

/** How many colours style.ts has for versions. */
const colorCount = 6;
/** Once this many releases are shown, the days before are folded. */
const openReleases = 25;

interface Event extends Release {
    readonly environment: string;
    /** Whether the environment had this image before, and then another one. */
    readonly isBack: boolean;
}

/** Renders the releases of all environments: drawn, and as a list by days, the newest first. */
export function renderTimeline(rows: readonly Row[], now: Date): Html {
    const lanes = rows.flatMap(({ environment, releases }) =>
        releases ? [{ environment, releases }] : [],
    );
    const unread = rows.filter(({ releases }) => releases === null);
    return html`<section aria-labelledby="releases">
        <h2 id="releases">Releases</h2>
        ${
            unread.length === 0
                ? undefined
                : html`<p>
                      Those of ${unread.map(({ environment }) => environment).join(", ")} could not
                      be read.
                  </p>`
        }
        ${
            lanes.some(({ releases }) => releases.length > 0)
                ? renderReleases(lanes, now)
                : unread.length > 0
                  ? undefined
                  : html`<p>
                        No releases yet. They are read from the tags of each repository on Quay.
                    </p>`
        }
    </section>`;
}

/** Draws and lists them; days for which there is no room are folded. */
function renderReleases(lanes: readonly Lane[], now: Date): Html {
    const colors = colorsOf(lanes);
    const days = daysOf(lanes);
    const counts = days.map((_, index) => days.slice(0, index).flat().length);
    const open = days.filter((_, index) => (counts[index] ?? 0) < openReleases);
    const older = days.slice(open.length);
    return html`<p>
            Read from the history of the tags on Quay, which forgets removed tags after some time.
            Times are in UTC.
        </p>
        <figure>
            ${drawLanes(lanes, colors, now)}
            <figcaption>Not to scale: long periods are drawn shorter.</figcaption>
        </figure>
        ${renderDays(open, colors)}
        ${
            older.length === 0
                ? undefined
                : html`<details class="older">
                      <summary>${count(older.length, "earlier day")}</summary>
                      ${renderDays(older, colors)}
                  </details>`
        }`;
}

function renderDays(days: readonly Event[][], colors: ReadonlyMap<string, number>): Html {
    return html`<ol class="days">
        ${days.map(
            (events) =>
                html`<li>
                    <h3>${timeElement(events[0]?.at ?? "", "day")}</h3>
                    <ol>
                        ${events.map((event) => renderEvent(event, colors.get(event.digest) ?? 0))}
                    </ol>
                </li> `,
        )}
    </ol>`;
}

function renderEvent({ at, environment, version, digest, isBack }: Event, color: number): Content {
    return html`<li>
        ${timeElement(at, "clock")}
        <span class="where">${environment}</span>
        <span class="what"
            ><span class="tag v${color}"
                >${version === undefined ? "no version" : shortVersion(version)}</span
            >${isBack ? html` <span>again</span>` : undefined}</span
        >
        <code>${shortDigest(digest)}</code>
    </li> `;
}

/** All releases by days, the newest first. */
function daysOf(lanes: readonly Lane[]): Event[][] {
    const events = lanes
        .flatMap(({ environment, releases }) =>
            releases.map((release, index) => {
                const before = releases.slice(index + 1);
                const isBack = before.some(({ digest }) => digest === release.digest);
                return { ...release, environment, isBack };
            }),
        )
        .sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
    return [...Map.groupBy(events, ({ at }) => formatAs("day", at)).values()];
}

/** Gives each image a colour, in the order in which they came. The same image has it everywhere. */
function colorsOf(lanes: readonly Lane[]): ReadonlyMap<string, number> {
    const digests = lanes
        .flatMap(({ releases }) => releases)
        .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
        .map(({ digest }) => digest);
    return new Map([...new Set(digests)].map((digest, index) => [digest, index % colorCount]));
}
