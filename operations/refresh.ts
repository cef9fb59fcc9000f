/** Reads changes made by hand into a stack's state: `make refresh`. */
import { excludeLocalImages, requireStack, runPulumi } from "./pulumiCli.ts";
import { runCommand } from "./commandLine.ts";

const usage = `Reads changes made by hand into a stack's state. The next \`make up\` reverts them.

  node operations/refresh.ts STACK

  --help   this text`;

await runCommand({ usage, options: {}, arguments: [1, 1] }, async (_, [stack = ""]) => {
    await requireStack(stack);
    const command = ["refresh", "--skip-preview", ...excludeLocalImages];
    await runPulumi(stack, command, "make refresh reads the rest");
});
