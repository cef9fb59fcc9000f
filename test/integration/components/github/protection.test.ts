import { deepEqual, rejects } from "node:assert/strict";
import { findCommitRestrictions } from "../../../../components/github/protection.ts";
import { type Answering, startAnswering } from "./answering.ts";

const at = "repos/octo/service";
const upgrade = "Upgrade to GitHub Pro or make this repository public to enable this feature.";

type Reply = readonly [status: number, body: unknown];
const notFound: Reply = [404, { message: "Not Found" }];
const rules: Reply = [200, [{ type: "pull_request", ruleset_id: 7 }]];
const ruleset: Reply = [200, { name: "reviewed", current_user_can_bypass: "never" }];
const none = { forbids: [], hidden: false };
const byRuleset = ['changes need a pull request (ruleset "reviewed")'];

describe("what forbids a commit to a branch", function () {
    this.timeout(30_000); // retries take their time
    let answering: Answering;
    /** What GitHub answers, by the end of the path. */
    let replies: Readonly<Record<"protection" | "rules" | "ruleset", Reply>>;

    before(async () => {
        answering = await startAnswering((request, response) => {
            const url = request.url ?? "";
            const [status, body] = url.includes("/rules/branches/")
                ? replies.rules
                : url.endsWith("/rulesets/7")
                  ? replies.ruleset
                  : replies.protection;
            response
                .writeHead(status, { "content-type": "application/json" })
                .end(JSON.stringify(body));
        }, "t");
    });
    after(() => {
        answering.close();
    });
    beforeEach(() => {
        replies = { protection: notFound, rules, ruleset };
    });

    const find = () => findCommitRestrictions(answering.client, at, "main", true);

    it("is nothing where GitHub has none, has no such feature, or not in the plan", async () => {
        for (const none of [notFound, [403, { message: upgrade }]] as const) {
            replies = { protection: none, rules: none, ruleset };
            deepEqual(await find(), { forbids: [], hidden: false });
        }
        replies = { protection: notFound, rules, ruleset: notFound };
        deepEqual(await find(), none);
    });

    it("is the ruleset that the token's user may not bypass", async () => {
        deepEqual(await find(), { forbids: byRuleset, hidden: false });
    });

    it("is hidden where the token may not read the branch protection", async () => {
        const message = "Resource not accessible by personal access token";
        replies = { ...replies, protection: [403, { message }] };
        deepEqual(await find(), { forbids: byRuleset, hidden: true });
    });

    for (const [part, statuses, what] of [
        ["protection", [401, 422, 451, 501], "the branch protection"],
        ["rules", [401, 403, 422, 451, 501], "the rulesets of the branch"],
        ["ruleset", [401, 403, 422, 451, 501], "the ruleset"],
    ] as const)
        for (const status of statuses)
            it(`is unknown where the answer about ${what} is ${String(status)}`, async () => {
                replies = { ...replies, [part]: [status, { message: "No" }] };
                const says = `answered ${String(status)} \\(No\\) to GET .*: ${what} could not be`;
                await rejects(find(), new RegExp(says));
            });
});
