import type { RequestHandler, Response } from "express";

/** One request that the server got, as a test asks for it. */
export interface LoggedRequest {
    readonly time: Date;
    readonly method: string;
    /** With the query. */
    readonly path: string;
    /** The user or robot by whose credentials it was allowed or refused. */
    who: string | undefined;
    /** 0: not answered, or not yet. */
    status: number;
    /** The bytes of blobs that went up or down. */
    blobBytes: number;
}

/** The log of all requests, oldest first. */
export class Traffic {
    private entries: LoggedRequest[] = [];
    private readonly byResponse = new WeakMap<Response, LoggedRequest>();

    readonly record: RequestHandler = (request, response, next) => {
        const entry: LoggedRequest = {
            time: new Date(),
            method: request.method,
            path: request.originalUrl,
            who: undefined,
            status: 0,
            blobBytes: 0,
        };
        this.entries.push(entry);
        this.byResponse.set(response, entry);
        response.once("finish", () => {
            entry.status = response.statusCode;
        });
        next();
    };

    /** Notes who asked, once that is known. */
    identify(response: Response, who: string | undefined): void {
        const entry = this.byResponse.get(response);
        if (entry !== undefined) entry.who = who;
    }

    addBlobBytes(response: Response, bytes: number): void {
        const entry = this.byResponse.get(response);
        if (entry !== undefined) entry.blobBytes += bytes;
    }

    /** The requests so far, or those of a method whose path matches. */
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
