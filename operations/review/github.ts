import { z } from "zod";
import { UserError } from "../../components/messages/userError.ts";
import { type Answer, bodyOf, GitHubClient } from "../../components/github/client.ts";

/** A repository on GitHub. */
export interface Repository {
    /** As in https://api.github.com */
    readonly apiUrl: string;
    /** OWNER/NAME */
    readonly repository: string;
}

/** Returns the repository of a run in GitHub Actions; undefined elsewhere. */
export function repositoryOf(env: NodeJS.ProcessEnv): Repository | undefined {
    const { GITHUB_API_URL: apiUrl = "https://api.github.com", GITHUB_REPOSITORY: repository } =
        env;
    return repository ? { apiUrl, repository } : undefined;
}

/** The token lacks a permission: a fork's token may not write. */
export class PermissionDenied extends UserError {
    constructor() {
        super(
            "GITHUB_TOKEN lacks a permission: `node operations/review/main.ts help` lists those " +
                "that it needs.",
        );
    }
}

/** The author of an entry; null if the account was deleted. */
export const author = z.object({ login: z.string(), type: z.string() }).nullable();

/** What a review reads of a pull request. */
export const pull = z.object({
    number: z.int(),
    closed_at: z.iso.datetime().nullable(),
    merged_at: z.iso.datetime().nullable(),
    head: z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/) }),
    base: z.object({ ref: z.string(), repo: z.object({ default_branch: z.string() }) }),
});

type Query = Readonly<Record<string, string>>;

/** A repository on GitHub, by its API. Paths are below `repos/OWNER/NAME/`. */
export class GitHubRepository {
    readonly #github: GitHubClient;
    readonly #path: string;

    constructor({ apiUrl, repository }: Repository, token: string) {
        this.#path = `repos/${repository}/`;
        this.#github = new GitHubClient({ apiUrl }, token);
    }

    /**
     * Reads one object.
     *
     * @throws PermissionDenied, UserError if GitHub refuses the request; so do the other methods.
     */
    async get<T>(path: string, schema: z.ZodType<T>, query: Query = {}): Promise<T> {
        const answer = await this.#github.get(this.#path + path + queryOf(query));
        return bodyOf(accepted(answer), schema);
    }

    /** Returns all entries of a list, from all its pages. */
    async list<T>(path: string, schema: z.ZodType<T>, query: Query = {}): Promise<T[]> {
        const entries: T[] = [];
        for await (const answer of this.#github.pages(this.#path + path + queryOf(query)))
            entries.push(...bodyOf(accepted(answer), z.array(schema)));
        return entries;
    }

    /** Creates or updates an entry. After a lost answer it may exist twice. */
    async write(method: "post" | "patch" | "put", path: string, json: unknown): Promise<void> {
        const methods = { post: "POST", patch: "PATCH", put: "PUT" } as const;
        accepted(await this.#github.request(methods[method], this.#path + path, json));
    }

    /** Removes an entry; succeeds also if another run already removed it. */
    async remove(path: string): Promise<void> {
        const answer = await this.#github.request("DELETE", this.#path + path);
        if (answer.status !== 404) accepted(answer);
    }

    /** Returns only the entries of the token's user: anyone can write similar ones. */
    async own<T extends { readonly user: z.infer<typeof author> }>(
        entries: readonly T[],
    ): Promise<T[]> {
        const login = await this.#login();
        return entries.filter(({ user }) =>
            login === undefined ? user?.type === "Bot" : user?.login === login,
        );
    }

    /** The login of the token's user; undefined for the token of a GitHub App or a workflow. */
    async #login(): Promise<string | undefined> {
        const answer = await this.#github.get("user");
        return answer.status === 403
            ? undefined
            : bodyOf(accepted(answer), z.object({ login: z.string() })).login;
    }
}

/** Returns the answer. @throws PermissionDenied, UserError if it is a refusal */
function accepted(answer: Answer): Answer {
    const { request, status } = answer;
    if (status >= 200 && status < 300) return answer;
    if (status === 403) throw new PermissionDenied();
    const advice = status === 401 ? " Its token is GITHUB_TOKEN." : "";
    throw new UserError(`GitHub answered ${String(status)} to ${request}.${advice}`);
}

function queryOf(query: Query): string {
    const parameters = new URLSearchParams(query).toString();
    return parameters === "" ? "" : `?${parameters}`;
}

/** A pull request on GitHub. */
export interface PullRequest extends Repository {
    readonly number: number;
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
     * @throws PermissionDenied if the token may not comment.
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

    /** @throws PermissionDenied if the token may not change labels */
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
