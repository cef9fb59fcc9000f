import type { ContextEntry } from "./buildContext.ts";
import { shellWord } from "../messages/shell.ts";

/** Reading a context above these limits takes seconds, in every preview. */
const manyBytes = 2 * 2 ** 30;
const manyFiles = 50_000;

/**
 * Returns warnings about a build context before it is read: a large one, with its largest parts;
 * files that only root can read in the image; links to outside of the context; a `.git` that the
 * Dockerfile uses and that is not sent.
 *
 * @param folder the context, as the user wrote it.
 * @param entries what is sent to the builder.
 * @param dockerfile the Dockerfile's text.
 */
export function contextAdvice(
    folder: string,
    entries: readonly ContextEntry[],
    dockerfile: string,
): string[] {
    const advice: string[] = [];
    const files = entries.filter(({ kind }) => kind === "file");
    const bytes = totalSize(files);
    if (bytes > manyBytes || files.length > manyFiles) {
        advice.push(
            `The build context "${folder}" has ${gib(bytes)} in ${String(files.length)} files, ` +
                "and every preview and up reads them all. The largest: " +
                `${describeLargest(files)}. Name in .dockerignore what the image does not need.`,
        );
    }
    const rootOnly = entries.filter(
        ({ kind, mode }) =>
            (kind === "file" && (mode & 0o004) === 0) ||
            (kind === "directory" && (mode & 0o005) !== 0o005),
    );
    const [first] = rootOnly;
    // No warning where the Dockerfile sets owners or modes itself.
    if (first !== undefined && !/\bch(own|mod)\b/.test(dockerfile)) {
        advice.push(
            `In the image only root can read ${String(rootOnly.length)} files or folders of the ` +
                `build context "${folder}" (the first: "${first.path}", mode ` +
                `${first.mode.toString(8)}). Where the service has another user: ` +
                `chmod -R a+rX ${shellWord(folder)}`,
        );
    }
    for (const { path, target } of entries) {
        if (target === undefined || !leavesContext(path, target)) continue;
        advice.push(
            `The symbolic link "${path}" leads out of the build context "${folder}" ` +
                `(→ ${target}): the image gets the link alone. Put a copy there if it needs more.`,
        );
    }
    const names = dockerfile.split("\n").filter((line) => !/^\s*(#|RUN\s+rm\b)/.test(line));
    const sent = entries.some(({ path }) => path === ".git" || path.startsWith(".git/"));
    if (!sent && names.some((line) => /(^|[\s"'=,/])\.git([\s"',/]|$)/.test(line))) {
        advice.push(
            `The Dockerfile names .git, which is left out of the build context "${folder}", ` +
                "because it differs between clones: " +
                'the line "!.git" at the end of .dockerignore sends it.',
        );
    }
    return advice;
}

/**
 * Returns whether a link's relative target is above the context. Absolute ones are in the image.
 */
function leavesContext(path: string, target: string): boolean {
    let depth = path.split("/").length - 1;
    if (target.startsWith("/")) return false;
    return target.split("/").some((segment) => {
        if (segment === "..") depth--;
        else if (segment !== "" && segment !== ".") depth++;
        return depth < 0;
    });
}

/**
 * Returns the three largest entries of a folder with their sizes. Enters a subfolder as long as it
 * has more than half of all bytes.
 */
function describeLargest(files: readonly ContextEntry[], folder = ""): string {
    const children = Map.groupBy(files, ({ path }) => {
        const end = path.indexOf("/", folder.length);
        return end < 0 ? path : path.slice(0, end + 1);
    });
    const bySize = [...children].sort(
        ([, a], [, b]) => totalSize(b) - totalSize(a) || b.length - a.length,
    );
    const [first] = bySize;
    if (first?.[0].endsWith("/") === true && totalSize(first[1]) * 2 > totalSize(files))
        return describeLargest(first[1], first[0]);
    return bySize
        .slice(0, 3)
        .map(([path, inside]) => {
            const count = path.endsWith("/") ? ` in ${String(inside.length)} files` : "";
            return `${path} (${gib(totalSize(inside))}${count})`;
        })
        .join(", ");
}

function totalSize(files: readonly ContextEntry[]): number {
    return files.reduce((sum, { size }) => sum + size, 0);
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
