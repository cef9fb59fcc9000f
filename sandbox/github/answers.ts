/** A response. Its body may be undefined, which sends none. */
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

/** A response that ends the handling of a request: an error in GitHub's words. */
export class Refusal extends Error {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    /**
     * Additional fields of the body, besides message, documentation_url and status. It may override
     * documentation_url.
     */
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

    /** @param documentation of the operation that refuses */
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
/** The answer for what does not exist, and also for what the caller may not see. */
export const notFound = (message = "Not Found"): Refusal => new Refusal(404, message);
export const notAdmin = (): Refusal => new Refusal(403, "Must have admin rights to Repository.");
export const notGranted = (): Refusal =>
    new Refusal(403, "Resource not accessible by personal access token");
export const archived = (): Refusal => new Refusal(403, "Repository was archived so is read-only.");
export const conflict = (message: string): Refusal => new Refusal(409, message);
/**
 * A refusal for which GitHub documents the status but no text. The text is invented here, and no
 * test should rely on it.
 */
export const unprocessable = (
    message: string,
    headers: Readonly<Record<string, string>> = {},
): Refusal => new Refusal(422, message, headers);

/** An invalid field of a request. */
export interface FieldError {
    readonly resource: string;
    readonly field?: string;
    readonly code: string;
    readonly message?: string;
}

export const validationFailed = (...errors: readonly FieldError[]): Refusal =>
    new Refusal(422, "Validation Failed", {}, { errors });
