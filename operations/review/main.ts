import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { requireStack } from "../pulumiCli.ts";
import { runCommands, UsageError } from "../commandLine.ts";
import { UserError } from "../../components/userError.ts";
import { renderDrift, reportDrift } from "./drift.ts";
import { driftOf, previewStack } from "./engine.ts";
import {
    GitHubRepository,
    markerLength,
    PermissionDenied,
    pullRequestOf,
    repositoryOf,
    ReviewComment,
} from "./github.ts";
import { commentLimit, renderMarkdown } from "./markdown.ts";
import { type Preview, previewSchema } from "./preview.ts";
import { approvalLabel, failureOf, reviewOf } from "./review.ts";
import { artifactOf, currentTree, hashOf, record, verify } from "./reviewed.ts";
import { findReviewed } from "./reviewRun.ts";
import { findSourceChanges } from "./sources.ts";
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
  node operations/review/main.ts post FILE...
      In GitHub Actions: writes the previews to the job's summary and, in a run about a pull
      request, to the pull request's comment. Fails if a preview failed, or if a pull request has
      dangerous changes but not the label ${approvalLabel}. Needs GITHUB_TOKEN (pull
      requests: write).
  node operations/review/main.ts record FILE... --to FOLDER
      Records the previews as reviewed for the git tree that is checked out, in FOLDER/TREE.json,
      and prints that path. In GitHub Actions, sets the step's output \`artifact\` to the name that
      \`find\` looks for.
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
        const previews = positionals.map(read);
        if (values.markdown === true) console.log(renderMarkdown(previews));
        else print(previews);
    },

    async post(args) {
        const previews = parse(args, {}).positionals.map(readOrFailed);
        const pullRequest = pullRequestOf(process.env);
        const sources = pullRequest === undefined ? [] : findSourceChanges(".");
        const hash = hashOf(previews, sources);
        const text = renderMarkdown(previews, {
            ...runLinks(process.env),
            sources,
            limit: commentLimit - markerLength,
        });
        summarize(text);
        const token = process.env["GITHUB_TOKEN"];
        const isApproved =
            pullRequest && token
                ? await comment(new ReviewComment(pullRequest, token), text, hash)
                : false;
        const failure = failureOf(previews);
        if (failure !== undefined) throw new UserError(failure);
        const dangerous = [
            ...previews.map(reviewOf).map(({ stack, risk }) => ({ what: stack, risk })),
            ...sources.map(({ risk }) => ({ what: "files of the pull request", risk })),
        ].filter(({ risk }) => risk === "dangerous");
        if (pullRequest !== undefined && dangerous.length > 0 && !isApproved) {
            const where = [...new Set(dangerous.map(({ what }) => what))].join(", ");
            throw new UserError(
                `Dangerous changes: ${where}. If they are meant, give the pull request the ` +
                    `label ${approvalLabel} now: it stands for the changes that the review ` +
                    "shows, and others need it again.",
            );
        }
    },

    record(args) {
        const { positionals, values } = parse(args, { to: { type: "string" } });
        const tree = currentTree();
        console.log(record(positionals.map(read), required(values.to, "option --to FOLDER"), tree));
        setOutputs({ artifact: artifactOf(tree) });
    },

    async find(args) {
        parseArgs({ args });
        const tree = currentTree();
        const run = await findReviewed(
            ownRepository(),
            tree,
            required(process.env["GITHUB_SHA"], "environment variable GITHUB_SHA"),
        );
        console.log(
            run === undefined
                ? `No review is recorded of the tree ${tree}.`
                : `It was reviewed in run ${String(run)}.`,
        );
        if (run !== undefined) setOutputs({ run: String(run), artifact: artifactOf(tree) });
    },

    verify(args) {
        const { positionals, values } = parse(args, {
            reviewed: { type: "string" },
            published: { type: "string" },
        });
        verify(
            positionals.map(read),
            required(values.reviewed, "option --reviewed FOLDER"),
            currentTree(),
            values.published || undefined,
        );
        console.log("What would be deployed is what was reviewed.");
    },

    async report(args) {
        const drifts = parse(args, {}).positionals.map(readOrFailed);
        const { footer } = runLinks(process.env);
        summarize(renderDrift(drifts, footer));
        await reportDrift(ownRepository(), drifts, footer ?? "");
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

/** Sets the step's outputs in GitHub Actions. */
function setOutputs(outputs: Readonly<Record<string, string>>): void {
    const { GITHUB_OUTPUT: file } = process.env;
    if (file)
        for (const [name, value] of Object.entries(outputs))
            appendFileSync(file, `${name}=${value}\n`);
}

/** Appends to the job's summary in GitHub Actions. */
function summarize(markdown: string): void {
    const { GITHUB_STEP_SUMMARY: file } = process.env;
    if (file) appendFileSync(file, `${markdown}\n`);
}

/** The job's repository. @throws UserError outside of GitHub Actions */
function ownRepository(): GitHubRepository {
    const repository = repositoryOf(process.env);
    const token = process.env["GITHUB_TOKEN"];
    if (!repository || !token)
        throw new UserError(
            "GITHUB_REPOSITORY and GITHUB_TOKEN have to be set, as in GitHub Actions.",
        );
    return new GitHubRepository(repository, token);
}

/**
 * Comments on the pull request. Removes the label if it was given to other changes.
 *
 * @returns whether the label approves these changes: it was given while the comment showed them.
 */
async function comment(comment: ReviewComment, text: string, hash: string): Promise<boolean> {
    try {
        const before = await comment.post(text, hash);
        const isLabelled = await comment.hasLabel(approvalLabel);
        if (isLabelled && before !== hash) await comment.removeLabel(approvalLabel);
        return isLabelled && before === hash;
    } catch (error) {
        if (!(error instanceof PermissionDenied)) throw error;
        console.error(
            "The token may not comment on the pull request: " +
                "the review is only in the job's summary.",
        );
        return false;
    }
}

/** Links to the run in GitHub Actions: its artifacts, and a footer with the tree's hash. */
function runLinks(env: NodeJS.ProcessEnv): { fullText?: string; footer?: string } {
    const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = env;
    if (!server || !repository || !run) return {};
    const url = `${server}/${repository}/actions/runs/${run}`;
    return {
        fullText: `${url}#artifacts`,
        footer: `Tree <code>${currentTree()}</code>, <a href="${url}">run ${run}</a>.`,
    };
}

