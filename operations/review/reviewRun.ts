/** The run of a workflow that recorded a review. */
import { z } from "zod";
import type { GitHubRepository } from "./github.ts";
import { artifactOf } from "./reviewed.ts";

/** The workflow that records reviews, from the root of the repository. */
const workflow = ".github/workflows/preview.yml";

const time = z.iso.datetime();
const pull = z.object({
    number: z.int(),
    created_at: time,
    closed_at: time.nullable(),
    merged_at: time.nullable(),
    head: z.object({ sha: z.string(), ref: z.string(), label: z.string() }),
    base: z.object({ ref: z.string() }),
});
type Pull = z.output<typeof pull>;
const artifact = z.object({
    expired: z.boolean(),
    created_at: time,
    workflow_run: z.object({
        id: z.int(),
        repository_id: z.int(),
        head_repository_id: z.int(),
        head_sha: z.string(),
    }),
});
const run = z.object({
    event: z.string(),
    path: z.string(),
    head_branch: z.string().nullable(),
    created_at: time,
});
type Run = z.output<typeof run>;
const issueEvent = z.object({ event: z.string(), created_at: time });

/**
 * Finds the newest run that recorded the review of a tree: one of the workflow `preview.yml`, for
 * the pull request that brought the commit. Such a run executes the workflow of the merge with the
 * base branch. One that may have been for another base does not count: somebody's own branch may
 * have another workflow.
 *
 * @param commit a commit on the default branch.
 * @returns the run's id; undefined if nothing was reviewed.
 */
export async function findReviewed(
    github: GitHubRepository,
    tree: string,
    commit: string,
): Promise<number | undefined> {
    const [pulls, { artifacts }] = await Promise.all([
        github.list(`commits/${commit}/pulls`, pull),
        github.get("actions/artifacts", z.object({ artifacts: z.array(artifact) }), {
            name: artifactOf(tree),
            per_page: "100",
        }),
    ]);
    const merged = pulls.filter(({ merged_at }) => merged_at !== null);
    const newestFirst = artifacts
        .filter(({ expired }) => !expired)
        .sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
    for (const { workflow_run: by } of newestFirst) {
        const own = merged.find(({ head }) => head.sha === by.head_sha);
        // A fork's run executes the fork's code.
        if (own === undefined || by.head_repository_id !== by.repository_id) continue;
        const found = await github.get(`actions/runs/${String(by.id)}`, run);
        if (isOf(found, own) && (await hasOneBase(github, found, own))) return by.id;
    }
    return undefined;
}

function isOf({ event, path, head_branch }: Run, { head }: Pull): boolean {
    return event === "pull_request" && path === workflow && head_branch === head.ref;
}

/** Whether all pull requests that a run may have been for have the same base, then as now. */
async function hasOneBase(github: GitHubRepository, run: Run, own: Pull): Promise<boolean> {
    const fromBranch = await github.list("pulls", pull, { state: "all", head: own.head.label });
    const open = fromBranch.filter(
        ({ created_at, closed_at }) =>
            created_at <= run.created_at && (closed_at === null || closed_at >= run.created_at),
    );
    const changes = await Promise.all(
        open.map(({ number }) => github.list(`issues/${String(number)}/events`, issueEvent)),
    );
    return (
        open.some(({ number }) => number === own.number) &&
        open.every(({ base }) => base.ref === own.base.ref) &&
        !changes.flat().some(({ event, created_at }) => {
            const isChange = /^(base_ref_changed|automatic_base_change_succeeded)$/.test(event);
            return isChange && created_at >= run.created_at;
        })
    );
}
