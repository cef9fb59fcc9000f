import { createHash, type Hash } from "node:crypto";
import {
    closeSync,
    existsSync,
    fstatSync,
    openSync,
    readdirSync,
    readFileSync,
    readlinkSync,
    readSync,
    statSync,
} from "node:fs";
import { join, posix, resolve } from "node:path";
import { UserError } from "../errors.ts";
import { IgnoreRules, type Matched } from "./ignoreFile.ts";

/** A folder that Docker builds, and the Dockerfile in it. */
export interface BuildContext {
    /** The folder; relative to the working directory (a Pulumi program's: its project folder). */
    readonly folder: string;
    /** The Dockerfile, relative to the folder. */
    readonly dockerfile: string;
}

/** One thing that Docker sends to its builder. */
export interface ContextEntry {
    /** Path from the context's folder, with forward slashes. */
    readonly path: string;
    readonly kind: "file" | "executable" | "directory" | "symlink";
    /** Where a symbolic link points to. */
    readonly target?: string;
}

/**
 * Lists what Docker would send of the context: every file, link and folder that the ignore file does not leave out, sorted by path.
 * The ignore file is `<Dockerfile>.dockerignore`, else `.dockerignore`
 * (https://docs.docker.com/build/concepts/context/#dockerignore-files).
 *
 * @throws UserError where the folder or the Dockerfile is missing, or a symbolic link leaves the folder.
 */
export function listContext({ folder, dockerfile }: BuildContext): ContextEntry[] {
    const root = resolve(folder);
    if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
        throw new UserError(
            `The build context "${folder}" is not a folder (looked for it at ${root}).`,
        );
    }
    if (posix.isAbsolute(dockerfile) || posix.normalize(dockerfile).startsWith("../")) {
        throw new UserError(
            `The Dockerfile "${dockerfile}" is outside of the build context "${folder}": its path is relative to that, and in it.`,
        );
    }
    if (!statSync(join(root, dockerfile), { throwIfNoEntry: false })?.isFile()) {
        throw new UserError(
            `There is no Dockerfile "${dockerfile}" in the build context "${folder}" (looked in ${root}).`,
        );
    }
    const rules = new IgnoreRules(readIgnoreFile(root, dockerfile));
    const entries: ContextEntry[] = [];
    const walk = (directory: string, above: Matched): void => {
        for (const child of reading(directory, () =>
            readdirSync(join(root, directory), { withFileTypes: true }),
        )) {
            const path = directory === "" ? child.name : `${directory}/${child.name}`;
            const { ignored, matched } = rules.decide(path, above);
            if (child.isDirectory()) {
                if (!ignored) entries.push({ path, kind: "directory" });
                if (!ignored || rules.hasExceptions) walk(path, matched);
            } else if (!ignored && child.isSymbolicLink()) {
                entries.push({ path, kind: "symlink", target: linkTarget(root, path) });
            } else if (!ignored && child.isFile()) {
                entries.push({
                    path,
                    kind: reading(path, () => isExecutable(join(root, path)))
                        ? "executable"
                        : "file",
                });
            }
        }
    };
    walk("", []);
    return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * A SHA-256 (hex) of what Docker would send: paths, contents, link targets and the executable bit; the Dockerfile in any case.
 * Nothing else counts: two checkouts with other times, owners, umasks or places have the same hash. Files are read in pieces, whatever
 * their size.
 *
 * @throws UserError as {@link listContext}.
 */
export function hashContext(context: BuildContext): string {
    const hash = createHash("sha256");
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (const entry of listContext(context)) {
        addField(hash, entry.kind, entry.path);
        if (entry.kind === "symlink") addField(hash, "target", entry.target ?? "");
        else if (entry.kind !== "directory")
            addFile(hash, join(context.folder, entry.path), buffer);
    }
    // The builder gets the Dockerfile even where the ignore file leaves it out of the context.
    addField(hash, "dockerfile", context.dockerfile);
    addFile(hash, join(context.folder, context.dockerfile), buffer);
    return hash.digest("hex");
}

/** Adds a text under a label, each with its length, so that no two lists of fields give the same bytes. */
export function addField(hash: Hash, label: string, text: string): void {
    hash.update(`${label} ${String(Buffer.byteLength(text))}\n${text}\n`);
}

/** What cannot be read, or has a name that is not text, is the user's to mend. */
function reading<T>(path: string, read: () => T): T {
    try {
        return read();
    } catch (error) {
        const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
        throw new UserError(
            `"${path}" in the build context cannot be read (${code}): mend that, or name it in .dockerignore.`,
        );
    }
}

function addFile(hash: Hash, file: string, buffer: Buffer): void {
    const descriptor = reading(file, () => openSync(file, "r"));
    try {
        let left = fstatSync(descriptor).size;
        hash.update(`content ${String(left)}\n`);
        for (let read = -1; read !== 0; left -= read) {
            read = readSync(descriptor, buffer);
            hash.update(buffer.subarray(0, read));
        }
        if (left !== 0)
            throw new UserError(
                `${file} changed while it was read: run again when nothing writes to the build context.`,
            );
    } finally {
        closeSync(descriptor);
    }
}

function readIgnoreFile(root: string, dockerfile: string): string {
    const file = [`${dockerfile}.dockerignore`, ".dockerignore"]
        .map((name) => join(root, name))
        .find((path) => existsSync(path));
    return file === undefined ? "" : readFileSync(file, "utf8");
}

/** Git and Docker agree on the owner's bit; the others depend on the umask. */
function isExecutable(file: string): boolean {
    return (statSync(file).mode & 0o100) !== 0;
}

function linkTarget(root: string, path: string): string {
    const target = readlinkSync(join(root, path));
    const inside = posix.normalize(posix.join(posix.dirname(path), target));
    if (posix.isAbsolute(target) || inside === ".." || inside.startsWith("../")) {
        throw new UserError(
            `The symbolic link "${path}" in the build context leaves it (→ ${target}), so the image would not have what it points to: ` +
                `copy the file into the context, or name the link in .dockerignore.`,
        );
    }
    return target;
}