function print(previews: readonly Preview[]): void {
    console.log(renderTerminal(previews, process.stdout.isTTY && process.stdout.hasColors()));
}

function write(previews: readonly Preview[], folder: string): void {
    mkdirSync(folder, { recursive: true });
    for (const preview of previews)
        writeFileSync(
            join(folder, `${preview.stack.replaceAll("/", "-")}.json`),
            JSON.stringify(preview, undefined, 2),
        );
}

function read(file: string): Preview {
    let json: unknown;
    try {
        json = JSON.parse(readFileSync(file, "utf8"));
    } catch (error) {
        throw new UserError(
            `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        );
    }
    const { data } = previewSchema.safeParse(json);
    if (data === undefined)
        throw new UserError(
            `${file} is not a preview that ` +
                "`node operations/review/main.ts preview STACK --to FOLDER` wrote.",
        );
    return data;
}

/**
 * Reads a preview. One that is missing or cannot be read becomes a failed preview of the stack that
 * the file is named after, so that the other stacks are reported too.
 */
function readOrFailed(file: string): Preview {
    try {
        return read(file);
    } catch (error) {
        if (!(error instanceof UserError)) throw error;
        const errors = [`There is no result, and the job's log says why: ${error.message}`];
        const stack = basename(file, ".json");
        return { stack, errors, warnings: [], changes: [], unchanged: [] };
    }
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
