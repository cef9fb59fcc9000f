import { z } from "zod";
import type { GitHubRepository } from "./repository.ts";

/** Returns the name of the artifact in GitHub Actions that holds the review's record of a tree. */
export const artifactOf = (tree: string): string => `reviewed-${tree}`;

const pull = z.object({ merged_at: z.string().nullable(), head: z.object({ sha: z.string() }) });
const artifact = z.object({
    expired: z.boolean(),
    created_at: z.iso.datetime(),
    workflow_run: z.object({
        id: z.int(),
        repository_id: z.int(),
        head_repository_id: z.int(),
        head_sha: z.string(),
    }),
});

/**
 * Finds the newest run that recorded the review of a tree, among the runs of the commit's pull
 * request. Artifacts of forks and other branches do not count: anyone who may open a pull request
 * can upload one of this name. So the record comes from the workflow in the reviewed tree itself.
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
    const heads = pulls.filter(({ merged_at }) => merged_at !== null).map(({ head }) => head.sha);
    return artifacts
        .filter(({ expired }) => !expired)
        .filter(
            ({ workflow_run: run }) =>
                run.head_repository_id === run.repository_id && heads.includes(run.head_sha),
        )
        .sort((a, b) => (a.created_at < b.created_at ? 1 : -1))[0]?.workflow_run.id;
}
