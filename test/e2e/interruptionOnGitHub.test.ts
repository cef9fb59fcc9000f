import { deepEqual, equal, match } from "node:assert/strict";
import { type GitHub, startGitHub } from "../../sandbox/github/server.ts";
import type { RepositoryHandle } from "../../sandbox/github/repositoryHandle.ts";
import { Project, type Running } from "../../sandbox/project.ts";

/** The credentials in their environment, and the workflow, without a Quay. */
const program = `
import { DeliveryWorkflow } from "./components/deliveryWorkflow.ts";
import { RegistrySecrets } from "./components/registrySecrets.ts";
import { preflight } from "./components/github/preflight.ts";

const [repository, branch, path] = ["service", "main", ".github/workflows/quay-deploy.yml"];
const environment = { name: "dev", branches: ["main"] };
await preflight({ repository, branch, path, environment, delivery: "commit", adopt: false, setting: "mlops:github" });
const secrets = new RegistrySecrets("digits", { repository, environment, secrets: { QUAY_USER: "alice+robot", QUAY_PWD: "of-the-robot" } });
new DeliveryWorkflow(
    "digits",
    {
        repository, branch, path, environment, name: "Images", job: "build_api", image: "quay.io/alice/digits",
        login: { usernameSecret: "QUAY_USER", passwordSecret: "QUAY_PWD" }, health: { port: 8080 }, build: {},
    },
    { dependsOn: secrets },
);
`;

/** Every request that changes something. */
const steps: Record<string, { readonly method: string; readonly path: string }> = {
    "the environment is made": { method: "PUT", path: "/environments/dev$" },
    "a branch is admitted": { method: "POST", path: "/deployment-branch-policies$" },
    "its manager is noted": { method: "POST", path: "/environments/dev/variables$" },
    "a secret is set": { method: "PUT", path: "/secrets/QUAY_PWD$" },
    "the file is committed": { method: "PUT", path: "/contents/" },
};

describe("an up that is interrupted during requests to GitHub", () => {
    let github: GitHub;
    let repository: RepositoryHandle;
    let project: Project;

    beforeEach(async () => {
        github = await startGitHub();
        github.createUser("alice");
        repository = github.createRepository({ owner: "alice", name: "service", private: false });
        const env = {
            GITHUB_BASE_URL: github.baseUrl,
            GITHUB_TOKEN: github.createToken({ user: "alice" }),
            GITHUB_OWNER: "alice",
        };
        project = await Project.create({ "github:writeDelayMs": "0" }, env, undefined, program);
    });
    afterEach(async () => {
        const unknown = github.unknown();
        project.remove();
        await github.stop();
        deepEqual(unknown, []);
    });

    const startUp = (): Running =>
        project.start(
            "pulumi",
            "up",
            "--stack",
            "local",
            "--yes",
            "--skip-preview",
            "--non-interactive",
            "--color",
            "never",
        );

    /** Holds the request of a step, and stops the `up` there. */
    async function interrupt(
        step: { readonly method: string; readonly path: string },
        signal: NodeJS.Signals,
    ): Promise<Running> {
        const held = github.faults.hold(step);
        const up = startUp();
        equal(
            await Promise.race([held.reached.then(() => "reached"), up.ended]),
            "reached",
            up.output,
        );
        up.signal(signal);
        if (signal === "SIGTERM") await up.prints(/cancelling/);
        if (signal === "SIGKILL") await up.ended;
        held.release();
        await up.ended;
        return up;
    }

    /**
     * Runs one `up`, and checks that everything exists once, and that the next one changes nothing.
     */
    async function expectConverged(): Promise<void> {
        const { failed, output } = await project.up();
        equal(failed, false, output);
        deepEqual(repository.secrets("dev"), {
            QUAY_USER: "alice+robot",
            QUAY_PWD: "of-the-robot",
        });
        deepEqual(repository.variables("dev"), { MANAGED_BY: "mlops/local" });
        match(
            repository.files()[".github/workflows/quay-deploy.yml"] ?? "",
            /^# Managed by Pulumi: mlops\/local/,
        );
        const preview = await project.preview();
        deepEqual(Object.keys(preview.changes), ["same"], preview.output);
    }

    for (const [what, step] of Object.entries(steps)) {
        it(`by SIGTERM while ${what}: up converges`, async () => {
            await interrupt(step, "SIGTERM");
            await expectConverged();
        });

        it(`by SIGKILL while ${what}: recover and up converge`, async () => {
            await interrupt(step, "SIGKILL");
            match(
                (await project.up()).output,
                /currently locked by 1 lock|failed to load checkpoint: EOF/,
            );
            const recovery = project.start("node", "operations/recover.ts", "local");
            equal(await recovery.ended, 0, recovery.output);
            await expectConverged();
        });
    }
});
