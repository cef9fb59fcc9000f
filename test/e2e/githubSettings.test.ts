import { deepEqual, equal, match } from "node:assert/strict";
import { GitHubClient } from "../../components/github/client.ts";
import { compareWithGitHub, resourcesIn } from "../../operations/review/rulesDrift.ts";
import { type GitHub, startGitHub } from "../../sandbox/github/server.ts";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { Project, type Result, type StoredState } from "../../sandbox/project.ts";

/** The resources that index.ts declares on GitHub, without an image. The robot exists. */
const program = `
import * as pulumi from "@pulumi/pulumi";
import { DeliveryWorkflow } from "./components/deliveryWorkflow.ts";
import { RegistrySecrets } from "./components/registrySecrets.ts";
import { RobotFederation } from "./components/robotFederation.ts";
import { type Delivery, preflight } from "./components/github/preflight.ts";

interface Settings extends Delivery {
    readonly secrets: { readonly username: string; readonly password: string };
    readonly federation: boolean;
}
const config = new pulumi.Config("mlops");
const github = { ...config.requireObject<Settings>("github"), setting: "mlops:github" };
await preflight(github);

const { repository, environment, federation, secrets: names } = github;
const robot = "alice+digits_robot";
const secrets = new RegistrySecrets("digits", {
    repository,
    environment,
    secrets: federation
        ? {}
        : { [names.username]: robot, [names.password]: pulumi.secret("of the robot") },
});
const trust =
    federation && environment
        ? [new RobotFederation("digits", { repository, environment: environment.name, robot, issuer: "https://token.actions.githubusercontent.com" })]
        : [];
new DeliveryWorkflow(
    "digits",
    {
        ...github,
        name: config.require("workflowName"),
        job: "build",
        image: "quay.io/alice/digits",
        login: federation
            ? { robot }
            : { usernameSecret: names.username, passwordSecret: names.password },
        health: { port: 8080 },
        build: {},
    },
    { dependsOn: [secrets, ...trust] },
);
`;
const path = ".github/workflows/build.yml";

interface Rules {
    readonly name?: string;
    readonly reviewers?: { readonly users?: readonly string[]; readonly teams?: readonly string[] };
    readonly waitTimer?: number;
    readonly preventSelfReview?: boolean;
    readonly administratorsBypass?: boolean;
    readonly branches?: readonly string[];
    readonly tags?: readonly string[];
    readonly protectedBranches?: boolean;
    readonly protectionRules?: readonly string[];
}
interface Settings {
    /** null: no environment, so the secrets belong to the repository. */
    readonly environment?: Rules | null;
    readonly delivery?: "commit" | "pullRequest";
    readonly secrets?: { readonly username: string; readonly password: string };
    readonly federation?: boolean;
    readonly workflowName?: string;
}

/** Within its group, each is brought up after each other one. */
const groups: Record<string, Record<string, Settings>> = {
    "which branches and tags may deploy": {
        "every branch": { environment: {} },
        "one branch": { environment: { branches: ["main"] } },
        "other branches, a tag": { environment: { branches: ["ma*", "release/*"], tags: ["v*"] } },
        "protected branches": { environment: { protectedBranches: true } },
    },
    "who approves": {
        nobody: { environment: { branches: ["main"] } },
        "a user": { environment: { branches: ["main"], reviewers: { users: ["ada"] } } },
        "a team, and not the user who started it": {
            environment: {
                branches: ["main"],
                reviewers: { users: ["bob"], teams: ["release"] },
                preventSelfReview: true,
            },
        },
        "nobody, after a wait": { environment: { waitTimer: 30, administratorsBypass: false } },
    },
    "which apps approve": {
        none: { environment: { protectionRules: [] } },
        "as they are": { environment: {} },
        one: { environment: { protectionRules: ["gate"] } },
        "one more": { environment: { protectionRules: ["scan", "gate"] } },
    },
    "where the secrets are": {
        "an environment": { environment: { branches: ["main"] } },
        "another environment": { environment: { name: "test", branches: ["main"] } },
        "the repository": { environment: null },
        "other names": {
            environment: { branches: ["main"] },
            secrets: { username: "REGISTRY_USER", password: "REGISTRY_PASSWORD" },
        },
        "other letters": {
            environment: { branches: ["main"] },
            secrets: { username: "quay_user", password: "quay_pwd" },
        },
        "no secrets": { environment: { branches: ["main"] }, federation: true },
    },
    "how the workflow file gets there": {
        "a commit": { delivery: "commit", workflowName: "Images 2" },
        "a pull request": { delivery: "pullRequest" },
        "a pull request for another name": { delivery: "pullRequest", workflowName: "Images 1" },
    },
};

