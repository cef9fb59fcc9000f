import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { inTemporary, run } from "./run.ts";

const packed = z.tuple([z.object({ filename: z.string() })]);
const manifest = z.looseObject({ pulumi: z.looseObject({}).optional() });
const schemaFile = "dist/sdk/schema.json";

/**
 * Packs a folder. For a repository on GitHub, the package names it: npm compares that with the
 * provenance. A package of a plugin then says where the engine downloads it.
 */
export async function packNpm(source: string, to: string, repository?: string): Promise<void> {
    // .npmrc turns scripts off; the package's own makes JavaScript.
    const scripts = ["--ignore-scripts=false", "--foreground-scripts=false"];
    if (repository === undefined) {
        await pack(source, to, scripts);
        return;
    }
    await inTemporary(async (folder) => {
        const archive = await pack(source, folder, scripts);
        await run("tar", ["-xzf", join(folder, archive), "-C", folder]);
        const directory = source.startsWith("./") ? { directory: source.slice(2) } : {};
        nameRepository(join(folder, "package"), repository, directory);
        await pack(join(folder, "package"), to, ["--ignore-scripts"]);
    });
}

/** Packs the program, which is made in a folder of its own. */
export async function packProgram(to: string, repository?: string): Promise<void> {
    await inTemporary(async (folder) => {
        await run(process.execPath, ["toolchain/package/build.ts", folder]);
        await packNpm(folder, to, repository);
    });
}

/** Reads the schema in the package of the provider that `packNpm` has put in a folder. */
export async function schemaOf(folder: string): Promise<string> {
    const [archive = ""] = globSync("pulumi-quay-*.tgz", { cwd: folder });
    return run("tar", ["-xzOf", join(folder, archive), `package/${schemaFile}`]);
}

async function pack(source: string, to: string, options: readonly string[]): Promise<string> {
    const args = ["pack", "--json", ...options, "--pack-destination", to, source];
    return packed.parse(JSON.parse(await run("npm", args)))[0].filename;
}

/** @param place where in the repository the package is: npm's page follows the README's links. */
function nameRepository(folder: string, repository: string, place: { directory?: string }): void {
    const server = `github://api.github.com/${repository}`;
    const url = `git+https://github.com/${repository}.git`;
    change(join(folder, "package.json"), ({ pulumi, ...others }) => ({
        ...others,
        repository: { type: "git", url, ...place },
        ...(pulumi && { pulumi: { ...pulumi, server } }),
    }));
    for (const file of globSync(schemaFile, { cwd: folder }))
        change(join(folder, file), (schema) => ({ ...schema, pluginDownloadURL: server }));
}

function change(file: string, edit: (content: z.infer<typeof manifest>) => object): void {
    const content = manifest.parse(JSON.parse(readFileSync(file, "utf8")));
    writeFileSync(file, `${JSON.stringify(edit(content), undefined, 2)}\n`);
}
