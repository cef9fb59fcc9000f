import { deepEqual, equal } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

const root = join(import.meta.dirname, "../../..");

/** The fields of devcontainer.json that this project uses: https://containers.dev/implementors/json_reference */
const devContainer = z.strictObject({
    name: z.string(),
    image: z.string(),
    features: z.record(
        z.string().regex(/^ghcr\.io\/[a-z-]+\/features\/[a-z-]+:\d+$/),
        z.record(z.string(), z.union([z.string(), z.boolean()])),
    ),
    forwardPorts: z.array(z.int().min(0).max(65_535)),
    postCreateCommand: z.string(),
});

const lockFile = z.object({
    packages: z.record(z.string(), z.object({ hasInstallScript: z.boolean().optional() })),
});

describe("other ways to get the tools", () => {
    /** The versions that toolchain/setup.sh installs. */
    let node: string, pulumi: string;
    before(() => {
        const script =
            '. toolchain/env.sh; echo "${mlops_node##*-} $(mlops_version @pulumi/pulumi)"';
        [node = "", pulumi = ""] = execFileSync("bash", ["-c", script], {
            cwd: root,
            encoding: "utf8",
            stdio: ["ignore", "pipe", "ignore"],
        })
            .trim()
            .split(" ");
    });

    it("mise.toml has the versions of the set-up", () => {
        const lines = readFileSync(join(root, "mise.toml"), "utf8").matchAll(/^(\w+) = "(.+)"$/gm);
        deepEqual(
            Array.from(lines, ([, name, version]) => [name, version]),
            [
                ["node", node],
                ["pulumi", pulumi],
            ],
        );
    });

    it("the workflows have the set-up's Node.js", () => {
        const found = [
            ".github/actions/set-up/action.yml",
            ".github/workflows/check.yml",
            ".github/workflows/publish-packages.yml",
        ].flatMap((file) => [
            ...readFileSync(join(root, file), "utf8").matchAll(/ {2}node-version: (.+)$/gm),
        ]);
        deepEqual(
            found.map(([, version]) => version),
            [node, node, node, node],
        );
    });

    it("the executables of the Quay provider have one version of Node.js", () => {
        equal(nodesIn("toolchain/release/node").length, 1);
    });

    it("the npm packages of Node.js, where it is missing, have the set-up's version", () => {
        deepEqual(nodesIn("toolchain/offline/node"), [node]);
    });

    /** The versions of the npm packages in a folder's lock file. */
    function nodesIn(folder: string): string[] {
        const { packages } = z
            .object({
                packages: z.record(z.string(), z.object({ version: z.string().optional() })),
            })
            .parse(JSON.parse(readFileSync(join(root, folder, "package-lock.json"), "utf8")));
        return [...new Set(Object.values(packages).flatMap(({ version }) => version ?? []))];
    }

    it("what is built from Pulumi's Go modules has the version of its npm package", () => {
        for (const folder of ["pulumi", "languages"]) {
            const modules = readFileSync(join(root, "toolchain/offline", folder, "go.mod"), "utf8");
            const [, version] = /github\.com\/pulumi\/pulumi\/pkg\/v3 v(\S+)/.exec(modules) ?? [];
            equal(version, pulumi, folder);
        }
    });

    it("the dev container has the set-up's Node.js, and runs the set-up for the rest", () => {
        const text = readFileSync(join(root, ".devcontainer/devcontainer.json"), "utf8");
        const { features, postCreateCommand } = devContainer.parse(JSON.parse(text));
        deepEqual(
            [features["ghcr.io/devcontainers/features/node:1"], postCreateCommand],
            [{ version: node }, "toolchain/setup.sh"],
        );
    });
});

describe("npm", () => {
    /** Installs a project that wants its script to be run. Returns whether it was. */
    function runsScripts(install: string): boolean {
        const folder = mkdtempSync(join(tmpdir(), "scripts-"));
        writeFileSync(
            join(folder, "package.json"),
            JSON.stringify({ name: "x", version: "1.0.0", scripts: { postinstall: "touch ran" } }),
        );
        writeFileSync(join(folder, ".npmrc"), "ignore-scripts=false\n");
        writeFileSync(
            join(folder, "package-lock.json"),
            JSON.stringify({
                name: "x",
                version: "1.0.0",
                lockfileVersion: 3,
                packages: { "": { name: "x", version: "1.0.0" } },
            }),
        );
        mkdirSync(join(folder, "node_modules"));
        // `npm run`, which may have started this, hands the project's own setting on.
        const env = { ...process.env, npm_config_ignore_scripts: undefined };
        execFileSync("bash", ["-euc", `cd "$0"; ${install}`, folder], { stdio: "pipe", env });
        const ran = existsSync(join(folder, "ran"));
        rmSync(folder, { recursive: true });
        return ran;
    }

    it("runs no install script in a set-up, even if .npmrc allows it", () => {
        const step = /^packages_stamp\(\)[^]*?(?=^pulumi_version)/m.exec(
            readFileSync(join(root, "toolchain/setup.sh"), "utf8"),
        );
        equal(runsScripts(`long() { "\${@:2}"; }\n${step?.[0] ?? ""}\npackages_install`), false);
        equal(runsScripts("npm ci"), true);
    });

    it("runs no install script here or in a project with the package, because none is needed", () => {
        for (const folder of [".", "templates/service", "examples/platform"]) {
            const cwd = join(root, folder);
            const env = { ...process.env, npm_config_ignore_scripts: undefined };
            const get = ["config", "get", "ignore-scripts"];
            equal(execFileSync("npm", get, { cwd, env, encoding: "utf8" }), "true\n", folder);
        }
        const lock = lockFile.parse(
            JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")),
        );
        const scripted = Object.entries(lock.packages).filter(
            ([, entry]) => entry.hasInstallScript,
        );
        deepEqual(
            scripted.map(([folder]) => folder),
            [
                // Downloads the plugin, which toolchain/setup.sh does.
                "node_modules/@pulumi/kubernetes",
                // Replaces its script by the executable, which is in a package of its own.
                "node_modules/esbuild",
                // Checks that a package that depends on it names a version that fits.
                "node_modules/protobufjs",
            ],
        );
    });
});
