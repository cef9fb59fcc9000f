/** Sets a commit's status after its deployment: `operations/deliver.sh status`. */
import { existsSync, readFileSync } from "node:fs";
import { type PublishedOutputs, publishedOutputs } from "../contract/outputs.ts";
import { UserError } from "../components/messages/userError.ts";
import { runCommand, UsageError } from "./commandLine.ts";
import { failureOf, successOf } from "./deploymentStatus.ts";
import { pulumi } from "./pulumiCli.ts";
import { GitHubRepository } from "./review/github.ts";

const usage = `Sets the status deploy/STACK of a commit of the service's repository after a
deployment. The OUTCOME is success, or anything else.

  node operations/setStatus.ts STACK COMMIT OUTCOME [--log FILE]

  --log FILE   what the deployment printed, for the reason of a failure
  --help       this text

Needs GITHUB_TOKEN (statuses: write) and SERVICE_REPOSITORY, OWNER/NAME.`;

await runCommand(
    { usage, options: { log: { type: "string" } }, arguments: [3, 3] },
    async ({ log = "" }, [stack = "", commit = "", outcome = ""]) => {
        if (!/^[0-9a-f]{40}$/.test(commit))
            throw new UsageError("The COMMIT must be 40 hexadecimal digits.");
        const {
            GITHUB_TOKEN: token,
            SERVICE_REPOSITORY: repository,
            GITHUB_API_URL: apiUrl = "https://api.github.com",
            GITHUB_SERVER_URL: server = "https://github.com",
            GITHUB_REPOSITORY: own = "",
            GITHUB_RUN_ID: run,
        } = process.env;
        if (!token || !repository)
            throw new UserError("GITHUB_TOKEN and SERVICE_REPOSITORY have to be set.");
        const page = run === undefined ? undefined : `${server}/${own}/actions/runs/${run}`;
        const status =
            outcome === "success"
                ? successOf(commit, await outputsOf(stack))
                : failureOf(existsSync(log) ? readFileSync(log, "utf8") : "", page);
        const github = new GitHubRepository({ apiUrl, repository }, token);
        await github.write("post", `statuses/${commit}`, {
            ...status,
            context: `deploy/${stack}`,
        });
        console.log(`${commit}: ${status.state}: ${status.description}`);
    },
);

async function outputsOf(stack: string): Promise<PublishedOutputs> {
    const { data } = publishedOutputs.safeParse(
        JSON.parse(await pulumi(["stack", "output", "--json", "--stack", stack])),
    );
    if (data === undefined) throw new UserError(`The stack ${stack} has not published an image.`);
    return data;
}
