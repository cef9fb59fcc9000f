import { z } from "zod";
import { UserError } from "../../components/userError.ts";
import { commentLimit, renderMarkdown } from "./markdown.ts";
import type { Preview } from "./preview.ts";
import { author, GitHubRepository } from "./repository.ts";
import { failureOf } from "./review.ts";

const title = "What is deployed was changed by other means than a deployment";
const label = "drift";
const intro = `### ${title}

\`-\` is what was deployed, \`+\` is what there is now. To restore it:
\`pulumi up --refresh --stack STACK\`, or deploy again. To keep it: change the program, or the stack's
configuration, until the next check finds no difference; then this issue is closed.`;
const incompleteIntro = `### Not everything could be checked

No difference was found in what could be checked. An issue about drift stays open until a check has
read everything.`;

/** Finds the issue again. */
const marker = "<!-- mlops drift -->";

const comment = z.object({ id: z.int(), body: z.string().default(""), user: author });
const issue = z.object({
    number: z.int(),
    body: z.string().nullish(),
    user: author,
    pull_request: z.unknown().optional(),
});

/** What a check found, as Markdown. @param note a last line, as Markdown. */
export function renderDrift(
    drifts: readonly Preview[],
    note?: string,
    limit = commentLimit,
): string {
    return renderMarkdown(drifts, { intro: introOf(drifts), note, limit });
}

/**
 * Keeps one issue open while something has drifted: opens it, or updates it with what differs now.
 * Closes it once a check has read everything and found no difference; a check that could not read
 * everything leaves it open, with a comment that says what is missing.
 *
 * @param drifts what differs from each stack's state, as changes.
 * @param run where it was found out, as Markdown.
 * @throws UserError where not everything could be checked, MayNot where the token may not write
 * issues.
 */
export async function reportDrift(
    github: GitHubRepository,
    drifts: readonly Preview[],
    run: string,
): Promise<void> {
    const open = (await github.list("issues", issue, { state: "open", labels: label })).filter(
        ({ body, pull_request }) => body?.startsWith(marker) === true && pull_request === undefined,
    );
    const [kept, ...others] = (await github.own(open)).sort((a, b) => a.number - b.number);
    if (hasDrift(drifts)) {
        const body = `${marker}\n${renderDrift(drifts, run, commentLimit - marker.length - 1)}`;
        if (kept === undefined)
            await github.write("post", "issues", { title, body, labels: [label] });
        else await github.write("patch", `issues/${String(kept.number)}`, { body });
        for (const { number } of others)
            await close(github, number, "There is another issue for it.");
    } else if (drifts.every(isComplete)) {
        for (const { number } of kept === undefined ? [] : [kept, ...others])
            await close(github, number, `Nothing differs any more. ${run}`);
    } else if (kept !== undefined) await commentIncomplete(github, kept.number, drifts, run);
    const failure = incompletenessOf(drifts);
    if (failure !== undefined) throw new UserError(failure);
}

/** Whether the check read everything. */
function isComplete({ errors, unchecked = [] }: Preview): boolean {
    return errors.length + unchecked.length === 0;
}

function hasDrift(drifts: readonly Preview[]): boolean {
    return drifts.some(({ changes }) => changes.length > 0);
}

function introOf(drifts: readonly Preview[]): string {
    if (hasDrift(drifts)) return intro;
    return drifts.every(isComplete) ? "### No difference was found" : incompleteIntro;
}

/** Why a check is no proof that nothing differs; undefined where it is one. */
function incompletenessOf(drifts: readonly Preview[]): string | undefined {
    const failed = failureOf(drifts);
    if (failed !== undefined) return failed.replace("preview", "check");
    const stacks = drifts.filter((drift) => !isComplete(drift)).map(({ stack }) => stack);
    if (stacks.length === 0) return undefined;
    return (
        `Not everything could be checked: ${stacks.join(", ")}. What is missing, and why, is in ` +
        "the job's summary and in the output of `node operations/review/main.ts drift`."
    );
}

/** Says once, not in every run, what could not be checked. */
async function commentIncomplete(
    github: GitHubRepository,
    number: number,
    drifts: readonly Preview[],
    run: string,
): Promise<void> {
    const end = `\n\n<sub>${run}</sub>`;
    const text = renderDrift(drifts, undefined, commentLimit - end.length);
    const comments = await github.list(`issues/${String(number)}/comments`, comment);
    const last = (await github.own(comments)).sort((a, b) => a.id - b.id).at(-1);
    if (last?.body.startsWith(text) === true) return;
    await github.write("post", `issues/${String(number)}/comments`, { body: `${text}${end}` });
}

async function close(github: GitHubRepository, number: number, body: string): Promise<void> {
    await github.write("post", `issues/${String(number)}/comments`, { body });
    await github.write("patch", `issues/${String(number)}`, {
        state: "closed",
        state_reason: "completed",
    });
}
