import { deepEqual, equal, match } from "node:assert/strict";
import { z } from "zod";
import { workflowFile } from "../../components/workflow/file.ts";
import { type GitHub, startGitHub } from "../../sandbox/github/server.ts";
import type { RepositoryHandle } from "../../sandbox/github/repositoryHandle.ts";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { type Run, runWorkflow } from "../../sandbox/runner/run.ts";

const path = ".github/workflows/build.yml";

/** Runs the generated file, whole and unchanged, where a step fails. */
describe("a workflow that fails", () => {
    let github: GitHub;
    let quay: Quay;
    let repository: RepositoryHandle;

    before(async () => {
        [github, quay] = await Promise.all([startGitHub(), startQuay()]);
        github.createUser("alice");
        repository = github.createRepository({ owner: "alice", name: "service" });
        quay.createUser("alice");
        repository.commit({
            [path]: workflowFile(
                {
                    name: "Build",
                    job: "build",
                    path,
                    branch: "main",
                    image: `${quay.registry}/alice/digits`,
                    login: { usernameSecret: "QUAY_USER", passwordSecret: "QUAY_PWD" },
                    health: { port: 8080 },
                    build: {},
                },
                "mlops/dev",
            ),
            Dockerfile: "NO SUCH INSTRUCTION\n",
        });
    });
    after(async () => {
        await Promise.all([github.stop(), quay.stop()]);
    });

    const push = (): Promise<Run> =>
        runWorkflow({
            github,
            repository: "alice/service",
            path,
            ref: "refs/heads/main",
            untag: () => Promise.resolve(),
            appToken: () => "",
        });

    async function api(method: string, path: string, body: object): Promise<unknown> {
        const token = quay.createToken({ user: "alice" });
        const answer = await fetch(`${quay.url}/api/v1/${path}`, {
            method,
            headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
            body: JSON.stringify(body),
        });
        equal(answer.ok, true, path);
        return answer.json();
    }

    it("has the message of the script that failed, and no second one", async () => {
        const { succeeded, annotations } = await push();
        equal(succeeded, false);
        equal(annotations.length, 1);
        match(
            annotations.join(),
            /^::error title=Login::GitHub has no value for: QUAY_USER QUAY_PWD\. /,
        );
    });

    it("says in one message which action failed, and what to do", async () => {
        await api("POST", "repository", {
            repository: "digits",
            visibility: "private",
            description: "",
        });
        const robot = z
            .object({ name: z.string(), token: z.string() })
            .parse(await api("PUT", "user/robots/deploy", {}));
        await api("PUT", `repository/alice/digits/permissions/user/${robot.name}`, {
            role: "write",
        });
        repository.setSecret("QUAY_USER", robot.name);
        repository.setSecret("QUAY_PWD", robot.token);
        const { succeeded, annotations, output } = await push();
        equal(succeeded, false, output);
        deepEqual(annotations, [
            "::error title=Step::Build and push the image: this step failed, and its output says " +
                "why. Correct the Dockerfile, or run this job again where a server did not " +
                "answer. If the registry denied the push, the robot needs the permission Write.",
        ]);
    });
});
