import { createHash, type Hash } from "node:crypto";
import {
    closeSync,
    type Dirent,
    fstatSync,
    lstatSync,
    openSync,
    readdirSync,
    readFileSync,
    readlinkSync,
    readSync,
    realpathSync,
    statSync,
} from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { UserError } from "../messages/userError.ts";
import { IgnoreRules, type Matched } from "./ignoreFile.ts";

/** A folder to build, and its Dockerfile. */
export interface BuildContext {
    /**
     * The folder; an absolute path, or one relative to the working directory (for a Pulumi program:
     * the project's folder).
     */
    readonly folder: string;
    /** The Dockerfile, relative to the folder or absolute. It may be outside of the folder. */
    readonly dockerfile: string;
    /** The folder that the program writes to. It is never sent, wherever it is. Default: none. */
    readonly workFolder?: string | undefined;
}

/** A file, folder or link that Docker sends to the builder. */
export interface ContextEntry {
    /** The path relative to the context's folder, with forward slashes. */
    readonly path: string;
    /** A socket is sent as an empty file. */
    readonly kind: "file" | "socket" | "directory" | "symlink" | "fifo" | "device";
    /** The permission bits, 0o0000 to 0o7777. Meaningless for a symbolic link. */
    readonly mode: number;
    /** The file's size in bytes; 0 for everything else. */
    readonly size: number;
    /** The target of a symbolic link. */
    readonly target?: string;
    /** The number of a device. */
    readonly device?: number;
}

/**
 * Lists what is sent to the builder: every file, link and folder of the context that the ignore
 * file ({@link ignoreText}) does not exclude, sorted by path. The same as the Docker provider's
 * BuildKit client sends (github.com/tonistiigi/fsutil).
 *
 * @throws UserError where the folder or the Dockerfile does not exist, or an entry cannot be read.
 */
export function listContext(context: BuildContext): ContextEntry[] {
    const root = findFolder(context.folder);
    findDockerfile(context);
    return listFolder(root, new IgnoreRules(ignoreText(context)));
}

/**
 * Returns a SHA-256 (hex) of what is sent to the builder: paths, contents, modes, the targets of
 * links, and the Dockerfile's text. Times, owners and the folder's own path do not count. Nor does
 * the group's write bit: it is the only difference between the usual umasks 022 and 002, and root
 * owns all files in the image. Files are read in chunks, so their size does not matter.
 *
 * @param entries the result of {@link listContext}, if it is known already.
 * @throws UserError as {@link listContext}.
 */
export function hashContext(
    context: BuildContext,
    entries: readonly ContextEntry[] = listContext(context),
): string {
    const hash = createHash("sha256");
    addEntries(hash, resolve(context.folder), entries);
    // The Dockerfile is sent even where the ignore file excludes it from the context.
    const dockerfile = readDockerfile(context);
    addContentSize(hash, dockerfile.length);
    hash.update(dockerfile);
    return hash.digest("hex");
}

/**
 * Returns a SHA-256 (hex) of a folder or a file outside of the context whose changes rebuild the
 * image. It is not sent to the builder, so `.git`, the work folder and what the folder's
 * `.dockerignore` excludes do not count.
 *
 * @param workFolder the folder that the program writes to.
 * @throws UserError where the path does not exist or cannot be read.
 */
export function hashSource(path: string, workFolder?: string): string {
    const hash = createHash("sha256");
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) {
        throw new UserError(
            `The source "${path}" of the build does not exist (looked in ${resolve(path)}).`,
        );
    }
    if (stat.isDirectory()) {
        const root = findFolder(path);
        const rules = new IgnoreRules(composeIgnoreText(root, [], workFolder));
        addEntries(hash, root, listFolder(root, rules));
    } else if (stat.isFile()) {
        addField(hash, "file", octal(stat.mode));
        addFile(hash, resolve(path), Buffer.allocUnsafe(bufferSize));
    } else {
        throw new UserError(`The source "${path}" of the build is neither a file nor a folder.`);
    }
    return hash.digest("hex");
}

/**
 * Returns a SHA-256 (hex) of what is sent of a folder that is a named context: all of it, including
 * `.git`, except what the folder's own `.dockerignore` excludes. BuildKit reads no other ignore
 * file for it (github.com/moby/buildkit, frontend/dockerui/namedcontext.go).
 *
 * @param workFolder the folder that the program writes to; it must not be sent.
 * @throws UserError where the folder does not exist, cannot be read or contains the work folder.
 */
