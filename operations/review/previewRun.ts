/** The run of the workflow of previews that started a review, and the pull request it was for. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { UserError } from "../../components/messages/userError.ts";
import { type GitHubRepository, pull } from "./github.ts";
import { parseJson } from "./preview.ts";

/** The workflow that previews pull requests, from the root of the repository. */
const workflow = ".github/workflows/preview.yml";

const event = z.object({
    action: z.enum(["requested", "completed"]),
    workflow_run: z.object({
        id: z.int(),
        path: z.string(),
        event: z.string(),
        head_branch: z.string(),
        head_sha: z.string().regex(/^[0-9a-f]{40}$/),
        head_repository: z.object({ full_name: z.string() }),
        created_at: z.iso.datetime(),
    }),
    repository: z.object({
        full_name: z.string(),
        default_branch: z.string(),
        owner: z.object({ login: z.string() }),
    }),
});

/** A run of the workflow of previews, as GitHub's event `workflow_run` tells it. */
export interface PreviewRun {
    readonly id: number;
    /** Whether it has ended. */
    readonly isComplete: boolean;
    /** The pull request's branch, as GitHub filters by it: `OWNER:BRANCH`. */
    readonly branch: string;
    /** The pull request's last commit when the run started. */
    readonly head: string;
    /** When it was started for the first time. */
    readonly created: string;
    /** The branch whose code reviews and deploys. */
    readonly defaultBranch: string;
}

/**
 * Reads the run that started this one.
 *
 * @param file the event's payload: GITHUB_EVENT_PATH.
 * @throws UserError if it is another event, another workflow's run or one of a fork.
 */
export function previewRunOf(file: string | undefined): PreviewRun {
    const { data } = event.safeParse(parseJson(file ? readFileSync(file, "utf8") : ""));
    if (data === undefined)
        throw new UserError(
            "This has to run in GitHub Actions, by the event workflow_run: GITHUB_EVENT_PATH " +
                "names no such event.",
        );
    const { action, workflow_run: run, repository } = data;
    if (run.path !== workflow || run.event !== "pull_request")
        throw new UserError(`Only a run of ${workflow} for a pull request is reviewed.`);
    if (run.head_repository.full_name !== repository.full_name)
        throw new UserError("A pull request from a fork is not reviewed: a fork's code ran.");
    return {
        id: run.id,
        isComplete: action === "completed",
        branch: `${repository.owner.login}:${run.head_branch}`,
        head: run.head_sha,
        created: run.created_at,
        defaultBranch: repository.default_branch,
    };
}

const issueEvent = z.object({ event: z.string(), created_at: z.iso.datetime() });
const baseChange = /^(base_ref_changed|automatic_base_change_succeeded)$/;

/**
 * Finds the pull request that a run was for. GitHub says only from which branch it came, and a run
 * executes the workflow of the merge with the base: in a pull request to a branch of one's own, it
 * can be any workflow. So all pull requests from the branch that the run may have been for have to
 * be one, from then on to the default branch.
 *
 * @returns its number.
 * @throws UserError if there is none, if there may be several, or if it has a newer commit.
 */
export async function pullRequestOf(github: GitHubRepository, run: PreviewRun): Promise<number> {
    const { branch, head, created, defaultBranch } = run;
    const candidates = (await github.list("pulls", pull, { state: "all", head: branch })).filter(
        ({ closed_at }) => closed_at === null || closed_at >= created,
    );
    const open = candidates.find(({ closed_at }) => closed_at === null);
    if (open === undefined)
        throw new UserError(`No pull request is open from the branch ${branch}.`);
    const { number, base } = open;
    if (
        candidates.length > 1 ||
        base.ref !== defaultBranch ||
        (await wasMoved(github, number, created))
    )
        throw new UserError(
            `The preview may be of a pull request to another branch than ${defaultBranch}. Have ` +
                "one pull request from this branch, and push a commit to it.",
        );
    if (open.head.sha !== head)
        throw new UserError("The pull request has a newer commit: its own preview is reviewed.");
    return number;
}

/** Whether a pull request got another base since a time. */
async function wasMoved(github: GitHubRepository, number: number, since: string): Promise<boolean> {
    const events = await github.list(`issues/${String(number)}/events`, issueEvent);
    return events.some(({ event, created_at }) => baseChange.test(event) && created_at >= since);
}
