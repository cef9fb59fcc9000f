import type { RequestHandler, Response } from "express";

/** One request that the server received. */
export interface LoggedRequest {
    readonly time: Date;
    readonly method: string;
    /** With the query. */
    readonly path: string;
    /** The user or robot whose credentials allowed it, or were refused. */
    who: string | undefined;
    /** 0: no answer, or none yet. */
    status: number;
    /** The bytes of blobs uploaded or downloaded. */
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

    /** Records the caller, once known. */
    identify(response: Response, who: string | undefined): void {
        const entry = this.byResponse.get(response);
        if (entry !== undefined) entry.who = who;
    }

    addBlobBytes(response: Response, bytes: number): void {
        const entry = this.byResponse.get(response);
        if (entry !== undefined) entry.blobBytes += bytes;
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