export function hashNamedContext(folder: string, workFolder: string): string {
    const root = findFolder(folder);
    const rules = new IgnoreRules(readIgnoreFile(root, []));
    const entries = listFolder(root, rules);
    const work = pathInside(root, workFolder);
    if (work !== undefined && (!isIgnored(rules, work) || hasPath(entries, work))) {
        throw new UserError(
            `The named context "${folder}" of the build has the program's own folder "${work}" ` +
                "in it, which changes with every build: name that folder in " +
                `${join(folder, ".dockerignore")}.`,
        );
    }
    const hash = createHash("sha256");
    addEntries(hash, root, entries);
    return hash.digest("hex");
}

/**
 * Returns the ignore file for the builder: `.git` at any depth, then the lines of
 * `<Dockerfile>.dockerignore`, or else of `.dockerignore`
 * (https://docs.docker.com/build/concepts/context/#dockerignore-files), then the work folder. An
 * exception (`!.git`) includes `.git` again; the work folder cannot be included.
 *
 * `.git` is excluded because it differs between two clones of a commit and changes with every
 * `git fetch`: the image would differ on every machine.
 *
 * @throws UserError where an ignore file is a link to outside of its folder, or cannot be read.
 */
export function ignoreText(context: BuildContext): string {
    const root = findFolder(context.folder);
    const own = resolve(context.folder, context.dockerfile) + ".dockerignore";
    return composeIgnoreText(root, [own], context.workFolder);
}

/**
 * Returns the Dockerfile's bytes.
 *
 * @throws UserError where it does not exist, or a symbolic link in its path leads out of the
 * context (or out of its own folder, if that is outside of the context): the builder would get
 * another file of this machine.
 */
export function readDockerfile(context: BuildContext): Buffer {
    const file = findDockerfile(context);
    return reading(context.dockerfile, () => readFileSync(file));
}

/** Adds a text with a label and its length, so that different lists of fields hash differently. */
export function addField(hash: Hash, label: string, text: string): void {
    hash.update(`${label} ${String(Buffer.byteLength(text))}\n${text}\n`);
}

const bufferSize = 1 << 20;

/** Returns the hashed bits of a mode: all permission bits except the group's write bit. */
const octal = (mode: number): string => (mode & 0o7757).toString(8);

/** Returns the folder's absolute path with all links resolved. */
function findFolder(folder: string): string {
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
        throw new UserError(
            `The build context "${folder}" is not a folder (looked for it at ${resolve(folder)}).`,
        );
    }
    return realpathSync(folder);
}

/** Returns the Dockerfile's absolute path with all links resolved. */
function findDockerfile({ folder, dockerfile }: BuildContext): string {
    const file = resolve(folder, dockerfile);
    const isOutside = !isInside(file, resolve(folder));
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
        throw new UserError(
            `There is no Dockerfile "${dockerfile}" in the build context "${folder}" ` +
                `(looked for it at ${file}).`,
        );
    }
    const what = `The Dockerfile "${dockerfile}"`;
    // The folder itself may be a link, to one beside the context.
    if (isOutside) resolveLinks(dirname(file), commonFolder(resolve(folder), file), what);
    return resolveLinks(file, isOutside ? dirname(file) : folder, what);
}

/** Returns the deepest folder that contains both paths. */
function commonFolder(folder: string, path: string): string {
    return isInside(path, folder) ? folder : commonFolder(dirname(folder), path);
}

/** Resolves all links in the path, which must not lead out of the folder. */
function resolveLinks(file: string, folder: string, what: string): string {
    let real: string;
    try {
        real = realpathSync(file);
    } catch {
        throw new UserError(`${what} is a symbolic link to nothing that can be read: ${file}.`);
    }
    if (!isInside(real, realpathSync(folder))) {
        throw new UserError(
            `${what} is reached by a symbolic link that leads out of "${folder}" (→ ${real}): ` +
                "put a copy there instead of the link.",
        );
    }
    return real;
}

