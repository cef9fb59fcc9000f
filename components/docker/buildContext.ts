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
import { UserError } from "../userError.ts";
import { IgnoreRules, type Matched } from "./ignoreFile.ts";

/** A folder that Docker builds, and the Dockerfile that says how. */
export interface BuildContext {
    /** The folder; relative to the working directory (a Pulumi program's: its project folder). */
    readonly folder: string;
    /** The Dockerfile, relative to the folder or absolute. It may lie outside of the folder. */
    readonly dockerfile: string;
    /** A folder that is never sent, wherever it lies: the one that the program itself writes to. */
    readonly workFolder?: string | undefined;
}

/** One thing that Docker sends to its builder. */
export interface ContextEntry {
    /** Path from the context's folder, with forward slashes. */
    readonly path: string;
    /** A socket is sent as an empty file. */
    readonly kind: "file" | "socket" | "directory" | "symlink" | "fifo" | "device";
    /** The permission bits, 0o0000 to 0o7777. Those of a symbolic link mean nothing. */
    readonly mode: number;
    /** The file's size in bytes; 0 for everything else. */
    readonly size: number;
    /** Where a symbolic link points to. */
    readonly target?: string;
    /** A device's number. */
    readonly device?: number;
}

/**
 * Lists what the builder gets of the context: every file, link and folder that the ignore file does
 * not leave out, sorted by path. This is what the Docker provider's BuildKit client sends
 * (github.com/tonistiigi/fsutil), with the ignore file of {@link ignoreText}.
 *
 * @throws UserError where the folder or the Dockerfile is missing, or something cannot be read.
 */
export function listContext(context: BuildContext): ContextEntry[] {
    const root = findFolder(context.folder);
    findDockerfile(context);
    return listFolder(root, new IgnoreRules(ignoreText(context)));
}

/**
 * A SHA-256 (hex) of what the builder gets: paths, contents, modes, the targets of links, and the
 * Dockerfile's text. Times, owners and the place of the folder do not count. Nor does the group's
 * write bit: the usual umasks, 022 and 002, differ in it alone, and in the image root owns
 * everything. Files are read in pieces, whatever their size.
 *
 * @param entries what {@link listContext} returned, where it is known already.
 * @throws UserError as {@link listContext}.
 */
export function hashContext(
    context: BuildContext,
    entries: readonly ContextEntry[] = listContext(context),
): string {
    const hash = createHash("sha256");
    addEntries(hash, resolve(context.folder), entries);
    // The builder gets the Dockerfile even where the ignore file leaves it out of the context.
    const dockerfile = readDockerfile(context);
    addContentSize(hash, dockerfile.length);
    hash.update(dockerfile);
    return hash.digest("hex");
}

/**
 * A SHA-256 (hex) of a folder or a file outside of the context whose change builds again. Nothing of
 * it is sent, so `.git` and the work folder are left out, and a folder's `.dockerignore` counts.
 *
 * @param workFolder the folder that the program itself writes to.
 * @throws UserError where it is missing or cannot be read.
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
 * A SHA-256 (hex) of what the builder gets of a folder that is a named context: all of it, `.git`
 * too, except what the folder's own `.dockerignore` leaves out. BuildKit reads no other ignore file
 * there (github.com/moby/buildkit, frontend/dockerui/namedcontext.go).
 *
 * @param workFolder the folder that the program itself writes to; it must not be sent.
 * @throws UserError where the folder is missing, cannot be read or has the work folder in it.
 */
export function hashNamedContext(folder: string, workFolder: string): string {
    const root = findFolder(folder);
    const rules = new IgnoreRules(readIgnoreFile(root, []));
    const entries = listFolder(root, rules);
    const work = pathInside(root, workFolder);
    if (work !== undefined && (!isIgnored(rules, work) || hasPath(entries, work))) {
        throw new UserError(
            `The named context "${folder}" of the build has the program's own folder "${work}" in ` +
                "it, which changes with every build: name that folder in " +
                `${join(folder, ".dockerignore")}.`,
        );
    }
    const hash = createHash("sha256");
    addEntries(hash, root, entries);
    return hash.digest("hex");
}

/**
 * The ignore file that the builder gets: `.git` at any depth, then the lines of
 * `<Dockerfile>.dockerignore`, else of `.dockerignore`
 * (https://docs.docker.com/build/concepts/context/#dockerignore-files), then the work folder. An
 * exception (`!.git`) brings `.git` back, nothing brings the work folder back.
 *
 * `.git` is left out because it differs between two clones of a commit, and changes with every
 * `git fetch`: an image that has it would be another one on every machine.
 *
 * @throws UserError where an ignore file is a link that leaves its folder, or cannot be read.
 */
