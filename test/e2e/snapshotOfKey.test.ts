import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { z } from "zod";
import { previewSchema } from "../../operations/review/preview.ts";
import { Project, run } from "../../sandbox/project.ts";

const program = `
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

const given = new pulumi.Config("mlops").requireSecretObject<Record<string, string>>("env");
const { result } = new random.RandomPassword("password", { length: 20 });
const keepers = { given: given.apply(({ API = "" }) => API), login: result.apply(btoa) };
new random.RandomId("id", { byteLength: 4, keepers });
`;

const body = z.object({ plaintext: z.string(), ciphertext: z.string() }).partial();

/** Stands in for Vault's transit engine: https://developer.hashicorp.com/vault/api-docs. */
async function startVault(): Promise<Server> {
    const server = createServer((request, response) => {
        void json(request).then((given) => {
            const { plaintext = "", ciphertext = "" } = body.parse(given);
            const data = (request.url ?? "").includes("/encrypt/")
                ? { ciphertext: `vault:v1:${plaintext}` }
                : { plaintext: ciphertext.replace("vault:v1:", "") };
            response.setHeader("content-type", "application/json").end(JSON.stringify({ data }));
        });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return server;
}

describe("the snapshot of a stack whose secrets a key management service decrypts", () => {
    let project: Project;
    let vault: Server;

    const command = async (line: string, more: Record<string, string> = {}): Promise<string> => {
        const env = { ...process.env, ...project.environment, ...more };
        return (await run("bash", ["-c", line], { cwd: project.folder, env })).stdout;
    };
    const preview = async (options: string, more: Record<string, string> = {}) => {
        await command(`node operations/review/main.ts preview local ${options} --to out`, more);
        const text = readFileSync(join(project.folder, "out/local.json"), "utf8");
        return previewSchema.parse(JSON.parse(text));
    };
    /** What the preview of a pull request has: no address and no token of the service. */
    const nothing = {
        PULUMI_BACKEND_URL: "file:///nowhere",
        VAULT_SERVER_URL: "",
        VAULT_SERVER_TOKEN: "",
    };

    before(async () => {
        vault = await startVault();
        const address = z.object({ port: z.int() }).parse(vault.address());
        project = await Project.create({ env: {} }, {}, undefined, program);
        await project.configureSecret("env.API", "canary-of-the-configuration");
        const { failed, output } = await project.up();
        equal(failed, false, output);
        project.setEnvironment("VAULT_SERVER_URL", `http://127.0.0.1:${String(address.port)}`);
        project.setEnvironment("VAULT_SERVER_TOKEN", "token-of-the-service");
        await command("pulumi stack change-secrets-provider hashivault://state --stack local");
        project.setEnvironment("PULUMI_CONFIG_PASSPHRASE", "");
    });
    after(async () => {
        project.remove();
        vault.close();
        await once(vault, "close");
    });

    it("is written with its key, and needs none to be read", async () => {
        const file = join(project.folder, "Pulumi.local.yaml");
        match(readFileSync(file, "utf8"), /secretsprovider: '?hashivault:/);
        await command("node operations/review/main.ts snapshot local --to snapshots");
        const { changes, warnings } = await preview("--snapshots snapshots", nothing);
        deepEqual([changes, warnings], [[], []]);

        await project.configureSecret("env.API", "another value");
        const [snapshot, state] = [
            await preview("--snapshots snapshots", nothing),
            await preview(""),
        ];
        ok(state.changes.length > 0);
        deepEqual(
            snapshot.changes.map((change) => ({ ...change, secrets: undefined })),
            state.changes.map((change) => ({ ...change, secrets: undefined })),
        );
        const text = await command("cat snapshots/local/.pulumi/stacks/mlops/local.json");
        match(text, /"type":"passphrase"/);
        ok(!text.includes("hashivault"));
    });
});
