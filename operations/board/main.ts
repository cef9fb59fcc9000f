/** Shows what each stack has deployed: `make board`. */
import { runCommand } from "../commandLine.ts";
import { options, showBoard } from "./board.ts";

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

await runCommand({ usage, options, arguments: [0, Infinity] }, showBoard);
