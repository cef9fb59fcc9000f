import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import ts from "typescript";
import { z } from "zod";
import { removeImages } from "../../sandbox/demo/images.ts";
import { type GitHub, startGitHub } from "../../sandbox/github/server.ts";
import { freePort, pulumiHome, run, temporary } from "../../sandbox/project.ts";
import { type Operation, pulumi, type Ran, runPulumi } from "../../sandbox/pulumiCommand.ts";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { baseImage } from "../baseImage.ts";
import { root } from "../unit/files.ts";
import { install, pack } from "./installed.ts";

const name = `e2e-package-${String(process.pid)}`;
const service = {
    Dockerfile: `FROM ${baseImage()}\nRUN mkdir -p /srv && echo fine > /srv/health\nUSER 10001\nCMD ["python3", "-m", "http.server", "--directory", "/srv", "8080"]\n`,
};
const manifest = z.object({
    dependencies: z.record(z.string(), z.string()),
    peerDependencies: z.record(z.string(), z.string()),
});

describe("a project by make new, with the package mlops", () => {
    let tarball: string;
    let folder: string;
    let environment: Record<string, string>;
    let quay: Quay;
    let github: GitHub;

    const write = (files: Readonly<Record<string, string>>, below = "."): void => {
        mkdirSync(join(folder, below), { recursive: true });
        for (const [file, text] of Object.entries(files))
            writeFileSync(join(folder, below, file), text);
    };
    const runIn = (stack: string, operation: Operation): Promise<Ran> =>
        runPulumi({ folder, stack, environment }, operation);
    /** Runs a command of the package. @returns what it prints */
    async function mlops(...args: string[]): Promise<string> {
        const command = join(folder, "node_modules/mlops/toolchain/package/main.js");
        const options = { cwd: folder, env: { ...process.env, ...environment } };
        return (await run("node", [command, ...args], options)).stdout;
    }
    const make = (...args: string[]) => run("make", ["--silent", "new", ...args], { cwd: root });
    /** Creates a stack. @param edit fills in its file */
    async function init(stack: string, edit: (text: string) => string): Promise<void> {
        const file = join(folder, `Pulumi.${stack}.yaml`);
        writeFileSync(file, edit(readFileSync(file, "utf8")));
        await pulumi({ folder, stack, environment }, "stack", "init", stack);
    }

    before(async () => {
        tarball = await pack();
        folder = temporary("package");
        await make(`NAME=${name}`, `DIR=${folder}`);
        await install(tarball, folder);
        write(service, "service");
        [quay, github] = await Promise.all([startQuay(), startGitHub()]);
        quay.createUser("alice");
        github.createUser("alice");
        github.createRepository({ owner: "alice", name, private: false });
        environment = {
            PULUMI_HOME: pulumiHome(temporary("home")),
            PULUMI_BACKEND_URL: `file://${temporary("state")}`,
            PULUMI_CONFIG_PASSPHRASE: "for the test",
            QUAY_URL: quay.url,
            QUAY_TOKEN: quay.createToken({ user: "alice" }),
            GITHUB_BASE_URL: github.baseUrl,
            GITHUB_TOKEN: github.createToken({ user: "alice" }),
            DOCKER_CONFIG: join(folder, "docker"),
        };
    });
    after(async () => {
        await removeImages(quay.registry);
        await Promise.all([quay.stop(), github.stop()]);
        const { PULUMI_BACKEND_URL = "", PULUMI_HOME = "" } = environment;
        const own = [folder, dirname(tarball), new URL(PULUMI_BACKEND_URL).pathname];
        for (const one of [...own, dirname(PULUMI_HOME)]) rmSync(one, { recursive: true });
    });

    it("depends on every package that it imports, and has no TypeScript but types", () => {
        const own = join(folder, "node_modules/mlops");
        const { dependencies, peerDependencies } = manifest.parse(
            JSON.parse(readFileSync(join(own, "package.json"), "utf8")),
        );
        const known = new Set(Object.keys({ ...dependencies, ...peerDependencies }));
        const files = readdirSync(own, { recursive: true, encoding: "utf8" });
        const imported = files
            .filter((file) => /\.(js|d\.ts)$/.test(file))
            .flatMap((file) => ts.preProcessFile(readFileSync(join(own, file), "utf8")))
            .flatMap(({ importedFiles }) => importedFiles.map(({ fileName }) => fileName))
            .filter((module) => !/^(node:|\.)/.test(module))
            .map((module) => /^(@[^/]+\/)?[^/]+/.exec(module)?.[0] ?? module);
        ok(imported.length > 100);
        deepEqual(
            [...new Set(imported)].filter((module) => !known.has(module)),
            [],
        );
        deepEqual(
            files.filter((file) => /(?<!\.d)\.ts$|(^|\/)test/.test(file) && !/identity/.test(file)),
            [],
        );
    });

    it("gets all plugins by pulumi install, Docker's too, which a file of the package runs", async () => {
        const asked: ServerResponse[] = [];
        const names: string[] = [];
        const server = createServer(({ url = "" }, response) => {
            names.push(/resource-([a-z]+)-v/.exec(url)?.[1] ?? url);
            // The first refusal would end the other downloads.
            if (asked.push(response) === 4) for (const one of asked) one.writeHead(404).end();
        }).listen(0, "127.0.0.1");
        await once(server, "listening");
        const address = server.address();
        ok(address !== null && typeof address === "object");
        const env = {
            ...process.env,
            ...environment,
            PULUMI_HOME: temporary("plugins"),
            PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES: `.*=http://127.0.0.1:${String(address.port)}`,
        };
        const options = { cwd: folder, env, timeout: 60_000 };
        await rejects(run("pulumi", ["install", "--no-dependencies"], options), /404/);
        deepEqual(names.sort(), ["docker", "github", "kubernetes", "random"]);
        server.close();
        rmSync(env.PULUMI_HOME, { recursive: true });
    });

    it("runs the service of a stack on this machine", async () => {
        const port = await freePort();
        await init("local", (text) => text.replace("port: 8080", `port: ${String(port)}`));
        try {
            const { output } = await runIn("local", "up");
            const [, url = ""] = /serviceUrl *: "([^"]+)"/.exec(output) ?? [];
            equal(await (await fetch(`${url}/health`)).text(), "fine\n");
            deepEqual(Object.keys((await runIn("local", "preview")).changes), ["same"]);
            match(await mlops("preview", "local"), /^local +routine( +0){4} +6$/m);
            match(await mlops("board"), /local +.*1\.0\.0/);
        } finally {
            await runIn("local", "destroy");
            await run("bash", [
                "-c",
                `docker images -q '${name}*' | sort -u | xargs -r docker rmi -f`,
            ]);
        }
    });

    it("delivers a stack: its image, its repository, the secrets and the workflow", async () => {
        await init("dev", (text) =>
            text
                .replaceAll("YOUR-ACCOUNT", "alice")
                .replace('writeDelayMs: "200"', "writeDelayMs: 0"),
        );
        const { output } = await runIn("dev", "up");
        match(output, new RegExp(`image *: "[^"]+/alice/${name}@sha256:`));
        const handle = github.repository(`alice/${name}`);
        deepEqual(Object.keys(handle.secrets("dev")).sort(), ["QUAY_PWD", "QUAY_USER"]);
        ok(".github/workflows/quay-deploy.yml" in handle.files());
        deepEqual(Object.keys((await runIn("dev", "preview")).changes), ["same"]);
    });

    it("is refused where another file is in its place, and is whole after a second time", async () => {
        const other = temporary("new");
        writeFileSync(join(other, "Pulumi.dev.yaml"), "config: {}\n");
        await rejects(
            make("NAME=scores", `DIR=${other}`),
            /has files of its own: Pulumi.dev.yaml\. Nothing was written/,
        );
        deepEqual(readdirSync(other), ["Pulumi.dev.yaml"]);
        rmSync(join(other, "Pulumi.dev.yaml"));
        await make("NAME=scores", `DIR=${other}`);
        rmSync(join(other, "index.ts"));
        await make("NAME=scores", `DIR=${other}`);
        const template = readdirSync(join(root, "templates/service"));
        deepEqual(readdirSync(other).sort(), template.sort());
        await rejects(make("NAME=../scores", `DIR=${other}`), /NAME=\.\.\/scores: must be /);
        rmSync(other, { recursive: true });
    });

    it("names its account in every stack that needs one", async () => {
        for (const stack of ["staging", "prod"]) {
            await init(stack, (text) => text);
            const problem = new RegExp(`Pulumi\\.${stack}\\.yaml[^]*must name your account`);
            await rejects(runIn(stack, "preview"), problem);
        }
    });

    it("says what is wrong in the stack's file by the keys that it has there", async () => {
        write({ "Pulumi.dev.yaml": JSON.stringify({ config: { "mlops:service": { nam: "x" } } }) });
        await rejects(runIn("dev", "preview"), /mlops:service\.nam\b/);
    });

    it("gives a program the components, typed", async () => {
        write({
            "own.ts": `
import { QuayRepository, type QuayRepositoryArgs } from "mlops";
const args: QuayRepositoryArgs = { namespace: "acme", repository: "model", robot: "pusher" };
export const { image } = new QuayRepository("model", args);
// @ts-expect-error: it has no such argument
new QuayRepository("other", { ...args, robots: 1 });
`,
            "tsconfig.json": JSON.stringify({
                compilerOptions: {
                    module: "nodenext",
                    target: "es2024",
                    strict: true,
                    noEmit: true,
                    types: ["node"],
                },
                files: ["own.ts"],
            }),
        });
        await run("node_modules/typescript/bin/tsc", ["--project", "."], { cwd: folder }).catch(
            (error: unknown) => {
                throw new Error(JSON.stringify(error));
            },
        );
    });
});
