import { setFlagsFromString } from "node:v8";
import type { KyInstance, Options } from "ky";
import type { LimitFunction } from "p-limit";
import { z } from "zod";
import {
    cut,
    ForbiddenError,
    QuayError,
    readRefusal,
    RefusedError,
    unless,
    UnansweredError,
} from "./errors.ts";
import type { Refusal } from "./errors.ts";
import { readJson } from "./json.ts";
import { version } from "./version.ts";

/** Identifies the provider to servers. (Quay refuses what looks like a browser.) */
export const userAgent = `pulumi-quay/${version} (node ${process.versions.node})`;

/** What a token of Quay's may do, by the name that its web page for making tokens gives it. */
const scopes = {
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

/** Where the provider's Quay is: known without any request. */
export interface Site {
    /** The web address, without a slash at its end: `https://quay.io`. */
    readonly url: string;
    /** The registry that docker knows: `quay.io`, `localhost:8080`. */
    readonly host: string;
}

/** How long to wait before the first retry, in milliseconds. */
export const defaultRetryDelay = 300;

export interface ClientOptions {
    readonly site: Site;
    /** The name of the environment variable that holds the token, for messages. */
    readonly tokenVariable: string;
    /** The token; undefined where the variable is not set. */
    readonly token: string | undefined;
    /** How many requests may be under way at the same time. */
    readonly maxParallelRequests: number;
    /** How long one attempt may take, in milliseconds. */
    readonly timeout?: number;
    /** How long to wait before the first retry, in milliseconds; then twice as long each time. Default: 300. */
    readonly retryDelay?: number;
    /**
     * Cancels: no change begins any more, and what fails is not tried again. What has begun gets its answer: were it cut off, it might have
     * created something that no state knows of.
     */
    readonly signal: AbortSignal;
}

export interface Call {
    /** What it is for, to complete "Quay refused to …": `create the repository alice/app`. */
    readonly to: string;
    /** The scope that the token needs for it. */
    readonly scope: Scope;
    readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
    readonly json?: unknown;
    /** Repeating it is wrong once it may have taken effect: it creates something, and would find that it exists. */
    readonly once?: boolean;
}

/** Who the token belongs to. */
export interface Account {
    /** Undefined where the token may not tell: it has neither user:read nor user:admin, and no reach into a user's namespace. */
    readonly username: string | undefined;
}

/**
 * An answer that is not Quay's, such as a proxy's page or JSON that is cut: it says as little about
 * what was done as no answer.
 */
class UnreadableError extends UnansweredError {}

/** For a change whose answer was lost. */
const inDoubt = "It may have been done all the same: run the same command again.";

/** The form of an answer without a body (204), which is how Quay confirms most deletions. */
export const noContent = z.undefined();

const user = z.object({ username: z.string() });

/** Quay's API, `/api/v1`: authentication, retries, limits, and errors that say what to do. */
export class QuayClient {
    readonly options: ClientOptions;
    readonly site: Site;
    #account: Promise<Account> | undefined;
    #http: Promise<Http> | undefined;

    constructor(options: ClientOptions) {
        this.options = options;
        this.site = options.site;
    }

    /** The token of the provider. @throws QuayError that names the variable to set. */
    get token(): string {
        const { token, tokenVariable } = this.options;
        const { url } = this.site;
        if (token !== undefined && token !== "") return token;
        throw new QuayError(
            `The environment variable ${tokenVariable} is not set: it holds the API token for ${url}. ${howToGetToken(url)}`,
        );
    }

    /**
     * Who the token belongs to; asked once. It proves the token too: Quay answers a bad one on a change with a page about CSRF, and on
     * public data as if nobody had signed in, so this comes before the first change.
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
        // 401 for a token that is bad, and for one that lacks the scope; this route tells them apart by a 403.
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

    /** Whether the namespace is the token's own account, or else has to be an organization. */
    async kindOf(namespace: string): Promise<NamespaceKind> {
        return (await this.account()).username === namespace ? "user" : "organization";
    }

    /** Reads from the API, a JSON answer in this form. */
    get<T>(path: string, call: Call, answer: z.ZodType<T>): Promise<T> {
        return this.#send("GET", path, call, answer);
    }

    /**
     * Changes something. An answer in another form is no success: it is an UnansweredError, after
     * one more try where the change may be repeated.
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

    /** What sends all requests, those to registries too, so that together they keep to the limit; loaded with the first. */
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
            // Where the connection ends within the answer, none of it is readable.
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
                : ` ("${cut(issue.path.join("."))}": ${cut(issue.message)})`;
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
                "Check the address (quay:url or QUAY_URL), the network and, behind a proxy, HTTPS_PROXY.";
            return new UnansweredError(
                `Quay at ${url} gave no answer to the request to ${to}: ${failure.unanswered}. ${hint}${doubt}`,
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
                `Quay at ${url} does not accept the token in ${tokenVariable}: it is wrong, has expired or was revoked. ${howToGetToken(url)}`,
            );
        }
        if (status === 403) {
            const [, namespace] = /^(?:organization|repository)\/([^/]+)/.exec(path) ?? [];
            const message =
                `Quay at ${url} refused to ${to} (403). Either the token in ${tokenVariable} lacks the scope "${scopes[scope]}" (${scope}), or ` +
                `its account has no right to do so there, or the namespace does not exist. ${howToGetToken(url)}`;
            return namespace === undefined
                ? refused(message)
                : new ForbiddenError(message, refusal, namespace);
        }
        if (status >= 300 && status < 400) {
            const target = cut(headers.get("location") ?? "another address");
            return refused(
                `Quay at ${url} redirects the request to ${to} to ${target}. Set quay:url to the address that Quay itself uses.`,
            );
        }
        if (status === 402)
            return refused(
                `Quay at ${url} refused to ${to}: ${because}. The account's plan does not include it.`,
            );
        if (status === 429) {
            return refused(
                `Quay at ${url} still answers "too many requests" (429) to the request to ${to}. Lower quay:maxParallelRequests.`,
            );
        }
        if (!deliberate && (status === 502 || status === 503 || status === 504)) {
            // A proxy's words: whether Quay has done it nobody knows.
            return new UnansweredError(
                `Quay at ${url} gave no answer to the request to ${to} (${String(status)} from the proxy before it). Try later.${doubt}`,
            );
        }
        if (status >= 500 && !deliberate) {
            return refused(
                `Quay at ${url} failed to ${to}: an error of the server's (${String(status)}). Its log says more; try again later.`,
            );
        }
        if (!deliberate) {
            return refused(
                `Quay at ${url} has no such route to ${to} (${String(status)}): its feature is switched off or this Quay is too old for it, ` +
                    "or the address in quay:url is not a Quay.",
            );
        }
        return refused(`Quay at ${url} did not ${to}: ${because}.`);
    }
}

