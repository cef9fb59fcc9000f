/**
 * Checks the files that Pulumi reads before the program starts: the CLI neither names the file of a
 * YAML error nor the keys that it ignores.
 */
import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { runCommand } from "../operations/commandLine.ts";
import { type FileProblem, findFileProblems, findSyntaxErrors } from "../configuration/file.ts";
import { UserError } from "../components/messages/userError.ts";
import { visible } from "../quay/api/text.ts";

const projectForm = z.object({
    config: z.record(z.string(), z.unknown()).default({}),
});
const objectForm = z.object({ type: z.literal("object") });

function checkFiles(stack: string): void {
    const projectFile = readFileSync("Pulumi.yaml", "utf8");
    const errors = findSyntaxErrors(projectFile);
    report("Pulumi.yaml", errors);
    if (errors.length > 0) return;
    const { config } = projectForm.parse(parse(projectFile));
    const objects = Object.keys(config).filter((key) => objectForm.safeParse(config[key]).success);
    const file = `Pulumi.${stack}.yaml`;
    if (!existsSync(file)) throw new UserError(`There is no ${file}.`);
    report(file, findFileProblems(readFileSync(file, "utf8"), objects));
}

function report(file: string, problems: readonly FileProblem[]): void {
    for (const { line, message } of problems) {
        const location = line === undefined ? file : `${file}:${String(line)}`;
        console.error(visible(`${location}: ${message}`));
        process.exitCode = 1;
    }
}

const usage = `Checks Pulumi.yaml and a stack's file: their YAML, and keys that Pulumi ignores.

  node toolchain/check-files.ts STACK

  --help   this text`;

await runCommand({ usage, options: {}, arguments: [1, 1] }, (_, [stack = ""]) => {
    checkFiles(stack);
});
