import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../components/messages/userError.ts";
import { type ChangeSet, changeSetSchema, differences, hash, normalize } from "./changeSet.ts";
import { followedTag, withoutFollowed } from "./followed.ts";
import { parseJson, type Preview, unknown } from "./preview.ts";
import type { SourceFinding } from "./sources.ts";
import { failureOf } from "./review.ts";

/** What was reviewed of one tree of the repository: the changes by stack. */
const reviewed = z.object({ tree: z.string(), stacks: z.record(z.string(), changeSetSchema) });

/**
 * Returns the hash of the tree that is checked out. A pull request's merge commit and its squashed
 * commit have the same tree, so one review covers both, unless the target branch changed meanwhile.
 *
 * @throws UserError outside of a repository.
 */
export function currentTree(): string {
    try {
        return execFileSync("git", ["rev-parse", "HEAD^{tree}"], {
            encoding: "utf8",
            stdio: ["ignore", "pipe", "pipe"],
        }).trim();
    } catch {
        throw new UserError(
            "This folder is not a git repository with a commit: " +
                "a review is recorded for the tree of a commit.",
        );
    }
}

/** Returns the same, or undefined outside of a repository. */
export function treeIfAny(): string | undefined {
    try {
        return currentTree();
    } catch {
        return undefined;
    }
}

/** Returns a hash of all changes of the previews, and of the pull request's files. */
export function hashOf(
    previews: readonly Preview[],
    sources: readonly SourceFinding[] = [],
): string {
    const stacks = previews.map((preview) => [preview.stack, normalize(preview)] as const);
    return hash({ stacks: Object.fromEntries(stacks), sources });
}

/**
 * Records the previews as reviewed.
 *
 * @returns the file, FOLDER/TREE.json.
 * @throws UserError if a preview failed.
 */
export function record(previews: readonly Preview[], folder: string, tree: string): string {
    const failure = failureOf(previews);
    if (failure !== undefined)
        throw new UserError(
            `${failure} What failed cannot be reviewed: fix it, and preview again.`,
        );
    const file = fileOf(folder, tree);
    const stacks = Object.fromEntries(
        previews.map((preview) => [preview.stack, normalize(preview)]),
    );
    mkdirSync(folder, { recursive: true });
    writeFileSync(
        file,
        JSON.stringify({ tree, stacks } satisfies z.infer<typeof reviewed>, undefined, 2),
    );
    return file;
}

/**
 * Compares previews with the reviewed ones of this tree. A preview without changes needs no review:
 * a deployment that failed in another stack can be run again. Nor does one that only deploys what a
 * followed tag names.
 *
 * @param published the digest that the deployment of the stack before gave out, in the same run.
 * @throws UserError that lists every difference and asks for a new review.
 */
export function verify(
    previews: readonly Preview[],
    folder: string,
    tree: string,
    published?: string,
): void {
    const failure = failureOf(previews);
    if (failure !== undefined)
        throw new UserError(`${failure} Nothing is compared with what was reviewed.`);
    const { stacks, found } = read(fileOf(folder, tree), tree);
    const changing = previews.filter(({ changes }) => changes.length > 0);
    const changed = changing.flatMap((preview) => {
        const tag = followedTag(preview.stack);
        const compared = (changes: ChangeSet): ChangeSet =>
            tag === undefined ? changes : withoutFollowed(changes, tag);
        const fresh = compared(normalize(preview));
        // What was reviewed may be there already, and only the tag has moved since.
        if (Object.keys(fresh).length === 0) return [];
        const was = stacks[preview.stack] ?? {};
        return [
            ...differences(compared(was), fresh),
            ...unpublishedImages(preview, was, published),
        ].map((difference) => `  ${preview.stack}: ${difference}`);
    });
    if (changed.length === 0) return;
    const missing = previews.filter(({ isWithoutSnapshot }) => isWithoutSnapshot === true);
    const hint =
        missing.length === 0 ? "" : `\n${withoutSnapshot(missing.map(({ stack }) => stack))}`;
    const problem = found
        ? "What would be deployed is not what was reviewed"
        : `No review is recorded of the tree ${tree}`;
    throw new UserError(
        `${problem}. Nothing was changed.\n${changed.join("\n")}\n` +
            "It needs a new review: open a pull request for it, where nothing else changes with " +
            "an empty commit (git commit --allow-empty), read the review, and merge it." +
            hint,
    );
}

/** Says what it means that stacks have no snapshot, and what to do. */
export function withoutSnapshot(stacks: readonly string[]): string {
    return (
        `There is no snapshot of the state of ${stacks.join(", ")}, as for a stack that does not ` +
        "exist yet. If it exists, run the workflow Drift, and then this again."
    );
}

/**
 * Lists images of other repositories whose digests the review did not know, and that are not what
 * the stack before has published in this run: somebody who may push to its repository could have
 * put them there meanwhile.
 */
export function unpublishedImages(
    { changes }: Preview,
    reviewed: ChangeSet,
    published: string | undefined,
): string[] {
    return changes.flatMap(({ type, urn, operation, after }) => {
        const key = `${operation} ${urn}`;
        const { digest, source, target } = after;
        const wasKnown = reviewed[key]?.properties["digest"]?.after !== unknown;
        if (type !== "quay:index:PromotedImage" || source === target || wasKnown) return [];
        if (digest === undefined || digest === unknown || digest === published) return [];
        const given = published ?? "none";
        return [
            `${key}: digest: not known in the review, now ${JSON.stringify(digest)}; the ` +
                `deployment before, of this run, published ${given}`,
        ];
    });
}

function fileOf(folder: string, tree: string): string {
    return join(folder, `${tree}.json`);
}

/** Reads the record of a tree; empty if there is none. */
function read(
    file: string,
    tree: string,
): { stacks: z.infer<typeof reviewed>["stacks"]; found: boolean } {
    let text: string;
    try {
        text = readFileSync(file, "utf8");
    } catch {
        return { stacks: {}, found: false };
    }
    const { data } = reviewed.safeParse(parseJson(text));
    if (data?.tree !== tree)
        throw new UserError(`${file} is not a record of what was reviewed of the tree ${tree}.`);
    return { stacks: data.stacks, found: true };
}

/**
 * Returns the name of the artifact in GitHub Actions that holds a review's record.
 *
 * @param tree the hash of the tree that was reviewed.
 * @param pull the pull request's number: a label is about one.
 * @param head its last commit, which decides what is merged.
 */
export const artifactOf = (tree: string, pull: number, head: string): string =>
    `reviewed-${tree}-${String(pull)}-${head}`;
