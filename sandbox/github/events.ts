/** The payloads of events, as a workflow that they start finds them in GITHUB_EVENT_PATH. */
import { runView } from "./api/actions.ts";
import { commitView } from "./views.ts";
import type { Repository } from "./model.ts";
import { pullsOf } from "./pulls.ts";
import type { State } from "./state.ts";
import { accountView, nodeId, repositoryUrl, repositoryView, type Urls } from "./views.ts";

/**
 * Returns the payload of `workflow_run`. A run for a pull request shows its head, and all open pull
 * requests from there: nothing says which of them it is for
 * (https://docs.github.com/en/webhooks/webhook-events-and-payloads#workflow_run).
 *
 * @param id the run's.
 * @param action `requested` when it starts, `completed` when it has ended.
 */
export function workflowRunEvent(
    { repository, state, urls }: { repository: Repository; state: State; urls: Urls },
    id: number,
    action: "requested" | "completed",
): Record<string, unknown> {
    const run = repository.runs.find((one) => one.id === id);
    if (run === undefined) throw new Error(`there is no run ${String(id)}`);
    const owner = state.owner(repository);
    const sender = accountView(urls, owner);
    const shown = runView({ repository, state, urls, role: undefined }, run);
    const url = repositoryUrl(urls, repository);
    const commit = repository.git.commit(run.sha);
    const side = (ref: string, sha: string | undefined): object => ({
        ref,
        sha,
        repo: { id: repository.id, name: repository.name, url },
    });
    const pulls = pullsOf(repository).filter(
        ({ state: now, pull }) => now === "open" && pull.head === run.branch,
    );
    return {
        action,
        workflow: { id: 1, name: run.workflow, path: shown["path"], state: "active" },
        workflow_run: {
            ...shown,
            name: run.workflow,
            actor: sender,
            triggering_actor: sender,
            run_attempt: 1,
            run_started_at: shown["created_at"],
            previous_attempt_url: null,
            check_suite_id: 1,
            check_suite_node_id: nodeId("CheckSuite", 1),
            head_commit: commit && commitView(urls, state, repository, commit),
            pull_requests: pulls.map(({ number, pull }) => ({
                id: pull.id,
                number,
                url: `${url}/pulls/${String(number)}`,
                head: side(pull.head, repository.git.head(pull.head)?.sha),
                base: side(pull.base, repository.git.head(pull.base)?.sha),
            })),
        },
        repository: repositoryView(urls, owner, repository, undefined),
        sender,
    };
}
