/** What is sent back; a body of undefined is none at all. */
export interface Answer {
    readonly status: number;
    readonly body: unknown;
    readonly headers: Readonly<Record<string, string>>;
}

export function json(
    status: number,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
): Answer {
    return { status, body, headers };
}

export function nothing(status = 204): Answer {
    return { status, body: undefined, headers: {} };
}

/** An answer that ends the handling of a request: an error as GitHub words it. */
export class Refusal extends Error {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    /** More of the body than message, documentation_url and status; it may have a documentation_url of its own. */
    readonly details: Readonly<Record<string, unknown>>;

    constructor(
        status: number,
        message: string,
        headers: Readonly<Record<string, string>> = {},
        details: Readonly<Record<string, unknown>> = {},
    ) {
        super(message);
        this.status = status;
        this.headers = headers;
        this.details = details;
    }

    /** @param documentation of the operation that refuses. */
    answer(documentation: string): Answer {
        const body = {
            message: this.message,
            documentation_url: documentation,
            status: String(this.status),
            ...this.details,
        };
        return json(this.status, body, this.headers);
    }
}

export const badCredentials = (): Refusal => new Refusal(401, "Bad credentials");
export const requiresAuthentication = (): Refusal => new Refusal(401, "Requires authentication");
/** What is not there and what the caller may not see look the same. */
export const notFound = (message = "Not Found"): Refusal => new Refusal(404, message);
export const notAdmin = (): Refusal => new Refusal(403, "Must have admin rights to Repository.");
export const notGranted = (): Refusal =>
    new Refusal(403, "Resource not accessible by personal access token");
export const archived = (): Refusal => new Refusal(403, "Repository was archived so is read-only.");
export const conflict = (message: string): Refusal => new Refusal(409, message);
/** For some refusals GitHub documents the status and no text: then the text is this GitHub's own, and no test should go by it. */
export const unprocessable = (
    message: string,
    headers: Readonly<Record<string, string>> = {},
): Refusal => new Refusal(422, message, headers);

/** One thing that is wrong with a field of a request. */
export interface FieldError {
    readonly resource: string;
    readonly field?: string;
    readonly code: string;
    readonly message?: string;
}

export const validationFailed = (...errors: readonly FieldError[]): Refusal =>
    new Refusal(422, "Validation Failed", {}, { errors });
