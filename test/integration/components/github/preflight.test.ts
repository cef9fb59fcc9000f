import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { mock } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { type Delivery, preflight } from "../../../../components/github/preflight.ts";
import { type GitHub, startGitHub } from "../../../../sandbox/github/server.ts";

const path = ".github/workflows/quay-deploy.yml";

describe("the preflight", function () {
    this.timeout(20_000); // retries take their time
    let github: GitHub;
    let repository: ReturnType<GitHub["createRepository"]>;
    const before = { ...process.env };
    /** The resources of the stack's last state, by URN. */
    let last: Record<string, { readonly outputs: Record<string, string> }>;

    beforeEach(async () => {
        last = {};
        github = await startGitHub();
        github.createUser("octo");
        repository = github.createRepository({ owner: "octo", name: "service", private: false });
        Object.assign(process.env, {
            GITHUB_OWNER: "octo",
            GITHUB_BASE_URL: github.baseUrl,
            GITHUB_TOKEN: github.createToken({ user: "octo" }),
        });
        pulumi.runtime.setAllConfig({});
        await start(false);
    });
    afterEach(async () => {
        for (const name of ["GITHUB_OWNER", "GITHUB_BASE_URL", "GITHUB_TOKEN"])
            Reflect.deleteProperty(process.env, name);
        Object.assign(process.env, before);
        const unknown = github.unknown();
        await github.stop();
        deepEqual(unknown, []);
    });

    const start = (preview: boolean): Promise<void> =>
        pulumi.runtime.setMocks(
            { newResource: () => ({ id: "", state: {} }), call: () => ({ outputs: last }) },
            "mlops",
            "dev",
            preview,
            "organization",
        );
    const use = (token: string): void => {
        process.env["GITHUB_TOKEN"] = token;
    };
    const check = (changed: Partial<Delivery> = {}): Promise<void> =>
        preflight({
            repository: "service",
            environment: { name: "dev", branches: ["main"] },
            branch: "main",
            path,
            delivery: "commit",
            adopt: false,
            setting: "mlops:github",
            ...changed,
        });
    const change = (method: string, at: string, body: unknown): Promise<Response> =>
        fetch(`${github.url}/repos/octo/service/${at}`, {
            method,
            headers: {
                authorization: `Bearer ${github.createToken({ user: "octo" })}`,
                "content-type": "application/json",
            },
            body: JSON.stringify(body),
        });
    /** What it says, after the line that says what it is about. */
    const refusal = async (changed: Partial<Delivery> = {}): Promise<string> => {
        let said = "";
        await rejects(check(changed), (error: Error) => {
            equal(error.name, "Error");
            said = error.message;
            return true;
        });
        equal(
            github.requests().some(({ method }) => method !== "GET"),
            false,
        );
        return said;
    };

    it("asks four questions at once where all is well, and none in a preview", async () => {
        await check();
        deepEqual(
            github
                .requests()
                .map(
                    ({ method, path }) =>
                        `${method} ${path.replace("/api/v3/repos/octo/service", "")}`,
                )
                .sort(),
            [
                "GET ",
                "GET /branches/main",
                "GET /contents/.github/workflows/quay-deploy.yml?ref=main",
                "GET /environments/dev/variables?per_page=30",
            ],
        );
        github.clearRequests();
        await start(true);
        await check();
        deepEqual(github.requests(), []);
    });

    it("asks three where there is no environment", async () => {
        await check({ environment: undefined });
        equal(github.requests().length, 3);
    });

    describe("names what is missing, and what mends it", () => {
        it("a token", async () => {
            use("");
            equal(
                await refusal(),
                `The environment variable GITHUB_TOKEN is not set: it holds the token for ${github.url}. Make one at ${github.url}/settings/tokens ` +
                    'with the scopes repo and workflow, or take that of GitHub\'s own command line: export GITHUB_TOKEN="$(gh auth token)"; ' +
                    "of a GitHub App: an installation token.",
            );
            deepEqual(github.requests(), []);
        });

        it("a token that GitHub knows", async () => {
            use("ghp_nonsense");
            match(
                await refusal(),
                /cannot be delivered to; nothing was changed anywhere:\n {2}GitHub does not accept the token in GITHUB_TOKEN \(401\)/,
            );
        });

        it("the scopes of a classic token, each", async () => {
            use(github.createToken({ user: "octo", scopes: ["read:user"] }));
            match(
                await refusal(),
                /lacks the scope "repo", which the file and the secrets need\.\n.*\n {2}.*lacks the scope "workflow", which files in \.github\/workflows need\./,
            );
        });

        for (const [delivery, environment, permissions] of [
            ["commit", { name: "dev" }, "Contents, Workflows, Environments, Administration"],
            ["pullRequest", undefined, "Contents, Workflows, Secrets, Pull requests"],
        ] as const) {
            it(`the permissions of a fine-grained token: ${permissions}`, async () => {
                github.createRepository({ owner: "octo", name: "hidden", private: true });
                use(github.createToken({ user: "octo", permissions: { workflows: "write" } }));
                const said = await refusal({ repository: "hidden", delivery, environment });
                match(said, /The token in GITHUB_TOKEN lacks permissions on it\./);
                match(said, new RegExp(`to read and write: ${permissions}\\.$`, "m"));
            });
        }

        for (const [role, environment] of [
            ["Admin", { name: "dev" }],
            ["Write", undefined],
        ] as const) {
            it(`the role ${role} of the token's account`, async () => {
                github.createUser("ada");
                github.createRepository({
                    owner: "octo",
                    name: "shared",
                    private: false,
                    roles: { ada: role === "Admin" ? "push" : "read" },
                });
                use(github.createToken({ user: "ada" }));
                match(
                    await refusal({ repository: "shared", environment }),
                    new RegExp(`does not have the role ${role} on it`),
                );
            });
        }

        it("the repository: the wrong name, the wrong owner, or one that the token may not see", async () => {
            const says =
                /There is no such repository, or the token in GITHUB_TOKEN may not see it \(404\)\.\n {6}Check github:owner = (\w+) and mlops:github\.repository = (\w+)\./;
            match(await refusal({ repository: "srvice" }), says);
            github.createUser("ada");
            github.createRepository({ owner: "ada", name: "private", private: true });
            process.env["GITHUB_OWNER"] = "ada";
            match(await refusal({ repository: "private" }), says);
            match(await refusal(), says);
        });

        it("a repository that is not archived", async () => {
            repository.archive();
            match(
                await refusal(),
                /It is archived: nothing in it can change\.\n {6}Unarchive it, or change mlops:github\.repository\.$/,
            );
        });

        it("the branch", async () => {
            match(
                await refusal({ branch: "api/github_action", environment: undefined }),
                /It has no branch "api\/github_action"\.\n {6}Push it \(git push origin HEAD:api\/github_action\), or change mlops:github\.branch\.$/,
            );
        });

        it("a branch that can be committed to; a pull request can be for a protected one", async () => {
            repository.protect("main");
            match(
                await refusal(),
                /The branch "main" is protected, and .* changes need a pull request \(branch protection, for administrators too\)\.\n {6}Deliver it as a pull request: pulumi config set --path mlops:github\.delivery pullRequest -s dev; /,
            );
            await check({ delivery: "pullRequest" });
        });

        const protections: Record<string, readonly [() => void, RegExp | undefined]> = {
            "administrators exempt": [
                () => {
                    repository.protect("main", { enforceAdmins: false });
                },
                undefined,
            ],
            "only force pushes forbidden": [
                () => {
                    repository.protect("main", { requiredApprovals: undefined });
                },
                undefined,
            ],
            "the user exempt from pull requests": [
                () => {
                    repository.protect("main", { exempt: ["octo"] });
                },
                undefined,
            ],
            "status checks": [
                () => {
                    repository.protect("main", {
                        requiredApprovals: undefined,
                        statusChecks: ["test"],
                    });
                },
                /status checks are required/,
            ],
            "a ruleset against force pushes": [
                () => {
                    repository.addRuleset("history", ["non_fast_forward", "deletion"]);
                },
                undefined,
            ],
            "a ruleset of pull requests": [
                () => {
                    repository.addRuleset("reviewed", ["deletion", "pull_request"]);
                },
                /changes need a pull request \(ruleset "reviewed"\)/,
            ],
            "a ruleset that the user may bypass": [
                () => {
                    repository.addRuleset("reviewed", ["pull_request"], { exempt: ["octo"] });
                },
                undefined,
            ],
            "a ruleset that the user may bypass in pull requests": [
                () => {
                    repository.addRuleset("reviewed", ["pull_request"], {
                        exempt: ["octo"],
                        exemptInPullRequests: true,
                    });
                },
                /changes need a pull request \(ruleset "reviewed"\)/,
            ],
        };
        for (const [what, [protect, says]] of Object.entries(protections)) {
            it(`what forbids a commit to the branch, as GitHub does: ${what}`, async () => {
                protect();
                if (says === undefined) await check();
                else match(await refusal(), says);
                const { status } = await change("PUT", `contents/${path}`, {
                    message: "as the provider does",
                    content: "",
                    branch: "main",
                });
                equal(status, says === undefined ? 201 : 409);
            });
        }

        it("a protected branch, for an environment that wants one", async () => {
            const environment = { name: "dev", protectedBranches: true };
            match(
                await refusal({ environment }),
                /The environment "dev" is for protected branches, and "main" is none/,
            );
            repository.protect("main");
            await check({ environment, delivery: "pullRequest" });
        });

        it("all of it at once", async () => {
            use(github.createToken({ user: "octo", scopes: ["repo"] }));
            const said = await refusal({ branch: "nope", environment: undefined });
            match(said, /lacks the scope "workflow"(.|\n)*has no branch "nope"/);
        });
    });

    it("refuses what the settings alone tell, in a preview too, and asks nothing", async () => {
        for (const preview of [true, false]) {
            await start(preview);
            match(
                await refusal({ environment: { name: "dev", branches: ["release/*"] } }),
                /The environment "dev" does not allow the branch "main": no job would ever get its secrets\.\n {6}Add the branch, or a pattern for it, to mlops:github\.environment\.branches\.$/,
            );
            process.env["GITHUB_OWNER"] = "";
            match(await refusal(), /^github:owner is not set/);
            process.env["GITHUB_OWNER"] = "octo";
        }
        deepEqual(github.requests(), []);
    });

    describe("a name that changes in upper and lower case alone", () => {
        const type = "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable";
        const known = (outputs: Record<string, string>): void => {
            last = {
                [`urn:pulumi:dev::mlops::mlops:github:RegistrySecrets$${type}::x`]: { outputs },
            };
        };
        const cases: Record<string, readonly [Record<string, string>, RegExp]> = {
            "the environment's": [
                { repository: "service", environment: "Dev" },
                /The environment is "Dev" so far, and "dev" differs .*\n {6}Write it as before: pulumi config set --path mlops:github\.environment\.name Dev -s dev$/,
            ],
            "the repository's": [
                { repository: "Service", environment: "dev" },
                /The repository is "Service" so far, .*\n {6}Write it as before: pulumi config set --path mlops:github\.repository Service -s dev$/,
            ],
        };
        for (const [what, [outputs, says]] of Object.entries(cases)) {
            it(`is refused, in a preview too: ${what}`, async () => {
                known(outputs);
                for (const preview of [true, false]) {
                    await start(preview);
                    match(await refusal(), says);
                }
                deepEqual(github.requests(), []);
            });
        }

        it("is none where it is the same, or another's", async () => {
            for (const outputs of [
                { repository: "service", environment: "dev" },
                { repository: "service", environment: "test" },
                { repository: "other", environment: "Dev" },
            ]) {
                known(outputs);
                await check();
            }
        });
    });

    describe("leaves what is there already", () => {
        it("a workflow file that this stack did not write, unless it is adopted", async () => {
            repository.commit({ [path]: "name: mine\n" });
            match(
                await refusal(),
                new RegExp(
                    'The file .github/workflows/quay-deploy.yml is there already on the branch "main", and it is not this stack\'s\\.\n' +
                        " {6}pulumi config set --path mlops:github\\.adopt true -s dev to overwrite it, or change mlops:github\\.workflow\\.path\\. Where it was",
                ),
            );
            await check({ adopt: true });
            repository.commit({ [path]: "# Managed by Pulumi: mlops/dev\nname: ours\n" });
            await check();
        });

        it("an environment that this stack did not make, unless it is adopted", async () => {
            await change("PUT", "environments/dev", {});
            await check(); // an empty one: there is nothing in it to lose
            repository.setSecret("SOMEBODYS", "own", "dev");
            github.clearRequests();
            match(
                await refusal(),
                /The environment "dev" is there already, without the variable MANAGED_BY that makes it this stack's\.\n {6}pulumi config set .*adopt true -s dev to take it over/,
            );
            await check({ adopt: true });
            await change("POST", "environments/dev/variables", {
                name: "MANAGED_BY",
                value: "mlops/prod",
            });
            github.clearRequests();
            const says =
                /The environment "dev" is there already, and it is managed by mlops\/prod\.\n {6}Where that is no more, remove the environment's variable MANAGED_BY/;
            match(await refusal(), says);
            match(await refusal({ adopt: true }), says);
            await change("PATCH", "environments/dev/variables/MANAGED_BY", { value: "mlops/dev" });
            await check();
        });
    });

    it("takes an app's token, which has no role", async () => {
        const none = { admin: false, push: false, pull: false };
        const server = createServer((request, response) => {
            const isRepository = request.url === "/api/v3/repos/octo/service";
            const body = isRepository
                ? { archived: false, private: false, permissions: none }
                : { protected: false };
            response.setHeader("content-type", "application/json").end(JSON.stringify(body));
        });
        await once(server.listen(0, "127.0.0.1"), "listening");
        const address = server.address();
        process.env["GITHUB_BASE_URL"] =
            `http://127.0.0.1:${String(typeof address === "object" && address ? address.port : 0)}/`;
        await check({ environment: undefined });
        server.closeAllConnections();
        await once(server.close(), "close");
    });

    it("asks again where GitHub fails for a moment", async () => {
        github.faults.add({ path: "/repos/octo/service$", status: 502, times: 1 });
        github.faults.add({ path: "/branches/main$", reset: "before", times: 1 });
        await check();
        equal(github.requests().length, 6);
    });

    for (const what of ["/branches/main$", "/contents/", "/environments/dev/variables"])
        it(`takes no failed answer for "there is none": ${what}`, async () => {
            github.faults.add({ path: what, status: 501 });
            match(
                await refusal(),
                /nothing was changed anywhere:\n {2}GitHub answered 501 \(Server Error\) to GET \S+\.\n {6}Try again/,
            );
        });

    it("takes no failed answer for an environment without secrets, nor for one with", async () => {
        await change("PUT", "environments/dev", {});
        github.clearRequests();
        github.faults.add({ path: "/environments/dev/secrets", status: 501 });
        match(
            await refusal(),
            /answered 501 \(Server Error\) to GET \S+secrets\S+\.\n {6}Try again/,
        );
    });

    it("takes no failed answer for a branch without protection", async () => {
        repository.protect("main");
        for (const path of ["/branches/main/protection$", "/rules/branches/main"]) {
            github.faults.add({ path, status: 501, times: 1 });
            match(
                await refusal(),
                /answered 501 .* to GET \S+: the .* could not be read\. Try again/,
            );
        }
    });

    it("warns where the token may not read how the branch is protected", async () => {
        repository.protect("main", { exempt: ["octo"] });
        use(
            github.createToken({
                user: "octo",
                permissions: { contents: "write", workflows: "write", secrets: "write" },
            }),
        );
        const warn = mock.method(console, "warn", () => undefined); // the log without an engine
        await check({ environment: undefined });
        warn.mock.restore();
        match(
            warn.mock.calls.map(({ arguments: [said] }) => String(said)).join(),
            /"main" is protected, and the token in GITHUB_TOKEN may not read how: .*Administration: read/,
        );
    });

    it("says where nobody answers", async () => {
        process.env["GITHUB_BASE_URL"] = "http://127.0.0.1:9/";
        match(
            await refusal(),
            /^GitHub at http:\/\/127\.0\.0\.1:9\/api\/v3 gives no answer: .+\. Check github:baseUrl \(GITHUB_BASE_URL\) and the network\.$/,
        );
    });

    it("says until when no more requests are allowed", async () => {
        github.limit({ primary: { requests: 1, seconds: 3600 } });
        match(
            await refusal(),
            /^GitHub allows the token in GITHUB_TOKEN no more requests for now, until 20\d\d-.*Z\. Nothing was changed; try again then\.$/,
        );
    });

    it("never shows the token", async () => {
        const token = github.createToken({ user: "octo", scopes: [] });
        use(token);
        equal((await refusal()).includes(token), false);
    });
});
