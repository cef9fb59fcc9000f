import { z } from "zod";
import type { GitHubRepository } from "./repository.ts";

/** The artifact's name that the record of a tree has in GitHub Actions. */
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
 * The run whose artifact says what was reviewed of a tree: the newest, of those about the pull request that the commit came with. Anyone who
 * may open a pull request can have an artifact of this name: what a fork's run, or that of another branch, has is no review. What made the
 * record is then the workflow that is in the tree itself.
 *
 * @param commit on the default branch.
 * @returns the run's id; undefined where nothing was reviewed.
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
