import { join } from "node:path";
import { parseArgs } from "node:util";
import { requireStack } from "../pulumiCli.ts";
import { runCommands, UsageError } from "../commandLine.ts";
import { accessOf, footerOf, setOutputs, summarize } from "./actions.ts";
import { renderDrift, reportDrift } from "./drift.ts";
import { drift, parse, preview, print } from "./inspect.ts";
import { renderMarkdown } from "./markdown.ts";
import { readOrFailed, readPreview } from "./previewFile.ts";
import { reviewPullRequest } from "./pullRequest.ts";
import { approvalLabel } from "./review.ts";
import { currentTree, record, verify } from "./reviewed.ts";
import { findReviewed } from "./reviewRun.ts";
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
    preview,
    drift,

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

function required(value: string | undefined, what: string): string {
    if (value === undefined) throw new UsageError(`The ${what} has to be given.`);
    return value;
}

await runCommands(help, commands);
