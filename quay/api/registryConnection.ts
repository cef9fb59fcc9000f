import { z } from "zod";
import type { QuayClient } from "./client.ts";
import { QuayError, readRefusal, RefusedError, UnansweredError } from "./errors.ts";
import type { Refusal } from "./errors.ts";
import { defaultRetryDelay } from "./http.ts";
import type { Http } from "./http.ts";
import { parseJson } from "./json.ts";

/** A login at a registry. */
export interface Credentials {
    readonly username: string;
    readonly password: string;
}

/** A token as a header can have it. */
const tokenText = z.string().regex(/^[!-~]+$/);

/** A registry's answer to a request for a token. */
export const tokenAnswer = z.object({
    token: tokenText.optional(),
    access_token: tokenText.optional(),
});

interface Sent {
    readonly to: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Uint8Array<ArrayBuffer>;
    /** Whether to follow redirects: registries redirect reads of blobs to their storage. */
    readonly follow?: boolean;
}

/** How many bytes of an answer are read into memory. Manifests have at most 4 MiB. */
const maxAnswer = 16 * 1024 * 1024;

/** An answer that was cut off. */
class CutError extends UnansweredError {}

interface Challenge {
    readonly scheme: string;
    readonly realm: string | undefined;
    readonly service: string | undefined;
}

/**
 * Sends requests to a registry (OCI distribution protocol) with one bearer token for all scopes. On
 * the provider's own Quay the default login is `$oauthtoken` with the API token as the password; on
 * other registries it is anonymous.
 */
export class RegistryConnection {
    readonly host: string;
    readonly api: QuayClient;
    readonly base: string;
    readonly #credentials: Credentials | undefined;
    readonly #scopes: readonly string[];
    #authorization: Promise<string | undefined> = Promise.resolve(undefined);

    /** @param scopes the scopes of the bearer token: `repository:alice/app:pull,push` */
    constructor(
        api: QuayClient,
        host: string,
        credentials: Credentials | undefined,
        scopes: readonly string[],
    ) {
        const own = host === api.site.host;
        // Plain HTTP on this machine, like docker.
        const local = /^(localhost|127\.0\.0\.1|\[::1\])(:|$)/.test(host);
        this.host = host;
        this.api = api;
        const address = host === "docker.io" ? "registry-1.docker.io" : host;
        this.base = own ? api.site.url : `${local ? "http" : "https"}://${address}`;
        this.#credentials =
            credentials ?? (own ? { username: "$oauthtoken", password: api.token } : undefined);
        this.#scopes = scopes;
    }

    /**
     * Sends a request of a blob transfer with the current token. Never retried here, because a
     * stream cannot be sent twice.
     */
    async raw(
        method: string,
        url: string,
        to: string,
        init: RequestInit & { readonly duplex?: "half" },
    ): Promise<Response> {
        const authorization = await this.#authorization;
        const headers = new Headers(init.headers);
        if (authorization !== undefined && new URL(url).host === new URL(this.base).host)
            headers.set("authorization", authorization);
        const http = await this.api.http();
        let response: Response;
        try {
            response = await fetch(url, {
                ...init,
                method,
                headers,
                signal: this.api.options.signal,
            });
        } catch (error) {
            throw this.#explain(http.explain(error), to);
        }
        if (response.ok) return response;
        const refusal = readRefusal(response.status, await response.text());
        // Registry tokens expire within minutes: the next attempt uses a new one.
        if (response.status === 401) {
            this.#authorization = this.#authorize(response.headers.get("www-authenticate"));
            await this.#authorization;
            throw new UnansweredError(`${this.host} did not ${to}: its token has expired.`);
        }
        throw this.#refused(refusal, to);
    }

    /** Reads a whole answer into memory. Retries if it was cut off. */
    async read(path: string, sent: Sent): Promise<{ bytes: Uint8Array; headers: Headers }> {
        const { default: pRetry } = await import("p-retry");
        return pRetry(
            async () => {
                const { headers, body } = await this.send("GET", path, sent);
                try {
                    return { bytes: await this.#collect(body, sent.to), headers };
                } catch (error) {
                    if (error instanceof QuayError) throw error;
                    throw new CutError(
                        `The registry ${this.host} gave no whole answer to the request to ` +
                            `${sent.to}.`,
                    );
                }
            },
            {
                retries: 2,
                minTimeout: this.api.options.retryDelay ?? defaultRetryDelay,
                signal: this.api.options.signal,
                shouldRetry: ({ error }) => error instanceof CutError,
            },
        );
    }

    async #collect(body: Response["body"], to: string): Promise<Uint8Array> {
        const parts: Uint8Array[] = [];
        let size = 0;
        for await (const part of body ?? []) {
            size += part.length;
            if (size > maxAnswer)
                throw new QuayError(
                    `The registry ${this.host} answered the request to ${to} with more than ` +
                        `${String(maxAnswer)} bytes, which are not read.`,
                );
            parts.push(part);
        }
        return Buffer.concat(parts);
    }

