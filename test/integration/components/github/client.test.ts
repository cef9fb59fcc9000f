import { equal, match, rejects } from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { z } from "zod";
import { UserError } from "../../../../components/messages/userError.ts";
import { bodyOf, type GitHubClient } from "../../../../components/github/client.ts";
import { type Answering, startAnswering } from "./answering.ts";

const token = "TOPSECRETTOKEN";
const form = z.object({ name: z.string() });

/** What answers in place of GitHub, and the message that it has to lead to. */
const hostile: Record<string, [answer: (response: ServerResponse) => void, message: RegExp]> = {
    "a page of HTML": [
        (response) => response.end("<!doctype html><title>Sign in</title>"),
        /something that is not GitHub's: it is not JSON/,
    ],
    "a value of another type": [
        (response) => response.end('{"name":["service"]}'),
        /something that is not GitHub's: name: .*expected string/,
    ],
    "no object at all": [(response) => response.end("null"), /something that is not GitHub's/],
    "no body": [(response) => response.end(), /something that is not GitHub's/],
    "20,000 arrays in each other": [
        (response) => response.end("[".repeat(20_000) + "]".repeat(20_000)),
        /something that is not GitHub's/,
    ],
    "a redirect to another host": [
        (response) => response.writeHead(302, { location: "https://evil.example/" }).end(),
        /redirect to https:\/\/evil\.example, which is not .*It was not followed/,
    ],
    "a redirect to itself": [
        (response) => response.writeHead(307, { location: "/repos/octo/service" }).end(),
        /was redirected more than 5 times/,
    ],
    "a refusal that is not GitHub's": [
        (response) => response.writeHead(404).end("<h1>Not found</h1>"),
        /something that is not GitHub's/,
    ],
};

describe("the client of GitHub's API", () => {
    let answering: Answering;
    let answer: (response: ServerResponse) => void;
    let requests: number;
    let client: GitHubClient;

    beforeEach(async () => {
        requests = 0;
        answering = await startAnswering((_, response) => {
            requests++;
            answer(response);
        }, token);
        ({ client } = answering);
    });
    afterEach(() => {
        answering.close();
    });

    for (const [what, [respond, message]] of Object.entries(hostile)) {
        it(`says plainly that the answer is not GitHub's: ${what}`, async () => {
            answer = respond;
            await rejects(
                client.get("repos/octo/service").then((found) => bodyOf(found, form)),
                (error) => {
                    equal(error instanceof UserError, true, String(error));
                    match(String(error), message);
                    equal(String(error).includes(token), false);
                    return true;
                },
            );
        });
    }

    it("ends where a list never does", async () => {
        answer = (response) => {
            response.setHeader("link", '<http://127.0.0.1/next>; rel="next"').end("[]");
        };
        await rejects(async () => {
            for await (const { status } of client.pages("list")) equal(status, 200);
        }, /has no end: GitHub named a next page 100 times/);
        equal(requests, 100);
    });
});
