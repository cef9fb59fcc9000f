/** The last release of this project, from its history. */
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { join } from "node:path";
import { z } from "zod";
import { run } from "../../../sandbox/project.ts";

/**
 * Returns the last release before what is checked out: the newest tag `v*`, else, in a clone
 * without tags, the newest commit `Release …`.
 *
 * @throws Error where the history is not there
 */
export async function lastRelease(repository: string): Promise<string> {
    const git = async (...args: string[]): Promise<string> =>
        (await run("git", args, { cwd: repository })).stdout.trim();
    const tags = ["tag", "--list", "v*", "--merged", "HEAD", "--sort=-version:refname"];
    const [tag = ""] = (await git(...tags)).split("\n");
    if (tag !== "") return tag;
    const commit = await git("log", "-1", "--format=%H", "--grep=^Release [0-9]");
    if (commit !== "") return commit;
    throw new Error(
        "The last release is not in this clone's history, and a test upgrades from it. " +
            "Fetch it: git fetch --tags --unshallow",
    );
}

const manifest = z.object({ dependencies: z.record(z.string(), z.string()) });
const dependenciesIn = (folder: string) =>
    manifest.parse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))).dependencies;

/** Puts a release's sources into a folder, with the packages that it depends on. */
export async function copyRelease(
    repository: string,
    release: string,
    folder: string,
): Promise<void> {
    mkdirSync(folder);
    const archive = 'git archive "$0" | tar --extract --directory "$1"';
    await run("bash", ["-c", archive, release, folder], { cwd: repository });
    if (isDeepStrictEqual(dependenciesIn(repository), dependenciesIn(folder)))
        symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
    else await run("npm", ["ci", "--omit=dev", "--ignore-scripts", "--silent"], { cwd: folder });
}
