/** The npm package of this project, in a folder of its own. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../sandbox/project.ts";

const root = join(import.meta.dirname, "../..");

/** Packs the package as a release does. @returns the tarball, in a folder for it alone */
export async function pack(): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), "mlops-package-"));
    const built = join(folder, "built");
    await run("node", ["toolchain/package/build.ts", built], { cwd: root });
    const options = ["pack", "--silent", "--pack-destination", folder, built];
    const { stdout } = await run("npm", options, { cwd: root });
    rmSync(built, { recursive: true });
    return join(folder, stdout.trim());
}

/**
 * Installs the tarball in a folder, and the packages that it depends on, which are this checkout's.
 */
export async function install(tarball: string, folder: string): Promise<void> {
    const modules = join(folder, "node_modules");
    const own = join(modules, "mlops");
    mkdirSync(own, { recursive: true });
    await run("tar", ["--extract", "--file", tarball, "--strip-components=1", "-C", own]);
    for (const name of readdirSync(join(root, "node_modules")))
        if (!name.startsWith(".") && name !== "mlops")
            symlinkSync(join(root, "node_modules", name), join(modules, name));
}
