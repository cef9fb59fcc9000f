import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { requireStack } from "../pulumiCli.ts";
import { runCommands, UsageError } from "../commandLine.ts";
import { accessOf, footerOf, setOutputs, summarize } from "./actions.ts";
import { renderDrift, reportDrift } from "./drift.ts";
import { driftOf, previewStack } from "./engine.ts";
import { renderMarkdown } from "./markdown.ts";
import type { Preview } from "./preview.ts";
import { readOrFailed, readPreview } from "./previewFile.ts";
import { reviewPullRequest } from "./pullRequest.ts";
import { approvalLabel, failureOf } from "./review.ts";
import { currentTree, record, treeIfAny, verify } from "./reviewed.ts";
import { findReviewed } from "./reviewRun.ts";
import { renderTerminal } from "./terminal.ts";
import { previewSnapshot } from "./snapshot/preview.ts";
import { writeSnapshot } from "./snapshot/write.ts";

const help = `Reviews what deployments would change.

  node operations/review/main.ts preview STACK... [--snapshots FOLDER] [--to FOLDER]
      [-- OPTION...]
      Previews the stacks in parallel and prints what they would change. With --snapshots: on
      their snapshots, FOLDER/STACK, with no secret and no login to their state; a stack without
      one counts as new. With --to: writes each preview, without secrets, to FOLDER/STACK.json.
      Passes the options after -- to \`pulumi preview\`.
  node operations/review/main.ts snapshot STACK... --to FOLDER
      Writes the stacks' snapshots to FOLDER/STACK: their states, with marks in the place of
      secrets.
  node operations/review/main.ts render FILE... [--markdown]
      Prints previews from their files; with --markdown as in the pull request's comment.
  node operations/review/main.ts review FILE... --to FOLDER
      In GitHub Actions, in a run by the event workflow_run after the previews: posts them as the
      pull request's comment and the job's summary, and sets the status "Review" of its commit.
      Fails if a preview failed, if they are not of the newest merge, or if a pull request has
      dangerous changes but not the label ${approvalLabel}; else records them as \`record\` does,
      for the tree of the merge. Sets the step's output \`artifact\` to the name that \`find\` looks
      for. Needs GITHUB_TOKEN (contents: read; pull requests, statuses: write).
  node operations/review/main.ts record FILE... --to FOLDER
      Records the previews as reviewed for the git tree that is checked out, in FOLDER/TREE.json,
      and prints that path.
  node operations/review/main.ts find
      In GitHub Actions: finds the artifact with the review of the git tree that is checked out.
      Sets the step's outputs \`run\` and \`artifact\` (the artifact's name), or none if nothing was
      reviewed. Needs GITHUB_TOKEN (actions, contents, pull requests: read).
  node operations/review/main.ts verify FILE... --reviewed FOLDER [--published DIGEST]
      Fails if the previews differ from the review of the git tree that is checked out, and lists
      every difference. A digest that the review did not know has to be DIGEST, which the deployment
      of the stack before gave out.

  node operations/review/main.ts drift STACK... [--to FOLDER] [-- OPTION...]
      Prints what was changed outside of deployments, in the same form. Passes the options after --
      to \`pulumi refresh --preview-only\`.
  node operations/review/main.ts report FILE...
      In GitHub Actions: keeps one issue open while anything has drifted, and closes it once a
      complete check finds no difference. If not everything could be checked, fails and lists what
      is missing in the job's summary. Needs GITHUB_TOKEN (issues: write).
`;

