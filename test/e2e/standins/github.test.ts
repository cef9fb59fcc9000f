import { strict as assert } from "node:assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RepositoryHandle } from "../../../sandbox/github/repositoryHandle.ts";
import { type GitHub, startGitHub } from "../../../sandbox/github/server.ts";
import { until } from "../../until.ts";
import { Project } from "../../../sandbox/project.ts";

/** Every provider resource that this project uses, once. */
const program = `
import * as github from "@pulumi/github";
import { secret } from "@pulumi/pulumi";

const repository = "service";
const file = ".github/workflows/quay-deploy.yml";
const content = "name: delivery\\n";

const { environment } = new github.RepositoryEnvironment("environment", {
    repository,
    environment: "team/dev",
    waitTimer: 1,
    preventSelfReview: true,
    reviewers: [{ users: [Number(process.env["REVIEWER"])] }],
    deploymentBranchPolicy: { protectedBranches: false, customBranchPolicies: true },
});
for (const pattern of [{ branchPattern: "main" }, { tagPattern: "v*" }]) {
    new github.RepositoryEnvironmentDeploymentPolicy(Object.keys(pattern)[0], { repository, environment, ...pattern });
}
for (const [secretName, value] of Object.entries({ QUAY_USER: "robot", QUAY_PWD: process.env["QUAY_PWD"] })) {
    new github.ActionsEnvironmentSecret(secretName, { repository, environment, secretName, value: secret(value ?? "") });
}
new github.ActionsSecret("repository-secret", { repository, secretName: "TOKEN", value: secret("of the repository") });

new github.RepositoryFile("on-main", { repository, branch: "main", file, content, commitMessage: "Deliver the workflow" });
new github.Branch("kept", { repository, branch: "kept" });
const { branch } = new github.Branch("branch", { repository, branch: "bot/workflow" });
const delivered = new github.RepositoryFile("on-branch", { repository, branch, file: "other.yml", content, commitMessage: "Deliver another" });
new github.RepositoryFile("on-new-branch", { repository, branch: "made", autocreateBranch: true, file: "made.yml", content });
new github.RepositoryPullRequest(
    "pull-request",
    { baseRepository: repository, baseRef: "main", headRef: branch, title: "Deliver another" },
    { dependsOn: delivered },
);
`;

/** The functions that it calls. */
const lookups = `
import * as github from "@pulumi/github";
import { output } from "@pulumi/pulumi";

export const user = output(github.getUser({ username: "reviewer" })).id;
export const team = output(github.getTeam({ slug: "release" })).id;
export const repository = output(github.getRepository({ name: "open" })).repoId;
export const subject = output(github.getActionsRepositoryOidcSubjectClaimCustomizationTemplate({ name: "open" })).useDefault;
`;

const workflow = ".github/workflows/quay-deploy.yml";
const content = "name: delivery\n";

/** The provider's request at its start, whatever it does. */
const start = ["orgs/get"];

