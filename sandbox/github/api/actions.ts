import { parse } from "yaml";
import { z } from "zod";
import { conflict, json, nothing, notFound, unprocessable } from "../answers.ts";
import type { Call } from "../call.ts";
import type { Artifact, WorkflowRun } from "../model.ts";
import { type Operations, reading, writing } from "../operation.ts";
import { nodeId, repositoryPage, repositoryUrl, repositoryView, time } from "../views.ts";

const dispatch = z.object({
    ref: z.string(),
    inputs: z.record(z.string(), z.unknown()).default({}),
});
const triggers = z.object({ on: z.looseObject({ workflow_dispatch: z.unknown().optional() }) });

export const actionsOperations: Operations = {
    "actions/create-workflow-dispatch": writing("actions", "push", (call) => {
        const workflow = call.param("workflow_id");
        const { ref, inputs } = call.body(dispatch);
        const { git, defaultBranch, dispatches } = call.repository;
        const path = `.github/workflows/${workflow}`;
        // A workflow is known once its file is on the default branch.
        if (git.head(defaultBranch)?.files.has(path) !== true) throw notFound();
        const file = git.resolve(ref)?.files.get(path);
        if (file === undefined) throw unprocessable(`No ref found for: ${ref}`);
        const { on } = triggers.parse(parse(git.blob(file).toString()));
        if (!("workflow_dispatch" in on))
            throw unprocessable("Workflow does not have 'workflow_dispatch' trigger");
        dispatches.push({ workflow, ref, inputs });
        return nothing();
    }),

    "actions/list-workflow-runs": reading("actions", (call) => {
        const workflow = call.param("workflow_id");
        const runs = call.repository.runs
            .filter((run) => run.workflow === workflow)
            .filter((run) =>
                (["status", "event"] as const).every(
                    (name) => (call.query.get(name) ?? run[name]) === run[name],
                ),
            )
            .toReversed();
        const { items, headers } = call.page(runs);
        return json(
            200,
            { total_count: runs.length, workflow_runs: items.map((run) => runView(call, run)) },
            headers,
        );
    }),

    "actions/get-workflow-run": reading("actions", (call) => {
        const run = call.repository.runs.find(({ id }) => id === call.id("run_id"));
        if (run === undefined) throw notFound();
        return json(200, runView(call, run));
    }),

    "actions/cancel-workflow-run": writing("actions", "push", (call) => {
        const run = call.repository.runs.find(({ id }) => id === call.id("run_id"));
        if (run === undefined) throw notFound();
        if (run.status === "completed")
            throw conflict("Cannot cancel a workflow run that is completed.");
        run.status = "completed";
        run.conclusion = "cancelled";
        return json(202, {});
    }),

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

/** Shows a run of a workflow. */
export function runView(
    { repository, urls, state, role }: Pick<Call, "repository" | "urls" | "state" | "role">,
    run: WorkflowRun,
): Record<string, unknown> {
    const { id, workflow, event, status, conclusion, sha, branch, created } = run;
    const api = `${repositoryUrl(urls, repository)}/actions`;
    const url = `${api}/runs/${String(id)}`;
    const shown = repositoryView(urls, state.owner(repository), repository, role);
    return {
        id,
        node_id: nodeId("WorkflowRun", id),
        head_branch: branch,
        run_number: repository.runs.indexOf(run) + 1,
        display_title: workflow,
        event,
        status,
        conclusion,
        head_sha: sha,
        path: `.github/workflows/${workflow}`,
        workflow_id: 1,
        url,
        html_url: `${repositoryPage(urls, repository)}/actions/runs/${String(id)}`,
        created_at: time(created),
        updated_at: time(created),
        head_commit: null,
        head_repository: shown,
        repository: shown,
        jobs_url: `${url}/jobs`,
        logs_url: `${url}/logs`,
        check_suite_url: `${repositoryUrl(urls, repository)}/check-suites/1`,
        cancel_url: `${url}/cancel`,
        rerun_url: `${url}/rerun`,
        artifacts_url: `${url}/artifacts`,
        workflow_url: `${api}/workflows/1`,
        pull_requests: [],
    };
}
