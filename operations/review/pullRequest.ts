/**
 * Reviews a pull request after its preview, in a run of the default branch's own workflow. Code of
 * the pull request has written the previews: they are data, and do not say what they are about.
 */
import { UserError } from "../../components/messages/userError.ts";
import { shorten } from "../../quay/api/text.ts";
import { type Access, accessOf, footerOf, runUrl, setOutputs, summarize } from "./actions.ts";
import { markerLength, ReviewComment } from "./github.ts";
import { commentLimit, renderMarkdown } from "./markdown.ts";
import { fetchMerge, type Merge } from "./merge.ts";
import { failedPreview, readOrFailed, stackOf } from "./previewFile.ts";
import { type PreviewRun, previewRunOf, pullRequestOf } from "./previewRun.ts";
import type { Preview } from "./preview.ts";
import { approvalLabel, failureOf, reviewOf } from "./review.ts";
import { artifactOf, hashOf, record } from "./reviewed.ts";
import { findSourceChanges, findUnknown, type SourceFinding } from "./sources.ts";

/** The status of the pull request's commit that the rules of the default branch require. */
const context = "Review";

/**
 * Posts the comment, records what was reviewed, and sets the status of the pull request's commit:
 * `pending` while the preview runs, `success`, or `failure` with its reason.
 *
 * @param files the previews, each named after its stack.
 * @param folder where the record is written. The step's output `artifact` is the name to upload.
 * @throws UserError if the previews failed, are not of the newest merge, or have dangerous changes
 * that nobody approved.
 */
export async function reviewPullRequest(
    files: readonly string[],
    folder: string,
    env: NodeJS.ProcessEnv,
): Promise<void> {
    const access = accessOf(env);
    const run = previewRunOf(env["GITHUB_EVENT_PATH"]);
    const report = (state: "pending" | "success" | "failure", description: string) =>
        access.github.write("post", `statuses/${run.head}`, {
            context,
            state,
            description: shorten(description, 140),
            target_url: runUrl(env),
        });
    if (!run.isComplete) return report("pending", "The preview runs.");
    try {
        await report("success", await reviewRun(run, access, { files, folder, env }));
    } catch (error) {
        const isKnown = error instanceof UserError;
        await report("failure", isKnown ? error.message : "The review failed: see its log.");
        throw error;
    }
}

/** Reviews what a run has previewed. @returns the result in one sentence */
async function reviewRun(
    run: PreviewRun,
    { github, repository, token }: Access,
    {
        files,
        folder,
        env,
    }: {
        readonly files: readonly string[];
        readonly folder: string;
        readonly env: NodeJS.ProcessEnv;
    },
): Promise<string> {
    const number = await pullRequestOf(github, run);
    const { defaultBranch: base, head } = run;
    const merge = fetchMerge(".", { number, base, head, token, server: env["GITHUB_SERVER_URL"] });
    const previews = files.map(readStack);
    requireTree(previews, merge);
    const changed = findSourceChanges(".", merge);
    const sources = [...changed, ...findUnknown(previews, changed)];
    const text = renderMarkdown(previews, {
        fullText: runUrl(env, String(run.id)),
        footer: footerOf(env, merge.tree),
        sources,
        limit: commentLimit - markerLength,
    });
    summarize(text, env);
    const comment = new ReviewComment({ ...repository, number }, token);
    const isApproved = await post(comment, text, hashOf(previews, sources));
    const failure = failureOf(previews);
    if (failure !== undefined) throw new UserError(failure);
    const dangerous = whereDangerous(previews, sources);
    if (dangerous !== "" && !isApproved)
        throw new UserError(
            `Dangerous changes: ${dangerous}. If they are meant, give the pull request the ` +
                `label ${approvalLabel} now: it stands for the changes that the review ` +
                "shows, and others need it again.",
        );
    record(previews, folder, merge.tree);
    setOutputs({ artifact: artifactOf(merge.tree, number, head) }, env);
    return dangerous === "" ? "No dangerous changes." : `Approved: ${dangerous}.`;
}

/** Reads the preview of the stack that a file is named after, and of no other. */
function readStack(file: string): Preview {
    const preview = readOrFailed(file);
    const stack = stackOf(file);
    return preview.stack === stack
        ? preview
        : failedPreview(file, `The preview is not of ${stack}.`);
}

/** Requires that the previews were made of a merge. @throws UserError if it has moved on since */
function requireTree(previews: readonly Preview[], { tree }: Merge): void {
    const isOther = ({ errors, tree: of }: Preview): boolean =>
        of !== tree && (of !== undefined || errors.length === 0);
    if (previews.some(isOther))
        throw new UserError(
            "The preview is not of the pull request's newest merge with its base: update its " +
                "branch for a new preview.",
        );
}

/**
 * Comments on the pull request. Removes the label if it was given to other changes.
 *
 * @returns whether the label approves these changes: it was given while the comment showed them.
 */
async function post(comment: ReviewComment, text: string, hash: string): Promise<boolean> {
    const before = await comment.post(text, hash);
    const isLabelled = await comment.hasLabel(approvalLabel);
    if (isLabelled && before !== hash) await comment.removeLabel(approvalLabel);
    return isLabelled && before === hash;
}

/** Lists where something is dangerous; empty if nothing is. */
function whereDangerous(previews: readonly Preview[], sources: readonly SourceFinding[]): string {
    const all = [
        ...previews.map(reviewOf).map(({ stack, risk }) => ({ what: stack, risk })),
        ...sources.map(({ risk }) => ({ what: "files of the pull request", risk })),
    ].filter(({ risk }) => risk === "dangerous");
    return [...new Set(all.map(({ what }) => what))].join(", ");
}
