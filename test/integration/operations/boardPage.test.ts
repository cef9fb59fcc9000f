import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { AxeResults } from "axe-core";
import type { Browser, Page } from "puppeteer-core";
import { renderPage } from "../../../operations/board/page/page.ts";
import { startBrowser } from "../../browser.ts";
import * as samples from "../../unit/operations/board/rows.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const hostile = `</style><script>document.title = "wrong"</script><img src="https://example.invalid/x" onerror="document.title='wrong'">`;
const pages = {
    delivery: samples.delivery,
    "this machine alone": samples.localAlone,
    "an empty stack": samples.empty,
    "no answer": samples.unreachable,
    "ten environments": samples.many,
    "hostile texts": samples.withText(hostile),
    "a long word": samples.withText("x".repeat(900)),
};

describe("the board's page in a browser", function () {
    this.timeout(120_000);
    const folder = mkdtempSync(join(tmpdir(), "board-page-"));
    let browser: Browser;

    before(async () => {
        browser = await startBrowser();
    });
    after(async () => {
        await browser.close();
        rmSync(folder, { recursive: true });
    });

    /** Opens a page from its file, and collects what it asks for and complains about. */
    async function open(rows: (typeof pages)[keyof typeof pages]) {
        const file = join(folder, "board.html");
        writeFileSync(file, renderPage(rows, samples.now, "digits"));
        const page = await browser.newPage();
        const requests: string[] = [];
        const complaints: string[] = [];
        page.on("request", (request) => requests.push(request.url()))
            .on("console", (message) => complaints.push(message.text()))
            .on("pageerror", (error) => complaints.push(String(error)));
        const address = pathToFileURL(file).href;
        await page.goto(address);
        const others = () => requests.filter((one) => one !== address && one !== "data:,");
        return { page, others, complaints };
    }

    const show = async (page: Page, width: number, scheme: string): Promise<void> => {
        await page.setViewport({ width, height: 900 });
        await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    };

    for (const [name, rows] of Object.entries(pages)) {
        it(`of ${name} is accessible, fits and asks for nothing, in both colour schemes`, async () => {
            const { page, others, complaints } = await open(rows);
            await page.evaluate(axe);
            for (const width of [360, 1400]) {
                for (const scheme of ["light", "dark"]) {
                    await show(page, width, scheme);
                    await page.$$eval("details", (all) => {
                        for (const one of all) one.open = true;
                    });
                    const results = (await page.evaluate("axe.run()")) as AxeResults;
                    deepEqual(
                        results.violations.map(({ id, nodes }) => [id, nodes[0]?.html]),
                        [],
                        `${scheme}, ${String(width)}`,
                    );
                    const { content, room } = await page.$eval("html", (root) => ({
                        content: root.scrollWidth,
                        room: root.clientWidth,
                    }));
                    ok(content <= room, `${String(content)} of ${String(room)} pixels`);
                }
            }
            deepEqual(others(), []);
            deepEqual(complaints, []);
            equal(await page.title(), "Environments of digits");
            await page.close();
        });
    }

    it("breaks no name of an environment and no version, and cuts no label of a bar", async () => {
        for (const rows of [samples.delivery, samples.unreachable, samples.many]) {
            const { page } = await open(rows);
            for (const width of [360, 700, 1000, 1280, 1400]) {
                await show(page, width, "light");
                const broken = await page.$$eval("article h3, .version, .tag", (all) =>
                    all
                        .filter((one) => {
                            const range = document.createRange();
                            range.selectNodeContents(one.lastChild ?? one);
                            return new Set([...range.getClientRects()].map(({ y }) => y)).size > 1;
                        })
                        .map(({ textContent }) => textContent),
                );
                const cut = await page.$$eval("figure svg svg", (bars) =>
                    bars
                        .filter((bar) => {
                            const label = bar.querySelector("text")?.getBoundingClientRect();
                            return (label?.right ?? 0) > bar.getBoundingClientRect().right;
                        })
                        .map(({ textContent }) => textContent),
                );
                deepEqual([broken, cut], [[], []], `${String(width)} pixels`);
            }
            await page.close();
        }
    });

    it("has the colours of each scheme", async () => {
        const { page } = await open(samples.delivery);
        const colors = async (scheme: string) => {
            await show(page, 1400, scheme);
            return page.$eval("body", (body) => getComputedStyle(body).backgroundColor);
        };
        equal(await colors("light"), "rgb(246, 247, 249)");
        equal(await colors("dark"), "rgb(15, 19, 24)");
        await page.close();
    });

    it("is worked by the keyboard, in the order of what is read, and shows where one is", async () => {
        const { page } = await open(samples.delivery);
        const next = async (): Promise<string> => {
            await page.keyboard.press("Tab");
            return page.evaluate(() => {
                const { activeElement: active } = document;
                if (!(active instanceof HTMLElement) || active === document.body) return "";
                const { outlineStyle, outlineWidth } = getComputedStyle(active);
                return `${active.textContent.trim()} ${outlineStyle} ${outlineWidth}`;
            });
        };
        equal(await next(), "Details of dev solid 3px");
        await page.keyboard.press("Enter");
        equal(await page.$eval("details", ({ open }) => open), true);
        equal(await next(), "https://digits-dev.acme.example solid 3px");
        equal(await next(), "Details of staging solid 3px");
        equal(await next(), "Details of prod solid 3px");
        equal(await next(), "");
        await page.close();
    });

    it("has the structure that a screen reader tells", async () => {
        const { page } = await open(samples.unreachable);
        const tree = JSON.stringify(await page.accessibility.snapshot({ interestingOnly: false }));
        for (const role of ["banner", "main", "region", "list", "article", "term", "definition"])
            match(tree, new RegExp(`"role":"${role}"`));
        const headings = await page.$$eval("h1, h2, h3", (all) =>
            all.map(({ tagName, textContent }) => `${tagName} ${textContent}`),
        );
        deepEqual(headings, [
            "H1 Environments of digits",
            "H2 What could not be read",
            "H2 Now",
            "H3 dev",
            "H3 staging",
            "H3 prod",
            "H3 lost",
            "H2 Releases",
        ]);
        await page.close();
    });

    it("prints in dark colours on white, whatever the scheme", async () => {
        const { page } = await open(samples.delivery);
        await show(page, 1400, "dark");
        await page.emulateMediaType("print");
        const [text, back] = await page.$eval("body", (body) => {
            const { color, backgroundColor } = getComputedStyle(body);
            return [color, backgroundColor];
        });
        deepEqual([text, back], ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]);
        await page.close();
    });
});
