import ky, { HTTPError, isNetworkError, isTimeoutError, type KyInstance } from "ky";
import { z } from "zod";
import { UserError } from "../errors.ts";

/** A repository on GitHub. */
export interface Repository {
    /** As in https://api.github.com */
    readonly apiUrl: string;
    /** OWNER/NAME */
    readonly repository: string;
}

/** The repository that a run of GitHub Actions is of; undefined elsewhere. */
export function repositoryOf(env: NodeJS.ProcessEnv): Repository | undefined {
    const { GITHUB_API_URL: apiUrl = "https://api.github.com", GITHUB_REPOSITORY: repository } =
        env;
    return repository ? { apiUrl, repository } : undefined;
}

/** The token may not do it, as one of a fork may not write. */
export class MayNot extends Error {}

/** Who wrote something; null where the account is gone. */
export const author = z.object({ login: z.string(), type: z.string() }).nullable();

type Query = Readonly<Record<string, string | number>>;

/** A repository on GitHub, by its API. Paths are below `repos/OWNER/NAME/`. */
export class GitHubRepository {
    readonly #http: KyInstance;
    readonly #path: string;

    constructor({ apiUrl, repository }: Repository, token: string) {
        this.#path = `repos/${repository}/`;
        this.#http = ky.create({
            prefix: apiUrl,
            headers: {
                authorization: `Bearer ${token}`,
                accept: "application/vnd.github+json",
                "x-github-api-version": "2022-11-28",
            },
            // What is written twice because of it is found, and removed again.
            retry: {
                limit: 3,
                methods: ["get", "post", "patch", "delete"],
                statusCodes: [429, 500, 502, 503, 504],
            },
            timeout: 30_000,
        });
    }

    /** @throws MayNot, UserError where GitHub answers anything but that it is done; so do all that follow. */
    async get<T>(path: string, schema: z.ZodType<T>, query: Query = {}): Promise<T> {
        return schema.parse(
            await ask(() =>
                this.#http.get(this.#path + path, { searchParams: { ...query } }).json(),
            ),
        );
    }

    /** All entries of a list, from all its pages. */
    async list<T>(path: string, schema: z.ZodType<T>, query: Query = {}): Promise<T[]> {
        const entries: T[] = [];
        for (let page = 1, more = true; more; page++) {
            const response = await ask(() =>
                this.#http.get(this.#path + path, {
                    searchParams: { ...query, per_page: 100, page },
                }),
            );
            entries.push(...z.array(schema).parse(await response.json()));
            more = /rel="next"/.test(response.headers.get("link") ?? "");
        }
        return entries;
    }

    async write(method: "post" | "patch", path: string, json: unknown): Promise<void> {
        await ask(() => this.#http[method](this.#path + path, { json }));
    }

    /** Removes what another run may have removed meanwhile. */
    async remove(path: string): Promise<void> {
        await ask(() =>
            this.#http.delete(this.#path + path, { throwHttpErrors: (status) => status !== 404 }),
        );
    }

    /** Those of the token's user alone: anyone can write what looks like them, and edit it later. */
    async own<T extends { readonly user: z.infer<typeof author> }>(
        entries: readonly T[],
    ): Promise<T[]> {
        const login = await this.#login();
        return entries.filter(({ user }) =>
            login === undefined ? user?.type === "Bot" : user?.login === login,
        );
    }

    /** Who the token is; undefined for a GitHub App's, as that of a workflow is: then it is a bot. */
    async #login(): Promise<string | undefined> {
        const response = await ask(() =>
            this.#http.get("user", { throwHttpErrors: (status) => status !== 403 }),
        );
        return response.ok
            ? z.object({ login: z.string() }).parse(await response.json()).login
            : undefined;
    }
}

async function ask<T>(request: () => Promise<T>): Promise<T> {
    try {
        return await request();
    } catch (error) {
        if (isNetworkError(error) || isTimeoutError(error))
            throw new UserError(
                `GitHub does not answer: ${error.request.method} ${error.request.url}.`,
            );
        if (!(error instanceof HTTPError)) throw error;
        const { status } = error.response;
        if (status === 403) throw new MayNot();
        const advice = status === 401 ? " Its token is GITHUB_TOKEN." : "";
        throw new UserError(
            `GitHub answered ${String(status)} to ${error.request.method} ${error.request.url}.${advice}`,
        );
    }
}
