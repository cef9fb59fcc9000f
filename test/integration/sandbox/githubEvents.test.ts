import { deepEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { z } from "zod";
import { type GitHub, startGitHub } from "../../../sandbox/github/server.ts";

const keys = z.object({ required: z.array(z.string()) });
const schema = keys.extend({ properties: z.object({ workflow_run: keys }) });
const described = z
    .object({ components: z.object({ schemas: z.record(z.string(), z.unknown()) }) })
    .parse(
        JSON.parse(
            readFileSync(
                createRequire(import.meta.url).resolve(
                    "@octokit/openapi/generated/api.github.com.json",
                ),
                "utf8",
            ),
        ),
    ).components.schemas;

describe("the event workflow_run of the GitHub to test against", () => {
    let github: GitHub;

    before(async () => {
        github = await startGitHub();
        github.createUser("ada");
    });
    after(() => github.stop());

    it("has what GitHub's description of it requires, and all pull requests from the branch", async () => {
        const repository = github.createRepository({ owner: "ada", name: "service" });
        for (const branch of ["mine", "change"]) repository.createBranch(branch);
        const { sha } = repository.commit({ file: "new" }, { branch: "change" });
        for (const base of ["main", "mine"])
            await fetch(`${github.url}/repos/ada/service/pulls`, {
                method: "POST",
                headers: { authorization: `Bearer ${github.createToken({ user: "ada" })}` },
                body: JSON.stringify({ title: "A change", head: "change", base }),
            });
        const run = repository.addRun("preview.yml", "pull_request", "completed", {
            branch: "change",
        });
        for (const action of ["requested", "completed"] as const) {
            const event = github.workflowRunEvent("ada/service", run, action);
            const { required, properties } = schema.parse(
                described[`webhook-workflow-run-${action}`],
            );
            const shown = z.looseObject({ workflow_run: z.looseObject({}) }).parse(event);
            deepEqual(
                required.filter((key) => !(key in shown)),
                [],
            );
            deepEqual(
                properties.workflow_run.required.filter((key) => !(key in shown.workflow_run)),
                [],
            );
            const { head_sha, head_branch, path, pull_requests } = shown.workflow_run;
            deepEqual(
                [head_sha, head_branch, path],
                [sha, "change", ".github/workflows/preview.yml"],
            );
            const bases = z
                .array(z.object({ base: z.object({ ref: z.string() }) }))
                .parse(pull_requests)
                .map(({ base }) => base.ref);
            deepEqual(bases, ["main", "mine"]);
        }
    });
});
