import { z } from "zod";
import { UserError } from "../errors.ts";
import { commentLimit, renderMarkdown } from "./markdown.ts";
import type { Preview } from "./preview.ts";
import { author, GitHubRepository } from "./repository.ts";
import { failureOf } from "./review.ts";

const title = "What is deployed was changed by other means than a deployment";
const label = "drift";
/** Finds the issue again. */
const marker = "<!-- mlops drift -->";

const intro = `### ${title}

\`-\` is what was deployed, \`+\` what is there now. To put it back: \`pulumi up --refresh --stack STACK\`, or deploy again. To keep it: change
the program, or the stack's configuration, until the next check finds nothing; then this issue is closed.`;

const issue = z.object({
    number: z.int(),
    body: z.string().nullish(),
    user: author,
    pull_request: z.unknown().optional(),
});

/**
 * Has one issue where something drifted: opens it, or says there what differs now; closes it when nothing differs any more. What could not be
 * checked is no reason to close it.
 *
 * @param drifts what differs from each stack's state, as changes.
 * @param run where it was found out, as Markdown.
 * @throws UserError where a check failed, MayNot where the token may not write issues.
 */
export async function reportDrift(
    github: GitHubRepository,
    drifts: readonly Preview[],
    run: string,
): Promise<void> {
    const failure = failureOf(drifts);
    const open = (await github.list("issues", issue, { state: "open", labels: label })).filter(
        ({ body, pull_request }) => body?.startsWith(marker) === true && pull_request === undefined,
    );
    const [kept, ...others] = (await github.own(open)).sort((a, b) => a.number - b.number);
    if (drifts.some(({ changes }) => changes.length > 0)) {
        const text = renderMarkdown(drifts, {
            intro,
            note: run,
            limit: commentLimit - marker.length - 1,
        });
        const body = `${marker}\n${text}`;
        if (kept === undefined)
            await github.write("post", "issues", { title, body, labels: [label] });
        else await github.write("patch", `issues/${String(kept.number)}`, { body });
        for (const { number } of others)
            await close(github, number, "There is another issue for it.");
    } else if (failure === undefined) {
        for (const { number } of kept === undefined ? [] : [kept, ...others])
            await close(github, number, `Nothing differs any more. ${run}`);
    }
    if (failure !== undefined) throw new UserError(failure.replace("preview", "check"));
}

async function close(github: GitHubRepository, number: number, body: string): Promise<void> {
    await github.write("post", `issues/${String(number)}/comments`, { body });
    await github.write("patch", `issues/${String(number)}`, {
        state: "closed",
        state_reason: "completed",
    });
}
