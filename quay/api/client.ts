import { z } from "zod";
import { ForbiddenError, QuayError, RefusedError, unless, UnansweredError } from "./errors.ts";
import type { Refusal } from "./errors.ts";
import { loadHttp } from "./http.ts";
import type { Failure, Http, HttpOptions } from "./http.ts";
import { readJson } from "./json.ts";
import { foreign } from "./text.ts";

/** The scopes of a Quay token, each with its label on the web page that creates tokens. */
export const scopes = {
    "repo:read": "View all visible repositories",
    "repo:write": "Read/Write to any accessible repositories",
    "repo:admin": "Administer Repositories",
    "repo:create": "Create Repositories",
    "user:read": "Read User Information",
    "user:admin": "Administer User",
    "org:admin": "Administer Organization",
    "super:user": "Super User Access",
} as const;

export type Scope = keyof typeof scopes;
export type NamespaceKind = "user" | "organization";

/** The address of the provider's Quay. Known without a request. */
export interface Site {
    /** The URL of the website, without a slash at the end: `https://quay.io`. */
    readonly url: string;
    /** The registry's name in image references: `quay.io`, `localhost:8080`. */
    readonly host: string;
}

export interface ClientOptions extends HttpOptions {
    readonly site: Site;
    /** The name of the environment variable that holds the token, for error messages. */
    readonly tokenVariable: string;
    /** The token; undefined if the variable is not set. */
    readonly token: string | undefined;
    /** The timeout of one attempt, in milliseconds. Default: 30,000. */
    readonly timeout?: number;
}

export interface Call {
    /** Completes "Quay refused to …" in error messages: `create the repository alice/app`. */
    readonly to: string;
    /** The scope that the token needs for this request. */
    readonly scope: Scope;
    readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
    readonly json?: unknown;
    /**
     * True for requests that create something: they must not be repeated after they may have taken
     * effect, because the second one would fail with "exists already".
     */
    readonly once?: boolean;
}

/** The account that the token belongs to. */
export interface Account {
    /**
     * Undefined if the token may not read it: it has neither user:read nor user:admin, nor access
     * to a user's namespace.
     */
    readonly username: string | undefined;
}

/**
 * An answer that is not Quay's, such as a proxy's page or truncated JSON. Like a missing answer, it
 * does not tell whether the request took effect.
 */
class UnreadableError extends UnansweredError {}

/** Added to the error message of a change whose answer was lost. */
const inDoubt = "It may have been done all the same: run the same command again.";

/** The schema of an answer without a body (204), with which Quay confirms most deletions. */
export const noContent = z.undefined();

const user = z.object({ username: z.string() });

/**
 * Client for Quay's API at `/api/v1`: authentication, retries, limits, and error messages that say
 * what to do.
 */
export class QuayClient {
    readonly options: ClientOptions;
    readonly site: Site;
    #account: Promise<Account> | undefined;
    #http: Promise<Http> | undefined;

    constructor(options: ClientOptions) {
        this.options = options;
        this.site = options.site;
    }

    /** Returns the provider's token. @throws QuayError that names the variable to set. */
    get token(): string {
        const { token, tokenVariable } = this.options;
        const { url } = this.site;
        if (token !== undefined && token !== "") return token;
        throw new QuayError(
            `The environment variable ${tokenVariable} is not set: it holds the API token for ` +
                `${url}. ${howToGetToken(url)}`,
        );
    }

    /**
     * Returns the account that the token belongs to. Requested once, and before the first change,
     * because this also verifies the token: Quay answers a change with an invalid token with a page
     * about CSRF, and treats reads of public data as anonymous.
     */
    account(): Promise<Account> {
        this.#account ??= this.#whoami();
        return this.#account;
    }

