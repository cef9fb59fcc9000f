import { deepEqual, equal, match, rejects } from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { UserError } from "../../../../components/messages/userError.ts";
import type { GitHubClient } from "../../../../components/github/client.ts";
import { findExisting } from "../../../../components/github/existing.ts";
import { listPolicies, pathOf, readRules } from "../../../../components/github/rules.ts";
import { type Answering, startAnswering } from "./answering.ts";

const token = "TOPSECRETTOKEN";
const path = pathOf("octo", "service", "prod");

type Respond = (response: ServerResponse) => void;
const json =
    (status: number, body: unknown, headers: Record<string, string> = {}): Respond =>
    (response) =>
        response
            .writeHead(status, { "content-type": "application/json", ...headers })
            .end(JSON.stringify(body));

/** Answers that do not say whether the environment is there, and what the error has to say. */
const refusals: Readonly<Record<string, [respond: Respond, messages: readonly RegExp[]]>> = {
    "401": [
        json(401, { message: "Bad credentials" }),
        [/answered 401 \(Bad credentials\) to GET http.*\/environments\/prod/, /set another one/],
    ],
    "403": [
        json(403, { message: "Resource not accessible by integration" }),
        [/answered 403 \(Resource not accessible by integration\) to GET /, /Actions: read/],
    ],
    "451": [
        json(451, { message: "Blocked" }),
        [/answered 451 \(Blocked\) to GET /, /github:baseUrl/],
    ],
    "500": [json(500, { message: "Server Error" }), [/answered 500 .*to GET /, /Try again later/]],
    "204 without a body": [
        (response) => response.writeHead(204).end(),
        [/answered 204 to GET /, /github:baseUrl/],
    ],
    "403 with a page": [
        (response) => response.writeHead(403).end("<h1>Forbidden</h1>"),
        [/GET .* was answered \(403\) with something that is not GitHub's/, /proxy/],
    ],
    "200 with a page": [
        (response) => response.end("<h1>Sign in</h1>"),
        [/GET .* was answered \(200\) with something that is not GitHub's/, /proxy/],
    ],
};

describe("the rules of an environment, as GitHub tells them", function () {
    this.timeout(20_000);
    let answering: Answering;
    let answer: (url: string, response: ServerResponse) => void;
    let client: GitHubClient;

    beforeEach(async () => {
        answering = await startAnswering((request, response) => {
            answer(request.url ?? "", response);
        }, token);
        ({ client } = answering);
    });
    afterEach(() => {
        answering.close();
    });

    const saysSo = (messages: readonly RegExp[]) => (error: unknown) => {
        equal(error instanceof UserError, true, String(error));
        for (const message of messages) match(String(error), message);
        equal(String(error).includes(token), false);
        return true;
    };

    it("are not there where the answer is 404, and only there", async () => {
        answer = (_, response) => {
            json(404, { message: "Not Found" })(response);
        };
        equal(await readRules(client, path), undefined);
        deepEqual(await listPolicies(client, path), []);
    });

    for (const [what, [respond, messages]] of Object.entries(refusals)) {
        it(`are unknown where the answer is ${what}`, async () => {
            answer = (_, response) => {
                respond(response);
            };
            await Promise.all([
                rejects(readRules(client, path), saysSo(messages)),
                rejects(listPolicies(client, path), saysSo(messages)),
                rejects(findExisting(client, "octo", "service", "prod"), saysSo(messages)),
            ]);
        });
    }

    it("are unknown where a later page of the branches is refused", async () => {
        const policies = { branch_policies: [{ id: 1, name: "main" }] };
        answer = (url, response) => {
            const respond = url.endsWith("&page=1")
                ? json(200, policies, { link: '<http://127.0.0.1/next>; rel="next"' })
                : json(403, { message: "Forbidden" });
            respond(response);
        };
        await rejects(
            listPolicies(client, path),
            saysSo([/answered 403 \(Forbidden\) to GET .*page=2/]),
        );
    });

    it("are unknown where the environment's note or branches alone are refused", async () => {
        for (const part of ["/variables/", "/deployment-branch-policies"]) {
            answer = (url, response) => {
                const respond = url.includes(part)
                    ? json(403, { message: "Forbidden" })
                    : json(200, { branch_policies: [] });
                respond(response);
            };
            await rejects(
                findExisting(client, "octo", "service", "prod"),
                saysSo([/answered 403/]),
            );
        }
    });
});
