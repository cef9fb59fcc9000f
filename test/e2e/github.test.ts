import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { promisify } from "node:util";
import type { Delivery } from "../../components/github/preflight.ts";
import { type GitHub, startGitHub } from "../../sandbox/github/server.ts";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { Project, type Result, temporary } from "../../sandbox/project.ts";

/**
 * A repository on Quay, its robot's credentials in a GitHub repository, and the workflow that uses
 * them.
 */
const program = `
import * as pulumi from "@pulumi/pulumi";
import { DeliveryWorkflow } from "./components/deliveryWorkflow.ts";
import { QuayRepository } from "./components/quayRepository.ts";
import { RegistrySecrets } from "./components/registrySecrets.ts";
import { type Delivery, preflight } from "./components/github/preflight.ts";

const config = new pulumi.Config("mlops");
const delivery = { ...config.requireObject<Delivery>("github"), setting: "mlops:github" };
await preflight(delivery);

const registry = new QuayRepository("digits", {
    namespace: "alice",
    repository: "digits",
    robot: "digits_robot",
    rotation: config.getNumber("rotation"),
    retire: config.getBoolean("retire"),
});
const { repository, environment, branch, path } = delivery;
const secrets = new RegistrySecrets("digits", {
    repository,
    environment,
    secrets: { QUAY_USER: registry.robotUsername, QUAY_PWD: registry.robotToken },
});
new DeliveryWorkflow(
    "digits",
    {
        repository,
        delivery: delivery.delivery,
        adopt: delivery.adopt,
        path,
        branch,
        environment,
        name: "Images",
        job: "build_api",
        image: registry.image,
        login: { usernameSecret: "QUAY_USER", passwordSecret: "QUAY_PWD" },
        health: { port: 8080 },
        build: {},
    },
    { dependsOn: secrets },
);
`;
const path = ".github/workflows/quay-deploy.yml";
const environmentName = "dev";

