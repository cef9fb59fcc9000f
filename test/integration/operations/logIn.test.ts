import { deepEqual, equal, match } from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { run } from "../../../sandbox/project.ts";

const program = join(import.meta.dirname, "../../../operations/log-in.ts");
const state = { PULUMI_BACKEND_URL: "s3://state" };
const aws = { ...state, AWS_ROLE_ARN: "r", AWS_REGION: "e" };
const failed = z.object({ code: z.int(), stdout: z.string(), stderr: z.string() });

describe("a job's login to the cloud that has the state", function () {
    this.timeout(30_000);
    let folder: string;
    /** Gives a job its identity: the token is whom it is for. */
    let issuer: Server;

    const logIn = async (variables: object, env: Record<string, string> = {}) => {
        const { port } = issuer.address() as AddressInfo;
        const job = {
            PATH: process.env["PATH"],
            VARIABLES: JSON.stringify(variables),
            RUNNER_TEMP: folder,
            GITHUB_ENV: join(folder, "env"),
            ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${String(port)}/token?api-version=2.0`,
            ACTIONS_ID_TOKEN_REQUEST_TOKEN: "of-the-job",
            ...env,
        };
        const { code, stdout, stderr } = await run("node", [program], { env: job }).then(
            ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
            (error: unknown) => failed.parse(error),
        );
        return { code, stdout, stderr };
    };
    const file = (name: string) => readFileSync(join(folder, name), "utf8");
    const environment = (): Record<string, string> =>
        Object.fromEntries(
            file("env")
                .trimEnd()
                .split("\n")
                .map(
                    (line) =>
                        [
                            line.slice(0, line.indexOf("=")),
                            line.slice(line.indexOf("=") + 1),
                        ] as const,
                ),
        );

    beforeEach(async () => {
        folder = mkdtempSync(join(tmpdir(), "mlops-log-in-"));
        writeFileSync(join(folder, "env"), "");
        issuer = createServer((request, response) => {
            const audience = new URL(request.url ?? "", "http://issuer").searchParams.get(
                "audience",
            );
            response.statusCode = request.headers.authorization === "Bearer of-the-job" ? 200 : 401;
            response.end(JSON.stringify({ value: `token for ${String(audience)}` }));
        });
        await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
    });
    afterEach(() => {
        issuer.closeAllConnections();
        issuer.close();
        rmSync(folder, { recursive: true });
    });

    it("is none where the state needs none", async () => {
        equal(
            (await logIn({ PULUMI_BACKEND_URL: "https://pulumi.example.com", OTHER: "x" })).code,
            0,
        );
        deepEqual(environment(), { PULUMI_BACKEND_URL: "https://pulumi.example.com" });
        equal((await logIn({ PULUMI_ORGANIZATION: "acme" })).code, 0);
    });

    it("is by the job's identity, which only its user may read, and which no log shows", async () => {
        const { stdout } = await logIn({
            PULUMI_BACKEND_URL: "s3://state",
            AWS_ROLE_ARN: "arn:aws:iam::1:role/a",
            AWS_REGION: "eu-west-1",
        });
        const token = join(folder, "identity-token");
        equal(file("identity-token"), "token for sts.amazonaws.com");
        equal(statSync(token).mode & 0o777, 0o600);
        deepEqual(environment(), {
            PULUMI_BACKEND_URL: "s3://state",
            AWS_ROLE_ARN: "arn:aws:iam::1:role/a",
            AWS_REGION: "eu-west-1",
            AWS_WEB_IDENTITY_TOKEN_FILE: token,
        });
        match(stdout, /^::add-mask::token for sts\.amazonaws\.com\n/);
    });

    it("is Google's by a file that says where the token is", async () => {
        const provider = "projects/1/locations/global/workloadIdentityPools/github/providers/mlops";
        await logIn({
            PULUMI_BACKEND_URL: "gs://state",
            GOOGLE_WORKLOAD_IDENTITY_PROVIDER: provider,
            GOOGLE_SERVICE_ACCOUNT: "pulumi@project.iam.gserviceaccount.com",
        });
        equal(file("identity-token"), `token for https://iam.googleapis.com/${provider}`);
        const credentials: unknown = JSON.parse(
            readFileSync(environment()["GOOGLE_APPLICATION_CREDENTIALS"] ?? "", "utf8"),
        );
        deepEqual(credentials, {
            type: "external_account",
            audience: `//iam.googleapis.com/${provider}`,
            subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
            token_url: "https://sts.googleapis.com/v1/token",
            service_account_impersonation_url:
                "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/pulumi@project.iam.gserviceaccount.com:generateAccessToken",
            credential_source: { file: join(folder, "identity-token") },
        });
    });

    it("is Azure's by variables", async () => {
        await logIn({
            PULUMI_BACKEND_URL: "azblob://state",
            AZURE_CLIENT_ID: "c",
            AZURE_TENANT_ID: "t",
            AZURE_STORAGE_ACCOUNT: "s",
        });
        equal(file("identity-token"), "token for api://AzureADTokenExchange");
        deepEqual(Object.keys(environment()).toSorted(), [
            "AZURE_CLIENT_ID",
            "AZURE_FEDERATED_TOKEN_FILE",
            "AZURE_STORAGE_ACCOUNT",
            "AZURE_TENANT_ID",
            "PULUMI_BACKEND_URL",
        ]);
    });

    it("says in one line what is missing, and sets nothing", async () => {
        const cases: [object, Record<string, string>, RegExp][] = [
            [{}, {}, /^Neither PULUMI_BACKEND_URL .* nor PULUMI_ORGANIZATION .* is set: .*\n$/],
            [{ ...state, AWS_ROLE_ARN: "r" }, {}, /^AWS_REGION is not set\.\n$/],
            [
                { ...aws, AZURE_CLIENT_ID: "c", AZURE_TENANT_ID: "t", AZURE_STORAGE_ACCOUNT: "s" },
                {},
                /set only one of them\.\n$/,
            ],
            [
                aws,
                { ACTIONS_ID_TOKEN_REQUEST_URL: "" },
                /^The job has no identity: it needs the permission id-token: write\.\n$/,
            ],
            [
                aws,
                { ACTIONS_ID_TOKEN_REQUEST_TOKEN: "other" },
                /^GitHub gave no identity token for sts\.amazonaws\.com: it answered 401\.\n$/,
            ],
            [
                { PULUMI_BACKEND_URL: "s3://state\nNODE_OPTIONS=--require=/tmp/x" },
                {},
                /^PULUMI_BACKEND_URL has more than one line\.\n$/,
            ],
        ];
        for (const [variables, env, message] of cases) {
            const { code, stderr } = await logIn(variables, env);
            equal(code, 1);
            match(stderr, message);
            equal(file("env"), "");
        }
    });

    for (const [what, body] of [
        ["a page", "<!doctype html>"],
        ["a value of another type", '{"value":["a"]}'],
        ["nothing", ""],
        ["20,000 arrays in each other", "[".repeat(20_000) + "]".repeat(20_000)],
        ["two lines, of which one alone would be masked", '{"value":"a\\nb"}'],
    ] as const)
        it(`says in one line that the answer is no token: ${what}`, async () => {
            issuer.removeAllListeners("request").on("request", (_, response: ServerResponse) => {
                response.end(body);
            });
            const { code, stdout, stderr } = await logIn(aws);
            equal(code, 1);
            match(stderr, /^GitHub gave no identity token for sts\.amazonaws\.com: .*form\.\n$/);
            equal(stdout, "");
        });

    it("says in one line that nothing answers", async () => {
        const nowhere = { ACTIONS_ID_TOKEN_REQUEST_URL: "http://127.0.0.1:1/token?" };
        const { code, stderr } = await logIn(aws, nowhere);
        equal(code, 1);
        match(stderr, /^GitHub gave no identity token for .*: it answered nothing\.\n$/);
    });
});
