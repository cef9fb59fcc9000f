import { createHash } from "node:crypto";
import { notFound, unprocessable } from "./answers.ts";

export interface Signature {
    readonly name: string;
    readonly email: string;
    readonly date: Date;
}

/** A commit, with all of its files by path. */
export interface Commit {
    readonly sha: string;
    readonly tree: string;
    readonly parents: readonly string[];
    readonly author: Signature;
    readonly committer: Signature;
    readonly message: string;
    /** The blob's sha by the file's path. */
    readonly files: ReadonlyMap<string, string>;
}

/** The content of a commit, besides its files. */
export type CommitData = Pick<Commit, "parents" | "author" | "committer" | "message">;

/** The change of a file between two commits. */
export interface FileChange {
    readonly path: string;
    readonly status: "added" | "removed" | "modified";
    /** Of the new content, or of the old one if the file was removed. */
    readonly sha: string;
    readonly additions: number;
    readonly deletions: number;
}

/**
 * A git repository in memory. Objects have the same names as in git. Every file has mode 100644.
 */
export class Git {
    private readonly blobs = new Map<string, Buffer>();
    private readonly commits = new Map<string, Commit>();
    /** The commit's sha by the ref's full name, for example refs/heads/main. */
    readonly refs = new Map<string, string>();

    blob(sha: string): Buffer {
        const content = this.blobs.get(sha);
        if (content === undefined) throw notFound();
        return content;
    }

    commit(sha: string): Commit | undefined {
        return this.commits.get(sha);
    }

    /** Returns the commit of a branch. */
    head(branch: string): Commit | undefined {
        return this.commit(this.refs.get(`refs/heads/${branch}`) ?? "");
    }

    branches(): readonly string[] {
        return [...this.refs.keys()]
            .filter((ref) => ref.startsWith("refs/heads/"))
            .map((ref) => ref.slice("refs/heads/".length));
    }

    /** Returns the commit of a branch, a tag, a sha or the beginning of one. */
    resolve(name: string): Commit | undefined {
        const ref = ["", "refs/", "refs/heads/", "refs/tags/"]
            .map((prefix) => this.refs.get(`${prefix}${name}`))
            .find(Boolean);
        if (ref !== undefined) return this.commit(ref);
        if (!/^[0-9a-f]{4,40}$/.test(name)) return undefined;
        const candidates = [...this.commits.values()].filter(({ sha }) => sha.startsWith(name));
        return candidates.length === 1 ? candidates[0] : undefined;
    }

    /**
     * Creates a commit on top of a branch's head.
     * @param changes the new content by path; undefined removes the file
     */
    commitTo(
        branch: string,
        changes: ReadonlyMap<string, Buffer | undefined>,
        data: Omit<CommitData, "parents">,
    ): Commit {
        const head = this.head(branch);
        const files = new Map(head?.files);
        for (const [path, content] of changes) {
            if (content === undefined) files.delete(path);
            else files.set(path, this.writeBlob(content));
        }
        const commit = this.writeCommit(files, {
            ...data,
            parents: head === undefined ? [] : [head.sha],
        });
        this.refs.set(`refs/heads/${branch}`, commit.sha);
        return commit;
    }

    /**
     * Merges a branch into another one without conflicts (see `mergeable`).
     * @param squash creates a commit with a single parent
     */
    merge(base: string, head: string, data: Omit<CommitData, "parents">, squash: boolean): Commit {
        const [ours, theirs] = [this.head(base), this.head(head)];
        if (ours === undefined || theirs === undefined) throw notFound();
        const files = new Map(ours.files);
        for (const { path } of this.changes(this.mergeBase(ours, theirs), theirs)) {
            const sha = theirs.files.get(path);
            if (sha === undefined) files.delete(path);
            else files.set(path, sha);
        }
        const commit = this.writeCommit(files, {
            ...data,
            parents: squash ? [ours.sha] : [ours.sha, theirs.sha],
        });
        this.refs.set(`refs/heads/${base}`, commit.sha);
        return commit;
    }

    /**
     * Returns whether both exist, and no file was changed differently in both since they diverged.
     */
    mergeable(base: string, head: string): boolean {
        const [ours, theirs] = [this.head(base), this.head(head)];
        if (ours === undefined || theirs === undefined) return false;
        const common = this.mergeBase(ours, theirs);
        const changedHere = new Set(this.changes(common, ours).map(({ path }) => path));
        return this.changes(common, theirs).every(
            ({ path }) => !changedHere.has(path) || ours.files.get(path) === theirs.files.get(path),
        );
    }

    /** Returns the newest commit that both have in their history. */
    mergeBase(one: Commit, other: Commit): Commit | undefined {
        const known = new Set(this.history(one).map(({ sha }) => sha));
        return this.history(other).find(({ sha }) => known.has(sha));
    }

