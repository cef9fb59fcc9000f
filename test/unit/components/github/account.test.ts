import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import * as pulumi from "@pulumi/pulumi";
import { readAccount } from "../../../../components/github/account.ts";
import { findEnvironmentProblems } from "../../../../components/github/environment.ts";

const variables = ["GITHUB_OWNER", "GITHUB_ORGANIZATION", "GITHUB_BASE_URL", "GITHUB_TOKEN"];

describe("the GitHub account", () => {
    const before = { ...process.env };
    beforeEach(async () => {
        await pulumi.runtime.setMocks(
            { newResource: () => ({ id: "", state: {} }), call: () => ({}) },
            "mlops",
            "dev",
            true,
        );
        for (const name of variables) Reflect.deleteProperty(process.env, name);
    });
    afterEach(() => {
        pulumi.runtime.setAllConfig({});
        for (const name of variables) Reflect.deleteProperty(process.env, name);
        Object.assign(process.env, before);
    });
    const account = (config: Record<string, string> = {}, env: Record<string, string> = {}) => {
        pulumi.runtime.setAllConfig(config);
        Object.assign(process.env, env);
        return readAccount();
    };
    const refusal = (
        config: Record<string, string>,
        env: Record<string, string>,
        message: string,
    ): void => {
        throws(() => account(config, env), { name: "Error", message });
    };

    it("is github.com's by default", () => {
        deepEqual(account({ "github:owner": "octo" }), {
            owner: "octo",
            apiUrl: "https://api.github.com",
            webUrl: "https://github.com",
            issuer: "https://token.actions.githubusercontent.com",
        });
    });

    it("takes the owner from the environment too, an empty variable is none", () => {
        equal(account({}, { GITHUB_OWNER: "octo", GITHUB_ORGANIZATION: "" }).owner, "octo");
        equal(account({ "github:owner": "octo" }, { GITHUB_OWNER: "octo" }).owner, "octo");
    });

    it("is refused without an owner, which the provider would ask for /repos//name", () => {
        refusal(
            {},
            {},
            "github:owner is not set: the user or organization that the repository belongs to. " +
                "Run `pulumi config set github:owner OWNER -s dev`, or set the environment variable GITHUB_OWNER.",
        );
    });

    it("is refused with two owners: which of them the provider would take is not to be guessed", () => {
        refusal(
            { "github:owner": "octo" },
            { GITHUB_OWNER: "other" },
            'Two owners are set for GitHub: github:owner = "octo", GITHUB_OWNER = "other". Unset all but one.',
        );
    });

    it("is refused with a token in the configuration, and does not show it", () => {
        refusal(
            { "github:owner": "octo", "github:token": "ghp_secret" },
            {},
            "github:token is set: the GitHub provider would keep the token in the state. Put it in the environment variable GITHUB_TOKEN and " +
                "run `pulumi config rm github:token`.",
        );
    });

    const addresses: Record<string, readonly [api: string, web: string, issuer: string]> = {
        "https://api.github.com/": [
            "https://api.github.com",
            "https://github.com",
            "https://token.actions.githubusercontent.com",
        ],
        "https://github.com": [
            "https://api.github.com",
            "https://github.com",
            "https://token.actions.githubusercontent.com",
        ],
        "https://octo.ghe.com/": [
            "https://api.octo.ghe.com",
            "https://octo.ghe.com",
            "https://token.actions.octo.ghe.com",
        ],
        "https://api.octo.ghe.com": [
            "https://api.octo.ghe.com",
            "https://octo.ghe.com",
            "https://token.actions.octo.ghe.com",
        ],
        "https://git.example.com/api/v3/": [
            "https://git.example.com/api/v3",
            "https://git.example.com",
            "https://git.example.com/_services/token",
        ],
        "http://127.0.0.1:8080": [
            "http://127.0.0.1:8080/api/v3",
            "http://127.0.0.1:8080",
            "http://127.0.0.1:8080/_services/token",
        ],
    };
    for (const [given, [apiUrl, webUrl, issuer]] of Object.entries(addresses)) {
        it(`finds the API of ${given} where the provider does`, () => {
            const expected = { owner: "octo", apiUrl, webUrl, issuer };
            deepEqual(account({ "github:owner": "octo", "github:baseUrl": given }), expected);
            deepEqual(account({ "github:owner": "octo" }, { GITHUB_BASE_URL: given }), expected);
        });
    }

    it("gives addresses without a slash at their end, whatever path the server is at", () => {
        fc.assert(
            fc.property(
                fc.webUrl({ withFragments: false, withQueryParameters: false }),
                fc.constantFrom("", "/", "/api/v3", "/api/v3/"),
                (url, end) => {
                    const { apiUrl, webUrl } = account({
                        "github:owner": "octo",
                        "github:baseUrl": `${url.replace(/\/+$/, "")}${end}`,
                    });
                    equal(/\/$/.test(apiUrl + webUrl), false);
                    equal(
                        apiUrl.replace(/\/api\/v3$/, "").replace("://api.", "://"),
                        webUrl.replace("://api.", "://"),
                    );
                },
            ),
            { numRuns: 30 },
        );
    });

    it("is refused at an address that is none", () => {
        refusal(
            { "github:owner": "octo", "github:baseUrl": "github.example.com" },
            {},
            'github:baseUrl (or GITHUB_BASE_URL) = "github.example.com": must be the address of a GitHub, as in https://github.example.com/',
        );
    });
});

describe("an environment's rules", () => {
    it("are fine as GitHub takes them", () => {
        deepEqual(
            findEnvironmentProblems({
                name: "prod",
                reviewers: { users: ["alice"] },
                preventSelfReview: true,
                branches: ["main"],
            }),
            [],
        );
        deepEqual(findEnvironmentProblems({ name: "prod", protectedBranches: true }), []);
    });

    it("are refused where GitHub would refuse them, or would not do what they say", () => {
        const users = ["a", "b", "c", "d", "e"];
        deepEqual(
            [
                findEnvironmentProblems({
                    name: "prod",
                    reviewers: { users, teams: ["ops", "dev"] },
                }),
                findEnvironmentProblems({ name: "prod", preventSelfReview: true }),
                findEnvironmentProblems({ name: "prod", protectedBranches: true, tags: ["v*"] }),
            ],
            [
                [
                    'The environment "prod": reviewers must be six at most, GitHub\'s limit: there are 7.',
                ],
                [
                    'The environment "prod": preventSelfReview must be false without reviewers: there is no review to prevent.',
                ],
                [
                    'The environment "prod": protectedBranches must be false with branches or tags: GitHub takes one or the other.',
                ],
            ],
        );
    });
});
