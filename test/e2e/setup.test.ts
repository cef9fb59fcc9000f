import { equal, match, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServer } from "node:net";
import { run, temporary } from "./project.ts";

const root = join(import.meta.dirname, "../..");

interface Ended {
    readonly code: number | null;
    readonly output: string;
}

/** Starts the set-up; a given environment variable may be undefined, to take it away. */
function setUp(env: Record<string, string | undefined> = {}, ...args: string[]) {
    const child = spawn("toolchain/setup.sh", args, { cwd: root, env: { ...process.env, ...env }, detached: true });
    let output = "";
    const collect = (text: string): void => {
        output += text;
    };
    child.stdout.setEncoding("utf8").on("data", collect);
    child.stderr.setEncoding("utf8").on("data", collect);
    const ended = new Promise<Ended>((resolve) => {
        child.once("close", (code) => {
            resolve({ code, output });
        });
    });
    return { child, ended, output: () => output };
}

async function until(condition: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + 120_000;
    while (!condition()) {
        if (Date.now() > deadline) throw new Error(`not within two minutes: ${what}`);
        await new Promise((resolve) => setImmediate(resolve));
    }
}

describe("the set-up", () => {
    /** A home for plugins that has all of them but random, the quickest to make. */
    let home: string;
    let state: string;
    const plugins = join(process.env["PULUMI_HOME"] ?? join(process.env["HOME"] ?? "", ".pulumi"), "plugins");
    const random = (): string => {
        const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as { packages: Record<string, { version: string }> };
        return `resource-random-v${lock.packages["node_modules/@pulumi/random"]?.version ?? ""}`;
    };
    beforeEach(async () => {
        home = temporary("home");
        state = temporary("state");
        mkdirSync(join(home, "plugins"));
        for (const plugin of (await run("ls", [plugins])).stdout.trim().split("\n")) {
            if (plugin.startsWith("resource-") && plugin !== random()) symlinkSync(join(plugins, plugin), join(home, "plugins", plugin));
        }
    });
    afterEach(() => {
        rmSync(home, { recursive: true });
        rmSync(state, { recursive: true });
    });

    it("does nothing the second time, in less than two seconds", async () => {
        const started = Date.now();
        const { code, output } = await setUp().ended;
        equal(code, 0, output);
        ok(Date.now() - started < 2000, `${String(Date.now() - started)} ms`);
        equal(output.includes("…"), false, output);
    });

    it("makes a passphrase that only its owner can read, and makes it once", async () => {
        const env = {
            MLOPS_STATE: state,
            PULUMI_CONFIG_PASSPHRASE: undefined,
            PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
            PULUMI_BACKEND_URL: undefined,
        };
        const file = join(state, "passphrase");
        equal((await setUp(env).ended).code, 0);
        equal(statSync(file).mode & 0o777, 0o600);
        const first = readFileSync(file, "utf8");
        equal((await setUp(env).ended).code, 0);
        equal(readFileSync(file, "utf8"), first);
    });

    it("goes on after it was killed half-way, and trusts nothing half-made", async () => {
        mkdirSync(join(home, "plugins", random())); // half-made, as by a download that was cut off
        const first = setUp({ PULUMI_HOME: home });
        await until(() => existsSync(join(home, "plugins/.part-random")), "the plugin is being made");
        process.kill(-(first.child.pid ?? 0), "SIGKILL");
        await first.ended;
        equal(existsSync(join(home, "plugins", random(), "pulumi-resource-random")), false);

        const { code, output } = await setUp({ PULUMI_HOME: home }).ended;
        equal(code, 0, output);
        ok(existsSync(join(home, "plugins", random(), "pulumi-resource-random")));
        equal(existsSync(join(home, "plugins/.part-random")), false);
    });

    it("lets a second one that starts meanwhile wait, and both succeed", async () => {
        const first = setUp({ PULUMI_HOME: home });
        await until(() => first.output().includes("random"), "the first is at work");
        const second = setUp({ PULUMI_HOME: home });
        const ended = await Promise.all([first.ended, second.ended]);
        for (const { code, output } of ended) equal(code, 0, output);
        match(second.output(), /waiting for another set-up/);
        equal((second.output().match(/…/g) ?? []).length, 0, "the second had nothing left to do");
    });

    describe("doctor", () => {
        it("says that all is there", async () => {
            const { code, output } = await setUp({}, "doctor").ended;
            equal(code, 0, output);
            equal(output.split("\n").filter((line) => line.startsWith("✓")).length, 7, output);
        });

        it("says what is missing and what mends it, and fails", async () => {
            const { code, output } = await setUp({ PULUMI_HOME: home, DOCKER_HOST: "tcp://127.0.0.1:1" }, "doctor").ended;
            equal(code, 1);
            match(output, /✗ plugins +missing → toolchain\/setup\.sh/);
            match(output, /✗ docker +missing → a running Docker engine: https:/);
            match(output, /✗ image +missing → docker pull python:3\.11\.2-bullseye/);
        });
    });

    it("says what to do where the Docker engine is elsewhere and does not answer", async () => {
        const { code, output } = await setUp({ DOCKER_HOST: "tcp://127.0.0.1:1" }).ended;
        equal(code, 1);
        match(output, /docker +no engine answers at DOCKER_HOST=tcp:\/\/127\.0\.0\.1:1\n +→ start it, or unset DOCKER_HOST/);
    });
});

