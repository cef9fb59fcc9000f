import { readJson } from "./json.ts";
import { foreign, visibleLines } from "./text.ts";

/**
 * An error that the user can act on: the message says what is wrong and what to do. Shown without a
 * stack trace. The message may contain text from a server, so control characters and invisible
 * characters, which could move the cursor or change the text direction, are escaped.
 */
export class QuayError extends Error {
    override readonly name: string = "QuayError";

    constructor(message: string) {
        super(visibleLines(message));
    }
}

/** A failed request's answer. */
export interface Refusal {
    /** The HTTP status. */
    readonly status: number;
    /** The server's message in one line; empty if it sent none for people (an HTML page). */
    readonly said: string;
    /**
     * Whether the answer came from the API (JSON), not from a page of the website or of a proxy.
     */
    readonly deliberate: boolean;
}

/** A request that Quay or a registry answered with an error. */
export class RefusedError extends QuayError {
    override readonly name = "RefusedError";
    readonly refusal: Refusal;

    constructor(message: string, refusal: Refusal) {
        super(message);
        this.refusal = refusal;
    }
}

/** A 403: the permission is missing. Quay also sends it for a namespace that does not exist. */
export class ForbiddenError extends RefusedError {
    /** The organization or user that owns the resource. */
    readonly namespace: string;

    constructor(message: string, refusal: Refusal, namespace: string) {
        super(message, refusal);
        this.namespace = namespace;
    }
}

/** The object of a request, or what it belongs to, does not exist on Quay. */
export class MissingError extends QuayError {
    override readonly name = "MissingError";

    /** @param what `repository alice/app` */
    constructor(what: string, { url }: { readonly url: string }) {
        super(
            `There is no ${what} on Quay at ${url}. If this program made it, it was deleted ` +
                "outside of it: run `pulumi refresh`, and the next `pulumi up` makes it again.",
        );
    }
}

/** A request without an answer: whether it took effect is unknown. */
export class UnansweredError extends QuayError {
    override readonly name = "UnansweredError";
}

/**
 * A resource was created, but some of its settings failed. The state keeps what was created, and
 * the next `up` sets the rest.
 */
export class PartialError extends QuayError {
    override readonly name = "PartialError";
    readonly id: string;
    /** The current properties. */
    readonly state: object;

    constructor(message: string, id: string, state: object) {
        super(message);
        this.id = id;
        this.state = state;
    }
}

/** Runs a request; returns undefined if it is refused in the given way. */
export async function unless<T>(
    refused: (refusal: Refusal) => boolean,
    run: () => Promise<T>,
): Promise<T | undefined> {
    try {
        return await run();
    } catch (error) {
        if (error instanceof RefusedError && refused(error.refusal)) return undefined;
        throw error;
    }
}

/**
 * Matches Quay's 404 in JSON. An HTML 404 means that the route does not exist, which says nothing
 * about the resource.
 */
export const notFound = ({ status, deliberate }: Refusal): boolean => status === 404 && deliberate;

/**
 * Matches a 400 with this text, which many of Quay's routes send for "not found" and "exists
 * already".
 */
export function badRequest(pattern: RegExp): (refusal: Refusal) => boolean {
    return ({ status, said }) => status === 400 && pattern.test(said);
}

/**
 * Reads the server's message from an answer's body: `detail` (errors of the API), `message` (errors
 * of the data model; may be an object keyed by parameter), `error`, or `errors[].message` (a
 * registry's). Keeps only the first line: schema errors are pages long.
 */
export function readRefusal(status: number, body: unknown): Refusal {
    const data = typeof body === "string" ? readJson(body) : body;
    if (typeof data !== "object" || data === null) return { status, said: "", deliberate: false };
    const fields = new Map<string, unknown>(Object.entries(data));
    const errors = fields.get("errors");
    const said = [
        fields.get("detail"),
        fields.get("error_message"),
        fields.get("message"),
        fields.get("error"),
        errors,
    ].find(Boolean);
    return { status, said: oneLine(said), deliberate: fields.size > 0 };
}

/** How much of a server's text fits into a message. */
const maxLength = 300;

/** @param depth the maximum nesting of lists and objects that is read. */
function oneLine(said: unknown, depth = 3): string {
    const inner = (value: unknown) => oneLine(value, depth - 1);
    if (typeof said === "string") return foreign(said.trim().split("\n", 1).join(""), maxLength);
    if (typeof said !== "object" || said === null || depth === 0) return "";
    if (Array.isArray(said)) return foreign(said.map(inner).filter(Boolean).join("; "), maxLength);
    const { code, message } = said as { code?: unknown; message?: unknown };
    if (typeof code === "string") return oneLine([code, message], depth).replace("; ", ": ");
    return foreign(
        Object.entries(said)
            .map(([key, value]) => `${key}: ${inner(value)}`)
            .join("; "),
        maxLength,
    );
}
