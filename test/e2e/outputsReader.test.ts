import { deepEqual, equal, match } from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import S3rver from "@20minutes/s3rver";
import { stackOutputs } from "../../contract/outputs.ts";
import { cacheFolder } from "../../toolchain/cacheFolder.ts";
import { copyProject, pulumiHome, run, temporary } from "../../sandbox/project.ts";
import { given } from "../publishedOutputs.ts";

const root = join(import.meta.dirname, "../..");

/** The program of a stack with a secret in its state, and a secret that only this test exports. */
const program = `
import * as random from "@pulumi/random";
import { exportOutputs } from "./contract/outputs.ts";
const { result } = new random.RandomPassword("secret", { length: 20 });
export default { ...exportOutputs(${JSON.stringify(given)}), password: result };
`;

/** A stored stack whose secrets a key of AWS encrypts. */
const encryptedByKms = {
    version: 3,
    checkpoint: {
        stack: "organization/mlops/prod",
        latest: {
            manifest: { time: "2026-01-01T00:00:00Z", magic: "", version: "" },
            secrets_providers: {
                type: "cloud",
                state: { url: "awskms:///alias/mlops?region=eu-west-1", encryptedkey: "AQIDBA==" },
            },
            resources: [
                {
                    urn: "urn:pulumi:prod::mlops::pulumi:pulumi:Stack::mlops-prod",
                    custom: false,
                    type: "pulumi:pulumi:Stack",
                    outputs: {
                        image: given.image,
                        password: {
                            "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
                            ciphertext: "v1:AAAA:AAAA",
                        },
                    },
                },
            ],
        },
    },
};

