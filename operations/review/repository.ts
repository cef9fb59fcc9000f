import { z } from "zod";
import { UserError } from "../../components/userError.ts";
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
export class MayNot extends UserError {
    constructor() {
        super(
            "GITHUB_TOKEN may not do this: see `node operations/review/main.ts help` for what it has to be permitted.",
        );
    }
}

/** The author of an entry; null if the account was deleted. */
export const author = z.object({ login: z.string(), type: z.string() }).nullable();

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
     * @throws MayNot, UserError where GitHub answers anything but that it is done; so do all that
     * follow.
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

    /** What is written twice, because an answer was lost, is found and removed again. */
    async write(method: "post" | "patch", path: string, json: unknown): Promise<void> {
        accepted(
            await this.#github.request(
                method === "post" ? "POST" : "PATCH",
                this.#path + path,
                json,
            ),
        );
    }

    /** Removes an entry; succeeds also if another run already removed it. */
    async remove(path: string): Promise<void> {
        const answer = await this.#github.request("DELETE", this.#path + path);
        if (answer.status !== 404) accepted(answer);
    }

    /**
     * Those of the token's user alone: anyone can write what looks like them, and edit it later.
     */
    async own<T extends { readonly user: z.infer<typeof author> }>(
        entries: readonly T[],
    ): Promise<T[]> {
        const login = await this.#login();
        return entries.filter(({ user }) =>
            login === undefined ? user?.type === "Bot" : user?.login === login,
        );
    }

    /**
     * Who the token is; undefined for a GitHub App's, as that of a workflow is: then it is a bot.
     */
    async #login(): Promise<string | undefined> {
        const answer = await this.#github.get("user");
        return answer.status === 403
            ? undefined
            : bodyOf(accepted(answer), z.object({ login: z.string() })).login;
    }
}

/** @throws MayNot, UserError where the answer is a refusal */
function accepted(answer: Answer): Answer {
    const { request, status } = answer;
    if (status >= 200 && status < 300) return answer;
    if (status === 403) throw new MayNot();
    const advice = status === 401 ? " Its token is GITHUB_TOKEN." : "";
    throw new UserError(`GitHub answered ${String(status)} to ${request}.${advice}`);
}

function queryOf(query: Query): string {
    const parameters = new URLSearchParams(query).toString();
    return parameters === "" ? "" : `?${parameters}`;
}
