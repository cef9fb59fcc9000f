import { equal, match, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import S3rver from "@20minutes/s3rver";
import { copyProject, run, temporary } from "../../sandbox/project.ts";

/** A program with a secret in its state. It waits while the file `hold` exists. */
const program = `
import { existsSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

writeFileSync("running", "");
while (existsSync("hold")) await delay(20);
export const password = new random.RandomPassword("secret", { length: 20 }).result;
export const serviceUrl = "http://localhost:8080";
`;
const passphrase = "for the test";

describe("state in a bucket", () => {
    let objects: string;
    let server: S3rver;
    let env: NodeJS.ProcessEnv;
    const copies: string[] = [];

    /** The project as on another machine: only the sources. */
    function checkOut(): string {
        const folder = temporary("project");
        copies.push(folder);
        copyProject(folder);
        writeFileSync(join(folder, "index.ts"), program);
        return folder;
    }
    /**
     * Runs a command of the project in the environment that the project sets up.
     * @returns its output
     * @throws Error if the command fails
     */
    async function command(folder: string, line: string): Promise<string> {
        const { stdout, stderr } = await run("bash", ["-c", `. toolchain/env.sh && ${line}`], {
            cwd: folder,
            env,
        });
        return stdout + stderr;
    }
    /** Returns all objects of the bucket, by name. */
    const bucket = (): Map<string, string> => {
        const files = readdirSync(objects, { recursive: true, withFileTypes: true }).filter(
            (entry) => entry.isFile(),
        );
        return new Map(
            files.map(({ parentPath, name }) => [
                join(parentPath, name),
                readFileSync(join(parentPath, name), "utf8"),
            ]),
        );
    };

    before(async () => {
        objects = temporary("bucket");
        server = new S3rver({
            address: "127.0.0.1",
            port: 0,
            directory: objects,
            silent: true,
            configureBuckets: [{ name: "state" }],
        });
        const { port } = await server.run();
        env = {
            ...process.env,
            PULUMI_BACKEND_URL: `s3://state?endpoint=http://127.0.0.1:${String(port)}&s3ForcePathStyle=true&region=eu-west-1`,
            PULUMI_CONFIG_PASSPHRASE: passphrase,
            AWS_ACCESS_KEY_ID: "S3RVER",
            AWS_SECRET_ACCESS_KEY: "S3RVER",
            AWS_RESPONSE_CHECKSUM_VALIDATION: "when_required",
        };
        delete env["PULUMI_CONFIG_PASSPHRASE_FILE"];
    });
    after(async () => {
        await server.close();
        for (const folder of [...copies, objects]) rmSync(folder, { recursive: true });
    });

    it("is created by the project's own commands, with its secrets encrypted", async () => {
        const folder = checkOut();
        match(await command(folder, "operations/up.sh local"), /The service works: http/);
        const password = (
            await command(folder, "pulumi stack output password --show-secrets --stack local")
        ).trim();
        equal(password.length, 20);
        const stored = [...bucket()];
        ok(stored.some(([name]) => name.includes("/.pulumi/stacks/mlops/local.json")));
        equal(
            stored.some(([, content]) => content.includes(password)),
            false,
        );
    });

    it("suffices for another machine, together with the passphrase", async () => {
        const folder = checkOut();
        await command(folder, "toolchain/stack.sh local");
        await command(folder, "pulumi preview --stack local --expect-no-changes --non-interactive");
        equal(
            (
                await command(folder, "pulumi stack output password --show-secrets --stack local")
            ).trim().length,
            20,
        );
    });

    it("is locked while one machine changes it", async () => {
        const [first = "", second = ""] = copies;
        writeFileSync(join(first, "hold"), "");
        rmSync(join(first, "running"));
        const up = spawn(
            "bash",
            [
                "-c",
                ". toolchain/env.sh && pulumi up --yes --skip-preview --non-interactive --stack local",
            ],
            {
                cwd: first,
                env,
            },
        );
        const ended = once(up, "close");
        const deadline = Date.now() + 60_000;
        while (!readdirSync(first).includes("running") && Date.now() < deadline) await delay(20);
        const refused: unknown = await command(
            second,
            "pulumi up --yes --skip-preview --non-interactive --stack local",
        ).catch((error: unknown) => error);
        rmSync(join(first, "hold"));
        match(String(refused), /the stack is currently locked by 1 lock/);
        equal((await ended)[0], 0);
        equal([...bucket().keys()].filter((name) => name.includes("/.pulumi/locks/")).join(), "");
    });

    it("is empty after `make down` has removed the stack", async () => {
        const [, second = ""] = copies;
        await command(second, "operations/down.sh local");
        equal(
            [...bucket().keys()]
                .filter((name) => /\/stacks\/mlops\/local\.json(\._S3rver_object)?$/.test(name))
                .join(),
            "",
        );
    });
});
