import { readJson } from "./json.ts";

/**
 * A mistake or a refusal that the user can act on: its message says what is wrong and what to do.
 * Shown alone, without a stack trace. What a server wrote may be in it, so characters that move a
 * terminal's cursor or turn the direction of text are escaped.
 */
export class QuayError extends Error {
    override readonly name: string = "QuayError";

    constructor(message: string) {
        super(visible(message));
    }
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

/** A refusal for lack of a right (403), which Quay gives for a namespace that does not exist too. */
export class ForbiddenError extends RefusedError {
    /** The organization or user whose resource it is. */
    readonly namespace: string;

    constructor(message: string, refusal: Refusal, namespace: string) {
        super(message, refusal);
        this.namespace = namespace;
    }
}

/** What a request is about, or belongs to, is not on Quay. */
export class MissingError extends QuayError {
    override readonly name = "MissingError";

    /** @param what `repository alice/app` */
    constructor(what: string, { url }: { readonly url: string }) {
        super(
            `There is no ${what} on Quay at ${url}. If this program made it, it was deleted outside ` +
                "of it: run `pulumi refresh`, and the next `pulumi up` makes it again.",
        );
    }
}

/** A request without an answer: it may have taken effect or not. */
export class UnansweredError extends QuayError {
    override readonly name = "UnansweredError";
}

/** Something was created, but not all that belongs to it could be set: the state keeps what there is, the next `up` sets the rest. */
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

/** @param depth how many levels of lists and objects are read: an error needs no more. */
function oneLine(said: unknown, depth = 3): string {
    const inner = (value: unknown) => oneLine(value, depth - 1);
    if (typeof said === "string") return cut(said.trim().split("\n", 1).join(""));
    if (typeof said !== "object" || said === null || depth === 0) return "";
    if (Array.isArray(said)) return cut(said.map(inner).filter(Boolean).join("; "));
    const { code, message } = said as { code?: unknown; message?: unknown };
    if (typeof code === "string") return oneLine([code, message], depth).replace("; ", ": ");
    return cut(
        Object.entries(said)
            .map(([key, value]) => `${key}: ${inner(value)}`)
            .join("; "),
    );
}

/** A server's text at a length that fits a message. */
export function cut(text: string): string {
    return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** Escapes control characters and those that turn the direction of text or are not visible. */
function visible(text: string): string {
    return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) =>
        character === "\n" || character === "\t"
            ? character
            : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
    );
}