const commands: Readonly<Record<string, (args: string[]) => Promise<void> | void>> = {
    async preview(args) {
        const [own, options] = splitOptions(args);
        const given = { to: { type: "string" }, snapshots: { type: "string" } } as const;
        const { positionals, values } = parse(own, given, "stack");
        const { snapshots } = values;
        await inspect(positionals, values.to, (stack) =>
            snapshots === undefined
                ? previewStack(stack, options)
                : previewSnapshot(stack, snapshots, options),
        );
    },

    async drift(args) {
        const [own, options] = splitOptions(args);
        const { positionals, values } = parse(own, { to: { type: "string" } }, "stack");
        await inspect(positionals, values.to, (stack) => driftOf(stack, options));
    },

    async snapshot(args) {
        const { positionals, values } = parse(args, { to: { type: "string" } }, "stack");
        const folder = required(values.to, "option --to FOLDER");
        await Promise.all(positionals.map(requireStack));
        for (const stack of positionals) {
            await writeSnapshot(stack, folder);
            console.log(`${join(folder, stack)} has the state of ${stack}, without secrets.`);
        }
    },

    render(args) {
        const { positionals, values } = parse(args, { markdown: { type: "boolean" } });
        const previews = positionals.map(readPreview);
        if (values.markdown === true) console.log(renderMarkdown(previews));
        else print(previews);
    },

    async review(args) {
        const { positionals, values } = parse(args, { to: { type: "string" } });
        const folder = required(values.to, "option --to FOLDER");
        await reviewPullRequest(positionals, folder, process.env);
    },

    record(args) {
        const { positionals, values } = parse(args, { to: { type: "string" } });
        const folder = required(values.to, "option --to FOLDER");
        console.log(record(positionals.map(readPreview), folder, currentTree()));
    },

    async find(args) {
        parseArgs({ args });
        const tree = currentTree();
        const found = await findReviewed(
            accessOf(process.env).github,
            tree,
            required(process.env["GITHUB_SHA"], "environment variable GITHUB_SHA"),
        );
        if (found === undefined) console.log(`No review is recorded of the tree ${tree}.`);
        else {
            console.log(`It was reviewed in run ${String(found.run)}.`);
            setOutputs({ run: String(found.run), artifact: found.artifact }, process.env);
        }
    },

    verify(args) {
        const { positionals, values } = parse(args, {
            reviewed: { type: "string" },
            published: { type: "string" },
        });
        verify(
            positionals.map(readPreview),
            required(values.reviewed, "option --reviewed FOLDER"),
            currentTree(),
            values.published || undefined,
        );
        console.log("What would be deployed is what was reviewed.");
    },

    async report(args) {
        const drifts = parse(args, {}).positionals.map(readOrFailed);
        const footer = footerOf(process.env);
        summarize(renderDrift(drifts, footer), process.env);
        await reportDrift(accessOf(process.env).github, drifts, footer ?? "");
    },
};

/** Separates a command's own arguments from those after `--`, which are the engine's. */
function splitOptions(args: string[]): [own: string[], options: string[]] {
    const end = args.indexOf("--");
    return end === -1 ? [args, []] : [args.slice(0, end), args.slice(end + 1)];
}

/**
 * Runs a preview or a check for drift of the stacks in parallel, and prints the results.
 *
 * @param folder where to write them. Default: nowhere.
 */
async function inspect(
    stacks: readonly string[],
    folder: string | undefined,
    run: (stack: string) => Promise<Preview>,
): Promise<void> {
    await Promise.all(stacks.map(requireStack));
    const previews = await Promise.all(stacks.map(run));
    if (folder !== undefined) write(previews, folder);
    print(previews);
    if (failureOf(previews) !== undefined) process.exitCode = 1;
}

function print(previews: readonly Preview[]): void {
    console.log(renderTerminal(previews, process.stdout.isTTY && process.stdout.hasColors()));
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

function parse<T extends ParseArgsOptionsConfig>(args: string[], options: T, what = "file") {
    const parsed = parseArgs({ args, options, allowPositionals: true });
    if (parsed.positionals.length === 0)
        throw new UsageError(`At least one ${what} has to be named.`);
    return parsed;
}

function required(value: string | undefined, what: string): string {
    if (value === undefined) throw new UsageError(`The ${what} has to be given.`);
    return value;
}

await runCommands(help, commands);
