import { z } from "zod";
import { cut, ForbiddenError, QuayError, RefusedError, unless, UnansweredError } from "./errors.ts";
import type { Refusal } from "./errors.ts";
import { loadHttp } from "./http.ts";
import type { Failure, Http, HttpOptions } from "./http.ts";
import { readJson } from "./json.ts";

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

export interface ClientOptions extends HttpOptions {
    readonly site: Site;
    /** The name of the environment variable that holds the token, for messages. */
    readonly tokenVariable: string;
    /** The token; undefined where the variable is not set. */
    readonly token: string | undefined;
    /** How long one attempt may take, in milliseconds. */
    readonly timeout?: number;
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
