import { z } from "zod";
import { UserError } from "../../components/messages/userError.ts";
import type { GitHubRepository } from "../review/github.ts";

/** A change of one file, to propose. */
export interface Proposal {
    /** What the branches of this kind begin with: `promotion/staging-`. */
    readonly prefix: string;
    /** The rest of the branch's name: the version. */
    readonly version: string;
    readonly title: string;
    readonly body: string;
    readonly file: string;
    readonly content: string;
}

const pull = z.object({
    number: z.int(),
    title: z.string(),
    body: z.string().nullable(),
    html_url: z.string(),
    head: z.object({ ref: z.string(), repo: z.object({ full_name: z.string() }).nullable() }),
    base: z.object({ repo: z.object({ full_name: z.string() }) }),
});
const file = z.object({ sha: z.string(), content: z.string() });

/**
 * Opens a pull request that changes the file, or brings the one that is open up to date. Closes
 * those for other versions, with their branches.
 *
 * @returns its number and its address.
 */
export async function propose(
    github: GitHubRepository,
    proposal: Proposal,
): Promise<{ readonly number: number; readonly url: string }> {
    const { prefix, version, title, body } = proposal;
    const branch = prefix + version;
    const { default_branch: base } = await github.get("", z.object({ default_branch: z.string() }));
    const open = await openOnes(github, prefix);
    const present = open.find(({ head }) => head.ref === branch);
    if (present === undefined) {
        await commit(github, base, branch, proposal);
        await github.write("post", "pulls", { title, body, head: branch, base });
    } else if (present.title !== title || present.body !== body) {
        await github.write("patch", `pulls/${String(present.number)}`, { title, body });
    }
    await close(
        github,
        open.filter(({ head }) => head.ref !== branch),
    );
    const [made] = (await openOnes(github, prefix)).filter(({ head }) => head.ref === branch);
    if (made === undefined)
        throw new UserError(`The pull request of ${branch} was closed meanwhile. Run this again.`);
    return { number: made.number, url: made.html_url };
}

const mergeable = z.object({ mergeable_state: z.string(), head: z.object({ sha: z.string() }) });

/**
 * Merges a pull request if GitHub says that nothing is missing: no approval, no check.
 *
 * @returns whether it is merged.
 */
export async function mergeIfAllowed(github: GitHubRepository, number: number): Promise<boolean> {
    const path = `pulls/${String(number)}`;
    const { mergeable_state: state, head } = await github.get(path, mergeable);
    if (state !== "clean") return false;
    await github.write("put", `${path}/merge`, { sha: head.sha, merge_method: "squash" });
    return true;
}

/** Closes what is open of this kind. @returns the numbers */
export async function withdraw(github: GitHubRepository, prefix: string): Promise<number[]> {
    const open = await openOnes(github, prefix);
    await close(github, open);
    return open.map(({ number }) => number);
}

/** Returns the open pull requests from branches that begin so. */
export async function openPullRequests(
    github: GitHubRepository,
    prefix: string,
): Promise<{ readonly url: string }[]> {
    return (await openOnes(github, prefix)).map(({ html_url: url }) => ({ url }));
}

/** Returns the open pull requests of this kind, from branches of the repository itself. */
async function openOnes(github: GitHubRepository, prefix: string): Promise<z.infer<typeof pull>[]> {
    const pulls = await github.list("pulls", pull, { state: "open" });
    return pulls.filter(
        ({ head, base }) =>
            head.ref.startsWith(prefix) && head.repo?.full_name === base.repo.full_name,
    );
}

async function close(
    github: GitHubRepository,
    pulls: readonly z.infer<typeof pull>[],
): Promise<void> {
    for (const { number, head } of pulls) {
        await github.write("patch", `pulls/${String(number)}`, { state: "closed" });
        await removeBranch(github, head.ref);
    }
}

/** Removes a branch, if it exists: somebody may have done so on the pull request's page. */
async function removeBranch(github: GitHubRepository, branch: string): Promise<void> {
    const ref = `refs/heads/${branch}`;
    const found = await github.list(
        `git/matching-refs/heads/${branch}`, // those that begin so
        z.object({ ref: z.string() }),
    );
    if (found.some((one) => one.ref === ref)) await github.remove(`git/${ref}`);
}

/** Makes the branch anew, from the default branch, with the change. */
async function commit(
    github: GitHubRepository,
    base: string,
    branch: string,
    { title, file: path, content }: Proposal,
): Promise<void> {
    const { object } = await github.get(
        `git/ref/heads/${base}`,
        z.object({ object: z.object({ sha: z.string() }) }),
    );
    // What is left of a pull request that somebody has closed.
    await removeBranch(github, branch);
    await github.write("post", "git/refs", { ref: `refs/heads/${branch}`, sha: object.sha });
    const { sha } = await github.get(`contents/${path}`, file, { ref: branch });
    await github.write("put", `contents/${path}`, {
        message: title,
        branch,
        sha,
        content: Buffer.from(content).toString("base64"),
    });
}

/** Returns a file of the default branch. */
export async function readDefault(github: GitHubRepository, path: string): Promise<string> {
    const { content } = await github.get(`contents/${path}`, file);
    return Buffer.from(content, "base64").toString();
}