    /** Returns a commit and its history, newest first. */
    history(from: Commit): readonly Commit[] {
        const found = new Map<string, Commit>();
        const queue = [from];
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
            if (found.has(next.sha)) continue;
            found.set(next.sha, next);
            queue.push(
                ...next.parents
                    .map((sha) => this.commit(sha))
                    .filter((commit) => commit !== undefined),
            );
        }
        return [...found.values()];
    }

    /** Returns the changes of a commit to its first parent. */
    changesOf(commit: Commit): readonly FileChange[] {
        return this.changes(this.commit(commit.parents[0] ?? ""), commit);
    }

    changes(before: Commit | undefined, after: Commit): readonly FileChange[] {
        const paths = new Set([...(before?.files.keys() ?? []), ...after.files.keys()]);
        return [...paths].sort().flatMap((path) => {
            const [old, sha] = [before?.files.get(path), after.files.get(path)];
            if (old === sha) return [];
            const [oldLines, lines] = [this.lines(old), this.lines(sha)];
            const kept = commonLines(oldLines, lines);
            const status = old === undefined ? "added" : sha === undefined ? "removed" : "modified";
            const [additions, deletions] = [lines.length - kept, oldLines.length - kept];
            return [
                { path, status, sha: sha ?? old ?? "", additions, deletions },
            ] satisfies FileChange[];
        });
    }

    /** Points a ref to a commit. A branch moves only forwards unless forced. */
    setRef(ref: string, sha: string, force: boolean): void {
        const commit = this.commit(sha);
        if (commit === undefined) throw unprocessable("Object does not exist");
        const current = this.refs.get(ref);
        const forwards =
            current === undefined ||
            this.history(commit).some((ancestor) => ancestor.sha === current);
        if (!forwards && !force) throw unprocessable("Update is not a fast forward");
        this.refs.set(ref, sha);
    }

    private lines(blob: string | undefined): readonly string[] {
        return blob === undefined
            ? []
            : (this.blob(blob)
                  .toString()
                  .match(/[^\n]*\n|[^\n]+$/g) ?? []);
    }

    private writeBlob(content: Buffer): string {
        const sha = name("blob", content);
        this.blobs.set(sha, content);
        return sha;
    }

    private writeCommit(files: ReadonlyMap<string, string>, data: CommitData): Commit {
        const tree = treeName(files);
        const lines = [
            `tree ${tree}`,
            ...data.parents.map((parent) => `parent ${parent}`),
            `author ${signed(data.author)}`,
            `committer ${signed(data.committer)}`,
        ];
        const commit = {
            ...data,
            files,
            tree,
            sha: name("commit", Buffer.from(`${lines.join("\n")}\n\n${data.message}`)),
        };
        this.commits.set(commit.sha, commit);
        return commit;
    }
}

/** Returns the name of an object: the SHA-1 of its type, its size and its bytes. */
function name(type: string, content: Buffer): string {
    return createHash("sha1")
        .update(`${type} ${String(content.length)}\0`)
        .update(content)
        .digest("hex");
}

/**
 * Returns the name of a folder's tree. Git sorts entries by bytes, folders with a trailing slash.
 */
function treeName(files: ReadonlyMap<string, string>): string {
    const folders = new Map<string, Map<string, string>>();
    const entries: { key: Buffer; line: Buffer }[] = [];
    const add = (mode: string, entry: string, sha: string, suffix: string): void => {
        const line = Buffer.concat([Buffer.from(`${mode} ${entry}\0`), Buffer.from(sha, "hex")]);
        entries.push({ key: Buffer.from(`${entry}${suffix}`), line });
    };
    for (const [path, sha] of files) {
        const [first = "", ...rest] = path.split("/");
        if (rest.length === 0) add("100644", first, sha, "");
        else
            folders.set(
                first,
                (folders.get(first) ?? new Map<string, string>()).set(rest.join("/"), sha),
            );
    }
    for (const [folder, inside] of folders) add("40000", folder, treeName(inside), "/");
    entries.sort((one, other) => one.key.compare(other.key));
    return name("tree", Buffer.concat(entries.map(({ line }) => line)));
}

function signed({ name: who, email, date }: Signature): string {
    return `${who} <${email}> ${String(Math.floor(date.getTime() / 1000))} +0000`;
}

/** Returns how many lines two texts have in common, in the same order. */
function commonLines(one: readonly string[], other: readonly string[]): number {
    let row = new Array<number>(other.length + 1).fill(0);
    for (const line of one) {
        const next = [0];
        for (const [index, candidate] of other.entries()) {
            next.push(
                line === candidate
                    ? (row[index] ?? 0) + 1
                    : Math.max(row[index + 1] ?? 0, next[index] ?? 0),
            );
        }
        row = next;
    }
    return row.at(-1) ?? 0;
}