/** How to come by a token, for people who have never made one. */
function howToGetToken(url: string): string {
    return `Make one in Quay's web page (${url}): an organization > Applications > create an application > Generate Token.`;
}

/** What went wrong with a request: an answer, no answer, or a mistake of our own. */
export type Failure =
    | { readonly refusal: Refusal; readonly headers: Headers }
    | { readonly unanswered: string }
    | { readonly bug: Error };

export interface Http {
    /** For requests that may be repeated whatever became of them. */
    readonly repeatable: KyInstance;
    /** For requests that may be repeated only where they were not processed. */
    readonly once: KyInstance;
    /** At most so many at the same time. */
    readonly limit: LimitFunction;
    readonly explain: (error: unknown) => Failure;
}

// Nothing reached the server: repeating is safe whatever the request does.
const notSent = new Set([
    "ECONNREFUSED",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "UND_ERR_CONNECT_TIMEOUT",
]);

/**
 * The HTTP client with its retries, loaded with the first request: a preview without one does not pay for it. After a 429 nothing was done,
 * so that every request is repeated; 502, 503, 504, resets and time-outs leave it open.
 */
async function loadHttp({
    maxParallelRequests,
    signal,
    retryDelay = defaultRetryDelay,
}: Pick<ClientOptions, "maxParallelRequests" | "signal" | "retryDelay">): Promise<Http> {
    const [{ default: ky, isHTTPError, isNetworkError, isTimeoutError }, { default: pLimit }] =
        await Promise.all([import("ky"), import("p-limit")]);
    // fetch parses HTTP in WebAssembly. V8's optimizing compiler takes 13 MB for it, 11 % of the peak, and saves no time that can be measured. Set
    // only now: what Node.js brings compiled (fetch, which ky has loaded) holds for the default flags, and loads 20 ms faster.
    for (const flag of ["--no-wasm-tier-up", "--no-wasm-dynamic-tiering"]) setFlagsFromString(flag);
    const retry = {
        limit: 5,
        methods: ["get", "head", "post", "put", "patch", "delete"],
        afterStatusCodes: [429, 503],
        maxRetryAfter: 60_000,
        delay: (attempt: number) => retryDelay * 2 ** (attempt - 1),
        backoffLimit: 10_000,
        jitter: (delay: number) => delay * (0.5 + Math.random() / 2),
    };
    // `redirect`: an API never redirects; following one would end on a page of the web UI.
    const options: Options = { redirect: "manual", headers: { "user-agent": userAgent } };
    return {
        repeatable: ky.create({
            ...options,
            retry: {
                ...retry,
                statusCodes: [429, 502, 503, 504],
                retryOnTimeout: true,
                // The database of a read-only repository says so with a 503 in JSON: that will not pass.
                shouldRetry: ({ error }) => {
                    const readOnly =
                        isHTTPError(error) &&
                        error.response.status === 503 &&
                        readRefusal(503, error.data).deliberate;
                    return readOnly || signal.aborted ? false : undefined;
                },
            },
        }),
        once: ky.create({
            ...options,
            retry: {
                ...retry,
                statusCodes: [429],
                shouldRetry: ({ error }) =>
                    signal.aborted || (isNetworkError(error) && !notSent.has(causeOf(error)))
                        ? false
                        : undefined,
            },
        }),
        limit: pLimit(maxParallelRequests),
        explain(error) {
            if (isHTTPError(error)) {
                const { status, headers } = error.response;
                return { refusal: readRefusal(status, error.data), headers };
            }
            if (!(error instanceof Error)) return { bug: new Error(String(error)) };
            if (isTimeoutError(error)) return { unanswered: "it took too long" };
            if (error.name === "AbortError") return { unanswered: "cancelled" };
            return isNetworkError(error) || error.cause instanceof Error
                ? { unanswered: causeOf(error) }
                : { bug: error };
        },
    };
}

/** The reason that the network gave: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, … */
function causeOf(error: Error): string {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
        if ("code" in cause && typeof cause.code === "string") return cause.code;
        if (!(cause.cause instanceof Error)) return cause.message;
    }
    return error.message;
}
