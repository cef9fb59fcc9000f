import { z } from "zod";
import { author, GitHubRepository, type Repository, repositoryOf } from "./repository.ts";

/** A pull request on GitHub. */
export interface PullRequest extends Repository {
    readonly number: number;
}

/** The pull request of a run in GitHub Actions; undefined if the run is not about one. */
export function pullRequestOf(env: NodeJS.ProcessEnv): PullRequest | undefined {
    const [, number] = /^refs\/pull\/(\d+)\//.exec(env["GITHUB_REF"] ?? "") ?? [];
    const repository = repositoryOf(env);
    return number === undefined || repository === undefined
        ? undefined
        : { ...repository, number: Number(number) };
}

const comment = z.object({ id: z.int(), body: z.string().default(""), user: author });
type Comment = z.infer<typeof comment>;

/** Identifies the comment and the changes that it shows. */
const marker = (hash: string) => `<!-- mlops review ${hash} -->`;
const marked = /^<!-- mlops review ([0-9a-f]+) -->/;

/** Length of a comment's first line: the marker and its line end. */
export const markerLength = marker("").length + 64 + 1;

/** The review's comment on a pull request, and the label that approves it. */
export class ReviewComment {
    readonly #github: GitHubRepository;
    readonly #issue: string;

    constructor({ number, ...repository }: PullRequest, token: string) {
        this.#github = new GitHubRepository(repository, token);
        this.#issue = `issues/${String(number)}`;
    }

    /**
     * Creates or updates the comment. Of several comments, which runs at the same time may post, it
     * keeps the oldest.
     *
     * @param hash the hash of the changes that the text shows.
     * @returns the hash of the changes that the comment showed before; undefined if there was none.
     * @throws MayNot if the token may not comment.
     */
    async post(text: string, hash: string): Promise<string | undefined> {
        const body = `${marker(hash)}\n${text}`;
        const before = await this.#own();
        if (before.length === 0)
            await this.#github.write("post", `${this.#issue}/comments`, { body });
        const [kept, ...others] = before.length === 0 ? await this.#own() : before;
        if (kept !== undefined && kept.body !== body)
            await this.#github.write("patch", `issues/comments/${String(kept.id)}`, { body });
        for (const { id } of others) await this.#github.remove(`issues/comments/${String(id)}`);
        return marked.exec(before[0]?.body ?? "")?.[1];
    }

    /** Whether the pull request has the label. */
    async hasLabel(name: string): Promise<boolean> {
        const { labels } = await this.#github.get(
            this.#issue,
            z.object({ labels: z.array(z.object({ name: z.string() })) }),
        );
        return labels.some((label) => label.name === name);
    }

    /** @throws MayNot if the token may not change labels */
    async removeLabel(name: string): Promise<void> {
        await this.#github.remove(`${this.#issue}/labels/${encodeURIComponent(name)}`);
    }

    /** The token user's comments with the marker, the oldest first. */
    async #own(): Promise<Comment[]> {
        const comments = await this.#github.list(`${this.#issue}/comments`, comment);
        return (await this.#github.own(comments.filter(({ body }) => marked.test(body)))).sort(
            (a, b) => a.id - b.id,
        );
    }
}
