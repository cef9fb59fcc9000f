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

/** Limits, retries and cancellation of requests. */
export interface HttpOptions {
    /** The maximum number of concurrent requests. */
    readonly maxParallelRequests: number;
    /**
     * The delay before the first retry, in milliseconds, doubled for each further one. Default:
     * 300.
     */
    readonly retryDelay?: number;
    /**
     * Cancels: no further change is started and no failed request is retried. A change that has
     * started still gets its answer: aborted, it could have created something that is in no state.
     */
    readonly signal: AbortSignal;
}

/** The cause of a failed request: an error answer, no answer, or a bug in this provider. */
export type Failure =
    | { readonly refusal: Refusal; readonly headers: Headers }
    | { readonly unanswered: string }
    | { readonly bug: Error };

export interface Http {
    /** For requests that can be repeated after any failure. */
    readonly repeatable: KyInstance;
    /** For requests that can be repeated only if they were not processed. */
    readonly once: KyInstance;
    /** Limits the number of concurrent requests. */
    readonly limit: LimitFunction;
    readonly explain: (error: unknown) => Failure;
}

// Errors raised before anything reached the server: any request can be repeated.
const notSent = new Set([
    "ECONNREFUSED",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "UND_ERR_CONNECT_TIMEOUT",
]);

/**
 * Returns the HTTP client. Loaded with the first request, so that a preview without requests does
 * not load it. A 429 means that nothing was done, so every request is retried; after 502, 503, 504,
 * a reset or a timeout the request may have taken effect.
 */
export async function loadHttp({
    maxParallelRequests,
    signal,
    retryDelay = defaultRetryDelay,
}: HttpOptions): Promise<Http> {
    const [{ default: ky, isHTTPError, isNetworkError, isTimeoutError }, { default: pLimit }] =
        await Promise.all([import("ky"), import("p-limit")]);
    // fetch parses HTTP in WebAssembly. Without V8's optimizing compiler the peak memory is 13 MB
    // (11 %) lower, and no measurable time is lost. Set only after fetch was loaded with ky:
    // Node.js ships its code compiled for the default flags, which then loads 20 ms faster.
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
    // An API never redirects; following a redirect would end on a page of the website.
    const options: Options = { redirect: "manual", headers: { "user-agent": userAgent } };
    return {
        repeatable: ky.create({
            ...options,
            retry: {
                ...retry,
                statusCodes: [429, 502, 503, 504],
                retryOnTimeout: true,
                // A Quay whose database is read-only sends a 503 in JSON: retrying does not help.
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

/** Returns the network's error code: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, … */
function causeOf(error: Error): string {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
        if ("code" in cause && typeof cause.code === "string") return cause.code;
        if (!(cause.cause instanceof Error)) return cause.message;
    }
    return error.message;
}
