#!/usr/bin/env node
/** The package's commands, in the folder of a project: `npx mlops preview dev`. */
import { parseArgs } from "node:util";
import { options, showBoard } from "../../operations/board/board.ts";
import { runCommands } from "../../operations/commandLine.ts";
import { preview } from "../../operations/review/inspect.ts";

const usage = `Looks at the stacks of the project in this folder. Changes nothing.

  mlops preview STACK...   shows what \`pulumi up\` would change, with the risks first
  mlops board [STACK...]   shows what each stack has deployed; default: all that have a file
    --page FILE            also writes it as a page
    --drift                also compares it with what is there, by hand or by others
    --markdown, --json     prints it in this form

  --help   this text`;

await runCommands(usage, {
    preview,
    board(args) {
        const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
        return showBoard(values, positionals);
    },
});
