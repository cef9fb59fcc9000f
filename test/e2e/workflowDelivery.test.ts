import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { type GitHub, startGitHub } from "../../sandbox/github/server.ts";
import { Project } from "../../sandbox/project.ts";

const path = ".github/workflows/build.yml";
const program = `
import * as pulumi from "@pulumi/pulumi";
import { DeliveryWorkflow } from "./components/deliveryWorkflow.ts";

const config = new pulumi.Config("mlops");
const workflow = new DeliveryWorkflow("digits", {
    ...config.requireObject<{ delivery?: "commit" | "pullRequest"; adopt?: boolean; name: string }>("workflow"),
    repository: "service",
    path: "${path}",
    branch: "main",
    environment: { name: "dev" },
    job: "build",
    image: pulumi.output(config.require("image")),
    login: { usernameSecret: "QUAY_USER", passwordSecret: "QUAY_PWD" },
    health: { port: 8080 },
    build: {},
});
export const { pullRequestUrl } = workflow;
`;

describe("the delivery of a workflow file", () => {
    let github: GitHub;
    let repository: ReturnType<GitHub["createRepository"]>;
    let token: string;
    let project: Project;

    const config = (workflow: Record<string, unknown> = {}, image = "quay.io/alice/digits") => ({
        workflow: { name: "Images", ...workflow },
        image,
    });
    const writes = (): string[] => {
        const requests = github.requests().filter(({ method }) => method !== "GET");
        github.clearRequests();
        return requests.map(({ method, path }) => `${method} ${path.replace(/^.*?\/service/, "")}`);
    };
    const pulls = () => repository.pulls().map(({ state, pull }) => [state, pull.head]);
    const up = async (): Promise<Readonly<Record<string, number | undefined>>> => {
        const { failed, output, changes } = await project.up();
        equal(failed, false, output);
        return changes;
    };

    beforeEach(async () => {
        github = await startGitHub();
        github.createUser("octo");
        repository = github.createRepository({ owner: "octo", name: "service", private: false });
        token = github.createToken({ user: "octo" });
        const env = { GITHUB_OWNER: "octo", GITHUB_TOKEN: token, GITHUB_BASE_URL: github.baseUrl };
        project = await Project.create(
            config({ delivery: "pullRequest" }),
            env,
            undefined,
            program,
        );
    });
    afterEach(async () => {
        const { failed, output } = await project.destroy();
        project.remove();
        const unknown = github.unknown();
        await github.stop();
        equal(failed, false, output);
        deepEqual(unknown, []);
    });

    it("opens a new pull request for a change, whether the previous one is merged with its branch deleted, or open", async () => {
        await up();
        equal(await project.output("pullRequestUrl"), `${github.url}/octo/service/pull/1`);
        const [[, first = ""] = []] = pulls();
        repository.merge(1);
        const gone = await fetch(`${github.url}/repos/octo/service/git/refs/heads/${first}`, {
            method: "DELETE",
            headers: { authorization: `Bearer ${token}` },
        });
        equal(gone.status, 204);
        github.clearRequests();

        project.configure(config({ delivery: "pullRequest", name: "Images 1" }));
        deepEqual(await up(), { replace: 4, same: 2 });
        deepEqual(writes(), [
            "POST /git/refs",
            `PUT /contents/${path}`,
            "POST /pulls",
            "PATCH /pulls/1",
        ]);
        project.configure(config({ delivery: "pullRequest", name: "Images 2" }));
        await up();
        deepEqual(
            pulls().map(([state]) => state),
            ["closed", "closed", "open"],
        );
        match(repository.files()[path] ?? "", /^name: Images$/m);
        repository.merge(3);
        match(repository.files()[path] ?? "", /^name: Images 2$/m);
        writes();
        await project.refresh();
        deepEqual(await up(), { same: 6 });
        deepEqual(writes(), []);
    });

    it("changes from a commit to a pull request, and back, without losing the file", async () => {
        project.configure(config());
        await up();
        const committed = repository.files()[path];
        writes();

        project.configure(config({ delivery: "pullRequest" }));
        const { output } = await project.preview();
        doesNotMatch(output, /"op": "(delete|replace)/);
        await up();
        // The file is unchanged: the pull request is opened for its next content.
        deepEqual(
            writes().filter((request) => request.startsWith("DELETE")),
            [],
        );
        equal(repository.files()[path], committed);

        project.configure(config({ delivery: "pullRequest", name: "Images 1" }));
        await up();
        repository.merge(repository.pulls().length);
        match(repository.files()[path] ?? "", /^name: Images 1$/m);
        await project.refresh();
        deepEqual(Object.keys(await up()), ["same"]);

        project.configure(config({ name: "Images 2" }));
        await up();
        match(repository.files()[path] ?? "", /^name: Images 2$/m);
        deepEqual(Object.keys(await up()), ["same"]);
    });

    it("keeps newer releases of its actions that a bot has merged, if GitHub confirms them", async () => {
        github.createUser("actions");
        const checkout = github.createRepository({
            owner: "actions",
            name: "checkout",
            private: false,
        });
        const { sha } = checkout.commit({ "action.yml": "name: Checkout\n" });
        checkout.createTag("v99.0.0", sha);
        const pinTo = (commit: string): void => {
            const text = repository.files()[path] ?? "";
            const pin = /actions\/checkout@\w{40} # v[\d.]+/g;
            repository.commit({
                [path]: text.replace(pin, `actions/checkout@${commit} # v99.0.0`),
            });
        };
        project.configure(config());
        await up();
        pinTo(sha);
        deepEqual(await up(), { same: 3 });
        project.configure(config({ name: "Images 1" }));
        await project.refresh();
        await up();
        const text = repository.files()[path] ?? "";
        match(text, /^name: Images 1$/m);
        match(text, new RegExp(`uses: actions/checkout@${sha} # v99\\.0\\.0$`, "m"));
        deepEqual(await up(), { same: 3 });
        equal((await project.preview()).changes["update"] ?? 0, 0);
        await project.refresh();
        deepEqual(await up(), { same: 3 });

        pinTo("0".repeat(40));
        await project.refresh();
        const { failed, output } = await project.up();
        equal(failed, false, output);
        match(output, /The workflow's file has actions\/checkout@0{40} as v99\.0\.0, which GitHub/);
        doesNotMatch(repository.files()[path] ?? "", /@0{40}/);
    });

    it("writes nothing when adoption is switched on or off afterwards", async () => {
        repository.commit({ [path]: "on: push\n" }, { message: "by hand" });
        project.configure(config());
        const { failed, output } = await project.up();
        equal(failed, true);
        match(output, /refusing to overwrite existing file/);
        equal(repository.files()[path], "on: push\n");
        project.configure(config({ adopt: true }));
        await up();
        match(repository.files()[path] ?? "", /^# Managed by Pulumi: mlops\/local\n/);
        writes();
        project.configure(config());
        deepEqual(await up(), { same: 3 });
        deepEqual(writes(), []);
    });

    it("says plainly what is wrong with another resource's value", async () => {
        project.configure(config({}, "digits"));
        const { failed, output } = await project.up();
        equal(failed, true);
        match(
            output,
            /error: The workflow \S+ cannot be delivered:\n +image = "digits": must be HOST\/NAMESPACE\/NAME/,
        );
        deepEqual(writes(), []);
    });
});
