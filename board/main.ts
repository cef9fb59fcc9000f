/** What is where: `make board`, or `node board/main.ts --help`. */
import { parseArgs } from "node:util";
import { UserError } from "../errors.ts";
import { listStacks } from "./stacks.ts";
import { renderJson, renderMarkdown, renderText } from "./render.ts";
import { readRow } from "./row.ts";

const usage = `What each environment is at, from the stacks' state and from Quay.

  node board/main.ts [--drift] [--markdown | --json] [STACK...]

  STACK...     the stacks, in this order; all of the project by default
  --drift      asks Quay, GitHub and Docker too whether all is as it was deployed; takes seconds a stack and changes nothing
  --markdown   a table of GitHub's Markdown
  --json       times instead of ages, whole digests

The scanner's counts need the API token in QUAY_TOKEN; all else but --drift is in the state.`;

const options = {
    drift: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
} as const;

try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    if (values.help) {
        console.log(usage);
    } else {
        const stacks = positionals.length > 0 ? positionals : await listStacks();
        const rows = await Promise.all(stacks.map((stack) => readRow(stack, values.drift)));
        const render = values.json ? renderJson : values.markdown ? renderMarkdown : renderText;
        console.log(render(rows, new Date()));
    }
} catch (error) {
    const isUsage =
        error instanceof TypeError &&
        "code" in error &&
        String(error.code).startsWith("ERR_PARSE_ARGS");
    if (!(error instanceof UserError || isUsage)) throw error;
    console.error(isUsage ? `${error.message}\n\n${usage}` : error.message);
    process.exitCode = isUsage ? 2 : 1;
}
