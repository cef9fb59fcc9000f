/** The files of the service that the chain delivers. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Files } from "../github/repositoryHandle.ts";

/** Creates a service that builds at once: its image contains only its version. */
export function writeTinyService(folder: string): void {
    mkdirSync(folder);
    writeFileSync(
        join(folder, "Dockerfile"),
        "FROM scratch\nARG VERSION\nENV VERSION=$VERSION\nCOPY content /content\nUSER 10001\n",
    );
    writeFileSync(join(folder, "content"), "one");
}

/** Returns the files of a folder by path, without what Python has left there. */
export function filesIn(folder: string): Files {
    const found = readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
        .filter((path) => !/(^|\/)(__pycache__|\.\w*_cache|\.venv)\//.test(path));
    return Object.fromEntries(found.map((path) => [path, readFileSync(join(folder, path))]));
}
