import { z } from "zod";
import { foreign } from "../../quay/api/text.ts";
import { UserError } from "../messages/userError.ts";
import type { GitHubAccount } from "./account.ts";

/** GitHub's answer to a request, which may be an error status. */
export interface Answer {
    /** The request, for messages: `GET https://api.github.com/repos/octo/service`. */
    readonly request: string;
    readonly status: number;
    readonly headers: Headers;
    /** The JSON value; undefined where the body is empty. */
    readonly body: unknown;
}

/** Returns instructions for creating a token. */
export function howToGetToken(webUrl: string): string {
    return (
        `Make one at ${webUrl}/settings/tokens with the scopes repo and workflow, ` +
        "or take that of GitHub's own command line: " +
        'export GITHUB_TOKEN="$(gh auth token)"; of a GitHub App: an installation token.'
    );
}

/** Returns the token in GITHUB_TOKEN. @throws UserError where it is not set. */
export function readToken({ webUrl }: GitHubAccount): string {
    const token = process.env["GITHUB_TOKEN"];
    if (token !== undefined && token !== "") return token;
    throw new UserError(
        `The environment variable GITHUB_TOKEN is not set: it holds the token for ${webUrl}. ` +
            howToGetToken(webUrl),
    );
}

type Method = "GET" | "PUT" | "POST" | "PATCH" | "DELETE";

/** 10,000 entries: more than any list that this project reads. */
const maxPages = 100;
const maxRedirects = 5;

/**
 * A client of GitHub's REST API. Repeats requests after server and network errors, including
 * writes: the caller of a POST has to check for duplicates. Every method throws a UserError where
 * there is no answer, where the answer is not GitHub's, and where the rate limit is reached.
 */
export class GitHubClient {
    readonly #apiUrl: string;
    readonly #token: string;

    /** @param apiUrl the API's URL without a slash at the end: `https://api.github.com`. */
    constructor({ apiUrl }: Pick<GitHubAccount, "apiUrl">, token: string) {
        this.#apiUrl = apiUrl;
        this.#token = token;
    }

    /** @param path the path relative to the API's URL, with its query: `repos/octo/service`. */
    async get(path: string): Promise<Answer> {
        return this.request("GET", path);
    }

    /**
     * Returns the pages of a list one by one. An error status is the last page.
     *
     * @param path the path, with or without a query.
     */
    async *pages(path: string): AsyncGenerator<Answer, void> {
        for (let page = 1; page <= maxPages; page++) {
            const query = `${path.includes("?") ? "&" : "?"}per_page=100&page=${String(page)}`;
            const answer = await this.get(`${path}${query}`);
            yield answer;
            if (!/rel="next"/.test(answer.headers.get("link") ?? "")) return;
        }
        throw new UserError(
            `The list at ${this.#apiUrl}/${path} has no end: ` +
                `GitHub named a next page ${String(maxPages)} times.`,
        );
    }