/** Starts a server that passes on what reads, and refuses what writes as a bucket does. */
async function readOnly(port: number, refused: string[]): Promise<Server> {
    const server = createServer((asked, answer) => {
        const { method = "", url = "", headers } = asked;
        if (method !== "GET" && method !== "HEAD") {
            refused.push(`${method} ${url}`);
            answer.writeHead(403, { "content-type": "application/xml" });
            answer.end("<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>");
            return;
        }
        request({ host: "127.0.0.1", port, method, path: url, headers }, (got) => {
            answer.writeHead(got.statusCode ?? 500, got.headers);
            got.pipe(answer);
        }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return server;
}

describe("reading the outputs", () => {
    const refused: string[] = [];
    let folder: string;
    let objects: string;
    let elsewhere: string;
    let bucket: S3rver;
    let guard: Server;
    let owner: NodeJS.ProcessEnv;
    let reader: NodeJS.ProcessEnv;

    /** Runs pulumi where there is no project. */
    async function read(env: NodeJS.ProcessEnv, ...args: string[]): Promise<string> {
        const options = ["--stack", "organization/mlops/prod", "--non-interactive"];
        const { stdout } = await run("pulumi", [...args, ...options], { cwd: elsewhere, env });
        return stdout;
    }
    const failure = async (answer: Promise<string>): Promise<string> =>
        answer.then(
            () => "it worked",
            (error: unknown) => String(error),
        );

    before(async () => {
        [folder, objects, elsewhere] = ["project", "bucket", "elsewhere"].map(temporary) as [
            string,
            string,
            string,
        ];
        bucket = new S3rver({
            address: "127.0.0.1",
            port: 0,
            directory: objects,
            silent: true,
            configureBuckets: [{ name: "state" }],
        });
        const { port } = await bucket.run();
        guard = await readOnly(port, refused);
        const backend = (at: number) =>
            `s3://state?endpoint=http://127.0.0.1:${String(at)}&s3ForcePathStyle=true&region=eu-west-1`;
        const common: NodeJS.ProcessEnv = {
            ...process.env,
            AWS_ACCESS_KEY_ID: "S3RVER",
            AWS_SECRET_ACCESS_KEY: "S3RVER",
            AWS_RESPONSE_CHECKSUM_VALIDATION: "when_required",
        };
        delete common["PULUMI_CONFIG_PASSPHRASE"];
        delete common["PULUMI_CONFIG_PASSPHRASE_FILE"];
        mkdirSync(join(elsewhere, "home"));
        owner = {
            ...common,
            PULUMI_HOME: pulumiHome(folder),
            PULUMI_BACKEND_URL: backend(port),
            PULUMI_CONFIG_PASSPHRASE: "for the test",
        };
        // Nothing of the owner's but the right to read the bucket.
        reader = {
            ...common,
            HOME: join(elsewhere, "home"),
            PULUMI_HOME: join(elsewhere, "home/pulumi"),
            PULUMI_BACKEND_URL: backend((guard.address() as AddressInfo).port),
        };
        copyProject(folder);
        writeFileSync(join(folder, "index.ts"), program);
        const here = { cwd: folder, env: owner };
        await run("pulumi", ["stack", "init", "prod", "--non-interactive"], here);
        const up = ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", "prod"];
        await run("pulumi", up, here);
    });
    after(async () => {
        guard.close();
        await bucket.close();
        for (const one of [folder, objects, elsewhere]) rmSync(one, { recursive: true });
    });

    const passphrases = { none: undefined, "an empty one": "", "a wrong one": "a guess" };
    for (const [name, passphrase] of Object.entries(passphrases)) {
        it(`needs no passphrase, and read access alone; with ${name}`, async () => {
            const env = {
                ...reader,
                ...(passphrase !== undefined && { PULUMI_CONFIG_PASSPHRASE: passphrase }),
            };
            const outputs: unknown = JSON.parse(await read(env, "stack", "output", "--json"));
            deepEqual(stackOutputs.parse(outputs), {
                schemaVersion: 1,
                environment: "prod",
                ...given,
            });
            equal((await read(env, "stack", "output", "image")).trim(), given.image);
            deepEqual(refused, []);
        });
    }

    it("works from Python, by the CLI", async () => {
        const python = async (stack: string): Promise<string> => {
            const program = `from mlops_outputs import deployment; print(deployment("${stack}").image)`;
            const path = [join(root, "contract/python"), join(cacheFolder(), "python")].join(":");
            const env = { ...reader, PYTHONPATH: path, PYTHONDONTWRITEBYTECODE: "1" };
            return (await run("python3", ["-c", program], { cwd: elsewhere, env })).stdout.trim();
        };
        equal(await python("prod"), given.image);
        match(
            await failure(python("staging")),
            /OutputsError: The stack "organization\/mlops\/staging" cannot be read: no stack named/,
        );
    });

    it("needs no right to decrypt with the key of a KMS, which is not even asked", async () => {
        const stacks = join(elsewhere, ".pulumi/stacks/mlops");
        mkdirSync(stacks, { recursive: true });
        writeFileSync(join(stacks, "prod.json"), JSON.stringify(encryptedByKms));
        const env = {
            ...reader,
            PULUMI_BACKEND_URL: `file://${elsewhere}`,
            AWS_ENDPOINT_URL: "http://127.0.0.1:1",
        };
        const shown = await read(env, "stack", "output", "--json");
        deepEqual(JSON.parse(shown), { image: given.image, password: "[secret]" });
        match(
            await failure(read(env, "stack", "output", "--json", "--show-secrets")),
            /KMS: Decrypt/,
        );
    });

    it("shows a secret of the state to nobody without the passphrase", async () => {
        const secret = (await read(owner, "stack", "output", "password", "--show-secrets")).trim();
        equal(secret.length, 20);
        const shown = await read(reader, "stack", "output", "--json");
        equal(shown.includes(secret), false);
        match(shown, /"password": "\[secret\]"/);
        match(
            await failure(read(reader, "stack", "output", "--json", "--show-secrets")),
            /passphrase must be set/,
        );
    });

    it("is all that read access gives: a change is refused", async () => {
        const env = { ...reader, PULUMI_CONFIG_PASSPHRASE: "for the test" };
        match(await failure(read(env, "stack", "rm", "--yes", "--force")), /AccessDenied|403/);
        match(refused.join(), /^(PUT|POST|DELETE) /);
        equal((await read(reader, "stack", "output", "version")).trim(), "1.0.0");
    });
});