    async #whoami(): Promise<Account> {
        const to = "tell whose token it is";
        const unauthorized = ({ status }: Refusal) => status === 401;
        const me = await unless(unauthorized, () =>
            this.#send("GET", "user/", { to, scope: "user:read" }, user),
        );
        if (me !== undefined) return { username: me.username };
        // Quay answers 401 both for an invalid token and for one without the scope. On this route
        // it answers 403 to the latter.
        const forbidden = ({ status }: Refusal) => status === 403;
        await unless(forbidden, () =>
            this.#send(
                "GET",
                "user/robots",
                { to, scope: "user:admin", query: { token: false, limit: 1 } },
                z.unknown(),
            ),
        );
        return { username: undefined };
    }

    /** Returns "user" for the token's own account. Any other namespace must be an organization. */
    async kindOf(namespace: string): Promise<NamespaceKind> {
        return (await this.account()).username === namespace ? "user" : "organization";
    }

    /** Sends a GET request and returns the JSON answer, parsed with the schema `answer`. */
    get<T>(path: string, call: Call, answer: z.ZodType<T>): Promise<T> {
        return this.#send("GET", path, call, answer);
    }

    /**
     * Sends a request that changes something.
     *
     * @throws UnansweredError if the answer does not match the schema; if the request may be
     * repeated, after one more attempt.
     */
    async change<T>(
        method: "POST" | "PUT" | "DELETE",
        path: string,
        call: Call,
        answer: z.ZodType<T>,
    ): Promise<T> {
        await this.account();
        return this.#send(method, path, call, answer);
    }

    /**
     * Returns the HTTP client for all requests, including those to registries, so that they share
     * one limit. Loaded with the first request.
     */
    http(): Promise<Http> {
        this.#http ??= loadHttp(this.options);
        return this.#http;
    }

    async #send<T>(method: string, path: string, call: Call, answer: z.ZodType<T>): Promise<T> {
        try {
            return await this.#attempt(method, path, call, answer);
        } catch (error) {
            const again = error instanceof UnreadableError && call.once !== true;
            if (!again || this.options.signal.aborted) throw error;
            return this.#attempt(method, path, call, answer);
        }
    }

    async #attempt<T>(method: string, path: string, call: Call, answer: z.ZodType<T>): Promise<T> {
        const { token } = this;
        const http = await this.http();
        const { signal, timeout = 30_000 } = this.options;
        const { url } = this.site;
        const { status, text } = await http.limit(async () => {
            let response: Response;
            if (signal.aborted && method !== "GET")
                throw new QuayError(`Cancelled before the request to ${call.to} was sent.`);
            try {
                response = await http[call.once === true ? "once" : "repeatable"](
                    `${url}/api/v1/${path}`,
                    {
                        method,
                        headers: { authorization: `Bearer ${token}` },
                        ...(call.json === undefined ? {} : { json: call.json }),
                        ...(call.query === undefined ? {} : { searchParams: call.query }),
                        timeout,
                    },
                );
            } catch (error) {
                throw this.#explain(http.explain(error), call, method, path);
            }
            // A connection that closes within the body leaves nothing readable.
            const text = await response.text().catch(() => "");
            return { status: response.status, text };
        });
        const body = status === 204 ? undefined : readJson(text);
        const result = answer.safeParse(body);
        if (result.success && (status === 204 || body !== undefined)) return result.data;
        const issue = result.error?.issues[0];
        const where =
            issue === undefined || issue.path.length === 0
                ? ""
                : ` ("${foreign(issue.path.join("."), 100)}": ${foreign(issue.message, 300)})`;
        throw new UnreadableError(
            `${url} answered ${method} /api/v1/${path} with something that is not Quay's API` +
                `${where}. Is quay:url right?${method === "GET" ? "" : ` ${inDoubt}`}`,
        );
    }

    #explain(failure: Failure, { to, scope }: Call, method: string, path: string): Error {
        const { tokenVariable, token } = this.options;
        const doubt = method === "GET" ? "" : ` ${inDoubt}`;
        const { url } = this.site;
        if ("bug" in failure) return failure.bug;
        if ("unanswered" in failure) {
            const hint =
                "Check the address (quay:url or QUAY_URL), the network and, behind a proxy, " +
                "HTTPS_PROXY.";
            return new UnansweredError(
                `Quay at ${url} gave no answer to the request to ${to}: ${failure.unanswered}. ` +
                    `${hint}${doubt}`,
            );
        }
        const { refusal, headers } = failure;
        const { status, deliberate } = refusal;
        const said =
            token === undefined || token === ""
                ? refusal.said
                : refusal.said.replaceAll(token, "[secret]");
        const because =
            said === "" ? `it answered ${String(status)}` : `${said} (${String(status)})`;
        const refused = (message: string) => new RefusedError(message, refusal);
        if (status === 401 || (status === 403 && /CSRF/.test(said))) {
            return refused(
                `Quay at ${url} does not accept the token in ${tokenVariable}: it is wrong, has ` +
                    `expired or was revoked. ${howToGetToken(url)}`,
            );
        }
        if (status === 403) {
            const [, namespace] = /^(?:organization|repository)\/([^/]+)/.exec(path) ?? [];
            const message =
                `Quay at ${url} refused to ${to} (403). Either the token in ${tokenVariable} ` +
                `lacks the scope "${scopes[scope]}" (${scope}), or ` +
                "its account has no right to do so there, or the namespace does not exist. " +
                howToGetToken(url);
            return namespace === undefined
                ? refused(message)
                : new ForbiddenError(message, refusal, namespace);
        }
        if (status >= 300 && status < 400) {
            const target = foreign(headers.get("location") ?? "another address", 300);
            return refused(
                `Quay at ${url} redirects the request to ${to} to ${target}. Set quay:url to ` +
                    "the address that Quay itself uses.",
            );
        }
        if (status === 402)
            return refused(
                `Quay at ${url} refused to ${to}: ${because}. The account's plan does not ` +
                    "include it.",
            );
        if (status === 429) {
            return refused(
                `Quay at ${url} still answers "too many requests" (429) to the request to ` +
                    `${to}. Lower quay:maxParallelRequests.`,
            );
        }
        if (!deliberate && (status === 502 || status === 503 || status === 504)) {
            // This is the answer of a proxy: whether Quay applied the change is unknown.
            return new UnansweredError(
                `Quay at ${url} gave no answer to the request to ${to} (${String(status)} from ` +
                    `the proxy before it). Try later.${doubt}`,
            );
        }
        if (status >= 500 && !deliberate) {
            return refused(
                `Quay at ${url} failed to ${to}: an error of the server's (${String(status)}). ` +
                    "Its log says more; try again later.",
            );
        }
        if (!deliberate) {
            return refused(
                `Quay at ${url} has no such route to ${to} (${String(status)}): its feature is ` +
                    "switched off or this Quay is too old for it, " +
                    "or the address in quay:url is not a Quay.",
            );
        }
        return refused(`Quay at ${url} did not ${to}: ${because}.`);
    }
}

/** Explains how to create a token, for users who have never done so. */
function howToGetToken(url: string): string {
    return (
        `Make one in Quay's web page (${url}): an organization > Applications > create an ` +
        "application > Generate Token."
    );
}
