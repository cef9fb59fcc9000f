import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { GitHubClient } from "../../../../components/github/client.ts";
import { findEnvironmentProblems } from "../../../../components/github/environment.ts";
import {
    findAppProblem,
    readProtectionRules,
    setProtectionRules,
} from "../../../../components/github/protectionRules.ts";
import { appSlug } from "../../../../components/workflow/names.ts";
import type { Fault } from "../../../../sandbox/quay/faults.ts";
import { type GitHub, startGitHub } from "../../../../sandbox/github/server.ts";

const path = "repos/octo/service/environments/prod";
const rules = "/deployment_protection_rules$";

describe("the apps that have to approve deployments to an environment", function () {
    this.timeout(20_000); // retries take their time
    let github: GitHub;
    let client: GitHubClient;

    beforeEach(async () => {
        github = await startGitHub();
        github.createUser("octo");
        const repository = github.createRepository({
            owner: "octo",
            name: "service",
            private: false,
        });
        for (const slug of ["a", "b", "c", "d", "e", "f", "g"])
            repository.installProtectionApp(slug);
        client = new GitHubClient({ apiUrl: github.url }, github.createToken({ user: "octo" }));
        await client.request("PUT", path, {});
    });
    afterEach(async () => {
        const unknown = github.unknown();
        await github.stop();
        deepEqual(unknown, []);
    });

    const set = (...apps: readonly string[]) => setProtectionRules(client, path, apps, "prod");
    const found = async () =>
        (await readProtectionRules(client, path))?.map(({ app }) => app).sort();
    const writes = () =>
        github
            .requests()
            .filter(({ method }) => method === "POST" || method === "DELETE")
            .map(({ method }) => method);

    it("are exactly the declared ones, from every set to every other", async () => {
        const sets = [[], ["a"], ["b", "c"], ["a", "b"], ["a", "b", "c", "d", "e", "f"], ["g"]];
        for (const before of sets)
            for (const after of sets) {
                await set(...before);
                const { enabled, disabled } = await set(...after);
                deepEqual(await found(), after);
                deepEqual(
                    [enabled, [...disabled].sort()],
                    [
                        after.filter((app) => !before.includes(app)),
                        before.filter((app) => !after.includes(app)),
                    ],
                );
            }
    });

    it("nothing is changed where they are so already", async () => {
        await set("a", "b");
        github.clearRequests();
        deepEqual(await set("b", "a"), { enabled: [], disabled: [] });
        equal(github.requests().length, 1);
    });

    it("the new ones come first, but where GitHub's limit is in the way", async () => {
        await set("a");
        github.clearRequests();
        await set("b");
        deepEqual(writes(), ["POST", "DELETE"]);
        await set("a", "b", "c", "d", "e", "f");
        github.clearRequests();
        await set("a", "b", "c", "d", "e", "g");
        deepEqual(writes(), ["DELETE", "POST"]);
    });

    it("an app that is not installed is an error before anything is changed", async () => {
        await set("a");
        github.clearRequests();
        const says =
            'The environment "prod": protectionRules names "nope", "x", which GitHub does not have among the apps that can approve deployments ' +
            "to this repository. Available: a, b, c, d, e, f, g.";
        await rejects(set("b", "nope", "x"), {
            name: "Error",
            message: `${says} Install the app on the repository, or correct its slug.`,
        });
        equal(await findAppProblem(client, path, ["a", "b", "nope", "x"], "prod"), says);
        equal(await findAppProblem(client, path, ["a", "b"], "prod"), undefined);
        equal(await findAppProblem(client, `${path}2`, ["nope"], "prod2"), undefined);
        deepEqual([await found(), writes()], [["a"], []]);
    });

    for (const [what, fault] of Object.entries({
        "is reset first": { reset: "before" },
        "is reset when it has had its effect": { reset: "after" },
        "is answered with 502": { status: 502 },
        "is answered with 500 when it has had its effect": { answer: "failed" },
    } satisfies Record<string, Fault>)) {
        it(`come about though a request ${what}`, async () => {
            await set("a");
            github.faults.add({ method: "POST", path: rules, times: 1, ...fault });
            github.faults.add({ method: "DELETE", times: 1, ...fault });
            await set("b");
            deepEqual(await found(), ["b"]);
        });
    }

    it("what GitHub refuses is said, with its reason", async () => {
        const readOnly = github.createToken({
            user: "octo",
            permissions: { actions: "read" },
        });
        const reader = new GitHubClient({ apiUrl: github.url }, readOnly);
        await rejects(setProtectionRules(reader, path, ["a"], "prod"), {
            name: "Error",
            message: `GitHub answered 403 (Resource not accessible by personal access token) to POST ${github.url}/${path}/deployment_protection_rules: the app "a" is not asked about deployments.`,
        });
        await set("a");
        await rejects(setProtectionRules(reader, path, [], "prod"), {
            message: /403 .* to DELETE .*: the app "a" is not left out about deployments\.$/,
        });
    });

    it("are none where GitHub has no such rules", async () => {
        equal(await readProtectionRules(client, `${path}2`), undefined);
    });

    it("are unknown, and nothing is changed, where GitHub's answer is another error", async () => {
        await set("a");
        github.clearRequests();
        github.faults.add({ method: "GET", path: rules, status: 501 });
        const says = /answered 501 .* to GET .*deployment_protection_rules: .* could not be read/;
        await rejects(readProtectionRules(client, path), says);
        await rejects(set("b"), says);
        deepEqual(writes(), []);
    });

    it("are six at most, each once, by slug", () => {
        const problems = (...protectionRules: readonly string[]) =>
            findEnvironmentProblems({ name: "prod", protectionRules });
        deepEqual(problems("a", "b", "c", "d", "e", "f"), []);
        deepEqual(problems("a", "b", "c", "d", "e", "f", "g"), [
            'The environment "prod": protectionRules must be six at most, GitHub\'s limit: there are 7.',
        ]);
        deepEqual(problems("a", "a"), [
            'The environment "prod": protectionRules must name each app once.',
        ]);
        for (const slug of ["datadog", "my-app_2"]) equal(appSlug.safeParse(slug).success, true);
        for (const slug of ["", "My App", "https://github.com/apps/a", "a/b"])
            match(appSlug.safeParse(slug).error?.message ?? "", /slug of a GitHub App/);
    });
});
