/** Shows what each stack has deployed: `make board`. */
import { stacksIn } from "../../configuration/delivery.ts";
import { requireStack } from "../pulumiCli.ts";
import { runCommand } from "../commandLine.ts";
import { renderJson, renderMarkdown, renderText } from "./render.ts";
import { readRow } from "./row.ts";

const usage = `Shows what each stack has deployed, from the stacks' state and from Quay, and what
runs of it on a cluster.

  node operations/board/main.ts [--drift] [--markdown | --json] [STACK...]

  STACK...     the stacks, in this order; default: all that have a file, in the
               order of delivery
  --drift      also compares the stacks with Quay, GitHub and Docker; takes seconds per stack
               and changes nothing
  --markdown   prints a table in GitHub's Markdown
  --json       prints JSON, with times instead of ages and full digests
  --help       this text

The scan results need an API token in QUAY_TOKEN, what runs on a cluster needs kubectl. Everything
else, except for --drift, is read from the state.`;

const options = {
    drift: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
} as const;

await runCommand(
    { usage, options, arguments: [0, Infinity] },
    async ({ drift, markdown, json }, named) => {
        await Promise.all(named.map(requireStack));
        const stacks = named.length > 0 ? named : stacksIn(".");
        const rows = await Promise.all(stacks.map((stack) => readRow(stack, drift)));
        const render = json ? renderJson : markdown ? renderMarkdown : renderText;
        console.log(render(rows, new Date()));
    },
);
