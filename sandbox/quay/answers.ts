import { STATUS_CODES } from "node:http";

/** A response. */
export interface Answer {
    readonly status: number;
    readonly type: string;
    readonly body: string;
    readonly headers?: Readonly<Record<string, string>>;
}

/** JSON as Quay's framework writes it, with a newline at the end. */
export function json(
    status: number,
    value: unknown,
    headers: Readonly<Record<string, string>> = {},
): Answer {
    return { status, type: "application/json", body: `${JSON.stringify(value)}\n`, headers };
}

export function nothing(status = 204): Answer {
    return { status, type: "application/json", body: "" };
}

/** An HTML page of the web framework. */
export function page(
    status: number,
    text: string,
    headers: Readonly<Record<string, string>> = {},
): Answer {
    const title = STATUS_CODES[status] ?? "";
    const head = `<!doctype html>\n<html lang=en>\n<title>${String(status)} ${title}</title>\n`;
    const body = `${head}<h1>${title}</h1>\n<p>${text}</p>\n`;
    return { status, type: "text/html; charset=utf-8", body, headers };
}

/**
 * A response that ends the handling of a request. It is a function of the server's URL, because
 * some bodies contain that.
 */
export class Refusal extends Error {
    readonly answer: (url: string) => Answer;

    constructor(answer: (url: string) => Answer) {
        super("refused");
        this.answer = answer;
    }
}

export const errorTypes = {
    invalid_request:
        "The request was invalid. " +
        "It may have contained invalid values or was improperly formatted.",
    invalid_token: "The access token provided was invalid.",
    insufficient_scope:
        "The access token did not have sufficient scope to access the requested resource.",
    not_found: "The resource was not found.",
    tag_immutable: "The tag is immutable and cannot be changed.",
} as const;
type ErrorType = keyof typeof errorTypes;

/** Error shape 1: the errors that the API raises itself. */
function problem(
    status: number,
    type: ErrorType,
    detail: string,
    extra: Readonly<Record<string, unknown>> = {},
): Refusal {
    return new Refusal((url) =>
        json(status, {
            ...extra,
            detail,
            error_message: detail,
            error_type: type,
            title: type,
            type: `${url}/api/v1/error/${type}`,
            status,
        }),
    );
}

export const invalidRequest = (detail: string): Refusal => problem(400, "invalid_request", detail);
export const notFound = (): Refusal => problem(404, "not_found", "Not Found");
export const tagImmutable = (tag: string): Refusal =>
    problem(409, "tag_immutable", `Tag ${tag} is immutable`);
export const requiresAuthentication = (extra: Readonly<Record<string, unknown>> = {}): Refusal =>
    problem(401, "invalid_token", "Requires authentication", extra);

/**
 * Denies access: a missing right and a missing scope give the same answer; anonymous callers must
 * log in.
 */
export const unauthorized = (username: string | undefined): Refusal =>
    username === undefined
        ? requiresAuthentication()
        : problem(403, "insufficient_scope", "Unauthorized");

/**
 * Error shape 2: errors of the data model and the framework. For an invalid query parameter, the
 * message is an object.
 */
export const message = (status: number, text: string | Readonly<Record<string, string>>): Refusal =>
    new Refusal(() => json(status, { message: text }));

/** Error shape 3: JSON text, but sent as HTML. */
export const htmlError = (status: number, error: string): Refusal =>
    new Refusal(() => ({
        status,
        type: "text/html; charset=utf-8",
        body: `{"error": ${JSON.stringify(error)}}`,
    }));

/** Error shape 4: an HTML page. */
export const internalError = (): Refusal =>
    new Refusal(() =>
        page(
            500,
            "The server encountered an internal error and was unable to complete your request.",
        ),
    );

/** Formats a date by RFC 2822, as Quay does: `Sun, 22 Nov 2026 14:43:49 -0000`. */
export function formatDate(date: Date): string {
    return date.toUTCString().replace("GMT", "-0000");
}
