/** Renders the board as a page: one HTML file, without a script and without another file. */
import { createHash } from "node:crypto";
import type { Row } from "../row.ts";
import { count } from "../words.ts";
import { renderEnvironment } from "./environment.ts";
import { type Html, html, styleElement } from "./html.ts";
import { statusOf } from "./status.ts";
import { style } from "./style.ts";
import { renderTimeline } from "./timeline.ts";
import { timeElement } from "./time.ts";

/** The style alone is allowed, by its checksum: nothing that gets into the page can do anything. */
const policy =
    `default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; ` +
    `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`;

/**
 * Renders the page.
 *
 * @param rows the environments, in the order in which they are shown.
 * @param now when they were read.
 * @param service what they have, for the title. Default: it names none.
 */
export function renderPage(rows: readonly Row[], now: Date, service?: string): string {
    const title = service === undefined ? "Environments" : `Environments of ${service}`;
    return html`<!doctype html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta http-equiv="Content-Security-Policy" content="${policy}" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="referrer" content="no-referrer" />
                <meta name="robots" content="noindex" />
                <link rel="icon" href="data:," />
                <title>${title}</title>
                ${styleElement(style)}
            </head>
            <body>
                <header class="page">
                    <h1>${title}</h1>
                    <p class="summary">${summaryOf(rows)}</p>
                    <p>Read on ${timeElement(now.toISOString())}. Ages are as of that time.</p>
                    ${unreadOf(rows)}
                </header>
                <main>
                    <section aria-labelledby="environments">
                        <h2 id="environments">Now</h2>
                        <ol class="environments">
                            ${rows.map((row, index) => renderEnvironment(row, index, now))}
                        </ol>
                    </section>
                    ${renderTimeline(rows, now)}
                </main>
            </body>
        </html> `.text;
}

/** What matters of all environments, in a sentence or two. */
function summaryOf(rows: readonly Row[]): string {
    const bad = rows.filter((row) => statusOf(row).kind === "bad").map(nameOf);
    const waiting = rows.filter(({ next }) => next).map(nameOf);
    const deployed = rows.filter(({ version }) => version !== undefined);
    return [
        `${String(deployed.length)} of ${count(rows.length, "environment")} deployed.`,
        ...(bad.length === 0 ? [] : [`Look at ${bad.join(", ")}.`]),
        ...(waiting.length === 0 ? [] : [`A version waits for ${waiting.join(", ")}.`]),
    ].join(" ");
}

/** What could not be read, each reason once. */
function unreadOf(rows: readonly Row[]): Html | undefined {
    const parts = rows.flatMap(({ environment, unread = [] }) =>
        unread.map((part) => ({ environment, ...part })),
    );
    if (parts.length === 0) return undefined;
    return html`<section class="unread" aria-labelledby="unread">
        <h2 id="unread">What could not be read</h2>
        <ul>
            ${[...Map.groupBy(parts, ({ why }) => why)].map(
                ([why, missing]) => html`<li>${why} <span>${namesOf(missing)}</span></li> `,
            )}
        </ul>
    </section>`;
}

/** Lists what is missing of each environment, as in `dev: scan, next`. */
function namesOf(parts: readonly { environment: string; what: string }[]): string {
    return [...Map.groupBy(parts, ({ environment }) => environment)]
        .map(([environment, all]) => `${environment}: ${all.map(({ what }) => what).join(", ")}`)
        .join("; ");
}

function nameOf({ environment }: Row): string {
    return environment;
}
