import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import * as templates from "../../../../operations/board/page/html.ts";
import { renderPage } from "../../../../operations/board/page/page.ts";
import { style } from "../../../../operations/board/page/style.ts";
import { statusOf } from "../../../../operations/board/page/status.ts";
import { releasesAmong } from "../../../../operations/board/releases.ts";
import * as samples from "./rows.ts";

const { now } = samples;
const delivery = samples.delivery;
/** What somebody reads of a page: its text, with one space between. */
const textOf = (page: string): string =>
    page
        .slice(page.indexOf("<body>"))
        .replace(/<[^>]*>/g, " ")
        .replace(/\s+/g, " ");
const [dev, staging, prod] = delivery;
ok(dev && staging && prod);

describe("the board's page", () => {
    it("says of each environment what runs, how long, how it is and what waits for it", () => {
        const [, , third = ""] = textOf(renderPage(delivery, now)).split(
            /(?=\b(?:staging|prod) [✓!])/,
        );
        for (const part of [
            /^prod ! Drifted Version 1\.1\.1 for 2 d, since 23 Nov 2026, 08:15 UTC/,
            /Digest [0-9a-f]{12} Commit c27a90de4f1b Pods 3 of 3 ready, for 2 d /,
            /Scan 1 high 2 medium 9 low Drift 1 resource Robot 14 d old/,
            /Changed by hand: Deployment digits-prod is changed: spec\.replicas/,
            /1\.2\.0 waits\. It has been running in staging for 2 h of 24 h; it may be promoted from/,
            /Image quay\.io\/acme\/digits_prod@sha256:[0-9a-f]{64} Commit c27a[0-9a-f]{36} /,
            /Robot acme\+digits_prod .* CPU 180m of 500m Address https:\/\/digits\.acme\.example/,
        ])
            match(third, part);
        match(
            textOf(renderPage(delivery, now, "digits")),
            /^ Environments of digits 3 of 3 environments deployed\. Look at prod\. A version waits for prod\. Read on 25 Nov 2026, 14:30 UTC \. Ages are as of that time\. /,
        );
    });

    it("lists the releases of all environments by days, the newest first, and those that came back", () => {
        const text = textOf(renderPage(delivery, now));
        const [, list = ""] = text.split("long periods are drawn shorter.");
        match(
            list,
            /25 November 2026 14:10 dev sha-4f9d2c81a7be [0-9a-f]{12} 12:31 staging 1\.2\.0 [0-9a-f]{12} 10:42 dev 1\.2\.0 .* 23 November 2026 08:17 prod 1\.1\.1 again .* 29 September 2026 08:30 dev 1\.0\.0/,
        );
    });

    it("draws a month and a minute so that both have room", () => {
        const page = renderPage(delivery, now);
        const bars = [...page.matchAll(/<svg\s+x="([\d.]+)%"\s+y="\d+"\s+width="([\d.]+)%"/g)].map(
            ([, x, width]) => ({ x: Number(x), width: Number(width) }),
        );
        equal(bars.length, delivery.flatMap(({ releases }) => releases ?? []).length);
        match(page, /<title>1\.2\.0, since 25 Nov, 12:31<\/title>/);
        for (const { x, width } of bars)
            ok(width >= 1 && x + width <= 100.01, JSON.stringify(bars));
        // One release is drawn, too; and what is newer than the page's time.
        const [release] = staging.releases ?? [];
        ok(release);
        for (const at of [release.at, "2027-01-01T00:00:00Z"])
            match(renderPage([{ ...staging, releases: [{ ...release, at }] }], now), /1\.2\.0/);
    });

    it("folds old days, and leaves none out", () => {
        const [release] = dev.releases ?? [];
        ok(release);
        const releases = Array.from({ length: 60 }, (_, days) => ({
            ...release,
            version: `1.0.${String(60 - days)}`,
            digest: `sha256:${String(days).padStart(64, "0")}`,
            at: new Date(now.getTime() - days * 86_400_000).toISOString(),
        }));
        const text = textOf(renderPage([{ ...dev, releases }], now));
        match(text, /1\.0\.36 [0-9a-f]{12} 35 earlier days .* 1\.0\.35 /);
        match(text, / 1\.0\.1 /);
    });

    it("says what could not be read, each reason once, and shows the rest", () => {
        const text = textOf(renderPage(samples.unreachable, now));
        match(
            text,
            /What could not be read Quay at https:\/\/quay\.example did not answer: .* dev: scan, next, releases, drift; staging: scan, .* kubectl: .* dev: cluster; staging: cluster; prod: cluster .* lost: state Now/,
        );
        equal(text.match(/ECONNREFUSED/g)?.length, 1);
        match(text, /Releases Those of dev, staging, prod could not be read\. $/);
        match(text, /lost \? Not known Version not known/);
        match(text, /prod \? Cluster not known Version 1\.1\.1 /);
        match(text, /Pods could not be read Scan could not be read Drift could not be read/);
        doesNotMatch(textOf(renderPage(delivery, now)), /could not be read/);
    });

    it("is a page for this machine alone, and where nothing is deployed", () => {
        match(
            textOf(renderPage(samples.localAlone, now)),
            /1 of 1 environment deployed\. .* local ✓ Deployed Version 1\.0\.0 for 18 min, .* No releases yet\./,
        );
        match(
            textOf(renderPage(samples.empty, now)),
            /0 of 1 environment deployed\. .* dev – Not deployed No version .* No releases yet\./,
        );
        match(textOf(renderPage([], now)), /^ Environments 0 of 0 environments deployed/);
    });

    it("judges an environment by the worst that is known", () => {
        const [service] = staging.services ?? [];
        ok(service);
        const judged = (more: object) => statusOf({ ...staging, ...more }).text;
        equal(judged({}), "Healthy");
        equal(judged({ services: undefined }), "Deployed");
        equal(judged({ services: null }), "Cluster not known");
        equal(judged({ services: [{ ...service, since: undefined }] }), "Rolling out");
        const changed = { ...service, isCurrent: false };
        equal(judged({ services: [changed], drift: prod.drift }), "Other image");
        equal(judged({ services: [{ ...changed, problem: "It crashes." }] }), "Not healthy");
    });

    it("has every text as text, whatever is in it", () => {
        const count = (page: string) => ["<", ">", '"', "'"].map((one) => page.split(one).length);
        const harmless = renderPage(samples.withText("x"), now);
        const texts = fc.oneof(
            fc.string(),
            fc.string({ unit: "binary" }),
            fc.constantFrom(
                "</style><script>alert(1)</script>",
                '" onmouseover="alert(1)',
                "javascript:alert(1)",
                "<!--",
                "&lt;",
                "sha-" + "a".repeat(40),
            ),
        );
        fc.assert(
            fc.property(texts, (text) => {
                // An address that is a web page's is a link: one element more.
                fc.pre(!/^https?:\/\//.test(text));
                const page = renderPage(samples.withText(text), now);
                // An image without a version has other words, but no other elements.
                if (text !== "") deepEqual(count(page), count(harmless));
                doesNotMatch(page, /[^\P{Cc}\n\t]|\p{Cf}/u);
            }),
            { numRuns: 200 },
        );
        match(
            templates.html`<p title="${"<a b='c'>&`\""}">${["<i>"]}</p>`.text,
            /^<p title="&#60;a b=&#39;c&#39;&#62;&#38;&#96;&#34;">&#60;i&#62;<\/p>$/,
        );
    });

    it("has HTML that its templates made, and its own style: nothing else makes any", () => {
        deepEqual(Object.keys(templates), ["html", "styleElement"]);
    });

    it("has no text without an end", () => {
        const size = (text: string) => renderPage(samples.withText(text), now).length;
        ok(size("x".repeat(100_000)) < size("x") + 50_000);
    });

    it("links to web pages alone", () => {
        const page = renderPage(samples.withText("javascript:alert(1)"), now);
        const links = [...page.matchAll(/href="([^"]*)"/g)].map(([, link]) => link);
        deepEqual(links, ["data:,", "https://javascript:alert(1)"]);
    });

    it("allows its own style and nothing else", () => {
        const page = renderPage(delivery, now);
        match(
            page,
            /content="default-src &#39;none&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;; img-src data:; style-src &#39;sha256-[A-Za-z0-9+/=]{44}&#39;"/,
        );
        doesNotMatch(page, /<script|<iframe|<img|<form|\son\w+=|\sstyle=|@import|url\(/i);
    });

    it("has a contrast of at least 4.5 in both colour schemes, also in the drawing", () => {
        const schemes = [...style.matchAll(/color-scheme: light|--page/g)].length;
        ok(schemes > 2);
        const values = (text: string) =>
            new Map(
                [...text.matchAll(/(--[\w-]+): (#[0-9a-f]{6})/g)].map(
                    ([, name = "", color = ""]) => [name, color],
                ),
            );
        const [light = "", dark = ""] = style.split("@media");
        for (const colors of [values(light), values(dark)]) {
            const pairs = [
                ...["v0", "v1", "v2", "v3", "v4", "v5", "back", "page", "card"].map((back) => [
                    "text",
                    back,
                ]),
                ...["page", "card", "back"].map((back) => ["quiet", back]),
                ...["page", "card"].map((back) => ["link", back]),
                ...["good", "bad", "busy"].map((name) => [name, `${name}-back`]),
            ];
            for (const [front = "", back = ""] of pairs) {
                const ratio = contrast(colors.get(`--${front}`), colors.get(`--${back}`));
                ok(ratio >= 4.5, `${front} on ${back}: ${ratio.toFixed(2)}`);
            }
        }
    });
});

/** The contrast of two colours, as the Web Content Accessibility Guidelines compute it. */
function contrast(one = "", other = ""): number {
    const luminance = (color: string) =>
        [0.2126, 0.7152, 0.0722].reduce((sum, weight, index) => {
            const share = parseInt(color.slice(1 + 2 * index, 3 + 2 * index), 16) / 255;
            return (
                sum + weight * (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4)
            );
        }, 0);
    const [dark = 0, bright = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
}

describe("the releases in a history of tags", () => {
    const [a, b, c] = ["a", "b", "c"].map((one) => `sha256:${one.repeat(64)}`);
    ok(a && b && c);
    const at = (second: number): string => new Date(second * 1000).toISOString();
    const commit = `sha-${"0".repeat(40)}`;
    const tag = (name: string, digest: string, start: number, end?: number) => ({
        name,
        digest,
        start,
        end,
    });

    it("are the versions, each once, with the name of a release before that of a commit", () => {
        deepEqual(
            releasesAmong(
                [
                    tag("1.1.0", b, 50),
                    tag("1", b, 50),
                    tag("latest", b, 50),
                    tag(commit, b, 40),
                    tag("1.0.0", a, 10, 60),
                ],
                [],
                "1.1.0",
            ),
            [
                { version: "1.1.0", digest: b, at: at(40) },
                { version: "1.0.0", digest: a, at: at(10) },
            ],
        );
    });

    it("are the times at which an image began to run, where these are known", () => {
        const rows = [tag("2026-november", c, 70), tag("1.1.0", b, 20), tag("1.0.0", a, 10)];
        const period = (digest: string, start: number, end?: number) => ({ digest, start, end });
        deepEqual(releasesAmong(rows, [period(a, 60), period(b, 30, 60)], "2026-november"), [
            { version: "2026-november", digest: c, at: at(70) },
            { version: "1.0.0", digest: a, at: at(60) },
            { version: "1.1.0", digest: b, at: at(30) },
        ]);
    });

    it("are not the versions that never ran where `running` tells what did", () => {
        const built = tag(`sha-${"1".repeat(40)}`, c, 55);
        const ran = (end?: number) => [{ digest: b, start: 30, end }];
        const rows = [built, tag(commit, b, 30), tag("1.0.0", a, 10)];
        const digests = (running: ReturnType<typeof ran>, deployed: string) =>
            releasesAmong(rows, running, deployed).map(({ digest }) => digest);
        deepEqual(digests(ran(), commit), [b, a]);
        // The environment left its cluster: no tag tells what runs since then.
        deepEqual(digests(ran(50), commit), [c, b, a]);
        deepEqual(digests(ran(), built.name), [c, b, a]);
    });

    it("have no version where no tag has it", () => {
        deepEqual(releasesAmong([], [{ digest: a, start: 5, end: undefined }], "1.0.0"), [
            { version: undefined, digest: a, at: at(5) },
        ]);
    });
});
