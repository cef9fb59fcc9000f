import type { RequestHandler, Response } from "express";

/** One request that the server received. */
export interface LoggedRequest {
    readonly time: Date;
    readonly method: string;
    /** With the query, and with /api/v3 if the client uses that. */
    readonly path: string;
    /** The operationId in GitHub's description. undefined if it has none, or a fault came first. */
    operation: string | undefined;
    /** The user whose token allowed it, or was refused. */
    user: string | undefined;
    /** 0: no answer, or none yet. */
    status: number;
}

/** The log of all requests, oldest first. */
export class Traffic {
    private entries: LoggedRequest[] = [];
    private readonly byResponse = new WeakMap<Response, LoggedRequest>();

    readonly record: RequestHandler = (request, response, next) => {
        const { method, originalUrl: path } = request;
        const entry: LoggedRequest = {
            time: new Date(),
            method,
            path,
            operation: undefined,
            user: undefined,
            status: 0,
        };
        this.entries.push(entry);
        this.byResponse.set(response, entry);
        response.once("finish", () => {
            entry.status = response.statusCode;
        });
        next();
    };

    /** Records operation and caller, once known. */
    identify(response: Response, known: Pick<LoggedRequest, "operation" | "user">): void {
        const entry = this.byResponse.get(response);
        if (entry !== undefined) Object.assign(entry, known);
    }

    /** Returns the requests so far, or only those of a method whose path matches. */
    requests(
        filter: { readonly method?: string | undefined; readonly path?: RegExp | undefined } = {},
    ): readonly LoggedRequest[] {
        return this.entries.filter(
            ({ method, path }) =>
                (filter.method === undefined || filter.method === method) &&
                (filter.path?.test(path) ?? true),
        );
    }

    clear(): void {
        this.entries = [];
    }
}
