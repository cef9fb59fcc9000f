import { STATUS_CODES } from "node:http";

/** What is sent back. */
export interface Answer {
    readonly status: number;
    readonly type: string;
    readonly body: string;
    readonly headers?: Readonly<Record<string, string>>;
}

/** JSON as Quay's framework writes it: a newline at the end. */
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

/** A page of the web framework. */
export function page(
    status: number,
    text: string,
    headers: Readonly<Record<string, string>> = {},
): Answer {
    const title = STATUS_CODES[status] ?? "";
    const body = `<!doctype html>\n<html lang=en>\n<title>${String(status)} ${title}</title>\n<h1>${title}</h1>\n<p>${text}</p>\n`;
    return { status, type: "text/html; charset=utf-8", body, headers };
}

/** An answer that ends the handling of a request. It is made from the server's URL, which some bodies contain. */
export class Refusal extends Error {
    readonly answer: (url: string) => Answer;

    constructor(answer: (url: string) => Answer) {
        super("refused");
        this.answer = answer;
    }
}

export const errorTypes = {
    invalid_request:
        "The request was invalid. It may have contained invalid values or was improperly formatted.",
    invalid_token: "The access token provided was invalid.",
    insufficient_scope:
        "The access token did not have sufficient scope to access the requested resource.",
    not_found: "The resource was not found.",
    tag_immutable: "The tag is immutable and cannot be changed.",
} as const;
type ErrorType = keyof typeof errorTypes;

/** Error shape 1: the API's deliberate errors (fact 1, error bodies). */
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

/** Lacking a right and lacking a scope look the same; an anonymous caller is told to authenticate. */
export const unauthorized = (username: string | undefined): Refusal =>
    username === undefined
        ? requiresAuthentication()
        : problem(403, "insufficient_scope", "Unauthorized");

/** Error shape 2: the data model's and the framework's errors. The message of a bad query parameter is an object. */
export const message = (status: number, text: string | Readonly<Record<string, string>>): Refusal =>
    new Refusal(() => json(status, { message: text }));

/** Error shape 3: looks like JSON, but is sent as HTML. */
export const htmlError = (status: number, error: string): Refusal =>
    new Refusal(() => ({
        status,
        type: "text/html; charset=utf-8",
        body: `{"error": ${JSON.stringify(error)}}`,
    }));

/** Error shape 4: a page. */
export const internalError = (): Refusal =>
    new Refusal(() =>
        page(
            500,
            "The server encountered an internal error and was unable to complete your request.",
        ),
    );

/** RFC 2822 as Quay writes it: `Sun, 22 Nov 2026 14:43:49 -0000` (fact 1, dates). */
export function formatDate(date: Date): string {
    return date.toUTCString().replace("GMT", "-0000");
}
