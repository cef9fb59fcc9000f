import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { z } from "zod";
import { removeImages } from "../../sandbox/demo/images.ts";
import { type GitHub, startGitHub } from "../../sandbox/github/server.ts";
import { freePort, pulumiHome, run, temporary } from "../../sandbox/project.ts";
import { type Operation, pulumi, type Ran, runPulumi } from "../../sandbox/pulumiCommand.ts";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { baseImage } from "../baseImage.ts";
import { install, pack } from "./installed.ts";

const name = `e2e-package-${String(process.pid)}`;
const repository = "scores";

/** All that a project has, besides the files of its stacks. */
const project = {
    "Pulumi.yaml": `
name: ${name}
runtime:
  name: nodejs
  options:
    typescript: false
    nodeargs: --max-semi-space-size=2 --require ./node_modules/mlops/toolchain/startup.js
plugins:
  providers:
    - name: quay
      path: ./node_modules/mlops/quay
    - name: docker
      path: ./node_modules/mlops/toolchain/docker
`,
    "package.json": JSON.stringify({ type: "module" }),
    "index.ts": 'import { stack } from "mlops";\n\nexport default await stack();\n',
};
const service = {
    Dockerfile: `FROM ${baseImage()}\nRUN mkdir -p /srv && echo fine > /srv/health\nUSER 10001\nCMD ["python3", "-m", "http.server", "--directory", "/srv", "8080"]\n`,
};
const manifest = z.object({
    dependencies: z.record(z.string(), z.string()),
    peerDependencies: z.record(z.string(), z.string()),
});

describe("the package mlops, installed in an empty folder", () => {
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
    /** Creates a stack. @param config what its file says */
    async function init(stack: string, config: Readonly<Record<string, unknown>>): Promise<void> {
        write({ [`Pulumi.${stack}.yaml`]: JSON.stringify({ config }) });
        await pulumi({ folder, stack, environment }, "stack", "init", stack);
    }

    before(async () => {
        tarball = await pack();
        folder = temporary("package");
        await install(tarball, folder);
        write(project);
        write(service, "service");
        [quay, github] = await Promise.all([startQuay(), startGitHub()]);
        quay.createUser("alice");
        github.createUser("alice");
        github.createRepository({ owner: "alice", name: repository });
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

    it("runs the service of a stack on this machine", async () => {
        await init("local", {
            "mlops:service": { name, version: "1.0.0", context: "service", healthPath: "/health" },
            "mlops:local": { port: await freePort() },
        });
        try {
            const { output } = await runIn("local", "up");
            const [, url = ""] = /serviceUrl *: "([^"]+)"/.exec(output) ?? [];
            equal(await (await fetch(`${url}/health`)).text(), "fine\n");
            deepEqual(Object.keys((await runIn("local", "preview")).changes), ["same"]);
        } finally {
            await runIn("local", "destroy");
            await run("bash", [
                "-c",
                `docker images -q '${name}*' | sort -u | xargs -r docker rmi -f`,
            ]);
        }
    });

    it("delivers a stack: its image, its repository, the secrets and the workflow", async () => {
        const workflow = { path: ".github/workflows/build.yml", name: "Build", job: "build" };
        await init("dev", {
            "github:owner": "alice",
            "github:writeDelayMs": 0,
            "mlops:service": {
                name: repository,
                version: "1.0.0",
                context: "service",
                healthPath: "/health",
            },
            "mlops:quay": { namespace: "alice", repository, robot: "scores_robot" },
            "mlops:github": { repository, branch: "main", environment: { name: "dev" }, workflow },
        });
        const { output } = await runIn("dev", "up");
        match(output, /image *: "[^"]+\/alice\/scores@sha256:/);
        const handle = github.repository(`alice/${repository}`);
        deepEqual(Object.keys(handle.secrets("dev")).sort(), ["QUAY_PWD", "QUAY_USER"]);
        ok(workflow.path in handle.files());
        deepEqual(Object.keys((await runIn("dev", "preview")).changes), ["same"]);
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
