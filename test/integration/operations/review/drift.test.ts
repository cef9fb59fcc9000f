import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { z } from "zod";
import { renderDrift, reportDrift } from "../../../../operations/review/drift.ts";
import type { Preview } from "../../../../operations/review/preview.ts";
import { GitHubRepository, PermissionDenied } from "../../../../operations/review/github.ts";
import { type GitHub, startGitHub } from "../../../../sandbox/github/server.ts";
import { recorded } from "../../../unit/operations/review/previews.ts";

const none = recorded("same");
const some = recorded("release");
const other = recorded("rotation");
const failing: Preview = { ...none, stack: "dev", errors: ["Quay does not answer"] };
const incomplete: Preview = {
    ...none,
    stack: "dev",
    unchecked: ["The rules of the environments on GitHub: GITHUB_TOKEN is not set"],
};

describe("the issue about drift", () => {
    let github: GitHub;
    let token: string;

    const report = (drifts: readonly Preview[], own = token) =>
        reportDrift(
            new GitHubRepository({ apiUrl: github.url, repository: "alice/mlops" }, own),
            drifts,
            "run 7",
        );
    const repository = () => github.repository("alice/mlops");
    const issues = () => repository().issues();
    const states = () => issues().map(({ state }) => state);
    const open = async (user: string, body: string): Promise<number> => {
        const headers = { authorization: `Bearer ${github.createToken({ user })}` };
        const issue = JSON.stringify({ title: "Drift", body, labels: ["drift"] });
        const response = await fetch(`${github.url}/repos/alice/mlops/issues`, {
            method: "POST",
            headers,
            body: issue,
        });
        return z.object({ number: z.int() }).parse(await response.json()).number;
    };

    beforeEach(async () => {
        github = await startGitHub();
        github.createUser("alice");
        github.createUser("eve");
        github.createRepository({
            owner: "alice",
            name: "mlops",
            private: false,
            roles: { eve: "push" },
        });
        token = github.createToken({ user: "alice", permissions: { issues: "write" } });
    });
    afterEach(async () => {
        const unknown = github.unknown();
        await github.stop();
        deepEqual(unknown, []);
    });

    it("is not there while nothing has drifted", async () => {
        await report([none]);
        deepEqual(issues(), []);
    });

    it("is opened, says what differs now, and is closed when nothing does; the next one is another", async () => {
        await report([none, some]);
        const [issue] = issues();
        match(
            issue?.body ?? "",
            /^<!-- mlops drift -->\n### What is deployed was changed by other means than a deployment\n/,
        );
        match(issue?.body ?? "", /version of `quay\.example\/alice\/digits_prod`/);
        match(issue?.body ?? "", /<sub>run 7<\/sub>$/);
        deepEqual(issue?.labels, ["drift"]);
        await report([none, other]);
        equal(issues().length, 1);
        ok(!(issues()[0]?.body ?? "").includes("version of"));
        await report([none, none]);
        deepEqual(states(), ["closed"]);
        deepEqual(repository().comments(1), ["Nothing differs any more. run 7"]);
        await report([some]);
        deepEqual(states(), ["closed", "open"]);
    });

    it("stays as it is while not all could be looked at, and says so of what has drifted besides", async () => {
        await rejects(
            report([failing]),
            /^UserError: The check failed: dev\.$|^Error: The check failed: dev\.$/,
        );
        deepEqual(issues(), []);
        await rejects(report([failing, some]));
        match(issues()[0]?.body ?? "", /Quay does not answer/);
        await rejects(report([failing]));
        deepEqual(states(), ["open"]);
    });

    for (const [what, unread, missing, failure] of [
        ["a check failed", failing, /Failed:\n\n```text\nQuay does not/, /The check failed: dev\./],
        [
            "GitHub was not asked for the rules",
            incomplete,
            /Could not be checked:\n\n```text\nThe rules of the environments on GitHub: GITHUB_TOKEN/,
            /Not everything could be checked: dev\./,
        ],
    ] as const)
        it(`stays open where ${what}, with one comment that says what is missing`, async () => {
            await report([some]);
            const before = issues();
            await rejects(report([unread, none]), failure);
            await rejects(report([unread, none]), failure);
            deepEqual(issues(), before);
            const [comment, ...others] = repository().comments(1);
            deepEqual(others, []);
            match(comment ?? "", /^### Not everything could be checked\n/);
            match(comment ?? "", missing);
            match(comment ?? "", /<sub>run 7<\/sub>$/);
            await report([none, none]);
            deepEqual(states(), ["closed"]);
        });

    it("says what could not be checked besides what has drifted", async () => {
        await rejects(report([incomplete, some]), /Not everything could be checked: dev\./);
        match(issues()[0]?.body ?? "", /Could not be checked:/);
        match(issues()[0]?.body ?? "", /version of `quay/);
    });

    it("is not opened for what could not be checked alone", async () => {
        await rejects(report([incomplete]), /Not everything could be checked: dev\./);
        deepEqual(issues(), []);
    });

    it("has a summary for each outcome", () => {
        const headingOf = (drifts: readonly Preview[]) => renderDrift(drifts).split("\n")[0];
        const warned = { ...none, warnings: ["w"] };
        equal(headingOf([none]), "No changes: `prod`.");
        equal(headingOf([warned]), "### No difference was found");
        equal(headingOf([incomplete, warned]), "### Not everything could be checked");
        match(headingOf([incomplete, some]) ?? "", /^### What is deployed was changed/);
    });

    it("is one, and never one that somebody else wrote", async () => {
        await open("eve", "<!-- mlops drift -->\nnothing to see here");
        await open("alice", "Another problem with drift");
        const [first, second] = [
            await open("alice", "<!-- mlops drift -->\n"),
            await open("alice", "<!-- mlops drift -->\n"),
        ];
        await report([some]);
        const changed = issues().map(({ number, state, body }) => [
            number,
            state,
            body?.includes("### What is deployed") ?? false,
        ]);
        deepEqual(changed, [
            [1, "open", false],
            [2, "open", false],
            [first, "open", true],
            [second, "closed", false],
        ]);
    });

    it("is not written with a token that may not", async () => {
        await rejects(
            report([some], github.createToken({ user: "alice", permissions: { issues: "read" } })),
            PermissionDenied,
        );
    });
});
