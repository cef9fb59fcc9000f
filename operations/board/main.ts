/** Shows what each stack has deployed: `make board`. */
import { serviceOf, stacksIn } from "../../configuration/delivery.ts";
import { requireStack } from "../pulumiCli.ts";
import { runCommand } from "../commandLine.ts";
import { replaceFile } from "../replaceFile.ts";
import { renderPage } from "./page/page.ts";
import { renderJson, renderMarkdown, renderText } from "./render.ts";
import { readRow } from "./row.ts";

const usage = `Shows what each stack has deployed, from the stacks' state and from Quay, and what
runs of it on a cluster.

  node operations/board/main.ts [--drift] [--markdown | --json] [--page FILE] [STACK...]

  STACK...     the stacks, in this order; default: all that have a file, those of this machine
               first, the others in the order of delivery
  --drift      also compares the stacks with Quay, GitHub and Docker; takes seconds per stack
               and changes nothing
  --markdown   prints a table in GitHub's Markdown
  --json       prints JSON, with times instead of ages and full digests
  --page FILE  also writes a page, one HTML file: with the commits and the releases. It replaces
               the file once it is complete
  --help       this text

The scan results need an API token in QUAY_TOKEN, what runs on a cluster needs kubectl. Everything
else, except for --drift, is read from the state.`;

const options = {
    drift: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    page: { type: "string" },
} as const;

await runCommand(
    { usage, options, arguments: [0, Infinity] },
    async ({ drift, markdown, json, page }, named) => {
        await Promise.all(named.map(requireStack));
        const stacks = named.length > 0 ? named : stacksIn(".");
        const requested = { drift, history: page !== undefined };
        const rows = await Promise.all(stacks.map((stack) => readRow(stack, requested)));
        const render = json ? renderJson : markdown ? renderMarkdown : renderText;
        const now = new Date();
        if (page !== undefined) {
            replaceFile(page, renderPage(rows, now, serviceOf(stacks)));
            console.error(`The page: ${page}`);
        }
        console.log(render(rows, now));
    },
);
