#!/usr/bin/env node
/** The package's commands, in the folder of a project: `npx mlops preview dev`. */
import { runCommands } from "../../operations/commandLine.ts";

const usage = `Looks at the stacks of the project in this folder. Changes nothing.

  mlops preview STACK...   shows what \`pulumi up\` would change, with the risks first
  mlops board [STACK...]   shows what each stack has deployed; default: all that have a file
    --page FILE            also writes it as a page
    --drift                also compares it with what is there, by hand or by others
    --markdown, --json     prints it in this form

  --help   this text`;

/** Gives a program the arguments, as if it had been started. */
function start(args: readonly string[]): void {
    process.argv.splice(2, Infinity, ...args);
}

await runCommands(usage, {
    async preview(args) {
        start(["preview", ...args]);
        await import("../../operations/review/main.ts");
    },
    async board(args) {
        start(args);
        await import("../../operations/board/main.ts");
    },
});
