import type { Drift } from "../drift.ts";
import type { Row } from "../row.ts";
import type { RunningService } from "../../services.ts";
import { ageOf, count, cpuOf, scanOf, shortDigest, shortVersion } from "../words.ts";
import { type Content, type Html, html } from "./html.ts";
import { statusOf } from "./status.ts";
import { timeElement } from "./time.ts";

/** Drawn before a status, which always has its words, too. */
const signs = { good: "✓", busy: "↻", bad: "!", unknown: "?", none: "–" } as const;

/** Renders an environment as a card. `index` makes its ids unique on the page. */
export function renderEnvironment(row: Row, index: number, now: Date): Html {
    const { environment, version, since } = row;
    const { kind, text } = statusOf(row);
    return html`<li>
        <article aria-labelledby="environment-${index}">
            <header>
                <h3 id="environment-${index}">${environment}</h3>
                <p class="status ${kind}"><span aria-hidden="true">${signs[kind]}</span> ${text}</p>
            </header>
            ${
                version === undefined
                    ? html`<p class="version none">
                          ${kind === "unknown" ? "Version not known" : "No version"}
                      </p>`
                    : html`<p class="version${shortVersion(version).length > 12 ? " long" : ""}">
                          <span class="hidden">Version </span>${shortVersion(version)}
                      </p>`
            }
            ${
                since === undefined
                    ? undefined
                    : html`<p class="since">
                          for ${ageOf(since, now)}, since ${timeElement(since)}
                      </p>`
            }
            ${version === undefined ? undefined : factsOf(row, now)} ${messagesOf(row)}
            ${detailsOf(row)}
        </article>
    </li> `;
}

/** What one compares between environments. */
function factsOf(row: Row, now: Date): Html {
    const { digest, commit, services, scan, drift, robot } = row;
    return html`<dl>
        ${fact("Digest", digest && html`<code>${shortDigest(digest)}</code>`)}
        ${fact("Commit", commit && html`<code>${commit.slice(0, 12)}</code>`)}
        ${(services ?? []).map((service) => fact(podsLabel(service, row), podsOf(service, now)))}
        ${fact("Pods", services === null ? unknown : undefined)} ${fact("Scan", scanContent(scan))}
        ${fact("Drift", driftContent(drift))}
        ${fact("Robot", robot?.since === undefined ? undefined : `${ageOf(robot.since, now)} old`)}
    </dl>`;
}

const unknown = html`<span class="unknown">could not be read</span>`;

function fact(name: string, content: Content): Html | undefined {
    return content === undefined
        ? undefined
        : html`<div>
              <dt>${name}</dt>
              <dd>${content}</dd>
          </div>`;
}

/** Names the service where there are several. */
function podsLabel({ name }: RunningService, { services }: Row): string {
    return (services?.length ?? 0) > 1 ? `Pods of ${name}` : "Pods";
}

function podsOf({ ready, wanted, since, restarts }: RunningService, now: Date): Content {
    const rollout = since === undefined ? "rollout under way" : `for ${ageOf(since, now)}`;
    const restarted = restarts === 0 ? "" : `, ${count(restarts, "restart")}`;
    return html`<strong>${ready} of ${wanted}</strong> ready, ${rollout}${restarted}`;
}

function scanContent(scan: Row["scan"]): Content {
    if (!scan) return scan === null ? unknown : undefined;
    const found = Object.entries(scan.findings).filter(([, count]) => count > 0);
    if (scan.status !== "scanned" || found.length === 0) return scanOf(scan);
    return html`<ul class="findings">
        ${found.map(([severity, count]) => html`<li class="${severity}">${count} ${severity}</li>`)}
    </ul>`;
}

function driftContent(drift: Row["drift"]): Content {
    if (drift === undefined) return "not checked";
    if (drift === null) return unknown;
    if (drift.length === 0) return "none";
    return count(drift.length, "resource");
}

/** What somebody should read: what waits, what is not healthy, what was changed by hand. */
function messagesOf({ next, services, drift }: Row): Content {
    const problems = (services ?? []).flatMap(({ name, problem, isCurrent, image }) => [
        ...(problem === undefined ? [] : [`${name}: ${problem}`]),
        ...(isCurrent
            ? []
            : [`Not all pods of ${name} run this image: the Deployment has ${image}.`]),
    ]);
    return [
        problems.map((problem) => html`<p class="message bad">${problem}</p>`),
        drift && drift.length > 0
            ? html`<div class="message bad">
                  <p>Changed by hand:</p>
                  <ul>
                      ${drift.map(driftItem)}
                  </ul>
              </div>`
            : undefined,
        next
            ? html`<p class="message next">
                  <strong>${shortVersion(next.version)} waits.</strong> ${next.waitsFor}
              </p>`
            : undefined,
        next === null
            ? html`<p class="message">The next version could not be read.</p>`
            : undefined,
    ];
}

function driftItem({ resource, what, properties }: Drift): Html {
    const list = properties.length > 0 ? `: ${properties.join(", ")}` : "";
    return html`<li>${resource} is ${what}${list}</li>`;
}

/** What one needs now and then. */
function detailsOf({
    environment,
    image,
    digest,
    commit,
    visibility,
    robot,
    services,
}: Row): Content {
    if (digest === undefined) return undefined;
    return html`<details>
        <summary>Details<span class="hidden"> of ${environment}</span></summary>
        <dl>
            ${fact("Image", html`<code>${image ?? digest}</code>`)}
            ${fact("Commit", commit && html`<code>${commit}</code>`)}
            ${fact("Visibility", visibility)}
            ${fact("Robot", robot === undefined ? undefined : html`<code>${robot.username}</code>`)}
            ${(services ?? []).map(({ name, namespace, context, url, cpu }) => [
                fact("Service", `${name} in ${namespace} of ${context}`),
                fact("CPU", cpu === undefined ? undefined : cpuOf(cpu)),
                fact("Address", url === undefined ? undefined : linkTo(url)),
            ])}
        </dl>
    </details>`;
}

/** Links to a web page; another address is text. */
function linkTo(url: string): Content {
    return /^https?:\/\//.test(url) ? html`<a href="${url}" rel="noreferrer">${url}</a>` : url;
}