export function ignoreText(context: BuildContext): string {
    const root = findFolder(context.folder);
    const own = resolve(context.folder, context.dockerfile) + ".dockerignore";
    return composeIgnoreText(root, [own], context.workFolder);
}

/**
 * The Dockerfile, byte by byte.
 *
 * @throws UserError where there is none, or a symbolic link in its path leaves the context (or its
 * own folder, where it lies outside): it would give a file of this machine to the builder.
 */
export function readDockerfile(context: BuildContext): Buffer {
    const file = findDockerfile(context);
    return reading(context.dockerfile, () => readFileSync(file));
}

/** Adds a text under a label, each with its length, so that no two lists of fields are the same. */
export function addField(hash: Hash, label: string, text: string): void {
    hash.update(`${label} ${String(Buffer.byteLength(text))}\n${text}\n`);
}

const bufferSize = 1 << 20;

/** Hashed bits of a mode: all permission bits but the group's write bit. */
const octal = (mode: number): string => (mode & 0o7757).toString(8);

/** The folder, as an absolute path without links. */
function findFolder(folder: string): string {
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
        throw new UserError(
            `The build context "${folder}" is not a folder (looked for it at ${resolve(folder)}).`,
        );
    }
    return realpathSync(folder);
}

/** The Dockerfile, as an absolute path without links. */
function findDockerfile({ folder, dockerfile }: BuildContext): string {
    const file = resolve(folder, dockerfile);
    const boundary = isInside(file, resolve(folder)) ? folder : dirname(file);
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
        throw new UserError(
            `There is no Dockerfile "${dockerfile}" in the build context "${folder}" ` +
                `(looked for it at ${file}).`,
        );
    }
    return withoutLinks(file, boundary, `The Dockerfile "${dockerfile}"`);
}

/** The path without links, which must not lead out of the folder. */
function withoutLinks(file: string, folder: string, what: string): string {
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

/** The first of the ignore files, between what is never sent by default and what never is. */
function composeIgnoreText(root: string, files: readonly string[], workFolder?: string): string {
    const lines = ["**/.git", readIgnoreFile(root, files)];
    const work = workFolder === undefined ? undefined : pathInside(root, workFolder);
    if (work !== undefined) lines.push(`./${literal(work)}`);
    return `${lines.filter((line) => line !== "").join("\n")}\n`;
}

/** The text of the first of the ignore files, or of the folder's own; empty where there is none. */
function readIgnoreFile(root: string, files: readonly string[]): string {
    const file = [...files, join(root, ".dockerignore")].find(
        (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined,
    );
    if (file === undefined) return "";
    const real = withoutLinks(file, dirname(file), `The ignore file "${file}"`);
    return reading(file, () => readFileSync(real, "utf8")).replace(/^\uFEFF/, "");
}

/** The work folder's path from a folder that it lies in, with forward slashes; it need not exist. */
function pathInside(root: string, workFolder: string): string | undefined {
    const parent = realpathSync(dirname(resolve(workFolder)));
    const path = join(parent, basename(workFolder));
    return isInside(path, root) ? relative(root, path).split(sep).join("/") : undefined;
}

/** Whether the rules leave a path out, whether or not there is anything. */
function isIgnored(rules: IgnoreRules, path: string): boolean {
    const segments = path.split("/");
    let decision: ReturnType<IgnoreRules["decide"]> = { ignored: false, matched: [] };
    for (const index of segments.keys())
        decision = rules.decide(segments.slice(0, index + 1).join("/"), decision.matched);
    return decision.ignored;
}

const hasPath = (entries: readonly ContextEntry[], path: string): boolean =>
    entries.some((entry) => `${entry.path}/`.startsWith(`${path}/`));

/** A path as a pattern that matches it alone. */
const literal = (path: string): string => path.replace(/[*?[\]^\\]/g, "\\$&");

function listFolder(root: string, rules: IgnoreRules): ContextEntry[] {
    const entries: ContextEntry[] = [];
    /** Returns whether anything inside is sent. */
    const walk = (directory: string, isIgnored: boolean, above: Matched): boolean => {
        const before = entries.length;
        for (const child of readFolder(root, directory, isIgnored)) {
            const path = directory === "" ? child.name : `${directory}/${child.name}`;
            const { ignored, matched } = rules.decide(path, above);
            const sent = child.isDirectory()
                ? (!ignored || rules.entersIgnored(path)) && walk(path, ignored, matched)
                : false;
            // An ignored folder is sent where something inside is.
            if (!ignored || sent) entries.push(readEntry(root, path));
        }
        return entries.length > before;
    };
    walk("", false, []);
    return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** BuildKit takes an ignored folder that it may not read for an empty one. */
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

/** What cannot be read, or has a name that is not text, is the user's to fix. */
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
