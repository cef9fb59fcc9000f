import type { Commit, Git, Signature } from "./git.ts";

/**
 * Returns a repository as `git fast-import` reads it: every branch and tag, with its history. The
 * commits get the same names (https://git-scm.com/docs/git-fast-import).
 */
export function fastExport(git: Git): Buffer {
    const parts: Buffer[] = [];
    const write = (text: string): void => void parts.push(Buffer.from(text));
    const writeData = (content: Buffer): void => {
        write(`data ${String(content.length)}\n`);
        parts.push(content, Buffer.from("\n"));
    };
    const marks = new Map<string, number>();
    const markOf = (sha: string): number => marks.get(sha) ?? marks.set(sha, marks.size + 1).size;

    const writeCommit = ({ sha, parents, author, committer, message, files }: Commit): void => {
        for (const blob of files.values()) {
            if (marks.has(blob)) continue;
            write(`blob\nmark :${String(markOf(blob))}\n`);
            writeData(git.blob(blob));
        }
        const [first, ...others] = parents;
        if (first === undefined) write("reset refs/exported\n"); // else it is the last commit's
        write(`commit refs/exported\nmark :${String(markOf(sha))}\n`);
        write(`author ${signed(author)}\ncommitter ${signed(committer)}\n`);
        writeData(Buffer.from(message));
        if (first !== undefined) write(`from :${String(markOf(first))}\n`);
        for (const other of others) write(`merge :${String(markOf(other))}\n`);
        write("deleteall\n");
        for (const [path, blob] of files)
            write(`M 100644 :${String(markOf(blob))} ${JSON.stringify(path)}\n`);
    };
    for (const [ref, head] of git.refs) {
        for (const commit of inOrder(git, head)) if (!marks.has(commit.sha)) writeCommit(commit);
        write(`reset ${ref}\nfrom :${String(markOf(head))}\n\n`);
    }
    return Buffer.concat(parts);
}

/** Returns a commit and its history, each after its parents. */
function inOrder(git: Git, head: string): readonly Commit[] {
    const ordered = new Set<Commit>();
    const add = (sha: string): void => {
        const commit = git.commit(sha);
        if (commit === undefined || ordered.has(commit)) return;
        commit.parents.forEach(add);
        ordered.add(commit);
    };
    add(head);
    return [...ordered];
}

function signed({ name, email, date }: Signature): string {
    return `${name} <${email}> ${String(Math.floor(date.getTime() / 1000))} +0000`;
}
