import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { type GitHub, startGitHub } from "../../../sandbox/github/server.ts";
import { run } from "../../../sandbox/project.ts";

const root = join(import.meta.dirname, "../../..");

describe("deployments that wait for an approval", () => {
    let github: GitHub;
    before(async () => {
        github = await startGitHub();
        github.createUser("alice");
    });
    after(() => github.stop());

    it("end where a newer one has started; none that is at work, or of dev alone", async () => {
        const repository = github.createRepository({ owner: "alice", name: "mlops" });
        const older = repository.addRun("deploy.yml", "push", "waiting");
        repository.addRun("deploy.yml", "push", "in_progress");
        repository.addRun("deploy.yml", "workflow_dispatch", "waiting");
        repository.addRun("drift.yml", "push", "waiting");
        const own = repository.addRun("deploy.yml", "push", "in_progress");
        repository.addRun("deploy.yml", "push", "waiting"); // a newer one
        const env = {
            ...process.env,
            GITHUB_API_URL: github.url,
            GITHUB_REPOSITORY: "alice/mlops",
            GITHUB_RUN_ID: String(own),
            // What the job has.
            GITHUB_TOKEN: github.createToken({
                user: "alice",
                permissions: { actions: "write", contents: "read" },
                repositories: ["alice/mlops"],
            }),
        };
        const { stdout } = await run("operations/deliver.sh", ["supersede"], { cwd: root, env });
        match(stdout, new RegExp(`^Cancelled run ${String(older)}, which waited`));
        const ended = repository.runs().filter(({ status }) => status === "completed");
        deepEqual(
            ended.map(({ id, conclusion }) => [id, conclusion]),
            [[older, "cancelled"]],
        );
        equal((await run("operations/deliver.sh", ["supersede"], { cwd: root, env })).stdout, "");
        deepEqual(github.unknown(), []);
    });
});