/** Checks what unit tests cannot: that the real provider works with this GitHub. */
describe("the GitHub of the sandbox: the provider", function () {
    let github: GitHub;
    let repository: RepositoryHandle;
    let project: Project;
    let reviewer: number;

    /** Returns the operations since the last call. */
    const asked = (): readonly (string | undefined)[] => {
        const operations = github.requests().map(({ operation }) => operation);
        github.clearRequests();
        return operations;
    };
    const expectChanges = async (
        run: Promise<{ failed: boolean; output: string; changes: object }>,
        changes: object,
    ): Promise<void> => {
        const result = await run;
        assert.ok(!result.failed, result.output);
        assert.deepEqual(result.changes, changes, result.output);
    };

    before(async () => {
        github = await startGitHub();
        github.createUser("ada", { plan: "enterprise" });
        reviewer = github.createUser("reviewer");
        repository = github.createRepository({ owner: "ada", name: "service" });
        const environment = {
            GITHUB_TOKEN: github.createToken({ user: "ada" }),
            GITHUB_OWNER: "ada",
            GITHUB_BASE_URL: github.baseUrl,
            REVIEWER: String(reviewer),
            QUAY_PWD: "first",
        };
        project = await Project.create({}, environment, undefined, program);
        // The provider's delay of a second after each write would only take time here.
        writeFileSync(
            join(project.folder, "Pulumi.local.yaml"),
            JSON.stringify({ config: { "github:writeDelayMs": "0" } }),
        );
    });
    after(async () => {
        await project.destroy();
        project.remove();
        await github.stop();
    });
    afterEach(() => {
        assert.deepEqual(github.unknown(), []);
    });

    it("creates everything, with the documented requests", async () => {
        await expectChanges(project.up(), { create: 13 });
        const [environment] = Object.values(repository.environments());
        assert.partialDeepStrictEqual(environment, {
            name: "team/dev",
            waitTimer: 1,
            preventSelfReview: true,
            deploysFrom: "custom",
        });
        assert.deepEqual(
            [...(environment?.policies.values() ?? [])].map(({ name }) => name).sort(),
            ["main", "v*"],
        );
        assert.deepEqual(repository.secrets("team/dev"), { QUAY_USER: "robot", QUAY_PWD: "first" });
        assert.deepEqual(repository.secrets(), { TOKEN: "of the repository" });
        assert.equal(repository.files()[workflow], content);
        assert.equal(repository.commits()[0]?.message, "Deliver the workflow");
        assert.equal(repository.files("bot/workflow")["other.yml"], content);
        assert.equal(repository.files("made")["made.yml"], content);
        assert.partialDeepStrictEqual(repository.pulls(), [
            { number: 1, state: "open", pull: { head: "bot/workflow", base: "main" } },
        ]);
        assert.ok(github.requests().every(({ path }) => path.startsWith("/api/v3/")));
        assert.ok(
            github
                .requests({ path: /environments\/team%2Fdev\/secrets/ })
                .every(({ path }) =>
                    path.startsWith(`/api/v3/repositories/${String(repository.id)}/`),
                ),
        );
        asked();
    });

    it("has no changes: an update and a preview only send the provider's first request, a refresh reads", async () => {
        await expectChanges(project.up(), { same: 13 });
        assert.deepEqual(asked(), [...start]);
        await expectChanges(project.preview(), { same: 13 });
        assert.deepEqual(asked(), [...start]);
        await expectChanges(project.refresh(), { same: 13 });
        assert.ok(github.requests().every(({ method }) => method === "GET"));
        const unchanged = github.requests().filter(({ status }) => status === 304);
        assert.deepEqual(
            unchanged.map(({ path }) => path),
            ["/api/v3/repos/ada/service/git/ref/heads/kept"],
        );
        asked();
        await expectChanges(project.preview(), { same: 13 });
        asked();
    });

    it("updates a secret in place", async () => {
        project.setEnvironment("QUAY_PWD", "second");
        await expectChanges(project.up(), { same: 12, update: 1 });
        assert.deepEqual(repository.secrets("team/dev"), {
            QUAY_USER: "robot",
            QUAY_PWD: "second",
        });
        assert.deepEqual(asked(), [
            ...start,
            "actions/get-environment-public-key",
            "actions/create-or-update-environment-secret",
            "actions/get-environment-secret",
        ]);
    });

    it("detects and reverts a manual change of a file; a secret's value cannot be read back", async () => {
        repository.commit({ [workflow]: "name: by hand\n" });
        repository.setSecret("QUAY_USER", "by hand", "team/dev");
        await expectChanges(project.refresh(), { same: 12, update: 1 });
        await expectChanges(project.up(), { same: 12, update: 1 });
        assert.equal(repository.files()[workflow], content);
        assert.deepEqual(repository.secrets("team/dev"), {
            QUAY_USER: "by hand",
            QUAY_PWD: "second",
        });
        await expectChanges(project.refresh(), { same: 13 });
    });

    it("recreates what was deleted manually", async () => {
        repository.deleteEnvironment("team/dev");
        await expectChanges(project.refresh(), { same: 8, delete: 5 });
        await expectChanges(project.up(), { same: 8, create: 5 });
        assert.deepEqual(repository.secrets("team/dev"), {
            QUAY_USER: "robot",
            QUAY_PWD: "second",
        });
        asked();
    });

    it("continues after GitHub failed, reset a connection or asked to wait", async () => {
        project.setEnvironment("QUAY_PWD", "third");
        github.faults.add({ method: "PUT", times: 1, status: 502 });
        await expectChanges(project.up(), { same: 12, update: 1 });
        project.setEnvironment("QUAY_PWD", "fourth");
        github.limit({ secondary: { writesPerMinute: 0, retryAfter: 1 } });
        const limited = project.up();
        await until(
            () => github.requests({ method: "PUT" }).some(({ status }) => status === 403),
            "GitHub has refused a write",
        );
        github.limit({});
        await expectChanges(limited, { same: 12, update: 1 });
        assert.equal(repository.secrets("team/dev")["QUAY_PWD"], "fourth");
        asked();
    });

    it("looks up users, teams, repositories and OIDC subjects", async () => {
        github.createOrganization("org", "ada");
        const team = github.createTeam("org", "release", ["reviewer"]);
        const { id } = github.createRepository({ owner: "org", name: "open", private: false });
        const environment = {
            GITHUB_TOKEN: github.createToken({ user: "ada" }),
            GITHUB_OWNER: "org",
            GITHUB_BASE_URL: github.baseUrl,
        };
        const reader = await Project.create({}, environment, undefined, lookups);
        try {
            const result = await reader.up();
            assert.ok(!result.failed, result.output);
            const outputs = Object.entries(await reader.outputs()).map(([name, value]) => [
                name,
                String(value),
            ]);
            assert.deepEqual(Object.fromEntries(outputs), {
                user: String(reviewer),
                team: String(team),
                repository: String(id),
                subject: "true",
            });
        } finally {
            reader.remove();
        }
    });

    it("deletes what it created, closes the pull request and leaves the rest", async () => {
        const result = await project.destroy();
        assert.ok(!result.failed, result.output);
        assert.deepEqual(Object.keys(repository.files()), ["README.md"]);
        assert.deepEqual(repository.environments(), {});
        assert.deepEqual(repository.secrets(), {});
        assert.deepEqual(repository.branches(), ["main", "made"]);
        assert.partialDeepStrictEqual(repository.pulls(), [{ state: "closed" }]);
    });
});