/** Returns a path through all ordered pairs: each element follows each other one. */
function everyPair<T>(items: readonly T[]): T[] {
    const [first] = items;
    const way = items.flatMap((one, index) =>
        items.slice(index + 1).flatMap((other) => [one, other]),
    );
    return first === undefined ? [] : [...way, first];
}

describe("every change from one of GitHub's settings to another", () => {
    let github: GitHub;
    let quay: Quay;
    let project: Project;
    let repository: ReturnType<GitHub["createRepository"]>;
    let ids: Readonly<Record<string, number>>;
    /** If not declared, it stays as it was. */
    let bypass: boolean;
    let apps: readonly string[];

    const config = ({ environment = {}, workflowName = "Images", ...settings }: Settings) => ({
        github: {
            repository: "service",
            branch: "main",
            path,
            adopt: false,
            delivery: "commit",
            federation: false,
            secrets: { username: "QUAY_USER", password: "QUAY_PWD" },
            ...settings,
            ...(environment === null ? {} : { environment: { name: "dev", ...environment } }),
        },
        workflowName,
        "github:writeDelayMs": "0",
    });
    const done = async (command: Promise<Result>, what: string): Promise<Result> => {
        const result = await command;
        equal(result.failed, false, `${what}: ${result.output}`);
        return result;
    };
    /** Returns the state on GitHub, in terms of the settings. */
    const found = () => ({
        environments: Object.values(repository.environments()).map((environment) => ({
            name: environment.name,
            reviewers: environment.reviewers.map(({ id }) => id).sort(),
            waitTimer: environment.waitTimer,
            preventSelfReview: environment.preventSelfReview,
            administratorsBypass: environment.canAdminsBypass,
            deploysFrom: environment.deploysFrom,
            policies: [...environment.policies.values()]
                .map(({ type, name }) => `${type} ${name}`)
                .sort(),
            apps: [...environment.protectionRules.values()].map(({ slug }) => slug).sort(),
            secrets: Object.keys(repository.secrets(environment.name)).sort(),
        })),
        secrets: Object.keys(repository.secrets()).sort(),
    });
    /**
     * Checks that the file is on the branch or in the one open pull request, and that none has
     * removed it.
     */
    const checkWorkflow = ({ delivery, workflowName = "Images" }: Settings, what: string): void => {
        const wanted = new RegExp(`^name: ${workflowName}$`, "m");
        const open = repository.pulls().filter(({ state }) => state === "open");
        equal(open.length, delivery === "pullRequest" ? 1 : 0, what);
        for (const branch of open
            .map(({ pull }) => pull.head)
            .concat(open.length > 0 ? [] : ["main"]))
            match(repository.files(branch)[path] ?? "", wanted, what);
        for (const { number } of open) repository.merge(number);
        match(repository.files()[path] ?? "", wanted, what);
    };
    const expected = ({ environment = {}, federation, secrets }: Settings) => {
        const { username, password } = secrets ?? { username: "QUAY_USER", password: "QUAY_PWD" };
        const names = federation === true ? [] : [password, username];
        const kept = names.map((name) => name.toUpperCase()).sort();
        if (environment === null) return { environments: [], secrets: kept };
        bypass = environment.administratorsBypass ?? bypass;
        apps = [...(environment.protectionRules ?? apps)].sort();
        const { reviewers, branches = [], tags = [], protectedBranches = false } = environment;
        const policies = [
            ...branches.map((name) => `branch ${name}`),
            ...tags.map((name) => `tag ${name}`),
        ];
        const users = [...(reviewers?.users ?? []), ...(reviewers?.teams ?? [])];
        return {
            environments: [
                {
                    name: environment.name ?? "dev",
                    reviewers: users.map((name) => ids[name]).sort(),
                    waitTimer: environment.waitTimer ?? 0,
                    preventSelfReview: environment.preventSelfReview ?? false,
                    administratorsBypass: bypass,
                    deploysFrom: protectedBranches
                        ? "protected"
                        : policies.length > 0
                          ? "custom"
                          : undefined,
                    policies: policies.sort(),
                    apps,
                    secrets: kept,
                },
            ],
            secrets: [],
        };
    };

    beforeEach(async () => {
        [github, quay] = await Promise.all([startGitHub(), startQuay()]);
        quay.createUser("alice");
        bypass = true;
        apps = [];
        ids = {
            octo: github.createUser("octo"),
            ada: github.createUser("ada"),
            bob: github.createUser("bob"),
            org: github.createOrganization("org", "octo"),
            release: github.createTeam("org", "release", ["ada"]),
        };
        repository = github.createRepository({ owner: "org", name: "service", private: false });
        for (const app of ["gate", "scan"]) repository.installProtectionApp(app);
        const token = quay.createToken({ user: "alice" });
        const { ok } = await fetch(`${quay.url}/api/v1/user/robots/digits_robot`, {
            method: "PUT",
            headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
            body: "{}",
        });
        equal(ok, true);
        const env = {
            QUAY_URL: quay.url,
            QUAY_TOKEN: token,
            GITHUB_OWNER: "org",
            GITHUB_TOKEN: github.createToken({ user: "octo" }),
            GITHUB_BASE_URL: github.baseUrl,
        };
        project = await Project.create(config({}), env, undefined, program);
    });
    afterEach(async () => {
        const { failed, output } = await project.destroy();
        project.remove();
        const unknown = github.unknown();
        await Promise.all([github.stop(), quay.stop()]);
        equal(failed, false, output);
        deepEqual(unknown, []);
    });

    for (const [group, sets] of Object.entries(groups)) {
        it(`converges: ${group}`, async () => {
            if (group.includes("deploy"))
                repository.protect("main", { enforceAdmins: false, requiredApprovals: 1 });
            let before = "nothing";
            for (const name of everyPair(Object.keys(sets))) {
                const settings = sets[name] ?? {};
                const what = `${before} -> ${name}`;
                project.configure(config(settings));
                await done(project.up(), what);
                deepEqual(found(), expected(settings), what);
                checkWorkflow(settings, what);
                const { changes } = await done(project.preview(), what);
                // After a switch to pull requests, the next `up` forgets the file that it has only
                // read.
                const isReleased =
                    settings.delivery === "pullRequest" && sets[before]?.delivery === "commit";
                deepEqual(
                    Object.keys(changes).sort(),
                    isReleased ? ["discard", "same"] : ["same"],
                    what,
                );
                before = name;
            }
        });
    }

    it("restores the required apps after a manual change, and names those that are not installed", async () => {
        const declare = (...protectionRules: readonly string[]) => {
            project.configure(config({ environment: { protectionRules } }));
        };
        const approving = () =>
            found().environments.map(({ apps, secrets }) => ({ apps, secrets }));
        const missing =
            /The environment "dev": protectionRules names "audit", which GitHub does not have among .* Available: gate, scan\./;
        declare("gate", "audit");
        const first = await project.up();
        equal(first.failed, true);
        match(first.output, missing);
        deepEqual(approving(), [{ apps: [], secrets: [] }]);

        declare("gate");
        await done(project.up(), "installed");
        const secrets = ["QUAY_PWD", "QUAY_USER"];
        deepEqual(approving(), [{ apps: ["gate"], secrets }]);
        const rules = repository.environments()["dev"]?.protectionRules;
        rules?.clear();
        rules?.set(9, { id: repository.installProtectionApp("other"), slug: "other" });
        const { latest } = (JSON.parse(project.storedState()) as StoredState).checkpoint;
        const client = new GitHubClient(
            { apiUrl: github.url },
            github.createToken({ user: "octo" }),
        );
        const drift = await compareWithGitHub(
            client,
            "org",
            resourcesIn(JSON.stringify({ deployment: latest })),
        );
        deepEqual(
            drift.map(({ properties }) => properties),
            [[{ path: "protectionRules", before: ["gate"], after: ["other"], replaces: false }]],
        );
        const { output } = await done(project.up(), "changed by hand");
        match(output, /The environment's protection rules: gate enabled; other disabled\./);
        deepEqual(approving(), [{ apps: ["gate"], secrets }]);

        declare("scan");
        equal((await done(project.preview(), "another app")).changes["update"], 1);
        declare("gate", "audit");
        const next = await project.up();
        match(next.output, /cannot be delivered to; nothing was changed anywhere:\n.*"audit"/);
        deepEqual(approving(), [{ apps: ["gate"], secrets }]);
    });

    it("refuses a name that changes only in case, before anything starts", async () => {
        await done(project.up(), "first");
        const before = found();
        github.clearRequests();
        project.configure(config({ environment: { name: "Dev" } }));
        for (const { failed, output } of [await project.preview(), await project.up()]) {
            equal(failed, true);
            match(output, /The environment is "dev" so far, and "Dev" differs from it in upper/);
        }
        deepEqual(
            github.requests().filter(({ method }) => method !== "GET"),
            [],
        );
        deepEqual(found(), before);
        project.configure(config({}));
        deepEqual(Object.keys((await done(project.up(), "as before")).changes), ["same"]);
    });
});
