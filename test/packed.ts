import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

const root = join(import.meta.dirname, "..");

const run = promisify(execFile);
const manifest = z.object({
    dependencies: z.record(z.string(), z.string()),
    peerDependencies: z.record(z.string(), z.string()),
});

/**
 * Makes an empty folder a project, and installs a packed package of this project there. What the
 * package needs comes from this checkout, and nothing from a registry: npm compares the versions.
 *
 * @param source the package's folder in this project
 */
export async function installPacked(folder: string, tarball: string, source: string) {
    const { dependencies, peerDependencies } = manifest.parse(
        JSON.parse(readFileSync(join(root, source, "package.json"), "utf8")),
    );
    const own = { name: "own", private: true, type: "module", main: "index.ts" };
    writeFileSync(join(folder, "package.json"), JSON.stringify(own));
    const needed = Object.keys({ ...dependencies, ...peerDependencies, "@types/node": "" });
    const links = needed.map((name) => join(root, "node_modules", name));
    const quiet = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund"];
    await run("npm", ["install", ...quiet, tarball, ...links], { cwd: folder });
}
