import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Chain } from "../../sandbox/demo/chain.ts";

describe("make adopt", () => {
    let chain: Chain;
    let robotToken: string;

    /** Quay's API as a browser uses it. */
    async function quay(
        method: string,
        path: string,
        body?: unknown,
    ): Promise<Record<string, unknown>> {
        const response = await fetch(`${chain.quay.url}/api/v1/${path}`, {
            method,
            headers: {
                authorization: `Bearer ${chain.environment["QUAY_TOKEN"] ?? ""}`,
                "content-type": "application/json",
            },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        ok(response.ok, `${method} ${path}: ${String(response.status)}`);
        return (await response.json()) as Record<string, unknown>;
    }

    before(async () => {
        chain = await Chain.create();
        writeFileSync(join(chain.service, "content"), "by hand");
        // The steps of the course chapter: a repository, a robot with write access, its credentials
        // and the workflow on GitHub, and a first push.
        const [repository, robot] = ["mlops_python_2022_2023", "mlopspython_2022_2023_robot"];
        await quay("POST", "repository", {
            namespace: "alice",
            repository,
            visibility: "public",
            description: "Made by hand",
        });
        robotToken = String(
            (await quay("PUT", `user/robots/${robot}`, { description: "mine" }))["token"],
        );
        await quay("PUT", `repository/alice/${repository}/permissions/user/alice+${robot}`, {
            role: "write",
        });
        chain.repository.commit(
            { ".github/workflows/quay-deploy.yml": "name: by hand\non: push\njobs: {}\n" },
            { branch: "api/github_action" },
        );
        chain.repository.setSecret("QUAY_USER", `alice+${robot}`);
        chain.repository.setSecret("QUAY_PWD", robotToken);
        const image = `${chain.quay.registry}/alice/${repository}:1.0.0`;
        await chain.docker(
            "login",
            chain.quay.registry,
            "--username",
            `alice+${robot}`,
            "--password",
            robotToken,
        );
        await chain.docker("build", "--quiet", "--tag", image, chain.service);
        await chain.docker("push", image);
        writeFileSync(join(chain.service, "content"), "since then");
    });
    after(async () => {
        const unknown = chain.github.unknown();
        await chain.remove();
        deepEqual(unknown, []);
    });

    it("is suggested by up, which then changes nothing", async () => {
        const state = JSON.stringify(chain.quay.dump());
        await rejects(chain.up("dev"), (error) => {
            match(
                String(error),
                /The file \.github\/workflows\/quay-deploy\.yml is there already .* not this stack's/,
            );
            match(String(error), /pulumi config set --path mlops:github\.adopt true -s dev/);
            return true;
        });
        equal(JSON.stringify(chain.quay.dump()), state);
    });

    it("adopts the repository and the robot: creates nothing again; the first preview replaces and deletes nothing", async () => {
        const printed = await chain.run(process.execPath, "operations/adopt.ts", "dev");
        match(printed, /2 of them imported into the stack/);
        const { changes, output } = await chain.preview("dev");
        deepEqual(Object.keys(changes).sort(), ["create", "same"], output);
        match(
            await chain.run(process.execPath, "operations/adopt.ts", "dev"),
            /Nothing to adopt: the stack has everything that exists/,
        );
    });

    it("takes the version that was pushed by hand, and builds none", async () => {
        const before = await chain.tags("dev");
        chain.setEnvironment("DOCKER_HOST", "tcp://127.0.0.1:1");
        await chain.up("dev");
        // The tag that dev follows begins there.
        deepEqual(await chain.tags("dev"), { ...before, latest: before["1.0.0"] });
        equal(chain.outputs("dev").digest, before["1.0.0"]);
    });

    it("keeps the robot and its token, has its own workflow, and then changes nothing more", async () => {
        deepEqual(chain.repository.secrets("dev"), {
            QUAY_USER: "alice+mlopspython_2022_2023_robot",
            QUAY_PWD: robotToken,
        });
        // The repository's own secrets are not the stack's, so they stay.
        deepEqual(Object.keys(chain.repository.secrets()).sort(), ["QUAY_PWD", "QUAY_USER"]);
        match(
            chain.repository.files("api/github_action")[".github/workflows/quay-deploy.yml"] ?? "",
            /^# Managed by Pulumi: mlops\/dev/,
        );
        equal(
            (await quay("GET", "repository/alice/mlops_python_2022_2023"))["description"],
            "Made by hand",
        );
        deepEqual(Object.keys((await chain.up("dev")).changes), ["same"]);
    });
});