describe("make, as a newcomer runs it", () => {
    it("up, token, up, down: in a clean clone that stays clean, without a prompt", async function () {
        const clone = join(temporary("clone"), "mlops");
        const state = temporary("state");
        const name = `clone-${String(process.pid)}`;
        const env = Object.fromEntries(
            Object.entries({ ...process.env, MLOPS_STATE: state }).filter(([key]) => !/^PULUMI_(CONFIG|BACKEND)/.test(key)),
        );
        const git = async (...args: string[]) => (await run("git", args, { cwd: clone })).stdout;
        const make = async (...targets: string[]) => (await run("make", targets, { cwd: clone, env, maxBuffer: 1 << 26 })).stdout;

        // The working tree as it is, committed, with another port and name than a stack of the user's.
        await run("git", ["clone", "--quiet", root, clone]);
        const changed = await run(
            "bash",
            ["-c", `git ls-files -z -mo --exclude-standard | xargs -0 -I{} cp --parents -P {} ${clone}/ 2>/dev/null || true`],
            { cwd: root },
        );
        equal(changed.stderr, "");
        symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));
        const port = await new Promise<number>((resolve) => {
            const server = createServer().listen(0, "127.0.0.1", () => {
                const address = server.address();
                server.close(() => {
                    resolve(typeof address === "object" && address ? address.port : 0);
                });
            });
        });
        const config = join(clone, "Pulumi.local.yaml");
        const edited = readFileSync(config, "utf8")
            .replace("port: 8080", `port: ${String(port)}`)
            .replace("mlops_python_2022_2023", name);
        writeFileSync(config, edited.replace(/^encryptionsalt:.*\n/m, ""));
        await git("-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "--all", "--message", "another port");
        const untracked = await git("status", "--porcelain");

        try {
            const up = await make("up");
            match(up, new RegExp(`curl http://localhost:${String(port)}/health`));
            equal(await git("status", "--porcelain"), untracked, "git status stays as it was");
            match(readFileSync(config, "utf8"), /^encryptionsalt: v1:/m);
            match(await make("-s", "token"), /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
            const response = await fetch(`http://localhost:${String(port)}/health`);
            equal(response.status, 200);
            match(await make("up"), /Resources:\n +\d+ unchanged/);
        } finally {
            await make("down");
        }
        const left = await run("bash", [
            "-c",
            `docker ps -aq -f name=${name}; docker network ls -q -f name=${name}; docker images -q "${name}*"`,
        ]);
        equal(left.stdout, "");
        equal(await git("status", "--porcelain"), untracked);
        rmSync(join(clone, ".."), { recursive: true });
        rmSync(state, { recursive: true });
    });
});
