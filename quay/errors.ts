/** A mistake or a refusal that the user can act on: its message says what is wrong and what to do. Shown alone, without a stack trace. */
export class QuayError extends Error {
    override readonly name: string = "QuayError";
}

/** What became of a request that did not succeed. */
export interface Refusal {
    /** The HTTP status. */
    readonly status: number;
    /** What the server said, in one line; empty where it said nothing for people (an HTML page). */
    readonly said: string;
    /** Whether the answer was one of the API's own (JSON), not a page of its web UI or of a proxy. */
    readonly deliberate: boolean;
}

/** A request that Quay, or a registry, answered with an error. */
export class RefusedError extends QuayError {
    override readonly name = "RefusedError";
    readonly refusal: Refusal;

    constructor(message: string, refusal: Refusal) {
        super(message);
        this.refusal = refusal;
    }
}

/** A request without an answer: it may have taken effect or not. */
export class UnansweredError extends QuayError {
    override readonly name = "UnansweredError";
}

/** Something was created, but not all that belongs to it could be set: the state keeps what there is, the next `up` mends the rest. */
export class PartialError extends QuayError {
    override readonly name = "PartialError";
    readonly id: string;
    /** The properties as they are now. */
    readonly state: object;

    constructor(message: string, id: string, state: object) {
        super(message);
        this.id = id;
        this.state = state;
    }
}

/** Runs it; where it is refused in this way the result is undefined. */
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

/** Quay's 404 in JSON. Its HTML 404 is a route that does not exist, which says nothing about the resource. */
export const notFound = ({ status, deliberate }: Refusal): boolean => status === 404 && deliberate;

/** Quay's 400 with this text, which is how many of its routes say "missing" and "exists". */
export function badRequest(pattern: RegExp): (refusal: Refusal) => boolean {
    return ({ status, said }) => status === 400 && pattern.test(said);
}

/**
 * What the server said, from its body: the API's errors (`detail`), the data model's (`message`, which may be an object keyed by
 * parameter), `{"error"}`, and a registry's (`errors[].message`). Only the first line: schema errors go on for pages.
 */
export function readRefusal(status: number, body: unknown): Refusal {
    const data = typeof body === "string" ? fromJson(body) : body;
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

function oneLine(said: unknown): string {
    if (typeof said === "string") return said.trim().split("\n", 1).join("").slice(0, 300);
    if (Array.isArray(said)) return said.map(oneLine).filter(Boolean).join("; ");
    if (typeof said !== "object" || said === null) return "";
    const { code, message } = said as { code?: unknown; message?: unknown };
    if (typeof code === "string") return oneLine([code, message]).replace("; ", ": ");
    return Object.entries(said)
        .map(([key, value]) => `${key}: ${oneLine(value)}`)
        .join("; ")
        .slice(0, 300);
}

function fromJson(text: string): unknown {
    try {
        return JSON.parse(text) as unknown;
    } catch {
        return undefined;
    }
}
