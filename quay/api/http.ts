import { setFlagsFromString } from "node:v8";
import type { KyInstance, Options } from "ky";
import type { LimitFunction } from "p-limit";
import { readRefusal } from "./errors.ts";
import type { Refusal } from "./errors.ts";
import { version } from "./version.ts";

/** Identifies the provider to servers. (Quay refuses what looks like a browser.) */
export const userAgent = `pulumi-quay/${version} (node ${process.versions.node})`;

/** How long to wait before the first retry, in milliseconds. */
export const defaultRetryDelay = 300;

/** What requests share: their number at a time, their pace and their end. */
export interface HttpOptions {
    /** How many requests may be under way at the same time. */
    readonly maxParallelRequests: number;
    /** How long to wait before the first retry, in milliseconds; then twice as long each time. Default: 300. */
    readonly retryDelay?: number;
    /**
     * Cancels: no change begins any more, and what fails is not tried again. What has begun gets its answer: were it cut off, it might have
     * created something that no state knows of.
     */
    readonly signal: AbortSignal;
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
export async function loadHttp({
    maxParallelRequests,
    signal,
    retryDelay = defaultRetryDelay,
}: HttpOptions): Promise<Http> {
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
