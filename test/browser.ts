/** Starts a real browser: Chromium, or Chrome, without a window. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import puppeteer, { type Browser } from "puppeteer-core";

const names = ["chromium", "google-chrome", "chromium-browser"];
const onMacOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/** The path of the browser: that of MLOPS_BROWSER, or the first that is found. */
function findBrowser(): string {
    const { MLOPS_BROWSER: named, PATH = "" } = process.env;
    const onPath = names.flatMap((name) => PATH.split(delimiter).map((one) => join(one, name)));
    const found = [...(named ? [named] : []), ...onPath, onMacOS].find((path) => existsSync(path));
    if (found === undefined) throw new Error("There is no browser: toolchain/setup.sh tests");
    return found;
}

/** Starts it. The caller closes it. */
export function startBrowser(): Promise<Browser> {
    return puppeteer.launch({
        executablePath: findBrowser(),
        args: [
            // Chromium refuses to run as root with it. The pages are this project's own.
            ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
            "--font-render-hinting=none",
            "--force-color-profile=srgb",
        ],
    });
}