    async send(method: string, path: string, sent: Sent): Promise<Response> {
        const before = this.#authorization;
        const answer = await this.#attempt(method, path, sent, await before);
        if (!("challenge" in answer)) return answer;
        // Of several concurrent requests that get a 401, only one requests a token.
        if (this.#authorization === before) this.#authorization = this.#authorize(answer.challenge);
        const second = await this.#attempt(method, path, sent, await this.#authorization);
        if (!("challenge" in second)) return second;
        throw this.#refused(second.refusal, sent.to);
    }

    async #attempt(
        method: string,
        path: string,
        { to, headers, body, follow = false }: Sent,
        authorization: string | undefined,
    ): Promise<Response | { readonly challenge: string | null; readonly refusal: Refusal }> {
        const http = await this.api.http();
        const url = `${this.base}/v2/${path}`;
        try {
            return await http.limit(() =>
                http.repeatable(url, {
                    method,
                    headers: {
                        ...headers,
                        ...(authorization === undefined ? {} : { authorization }),
                    },
                    ...(body === undefined ? {} : { body }),
                    ...(follow ? { redirect: "follow" as const } : {}),
                    signal: this.api.options.signal,
                    timeout: 60_000,
                }),
            );
        } catch (error) {
            const failure = http.explain(error);
            if ("refusal" in failure && failure.refusal.status === 401)
                return {
                    challenge: failure.headers.get("www-authenticate"),
                    refusal: failure.refusal,
                };
            throw this.#explain(failure, to);
        }
    }

    /**
     * Returns the authorization header that a 401 asks for: a bearer token for all scopes, or
     * Basic.
     */
    async #authorize(header: string | null): Promise<string | undefined> {
        const { scheme, realm, service } = parseChallenge(header ?? "");
        const login =
            this.#credentials && `${this.#credentials.username}:${this.#credentials.password}`;
        const basic =
            login === undefined ? undefined : `Basic ${Buffer.from(login).toString("base64")}`;
        if (scheme === "basic") return basic;
        if (scheme !== "bearer" || realm === undefined || !URL.canParse(realm)) return undefined;
        const url = new URL(realm);
        if (service !== undefined) url.searchParams.set("service", service);
        for (const scope of this.#scopes) url.searchParams.append("scope", scope);
        // The API token is sent to Quay only, wherever the challenge points.
        const trusted =
            this.#credentials?.password !== this.api.options.token ||
            url.host === this.api.site.host;
        const http = await this.api.http();
        const to = "give a token";
        let text: string;
        try {
            text = await http
                .repeatable(url, {
                    headers: basic !== undefined && trusted ? { authorization: basic } : {},
                    signal: this.api.options.signal,
                })
                .text();
        } catch (error) {
            throw this.#explain(http.explain(error), to);
        }
        const answer = tokenAnswer.safeParse(parseJson(new TextEncoder().encode(text)));
        const token = answer.data?.token ?? answer.data?.access_token;
        if (token === undefined) throw this.notUnderstood(200, to);
        return `Bearer ${token}`;
    }

    #explain(failure: ReturnType<Http["explain"]>, to: string): Error {
        if ("bug" in failure) return failure.bug;
        if ("unanswered" in failure) {
            const why = this.api.options.signal.aborted ? "cancelled" : failure.unanswered;
            return new UnansweredError(
                `The registry ${this.host} gave no answer to the request to ${to}: ${why}.`,
            );
        }
        return this.#refused(failure.refusal, to);
    }

    /**
     * Returns the error for an answer that is not a registry's, such as a proxy's page. Whether the
     * request took effect is unknown.
     */
    notUnderstood(status: number, to: string): UnansweredError {
        return new UnansweredError(
            `The registry ${this.host} answered the request to ${to} with something that is not ` +
                `a registry's (${String(status)}): a proxy's page? Try later.`,
        );
    }

    #refused(refusal: Refusal, to: string): RefusedError {
        const { status, said } = refusal;
        const because = said === "" ? String(status) : `${said} (${String(status)})`;
        const message =
            status === 401 || status === 403
                ? `The registry ${this.host} refused to ${to} with ${this.#who()}: ` +
                  `${because}. Either these credentials are wrong, or they have no ` +
                  "right to do so, or there is no such repository: a registry gives one answer " +
                  "for all three."
                : `The registry ${this.host} did not ${to}: ${because}.`;
        return new RefusedError(message, refusal);
    }

    #who(): string {
        if (this.#credentials === undefined) return "no credentials";
        return this.#credentials.username === "$oauthtoken"
            ? `the API token in ${this.api.options.tokenVariable}`
            : `the credentials of "${this.#credentials.username}"`;
    }
}

/** Parses a WWW-Authenticate header: `Bearer realm="…",service="…"` */
export function parseChallenge(header: string): Challenge {
    const [, scheme = ""] = /^\s*([a-z]+)/i.exec(header) ?? [];
    const parameter = (name: string) =>
        new RegExp(`[\\s,]${name}="([^"]*)"`, "i").exec(header)?.[1];
    return {
        scheme: scheme.toLowerCase(),
        realm: parameter("realm"),
        service: parameter("service"),
    };
}
