/** Makes the pictures of the documentation: `npm run pictures`. */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { runCommand } from "../../operations/commandLine.ts";
import { startBrowser } from "../browser.ts";
import { checksums, demoFile, drawings, pagePictures } from "./pictures.ts";

const usage = `Makes the pictures in docs/pictures/, of fixed data: the board, the review's comment, the demo.

  node test/pictures/main.ts [--record]

  --record   runs the demo first, and records what it prints
  --help     this text

It needs a browser (toolchain/setup.sh tests).`;

const folder = join(import.meta.dirname, "../../docs/pictures");

await runCommand(
    { usage, options: { record: { type: "boolean", default: false } } },
    async ({ record }) => {
        if (record) await recordDemo();
        mkdirSync(folder, { recursive: true });
        for (const [name, text] of Object.entries(drawings()))
            writeFileSync(join(folder, name), text);
        await takePictures();
        writeFileSync(
            join(folder, "sources.json"),
            `${JSON.stringify(checksums(), undefined, 2)}\n`,
        );
    },
);

async function recordDemo(): Promise<void> {
    const { stdout } = await promisify(execFile)(process.execPath, ["sandbox/demo/main.ts"], {
        maxBuffer: 1 << 26,
    });
    writeFileSync(demoFile, stdout);
}

async function takePictures(): Promise<void> {
    const browser = await startBrowser();
    try {
        for (const [name, { html, scheme, width, height }] of Object.entries(pagePictures)) {
            const page = await browser.newPage();
            await page.setViewport({ width, height: height ?? 100 });
            await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
            await page.setContent(html);
            const picture = await page.screenshot({ fullPage: height === undefined });
            writeFileSync(join(folder, name), picture);
            await page.close();
        }
    } finally {
        await browser.close();
    }
}
