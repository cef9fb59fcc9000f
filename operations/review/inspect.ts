/** The commands that look at stacks: they preview them, or check them for drift. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { UsageError } from "../commandLine.ts";
import { requireStack } from "../pulumiCli.ts";
import { driftOf, previewStack } from "./engine.ts";
import type { Preview } from "./preview.ts";
import { failureOf } from "./review.ts";
import { treeIfAny } from "./reviewed.ts";
import { previewSnapshot } from "./snapshot/preview.ts";
import { renderTerminal } from "./terminal.ts";
import { missingTokens } from "./tokens.ts";

/** `preview STACK... [--snapshots FOLDER] [--to FOLDER] [-- OPTION...]` */
export async function preview(args: string[]): Promise<void> {
    const [own, options] = splitOptions(args);
    const given = { to: { type: "string" }, snapshots: { type: "string" } } as const;
    const { positionals, values } = parse(own, given, "stack");
    const { snapshots } = values;
    const previews = await inspect(positionals, values.to, (stack) =>
        snapshots === undefined
            ? previewStack(stack, options)
            : previewSnapshot(stack, snapshots, options),
    );
    if (snapshots !== undefined) return;
    const missing = missingTokens(previews, process.env);
    if (missing !== undefined) console.error(missing);
}

/** `drift STACK... [--to FOLDER] [-- OPTION...]` */
export async function drift(args: string[]): Promise<void> {
    const [own, options] = splitOptions(args);
    const { positionals, values } = parse(own, { to: { type: "string" } }, "stack");
    await inspect(positionals, values.to, (stack) => driftOf(stack, options));
}

/** Separates a command's own arguments from those after `--`, which are the engine's. */
function splitOptions(args: string[]): [own: string[], options: string[]] {
    const end = args.indexOf("--");
    return end === -1 ? [args, []] : [args.slice(0, end), args.slice(end + 1)];
}

/**
 * Runs a preview or a check for drift of the stacks in parallel, and prints the results.
 *
 * @param folder where to write them. Default: nowhere.
 * @returns the results
 */
async function inspect(
    stacks: readonly string[],
    folder: string | undefined,
    run: (stack: string) => Promise<Preview>,
): Promise<Preview[]> {
    await Promise.all(stacks.map(requireStack));
    const previews = await Promise.all(stacks.map(run));
    if (folder !== undefined) write(previews, folder);
    print(previews);
    if (failureOf(previews) !== undefined) process.exitCode = 1;
    return previews;
}

/** Prints previews for people. */
export function print(previews: readonly Preview[]): void {
    const { stdout } = process;
    const height = stdout.isTTY ? stdout.rows : undefined;
    console.log(renderTerminal(previews, stdout.isTTY && stdout.hasColors(), height));
}

function write(previews: readonly Preview[], folder: string): void {
    mkdirSync(folder, { recursive: true });
    const tree = treeIfAny();
    for (const preview of previews)
        writeFileSync(
            join(folder, `${preview.stack.replaceAll("/", "-")}.json`),
            JSON.stringify({ ...preview, tree } satisfies Preview, undefined, 2),
        );
}

/** Parses a command's arguments. @throws UsageError if none of them names a `what` */
export function parse<T extends ParseArgsOptionsConfig>(args: string[], options: T, what = "file") {
    const parsed = parseArgs({ args, options, allowPositionals: true });
    if (parsed.positionals.length === 0)
        throw new UsageError(`At least one ${what} has to be named.`);
    return parsed;
}
