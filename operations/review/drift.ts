import { z } from "zod";
import { UserError } from "../../components/messages/userError.ts";
import { commentLimit, renderMarkdown } from "./markdown.ts";
import type { Preview } from "./preview.ts";
import { author, GitHubRepository } from "./github.ts";
import { failureOf } from "./review.ts";

const title = "What is deployed was changed by other means than a deployment";
const label = "drift";
const intro = `### ${title}

\`-\` is what was deployed, \`+\` is what there is now. To restore it:
\`pulumi up --refresh --stack STACK\`, or deploy again. To keep it: change the program, or the
stack's configuration, until the next check finds no difference; then this issue is closed.`;
const incompleteIntro = `### Not everything could be checked

No difference was found in what could be checked. An issue about drift stays open until a check has
read everything.`;

/** Identifies the issue. */
const marker = "<!-- mlops drift -->";

const comment = z.object({ id: z.int(), body: z.string().default(""), user: author });
const issue = z.object({
    number: z.int(),
    body: z.string().nullish(),
    user: author,
    pull_request: z.unknown().optional(),
});

/** Renders what a check found as Markdown. @param footer the last line, as Markdown. */
export function renderDrift(
    drifts: readonly Preview[],
    footer?: string,
    limit = commentLimit,
): string {
    return renderMarkdown(drifts, { intro: introOf(drifts), footer, limit });
}

/**
 * Opens or updates the one issue about drift while something differs. Closes it once a complete
 * check found no difference. An incomplete check leaves it open and comments what is missing.
 *
 * @param drifts the differences from each stack's state, as changes.
 * @param run a link to the run, as Markdown.
 * @throws UserError if not everything could be checked, PermissionDenied if the token may not
 * write issues.
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

/** Says why a check is incomplete; undefined if it is complete. */
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

/** Comments what could not be checked, unless the last comment already says so. */
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