function isInside(path: string, folder: string): boolean {
    const way = relative(folder, path);
    return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Returns the ignore file's lines, with `.git` before them and the work folder after them. */
function composeIgnoreText(root: string, files: readonly string[], workFolder?: string): string {
    const lines = ["**/.git", readIgnoreFile(root, files)];
    const work = workFolder === undefined ? undefined : pathInside(root, workFolder);
    if (work !== undefined) lines.push(`./${escapePattern(work)}`);
    return `${lines.filter((line) => line !== "").join("\n")}\n`;
}

/** Returns the text of the first ignore file that exists, last `.dockerignore`; empty if none. */
function readIgnoreFile(root: string, files: readonly string[]): string {
    const file = [...files, join(root, ".dockerignore")].find(
        (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined,
    );
    if (file === undefined) return "";
    const real = resolveLinks(file, dirname(file), `The ignore file "${file}"`);
    return reading(file, () => readFileSync(real, "utf8")).replace(/^\uFEFF/, "");
}

/**
 * Returns the work folder's path relative to `root`, with forward slashes; undefined where it is
 * outside. It need not exist.
 */
function pathInside(root: string, workFolder: string): string | undefined {
    const parent = realpathSync(dirname(resolve(workFolder)));
    const path = join(parent, basename(workFolder));
    return isInside(path, root) ? relative(root, path).split(sep).join("/") : undefined;
}

/** Returns whether the rules exclude a path, which need not exist. */
function isIgnored(rules: IgnoreRules, path: string): boolean {
    const segments = path.split("/");
    let decision: ReturnType<IgnoreRules["decide"]> = { ignored: false, matched: [] };
    for (const index of segments.keys())
        decision = rules.decide(segments.slice(0, index + 1).join("/"), decision.matched);
    return decision.ignored;
}

const hasPath = (entries: readonly ContextEntry[], path: string): boolean =>
    entries.some((entry) => `${entry.path}/`.startsWith(`${path}/`));

/** Returns a pattern that matches exactly this path. */
const escapePattern = (path: string): string => path.replace(/[*?[\]^\\]/g, "\\$&");

function listFolder(root: string, rules: IgnoreRules): ContextEntry[] {
    const entries: ContextEntry[] = [];
    /** Adds the entries of a directory. Returns whether there are any. */
    const walk = (directory: string, isIgnored: boolean, above: Matched): boolean => {
        const before = entries.length;
        for (const child of readFolder(root, directory, isIgnored)) {
            const path = directory === "" ? child.name : `${directory}/${child.name}`;
            const { ignored, matched } = rules.decide(path, above);
            const sent = child.isDirectory()
                ? (!ignored || rules.entersIgnored(path)) && walk(path, ignored, matched)
                : false;
            // An ignored folder is sent if anything inside of it is.
            if (!ignored || sent) entries.push(readEntry(root, path));
        }
        return entries.length > before;
    };
    walk("", false, []);
    return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Reads a directory. Like BuildKit, treats an ignored one that is not readable as empty. */
function readFolder(root: string, directory: string, isIgnored: boolean): Dirent[] {
    const read = (): Dirent[] => readdirSync(join(root, directory), { withFileTypes: true });
    if (!isIgnored) return reading(directory, read);
    try {
        return read();
    } catch {
        return [];
    }
}

function readEntry(root: string, path: string): ContextEntry {
    const file = join(root, path);
    return reading(path, () => {
        const stat = lstatSync(file);
        const common = { path, mode: stat.mode & 0o7777, size: 0 };
        if (stat.isDirectory()) return { ...common, kind: "directory" };
        if (stat.isSymbolicLink())
            return { ...common, kind: "symlink", target: readlinkSync(file) };
        if (stat.isSocket()) return { ...common, kind: "socket" };
        if (stat.isFIFO()) return { ...common, kind: "fifo" };
        if (!stat.isFile()) return { ...common, kind: "device", device: stat.rdev };
        return { ...common, kind: "file", size: stat.size };
    });
}

function addEntries(hash: Hash, root: string, entries: readonly ContextEntry[]): void {
    const buffer = Buffer.allocUnsafe(bufferSize);
    for (const { path, kind, mode, target, device } of entries) {
        addField(hash, kind === "socket" ? "file" : kind, path);
        if (kind === "symlink") {
            addField(hash, "target", target ?? "");
            continue;
        }
        addField(hash, "mode", octal(mode));
        if (kind === "file") addFile(hash, join(root, path), buffer);
        else if (kind === "socket") addContentSize(hash, 0);
        else if (kind === "device") addField(hash, "device", String(device));
    }
}

/** Turns an error of reading a path into a UserError. */
function reading<T>(path: string, read: () => T): T {
    try {
        return read();
    } catch (error) {
        const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
        throw new UserError(
            `"${path}" in the build context cannot be read (${code}): ` +
                "make it readable, or name it in .dockerignore.",
        );
    }
}

function addContentSize(hash: Hash, size: number): void {
    hash.update(`content ${String(size)}\n`);
}

function addFile(hash: Hash, file: string, buffer: Buffer): void {
    const descriptor = reading(file, () => openSync(file, "r"));
    try {
        let left = fstatSync(descriptor).size;
        addContentSize(hash, left);
        for (let read = -1; read !== 0; left -= read) {
            read = readSync(descriptor, buffer);
            hash.update(buffer.subarray(0, read));
        }
        if (left !== 0) {
            throw new UserError(
                `${file} changed while it was read: run again when nothing writes to the build ` +
                    "context, or name the file in .dockerignore.",
            );
        }
    } finally {
        closeSync(descriptor);
    }
}
