import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { promisify } from "node:util";
import type { Delivery } from "../../github/preflight.ts";
import { type GitHub, startGitHub } from "../standins/github/server.ts";
import { type Quay, startQuay } from "../standins/quay/server.ts";
import { Project, type Result, temporary } from "./project.ts";

/** A repository on Quay, its robot's credentials in a GitHub repository, and the workflow that uses them. */
const program = `
import * as pulumi from "@pulumi/pulumi";
import { DeliveryWorkflow } from "./components/deliveryWorkflow.ts";
import { QuayRepository } from "./components/quayRepository.ts";
import { RegistrySecrets } from "./components/registrySecrets.ts";
import { type Delivery, preflight } from "./github/preflight.ts";

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
        version: "1.0.0",
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

    const config = (changed: Partial<Delivery> = {}, more: Record<string, unknown> = {}): Record<string, unknown> => ({
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
    /** What `up` says where it fails; nothing is changed anywhere then. */
    const refusal = async (): Promise<string> => {
        const { failed, output } = await project.up();
        equal(failed, true, output);
        deepEqual(writes(), []);
        deepEqual(quay.requests(), []);
        return output;
    };
    const writes = () => github.requests().filter(({ method }) => method !== "GET");
    const calls = () => github.requests().map(({ method, path }) => `${method} ${path}`);
    async function docker(...command: string[]): Promise<void> {
        const folder = temporary("docker");
        try {
            await promisify(execFile)("docker", command, { env: { ...process.env, DOCKER_CONFIG: folder } });
        } finally {
            rmSync(folder, { recursive: true });
        }
    }
    const login = async ({ QUAY_USER = "", QUAY_PWD = "" } = repository.secrets(environmentName)): Promise<void> =>
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

    it("makes the environment, its secrets and the workflow; the secrets log in to the registry", async () => {
        await up();
        deepEqual(Object.keys(repository.environments()), [environmentName]);
        deepEqual(Object.keys(repository.secrets(environmentName)).sort(), ["QUAY_PWD", "QUAY_USER"]);
        equal(repository.variables(environmentName)["MANAGED_BY"], "mlops/local");
        match(repository.files()[path] ?? "", /^ {2}build_api:$/m);
        await login();
    });

    it("changes nothing when nothing changed: in an up, a preview, after a refresh", async () => {
        await up();
        github.clearRequests();
        deepEqual(Object.keys((await done(project.preview())).changes), ["same"]);
        deepEqual(calls(), []);
        deepEqual(Object.keys((await up()).changes), ["same"]);
        deepEqual(writes(), []);
        deepEqual(Object.keys((await done(project.refresh())).changes), ["same"]);
        deepEqual(Object.keys((await up()).changes), ["same"]);
        deepEqual(writes(), []);
    });
});
