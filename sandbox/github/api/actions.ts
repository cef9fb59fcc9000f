import { json } from "../answers.ts";
import type { Call } from "../call.ts";
import type { Artifact } from "../model.ts";
import { type Operations, reading } from "../operation.ts";
import { nodeId, repositoryUrl, time } from "../views.ts";

export const actionsOperations: Operations = {
    "actions/list-artifacts-for-repo": reading("actions", (call) => {
        const name = call.query.get("name");
        const artifacts = call.repository.artifacts
            .filter((artifact) => name === null || artifact.name === name)
            .toReversed();
        const { items, headers } = call.page(artifacts);
        return json(
            200,
            {
                total_count: artifacts.length,
                artifacts: items.map((artifact) => artifactView(call, artifact)),
            },
            headers,
        );
    }),
};

function artifactView(call: Call, { id, name, expired, created, run }: Artifact): object {
    const url = `${repositoryUrl(call.urls, call.repository)}/actions/artifacts/${String(id)}`;
    return {
        id,
        node_id: nodeId("Artifact", id),
        name,
        size_in_bytes: 0,
        url,
        archive_download_url: `${url}/zip`,
        expired,
        created_at: time(created),
        updated_at: time(created),
        expires_at: time(new Date(created.getTime() + 90 * 24 * 3600 * 1000)),
        workflow_run: {
            id: run.id,
            repository_id: call.repository.id,
            head_repository_id: run.headRepository ?? call.repository.id,
            head_branch: run.headBranch,
            head_sha: run.headSha,
        },
    };
}
