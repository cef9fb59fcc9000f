/** The run of a workflow that recorded a review. */
import { z } from "zod";
import { type GitHubRepository, pull } from "./github.ts";
import { artifactOf } from "./reviewed.ts";

/** The workflow that records reviews, from the root of the repository. */
const workflow = ".github/workflows/review.yml";

const artifact = z.object({
    expired: z.boolean(),
    created_at: z.iso.datetime(),
    workflow_run: z.object({
        id: z.int(),
        repository_id: z.int(),
        head_repository_id: z.int(),
    }),
});
const run = z.object({ event: z.string(), path: z.string(), head_branch: z.string().nullable() });

/**
 * Finds the newest record of the review of a tree, for the pull request that brought the commit to
 * the default branch. Only a run of `review.yml` by the event `workflow_run` counts: it executes
 * the default branch's own workflow and code, whatever is in the pull request.
 *
 * @param commit a commit on the default branch.
 * @returns the run's id and the artifact's name; undefined if nothing was reviewed.
 */
export async function findReviewed(
    github: GitHubRepository,
    tree: string,
    commit: string,
): Promise<{ readonly run: number; readonly artifact: string } | undefined> {
    for (const { number, head, base, merged_at } of await github.list(
        `commits/${commit}/pulls`,
        pull,
    )) {
        const { default_branch: branch } = base.repo;
        if (merged_at === null || base.ref !== branch) continue;
        const name = artifactOf(tree, number, head.sha);
        const { artifacts } = await github.get(
            "actions/artifacts",
            z.object({ artifacts: z.array(artifact) }),
            { name, per_page: "100" },
        );
        const newestFirst = artifacts
            .filter(({ expired }) => !expired)
            .sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
        for (const { workflow_run: by } of newestFirst)
            if (
                by.head_repository_id === by.repository_id &&
                (await isReview(github, by.id, branch))
            )
                return { run: by.id, artifact: name };
    }
    return undefined;
}

/** Whether a run executed the default branch's own workflow of reviews. */
async function isReview(github: GitHubRepository, id: number, branch: string): Promise<boolean> {
    const { event, path, head_branch } = await github.get(`actions/runs/${String(id)}`, run);
    return event === "workflow_run" && path === workflow && head_branch === branch;
}
