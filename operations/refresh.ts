/** Reads changes made by hand into a stack's state: `make refresh`. */
import { foreign } from "../quay/api/text.ts";
import { changesByHand } from "./changesByHand.ts";
import { excludeLocalImages, exportStack, requireStack, runPulumi } from "./pulumiCli.ts";
import { runCommand } from "./commandLine.ts";

const usage = `Reads changes made by hand into a stack's state. The next \`make up\` reverts them.
For objects on a cluster it says which program made them.

  node operations/refresh.ts STACK

  --help   this text`;

await runCommand({ usage, options: {}, arguments: [1, 1] }, async (_, [stack = ""]) => {
    await requireStack(stack);
    const before = await exportStack(stack);
    const command = ["refresh", "--skip-preview", ...excludeLocalImages];
    await runPulumi(stack, command, "make refresh reads the rest");
    const after = await exportStack(stack);
    if (before === undefined || after === undefined) return;
    const changes = changesByHand(before, after);
    if (changes.length === 0) return;
    console.log(`\nChanged on the cluster; make up STACK=${stack} sets it back:`);
    for (const change of changes) console.log(`  ${foreign(change)}`);
});
