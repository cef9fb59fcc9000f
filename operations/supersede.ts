/** Ends older deployments that wait for an approval: `operations/deliver.sh supersede`. */
import { z } from "zod";
import { UserError } from "../components/messages/userError.ts";
import { runCommand } from "./commandLine.ts";
import { GitHubRepository, repositoryOf } from "./review/github.ts";

const usage = `Cancels the older runs of the workflow deploy.yml that only wait for an approval:
this run deploys what is newer to every stack. No run that is at work is cancelled.

  node operations/supersede.ts

  --help   this text

In GitHub Actions. Needs GITHUB_TOKEN (actions: write).`;

/** A page of runs (https://docs.github.com/en/rest/actions/workflow-runs). */
const runs = z.object({ workflow_runs: z.array(z.object({ id: z.int() })) });

await runCommand({ usage, options: {} }, async () => {
    const { GITHUB_TOKEN: token, GITHUB_RUN_ID: own } = process.env;
    const repository = repositoryOf(process.env);
    if (!repository || !token || !own)
        throw new UserError(
            "GITHUB_REPOSITORY, GITHUB_RUN_ID and GITHUB_TOKEN have to be set, as in GitHub " +
                "Actions.",
        );
    const github = new GitHubRepository(repository, token);
    // Only a push deploys to the stacks that wait. Ids grow with time.
    const query = { status: "waiting", event: "push", per_page: "100" };
    const found = await github.get("actions/workflows/deploy.yml/runs", runs, query);
    for (const { id } of found.workflow_runs.filter((run) => run.id < Number(own))) {
        await github.write("post", `actions/runs/${String(id)}/cancel`, undefined);
        console.log(`Cancelled run ${String(id)}, which waited for an approval.`);
    }
});
