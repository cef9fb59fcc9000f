import ky, { HTTPError, type KyInstance } from "ky";
import { z } from "zod";
import { UserError } from "../errors.ts";

/** A pull request on GitHub, with a token for it. */
export interface PullRequest {
    /** As in https://api.github.com */
    readonly apiUrl: string;
    /** OWNER/NAME */
    readonly repository: string;
    readonly number: number;
    readonly token: string;
}

/** The pull request that a run of GitHub Actions is about; undefined where it is about none, or has no token (GITHUB_TOKEN). */
export function pullRequestOf(env: NodeJS.ProcessEnv): PullRequest | undefined {
    const {
        GITHUB_API_URL: apiUrl = "https://api.github.com",
        GITHUB_REPOSITORY: repository,
        GITHUB_REF: ref = "",
        GITHUB_TOKEN: token,
    } = env;
    const [, number] = /^refs\/pull\/(\d+)\//.exec(ref) ?? [];
    return number === undefined || !repository || !token ? undefined : { apiUrl, repository, number: Number(number), token };
}

/** The token may not write to the pull request, as one of a fork may not. */
export class MayNotWrite extends Error {}

const comment = z.object({
    id: z.int(),
    body: z.string().default(""),
    user: z.object({ login: z.string(), type: z.string() }).nullable(),
});
type Comment = z.infer<typeof comment>;

/** Finds the comment again, and says which changes it shows. */
const marker = (hash: string) => `<!-- mlops review ${hash} -->`;
const marked = /^<!-- mlops review ([0-9a-f]+) -->/;

/** How long a comment's first line is, the marker with its line end. */
export const markerLength = marker("").length + 64 + 1;

/** The review's comment on a pull request, and the label that answers it. */
export class ReviewComment {
    readonly #http: KyInstance;
    readonly #issue: string;
    readonly #repository: string;

    constructor({ apiUrl, repository, number, token }: PullRequest) {
        this.#repository = `repos/${repository}`;
        this.#issue = `${this.#repository}/issues/${String(number)}`;
        this.#http = ky.create({
            prefix: apiUrl,
            headers: { authorization: `Bearer ${token}`, accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" },
            // A comment that is posted twice because of it is found and removed again.
            retry: { limit: 3, methods: ["get", "post", "patch", "delete"], statusCodes: [429, 500, 502, 503, 504] },
            timeout: 30_000,
        });
    }

    /**
     * Posts the text, in place of the comment that is there. Runs that post at the same time end with one comment: who finds more than one
     * keeps the oldest.
     *
     * @param hash of the changes that it shows.
     * @returns the hash of those that the comment showed before; undefined where there was none.
     * @throws MayNotWrite
     */
    async post(text: string, hash: string): Promise<string | undefined> {
        const body = `${marker(hash)}\n${text}`;
        const before = await this.#own();
        if (before.length === 0) await this.#write("post", `${this.#issue}/comments`, { body });
        const [kept, ...others] = before.length === 0 ? await this.#own() : before;
        if (kept !== undefined && kept.body !== body)
            await this.#write("patch", `${this.#repository}/issues/comments/${String(kept.id)}`, { body });
        for (const { id } of others) await this.#remove(`${this.#repository}/issues/comments/${String(id)}`);
        return marked.exec(before[0]?.body ?? "")?.[1];
    }

    /** Whether the pull request has the label. */
    async hasLabel(name: string): Promise<boolean> {
        const { labels } = z
            .object({ labels: z.array(z.object({ name: z.string() })) })
            .parse(await this.#ask(() => this.#http.get(this.#issue).json()));
        return labels.some((label) => label.name === name);
    }

    /** @throws MayNotWrite */
    async removeLabel(name: string): Promise<void> {
        await this.#remove(`${this.#issue}/labels/${encodeURIComponent(name)}`);
    }

    /** The comments that have the marker, the oldest first; those of the token's user alone: anyone can write a marker, and edit it later. */
    async #own(): Promise<Comment[]> {
        const login = await this.#login();
        return (await this.#comments())
            .filter(({ body, user }) => marked.test(body) && (login === undefined ? user?.type === "Bot" : user?.login === login))
            .sort((a, b) => a.id - b.id);
    }

    /** Who the token is; undefined for a GitHub App's, as that of a workflow is: then it is a bot. */
    async #login(): Promise<string | undefined> {
        const response = await this.#ask(() => this.#http.get("user", { throwHttpErrors: (status) => status !== 403 }));
        return response.ok ? z.object({ login: z.string() }).parse(await response.json()).login : undefined;
    }

    /** All comments of the pull request, from all pages. */
    async #comments(): Promise<Comment[]> {
        const comments: Comment[] = [];
        for (let page = 1, more = true; more; page++) {
            const response = await this.#ask(() => this.#http.get(`${this.#issue}/comments`, { searchParams: { per_page: 100, page } }));
            comments.push(...z.array(comment).parse(await response.json()));
            more = /rel="next"/.test(response.headers.get("link") ?? "");
        }
        return comments;
    }

    async #write(method: "post" | "patch", path: string, json: unknown): Promise<void> {
        await this.#ask(() => this.#http[method](path, { json }));
    }

    /** @param path of something that another run may have removed meanwhile. */
    async #remove(path: string): Promise<void> {
        await this.#ask(() => this.#http.delete(path, { throwHttpErrors: (status) => status !== 404 }));
    }

    async #ask<T>(request: () => Promise<T>): Promise<T> {
        try {
            return await request();
        } catch (error) {
            if (!(error instanceof HTTPError)) throw error;
            const { status } = error.response;
            if (status === 403) throw new MayNotWrite();
            const advice = status === 401 ? " Its token is GITHUB_TOKEN." : "";
            throw new UserError(`GitHub answered ${String(status)} to ${error.request.method} ${error.request.url}.${advice}`);
        }
    }
}
