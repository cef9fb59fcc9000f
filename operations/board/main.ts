/** What is where: `make board`, or `node operations/board/main.ts --help`. */
import { stacksIn } from "../../configuration/delivery.ts";
import { requireStack } from "../pulumiCli.ts";
import { runCommand } from "../commandLine.ts";
import { renderJson, renderMarkdown, renderText } from "./render.ts";
import { readRow } from "./row.ts";

const usage = `What each environment is at, from the stacks' state and from Quay.

  node operations/board/main.ts [--drift] [--markdown | --json] [STACK...]

  STACK...     the stacks, in this order; by default all that have a file, in the
               order of delivery
  --drift      asks Quay, GitHub and Docker too whether all is as it was deployed; takes
               seconds a stack and changes nothing
  --markdown   a table of GitHub's Markdown
  --json       times instead of ages, whole digests
  --help       this text

The scanner's counts need the API token in QUAY_TOKEN; all else but --drift is in the state.`;

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
