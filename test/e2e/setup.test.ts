import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import {
    existsSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { until } from "../until.ts";
import { copyProject, freePort, Project, run, temporary } from "../../sandbox/project.ts";

const root = join(import.meta.dirname, "../..");

const plugins = join(
    process.env["PULUMI_HOME"] ?? join(process.env["HOME"] ?? "", ".pulumi"),
    "plugins",
);

interface Ended {
    readonly code: number | null;
    readonly output: string;
}

/**
 * A copy of the project, so that these tests do not touch a stack that a developer may have
 * running.
 */
const copy = temporary("copy");
before(() => {
    copyProject(copy);
});
after(() => {
    rmSync(copy, { recursive: true });
});

/** Starts the set-up. An environment variable that is undefined is removed. */
function setUp(env: Record<string, string | undefined> = {}, ...args: string[]) {
    const child = spawn("toolchain/setup.sh", args, {
        cwd: copy,
        env: { ...process.env, ...env },
        detached: true,
    });
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

describe("the set-up", () => {
    /** A home for plugins with all of them but random, the quickest one to create. */
    let home: string;
    let state: string;
    const random = (): string => {
        const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
            packages: Record<string, { version: string }>;
        };
        return `resource-random-v${lock.packages["node_modules/@pulumi/random"]?.version ?? ""}`;
    };
    beforeEach(async () => {
        home = temporary("home");
        state = temporary("state");
        mkdirSync(join(home, "plugins"));
        for (const plugin of (await run("ls", [plugins])).stdout.trim().split("\n")) {
            if (plugin.startsWith("resource-") && plugin !== random())
                symlinkSync(join(plugins, plugin), join(home, "plugins", plugin));
        }
    });
    afterEach(() => {
        rmSync(home, { recursive: true });
        rmSync(state, { recursive: true });
    });

    it("does nothing the second time, and takes no time", async () => {
        const started = Date.now();
        const { code, output } = await setUp().ended;
        equal(code, 0, output);
        // It takes 0.2 s on an idle machine.
        ok(Date.now() - started < 15_000, `${String(Date.now() - started)} ms`);
        equal(output.includes("…"), false, output);
    });

    it("creates a passphrase that only its owner can read, and no other one for its stacks", async () => {
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
        rmSync(file);
        const { code, output } = await setUp(env, "preview").ended;
        equal(code, 1, output);
        ok(output.includes(`the passphrase of the stacks in ${state}/backend is missing`), output);
        ok(output.includes(`put it back as ${file}`), output);
        equal(existsSync(file), false);
        rmSync(join(state, "backend"), { recursive: true });
        equal((await setUp(env, "preview").ended).code, 0);
        notEqual(readFileSync(file, "utf8"), first);
    });

    const kills: [how: string, kill: (pid: number) => void][] = [
        ["was killed", (pid) => process.kill(pid, "SIGKILL")],
        ["was told to end", (pid) => process.kill(pid, "SIGTERM")],
        ["lost its terminal", (pid) => process.kill(pid, "SIGHUP")],
    ];
    for (const [how, kill] of kills) {
        it(`continues after it ${how}, and trusts nothing incomplete`, async () => {
            mkdirSync(join(home, "plugins", random())); // half-made, as by a download that was cut off
            const first = setUp({ PULUMI_HOME: home });
            await until(() => first.output().includes("random 4"), "the plugin is made", 120);
            kill(first.child.pid ?? 0);
            await first.ended;
            const second = await setUp({ PULUMI_HOME: home }).ended;
            equal(second.code, 0, second.output);
            // If killed, it leaves its build running, which keeps the lock. If told to end, it ends
            // the build too.
            if (how !== "was killed") equal(second.output.includes("waiting for another"), false);
            ok(existsSync(join(home, "plugins", random(), "pulumi-resource-random")));
            deepEqual(
                readdirSync(join(home, "plugins")).filter((name) => name.startsWith(".part")),
                [],
            );
        });
    }

    it("is the only one that installs plugins: the engine asks for none", async () => {
        const asked: string[] = [];
        const server = createServer((request, response) => {
            asked.push(request.url ?? "");
            response.writeHead(404).end();
        }).listen(0, "127.0.0.1");
        await once(server, "listening");
        const address = server.address();
        ok(typeof address === "object" && address !== null);
        const project = await Project.create(
            {},
            { PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES: `.*=http://127.0.0.1:${String(address.port)}` },
            undefined,
            `import * as random from "@pulumi/random";
            new random.RandomId("id", { byteLength: 1 });`,
        );
        project.setEnvironment("PULUMI_HOME", home);
        const preview = async (allow = ""): Promise<string> => {
            const command = `. toolchain/env.sh; ${allow} pulumi preview -s local --non-interactive`;
            const running = project.start("bash", "-c", command);
            equal(await running.ended, 1, running.output);
            return running.output;
        };
        match(await preview(), /no resource plugin 'pulumi-resource-random' found/);
        equal(asked.join(), "");
        await preview("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=false");
        ok(asked.some((url) => url.includes("pulumi-resource-random")));
        server.close();
        project.remove();
    });

    it("makes a second one that starts meanwhile wait, and both succeed", async () => {
        const first = setUp({ PULUMI_HOME: home });
        await until(() => first.output().includes("random"), "the first is at work", 120);
        const second = setUp({ PULUMI_HOME: home });
        const ended = await Promise.all([first.ended, second.ended]);
        for (const { code, output } of ended) equal(code, 0, output);
        match(
            second.output(),
            /waiting for another set-up on this machine: process \d+ in \S+, since [\d:]+ at plugins: random/,
        );
        equal((second.output().match(/…/g) ?? []).length, 0, "the second had nothing left to do");
    });

    it("does not wait if nothing is missing", async () => {
        const first = setUp({ PULUMI_HOME: home });
        await until(() => first.output().includes("random"), "the first is at work", 120);
        const second = await setUp({}, "preview").ended;
        equal(first.child.exitCode, null, "the first still has the lock");
        deepEqual(second, { code: 0, output: "" });
        equal((await first.ended).code, 0);
    });

    describe("doctor", () => {
        it("confirms that everything is installed", async () => {
            const { code, output } = await setUp({}, "doctor").ended;
            equal(code, 0, output);
            const found = output.split("\n").flatMap((line) => /^✓ (\w+)/.exec(line)?.[1] ?? []);
            const needed = [
                "folders",
                "node",
                "packages",
                "cli",
                "plugins",
                "docker",
                "image",
                "state",
                "registry",
                "browser",
                "linters",
                "python",
                "examples",
                "buildx",
                "languages",
                "cluster",
                "measure",
            ];
            deepEqual(found.slice(0, needed.length), needed, output);
        });

        it("says what is missing and how to fix it, and fails", async () => {
            const { code, output } = await setUp(
                { PULUMI_HOME: home, DOCKER_HOST: "tcp://127.0.0.1:1" },
                "doctor",
            ).ended;
            equal(code, 1);
            match(output, /✗ plugins +missing → toolchain\/setup\.sh/);
            match(output, /✗ docker +missing → a running Docker engine: https:/);
            match(output, /✗ image +missing → docker pull python:3\.11\.2-bullseye/);
        });
    });

    it("says what to do if the Docker engine is remote and does not answer", async () => {
        const { code, output } = await setUp({ DOCKER_HOST: "tcp://127.0.0.1:1" }).ended;
        equal(code, 1);
        match(
            output,
            /docker +no engine answers at DOCKER_HOST=tcp:\/\/127\.0\.0\.1:1\n +→ start it, or unset DOCKER_HOST/,
        );
    });
});

describe("make, run by a newcomer", () => {
    it("setup, plain pulumi, up, token, up, down: in a clean clone that stays clean, without a prompt", async () => {
        const clone = temporary("clone");
        const state = temporary("state");
        const pulumiHome = temporary("home"); // nobody is logged in there
        symlinkSync(plugins, join(pulumiHome, "plugins"));
        const variables = { ...process.env, MLOPS_STATE: state, PULUMI_HOME: pulumiHome };
        const env = Object.fromEntries(
            Object.entries(variables).filter(
                ([key]) => !/^PULUMI_(CONFIG|BACKEND|ACCESS)/.test(key),
            ),
        );
        const command = async (program: string, ...args: string[]): Promise<string> =>
            (await run(program, args, { cwd: clone, env, maxBuffer: 1 << 26 })).stdout;
        const make = async (...targets: string[]) => command("make", ...targets);
        const status = async () => command("git", "status", "--porcelain");

        // As checked in, but with another port and name than a stack of the user's.
        const name = `clone-${String(process.pid)}`;
        const port = String(await freePort());
        copyProject(clone);
        const config = join(clone, "Pulumi.local.yaml");
        const edited = readFileSync(config, "utf8")
            .replace("port: 8080", `port: ${port}`)
            .replace("mlops_python_2022_2023", name);
        writeFileSync(config, edited.replace(/^encryptionsalt:.*\n/m, ""));
        await command("git", "init", "--quiet");
        await command("git", "add", "--all");
        await command(
            "git",
            "-c",
            "user.name=test",
            "-c",
            "user.email=test@example.com",
            "commit",
            "--quiet",
            "--message",
            "as checked in",
        );

        try {
            await make("setup");
            match(
                await command(
                    "bash",
                    "-c",
                    ". toolchain/env.sh && pulumi preview -s local --non-interactive",
                ),
                /\+ \d+ to create/,
            );
            equal(await status(), "", "git status is clean after the set-up and plain pulumi");
            match(
                await make("up"),
                new RegExp(`The service works: http://localhost:${port}\n[^]*make -s token`),
            );
            equal(await status(), "", "git status is clean after make up");
            match(readFileSync(config, "utf8"), /^encryptionsalt: v1:/m);
            match(await make("-s", "token"), /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
            equal((await fetch(`http://localhost:${port}/health`)).status, 200);
            match(await make("up"), /Resources:\n +\d+ unchanged/);
        } finally {
            await make("down");
        }
        const left = await run("bash", [
            "-c",
            `docker ps -aq -f name=${name}; docker network ls -q -f name=${name}; docker images -q "${name}*"`,
        ]);
        equal(left.stdout, "");
        equal(await status(), "");
        match(await make("down"), /There is no stack "local": nothing to remove/);
        for (const folder of [clone, state, pulumiHome]) rmSync(folder, { recursive: true });
    });

    it("lists the stacks, and creates nothing, for an unknown one", async () => {
        const failure: unknown = await run("make", ["up", "STACK=nowhere"], { cwd: copy }).catch(
            (error: unknown) => error,
        );
        match(
            failure instanceof Error && "stderr" in failure ? String(failure.stderr) : "",
            /There is no stack "nowhere": Pulumi\.nowhere\.yaml is missing/,
        );
        equal(existsSync(join(copy, "Pulumi.nowhere.yaml")), false);
    });
});
