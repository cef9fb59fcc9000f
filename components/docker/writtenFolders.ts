import { execFile } from "node:child_process";
import { posix } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Returns the folders of the image that a container has written to, without those in memory or in a
 * volume, /tmp, files that Docker adds, and Python's caches, which Python does not need.
 */
export async function findWrittenFolders(container: string): Promise<string[]> {
    const { stdout } = await run("docker", ["diff", container]).catch(() => ({ stdout: "" }));
    return writtenFolders(stdout);
}

/** @param diff the output of `docker diff`: `A /path`, `C /path`, `D /path`. */
export function writtenFolders(diff: string): string[] {
    const changes = diff
        .split("\n")
        .map((line): [kind: string, path: string] => [line.slice(0, 1), line.slice(2)])
        .filter(([, path]) => path !== "");
    const added = new Set(changes.filter(([kind]) => kind === "A").map(([, path]) => path));
    const parents = new Set(changes.map(([, path]) => posix.dirname(path)));
    // A folder with changes in it is itself listed as changed.
    const folders = changes
        .filter(([kind, path]) => kind !== "C" || !parents.has(path))
        .filter(([, path]) => !/\/__pycache__(\/|$)|\.pyc$|^\/tmp(\/|$)|\/docker-init$/.test(path))
        .map(([, path]) => posix.dirname(path))
        .filter((folder) => !added.has(folder));
    return [...new Set(folders)].sort();
}