describe("delivering to GitHub", () => {
    let github: GitHub;
    let quay: Quay;
    let project: Project;
    let repository: ReturnType<GitHub["createRepository"]>;
    let token: string;

    const config = (
        changed: Partial<Delivery> = {},
        more: Record<string, unknown> = {},
    ): Record<string, unknown> => ({
        github: {
            repository: "service",
            environment: { name: environmentName, branches: ["main"] },
            branch: "main",
            path,
            delivery: "commit",
            adopt: false,
            ...changed,
        },
        "github:writeDelayMs": "0",
        ...more,
    });
    const done = async (command: Promise<Result>): Promise<Result> => {
        const result = await command;
        equal(result.failed, false, result.output);
        return result;
    };
    const up = (): Promise<Result> => done(project.up());
    /** Returns the message of a failing `up`, and checks that nothing is changed anywhere. */
    const refusal = async (): Promise<string> => {
        const { failed, output } = await project.up();
        equal(failed, true, output);
        deepEqual(writes(), []);
        deepEqual(quay.requests(), []);
        return output;
    };
    /** Makes a manual change. */
    const api = (method: string, at: string, body: unknown): Promise<Response> =>
        fetch(`${github.url}/repos/octo/service/${at}`, {
            method,
            headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
            body: JSON.stringify(body),
        });
    const writes = () => github.requests().filter(({ method }) => method !== "GET");
    const calls = () => github.requests().map(({ method, path }) => `${method} ${path}`);
    async function docker(...command: string[]): Promise<void> {
        const folder = temporary("docker");
        try {
            await promisify(execFile)("docker", command, {
                env: { ...process.env, DOCKER_CONFIG: folder },
            });
        } finally {
            rmSync(folder, { recursive: true });
        }
    }
    const login = async (
        { QUAY_USER = "", QUAY_PWD = "" } = repository.secrets(environmentName),
    ): Promise<void> =>
        docker("login", quay.registry, "--username", QUAY_USER, "--password", QUAY_PWD);

    beforeEach(async () => {
        [github, quay] = await Promise.all([startGitHub(), startQuay()]);
        quay.createUser("alice");
        github.createUser("octo");
        repository = github.createRepository({ owner: "octo", name: "service", private: false });
        token = github.createToken({ user: "octo" });
        const env = {
            QUAY_URL: quay.url,
            QUAY_TOKEN: quay.createToken({ user: "alice" }),
            GITHUB_OWNER: "octo",
            GITHUB_TOKEN: token,
            GITHUB_BASE_URL: github.baseUrl,
        };
        project = await Project.create(config(), env, undefined, program);
    });
    afterEach(async () => {
        project.setEnvironment("GITHUB_TOKEN", github.createToken({ user: "octo" }));
        const { failed, output } = await project.destroy();
        project.remove();
        const unknown = github.unknown();
        await Promise.all([github.stop(), quay.stop()]);
        equal(failed, false, output);
        deepEqual(unknown, []);
    });

    it("creates the environment, its secrets and the workflow; the secrets log in to the registry", async () => {
        await up();
        deepEqual(Object.keys(repository.environments()), [environmentName]);
        deepEqual(Object.keys(repository.secrets(environmentName)).sort(), [
            "QUAY_PWD",
            "QUAY_USER",
        ]);
        equal(repository.variables(environmentName)["MANAGED_BY"], "mlops/local");
        match(repository.files()[path] ?? "", /^ {2}build_api:$/m);
        await login();
    });

    it("changes nothing without a change: in an up, in a preview, after a refresh", async () => {
        await up();
        github.clearRequests();
        deepEqual(Object.keys((await done(project.preview())).changes), ["same"]);
        deepEqual(calls().sort(), [
            "GET /api/v3/orgs/octo", // the provider's own start
            `GET /api/v3/repos/octo/service/contents/${path}?ref=main`,
        ]);
        deepEqual(Object.keys((await up()).changes), ["same"]);
        deepEqual(writes(), []);
        deepEqual(Object.keys((await done(project.refresh())).changes), ["same"]);
        deepEqual(Object.keys((await up()).changes), ["same"]);
        deepEqual(writes(), []);
    });

    describe("a robot's new token", () => {
        /** Returns the changes of the secrets, each of which exists at every moment. */
        const requestsToSecrets = () =>
            github
                .requests()
                .filter(({ method, path }) => method !== "GET" && path.includes("/secrets/"))
                .map(
                    ({ method, path, status }) =>
                        `${method} ${path.replace(/.*\//, "")} ${String(status)}`,
                )
                .sort();

        it("replaces the secrets in place when the robot is rotated", async () => {
            await up();
            const before = repository.secrets(environmentName);
            github.clearRequests();
            project.configure(config({}, { rotation: 1 }));
            await up();
            deepEqual(requestsToSecrets(), ["PUT QUAY_PWD 204", "PUT QUAY_USER 204"]);
            notEqual(repository.secrets(environmentName)["QUAY_PWD"], before["QUAY_PWD"]);
            await login();
            await login(before); // a job that is running has these
        });

        it("updates the one secret that changed when the token was regenerated manually", async () => {
            await up();
            github.clearRequests();
            await fetch(`${quay.url}/api/v1/user/robots/digits_robot/regenerate`, {
                method: "POST",
                headers: { authorization: `Bearer ${quay.createToken({ user: "alice" })}` },
            });
            await done(project.refresh());
            await up();
            deepEqual(requestsToSecrets(), ["PUT QUAY_PWD 204"]);
            await login();
        });
    });

    describe("manual changes", () => {
        it("are detected and reverted: the workflow file", async () => {
            await up();
            const delivered = repository.files()[path];
            repository.commit({ [path]: "name: mine\n", "README.md": "by hand" });
            equal((await done(project.refresh())).changes["update"], 1);
            github.clearRequests();
            quay.clearRequests();
            // It no longer names its owner.
            match(
                await refusal(),
                /The file \.github\/workflows\/quay-deploy\.yml is there already on the branch "main", and it is not this stack's/,
            );
            project.configure(config({ adopt: true }));
            await up();
            deepEqual(
                [repository.files()[path], repository.files()["README.md"]],
                [delivered, "by hand"],
            );
        });

        it("are detected and reverted: a line of the workflow file", async () => {
            await up();
            const delivered = repository.files()[path] ?? "";
            repository.commit({ [path]: delivered.replace("build_api", "another") });
            equal((await done(project.refresh())).changes["update"], 1);
            await up();
            equal(repository.files()[path], delivered);
        });

        it("are detected and reverted: a deleted environment or secret", async () => {
            await up();
            repository.deleteSecret("QUAY_PWD", environmentName);
            await done(project.refresh());
            await up();
            await login();
            repository.deleteEnvironment(environmentName);
            await done(project.refresh());
            await up();
            await login();
        });
    });

    it("gives another environment its secrets before it removes the previous one", async () => {
        await up();
        github.clearRequests();
        project.configure(config({ environment: { name: "test", branches: ["main"] } }));
        await up();
        deepEqual(Object.keys(repository.environments()), ["test"]);
        await login(repository.secrets("test"));
        const changes = writes().map(
            ({ method, path }) => `${method} ${path.replace(/.*\/environments\//, "")}`,
        );
        deepEqual(
            changes
                .filter((change) => change.startsWith("DELETE"))
                .map((change) => change.replace(/\d+$/, "ID")),
            ["DELETE dev/deployment-branch-policies/ID", "DELETE dev"],
        );
        equal(changes.at(-1), "DELETE dev");
    });

    it("removes what it created, and leaves the rest", async () => {
        repository.commit({ ".github/workflows/other.yml": "name: other\n" });
        repository.setSecret("OTHER", "kept");
        await up();
        await done(project.destroy());
        deepEqual(Object.keys(repository.files()).sort(), [
            ".github/workflows/other.yml",
            "README.md",
        ]);
        deepEqual([repository.environments(), repository.secrets()], [{}, { OTHER: "kept" }]);
    });

    it("stores the secrets in the repository if there is no environment", async () => {
        project.configure(config({ environment: undefined }));
        await up();
        deepEqual(repository.environments(), {});
        await login(repository.secrets());
        project.configure(config({ environment: undefined }, { rotation: 1, retire: true }));
        await up();
        await login(repository.secrets());
        await done(project.destroy());
        deepEqual(repository.secrets(), {});
    });

    it("explains what to do if the plan has no environments; after that it works", async () => {
        const free = github.createRepository({
            owner: "octo",
            name: "free",
            private: true,
            environments: false,
        });
        project.configure(config({ repository: "free" }));
        const { failed, output } = await project.up();
        equal(failed, true);
        match(
            output,
            /warning: octo\/free is private: .*should it answer 404, its owner.s plan has no environments/,
        );
        match(output, /environments\/dev: 404 Not Found/);
        project.configure(config({ repository: "free", environment: undefined }));
        await up();
        await login(free.secrets());
    });

    describe("existing objects", () => {
        it("are not overwritten: a workflow file, unless it is adopted", async () => {
            repository.commit({ [path]: "name: mine\n" });
            const output = await refusal();
            match(
                output,
                /The file \.github\/workflows\/quay-deploy\.yml is there already on the branch "main", and it is not this stack's\./,
            );
            match(output, /pulumi config set --path mlops:github\.adopt true -s local/);
            equal(repository.files()[path], "name: mine\n");
            project.configure(config({ adopt: true }));
            await up();
            match(repository.files()[path] ?? "", /build_api/);
        });

        it("are not taken over: an environment, unless it is adopted", async () => {
            await api("PUT", "environments/dev", {});
            repository.setSecret("MINE", "kept", environmentName);
            github.clearRequests();
            match(
                await refusal(),
                /The environment "dev" is there already, without the variable MANAGED_BY that makes it this stack's\./,
            );
            project.configure(config({ adopt: true }));
            await up();
            equal(repository.secrets(environmentName)["MINE"], "kept");
            project.configure(config());
            await up();
        });

        it("are not taken over: another stack's environment", async () => {
            await up();
            await api("PATCH", "environments/dev/variables/MANAGED_BY", { value: "mlops/other" });
            github.clearRequests();
            quay.clearRequests();
            match(
                await refusal(),
                /The environment "dev" is there already, and it is managed by mlops\/other\./,
            );
        });
    });

    it("delivers by pull request if the branch is protected, and again after it was merged", async () => {
        repository.protect("main");
        project.configure(config({ delivery: "pullRequest" }));
        await up();
        equal(repository.files()[path], undefined);
        equal(repository.pulls().length, 1);
        await login();
        deepEqual(Object.keys((await up()).changes), ["same"]);
        repository.merge(repository.pulls()[0]?.number ?? 0);
        match(repository.files()[path] ?? "", /build_api/);
        deepEqual(Object.keys((await up()).changes), ["same"]);
    });

    describe("a missing requirement gives one clear message, and nothing changes anywhere", () => {
        const cases: Record<string, { readonly prepare: () => unknown; readonly says: RegExp }> = {
            "the scope workflow": {
                prepare: () => {
                    project.setEnvironment(
                        "GITHUB_TOKEN",
                        github.createToken({ user: "octo", scopes: ["repo"] }),
                    );
                },
                says: /The token in GITHUB_TOKEN lacks the scope "workflow", which files in \.github\/workflows need\./,
            },
            "the owner": {
                prepare: () => {
                    project.setEnvironment("GITHUB_OWNER", "otto");
                },
                says: /otto\/service on GitHub cannot be delivered to.*There is no such repository/s,
            },
            "the branch": {
                prepare: () => {
                    project.configure(
                        config({
                            branch: "api/github_action",
                            environment: { name: environmentName },
                        }),
                    );
                },
                says: /It has no branch "api\/github_action"\.\s+Push it \(git push origin HEAD:api\/github_action\)/,
            },
            "a repository that can change": {
                prepare: () => {
                    repository.archive();
                },
                says: /It is archived: nothing in it can change\./,
            },
        };
        for (const [what, { prepare, says }] of Object.entries(cases)) {
            it(what, async () => {
                prepare();
                match(await refusal(), says);
            });
        }

        it("an owner: in a preview too, and without a request to /repos//service", async () => {
            project.setEnvironment("GITHUB_OWNER", "");
            for (const { failed, output } of [await project.preview(), await project.up()]) {
                equal(failed, true);
                match(
                    output,
                    /github:owner is not set: the user or organization that the repository belongs to/,
                );
            }
            deepEqual(calls(), []);
        });
    });

    it("previews without a token, and with a read-only one", async () => {
        project.setEnvironment("GITHUB_TOKEN", "");
        await done(project.preview());
        project.setEnvironment("GITHUB_TOKEN", github.createToken({ user: "octo", scopes: [] }));
        await done(project.preview());
    });

    it("declares reviewers, a wait and who may deploy, and has no changes afterwards", async () => {
        const id = github.createUser("ada");
        const rules = {
            name: environmentName,
            reviewers: { users: ["ada"] },
            waitTimer: 30,
            preventSelfReview: true,
            branches: ["main", "release/*"],
            tags: ["v*"],
        };
        project.configure(config({ environment: rules }));
        await up();
        const made = repository.environments()[environmentName];
        deepEqual(made?.reviewers, [{ type: "User", id }]);
        deepEqual([made.waitTimer, made.preventSelfReview, made.deploysFrom], [30, true, "custom"]);
        deepEqual([...made.policies.values()].map(({ type, name }) => `${type} ${name}`).sort(), [
            "branch main",
            "branch release/*",
            "tag v*",
        ]);
        deepEqual(Object.keys((await done(project.refresh())).changes), ["same"]);
        project.configure(config());
        await up();
        deepEqual(repository.environments()[environmentName]?.reviewers, []);
        deepEqual(Object.keys((await done(project.refresh())).changes), ["same"]);
    });

    it("shows no secret: in the state, in the output, in the logs at the highest verbosity", async () => {
        const { failed, output } = await project.up(["--logtostderr", "--verbose", "9"]);
        equal(failed, false);
        ok(output.length > 100_000, "the logs are there");
        project.configure(config({}, { rotation: 1 }));
        const preview = await project.preview();
        // At level 9 the engine and its SDK themselves log the content of a secret's envelope, of
        // every provider. Nothing else may.
        const ofOthers = /arshaling property for RPC|RegisterResource RPC finished/;
        const logs = output.split("\n").filter((line) => !ofOthers.test(line));
        const secrets = [...quay.secrets(), ...github.secrets()].filter(
            (secret) => secret.length > 20,
        );
        ok(secrets.includes(token) && secrets.length >= 3);
        for (const line of [...logs, preview.output, project.storedState()]) {
            const found = secrets.find((secret) => line.includes(secret));
            equal(
                found,
                undefined,
                `a secret in clear: ${line.replaceAll(found ?? "", "[here]").slice(0, 300)}`,
            );
        }
    });
});