    /** Sends a request. @param json the body; default: none. */
    async request(method: Method, path: string, json?: unknown): Promise<Answer> {
        let url = `${this.#apiUrl}/${path}`;
        for (let redirects = 0; redirects <= maxRedirects; redirects++) {
            const answer = await this.#send(method, url, json);
            const location = answer.headers.get("location");
            // A 303 means that the object exists already; it is not followed.
            if (![301, 302, 307, 308].includes(answer.status) || location === null) return answer;
            // The URL of a renamed repository redirects to another URL of the same API.
            const target = URL.parse(location, url);
            if (target?.origin !== new URL(this.#apiUrl).origin) {
                throw new UserError(
                    `${answer.request} was answered with a redirect to ` +
                        `${target?.origin ?? "no address"}, which is not ${this.#apiUrl}. ` +
                        "It was not followed. Check github:baseUrl (GITHUB_BASE_URL), " +
                        "and whether there is a proxy in between.",
                );
            }
            url = target.href;
        }
        throw new UserError(
            `${method} ${this.#apiUrl}/${path} was redirected more than ` +
                `${String(maxRedirects)} times.`,
        );
    }

    async #send(method: Method, url: string, json: unknown): Promise<Answer> {
        const { default: ky, isHTTPError } = await import("ky");
        const request = `${method} ${url}`;
        try {
            const response = await ky(url, {
                method,
                ...(json === undefined ? {} : { json }),
                headers: {
                    authorization: `Bearer ${this.#token}`,
                    accept: "application/vnd.github+json",
                    "x-github-api-version": "2022-11-28",
                },
                redirect: "manual",
                retry: {
                    limit: 3,
                    methods: ["get", "put", "post", "patch", "delete"],
                    statusCodes: [429, 500, 502, 503, 504],
                    maxRetryAfter: 60_000,
                },
                timeout: 30_000,
            });
            const { status, headers } = response;
            return { request, status, headers, body: parseJson(request, await response.text()) };
        } catch (error) {
            if (error instanceof UserError) throw error;
            if (!isHTTPError(error)) {
                throw new UserError(
                    `GitHub at ${this.#apiUrl} gives no answer: ${causeOf(error)}. ` +
                        "Check github:baseUrl (GITHUB_BASE_URL) and the network.",
                );
            }
            const { status, headers } = error.response;
            const limited =
                headers.get("x-ratelimit-remaining") === "0" || headers.has("retry-after");
            if (limited && (status === 403 || status === 429)) {
                const effect = method === "GET" ? "Nothing was changed" : `${request} was not done`;
                throw new UserError(
                    "GitHub allows the token in GITHUB_TOKEN no more requests for now" +
                        `${describeReset(headers)}. ${effect}; try again then.`,
                );
            }
            const refusal: Answer = { request, status, headers, body: error.data };
            if (status >= 400 && status < 500) bodyOf(refusal, z.object({ message: z.string() }));
            return refusal;
        }
    }
}

/**
 * Parses the body of an answer.
 *
 * @throws UserError where it does not match the schema: another server than GitHub answered.
 */
export function bodyOf<T>({ request, status, body }: Answer, form: z.ZodType<T>): T {
    const { success, data, error } = form.safeParse(body);
    if (success) return data;
    const [issue] = error.issues;
    throw unexpectedAnswer(
        request,
        status,
        foreign([issue?.path.join("."), issue?.message].filter(Boolean).join(": "), 300),
    );
}

/**
 * Returns whether GitHub answered that the object does not exist (404).
 *
 * @param what what the request reads, for the message: `the environment`.
 * @param permissions the fine-grained permissions that reading it needs, for the message.
 * @throws UserError for another error status, which does not say whether the object exists.
 */
export function isNotFound(answer: Answer, what: string, permissions: string): boolean {
    if (answer.status === 200) return false;
    if (answer.status === 404) return true;
    throw new UserError(
        `${describeRefusal(answer)}: ${what} could not be read. ` +
            adviceFor(answer.status, permissions),
    );
}

/** Returns the status, GitHub's message if it sent one, and the request. */
export function describeRefusal({ request, status, body }: Answer): string {
    const { data } = z.object({ message: z.string() }).safeParse(body);
    const reason = data === undefined ? "" : ` (${foreign(data.message, 300)})`;
    return `GitHub answered ${String(status)}${reason} to ${request}`;
}

function adviceFor(status: number, permissions: string): string {
    if (status === 401) return "The token in GITHUB_TOKEN is not valid: set another one.";
    return status === 403
        ? `The token in GITHUB_TOKEN needs the scope repo, or the permissions ${permissions}.`
        : "Try again later; where it stays so, check github:baseUrl (GITHUB_BASE_URL).";
}

function parseJson(request: string, text: string): unknown {
    if (text === "") return undefined;
    try {
        return JSON.parse(text) as unknown;
    } catch {
        throw unexpectedAnswer(request, 200, "it is not JSON");
    }
}

function unexpectedAnswer(request: string, status: number, why: string): UserError {
    return new UserError(
        `${request} was answered (${String(status)}) with something that is not GitHub's: ` +
            `${why}. ` +
            "Check github:baseUrl (GITHUB_BASE_URL), and whether there is a proxy in between.",
    );
}

function describeReset(headers: Headers): string {
    const reset = Number(headers.get("x-ratelimit-reset") ?? "0");
    const time = new Date(reset * 1000);
    return reset > 0 && !Number.isNaN(time.getTime()) ? `, until ${time.toISOString()}` : "";
}

/** Returns the code of a network error: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, … */
function causeOf(error: unknown): string {
    let cause = error;
    while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
    if (!(cause instanceof Error)) return String(cause);
    return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}
