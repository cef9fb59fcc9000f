/**
 * Makes the npm package `mlops`: JavaScript and types of the sources, because Node.js runs no
 * TypeScript from node_modules, and the files that they read.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../../components/messages/userError.ts";
import { runCommand } from "../../operations/commandLine.ts";

const root = join(import.meta.dirname, "../..");

/** What the sources read, and what the engine starts. */
const withFiles = [
    "components",
    // What a checkout has for other languages.
    ":(exclude)components/index.js",
    ":(exclude)components/PulumiPlugin.yaml",
    "quay/pulumi-resource-quay*",
    "quay/sdk/schema.json",
    "toolchain/docker",
    "Pulumi.schema.json",
    "LICENSE",
];

/** An executable that imports a source by its name. */
const executable = "toolchain/docker/pulumi-resource-docker";

const manifest = z.object({
    ...{ name: z.string(), version: z.string(), description: z.string(), license: z.string() },
    ...{ type: z.string(), engines: z.record(z.string(), z.string()) },
    dependencies: z.record(z.string(), z.string()),
});

/** @throws UserError if the folder has files. */
function build(folder: string): void {
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length > 0)
        throw new UserError(`${folder} has files already: name an empty folder, or a new one.`);
    const tsc = join(root, "node_modules/.bin/tsc");
    execFileSync(tsc, ["--project", import.meta.dirname, "--outDir", folder], { stdio: "inherit" });
    const list = ["ls-files", "-z", ...withFiles];
    const files = execFileSync("git", list, { cwd: root, encoding: "utf8" }).split("\0");
    for (const file of files.filter((file) => file !== "" && !file.endsWith(".ts")))
        copy(file, join(folder, file));
    copy("toolchain/package/README.md", join(folder, "README.md"));
    useJavaScript(join(folder, executable));
    writeFileSync(join(folder, "package.json"), `${JSON.stringify(packageJson(), null, 2)}\n`);
}

function copy(file: string, to: string): void {
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join(root, file), to);
}

/** Makes an executable import the JavaScript that its source became. */
function useJavaScript(file: string): void {
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace(/(import\("\.\/[^"]+)\.ts"\)/, '$1.js")'));
}

/**
 * The package's own package.json. Pulumi's SDK is a peer: it has to be the one copy that the
 * language host runs. Its version is the one that toolchain/startup.ts supports.
 */
function packageJson() {
    const own = manifest.parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
    const { "@pulumi/pulumi": sdk, ...dependencies } = own.dependencies;
    return {
        ...own,
        exports: {
            ".": {
                types: "./toolchain/package/index.d.ts",
                default: "./toolchain/package/index.js",
            },
            "./package.json": "./package.json",
        },
        bin: { mlops: "toolchain/package/main.js" },
        dependencies,
        peerDependencies: { "@pulumi/pulumi": sdk },
    };
}

const usage = `Makes the npm package mlops in a folder, for npm pack.

  node toolchain/package/build.ts FOLDER

  --help   this text

FOLDER is new or empty.`;

await runCommand({ usage, options: {}, arguments: [1, 1] }, (_, [folder = ""]) => {
    build(resolve(folder));
});
