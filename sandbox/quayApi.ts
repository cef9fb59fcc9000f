import { strict as assert } from "node:assert";
import { z } from "zod";

export interface Reply {
    readonly status: number;
    readonly type: string | null;
    readonly headers: Headers;
    readonly text: string;
    /** The body as JSON, whatever its content type; undefined if it is none. */
    readonly json: unknown;
}

/** Sends a request. Follows no redirects, and throws no error for a status. */
export async function ask(url: string, init: RequestInit = {}): Promise<Reply> {
    const response = await fetch(url, { redirect: "manual", ...init });
    const text = await response.text();
    return {
        status: response.status,
        type: response.headers.get("content-type"),
        headers: response.headers,
        text,
        json: parse(text),
    };
}

/** A client of an API, with or without a token. */
export class Api {
    private readonly url: string;
    private readonly token: string | undefined;

    /** @param root the root of the API's paths. Default: Quay's. */
    constructor(url: string, token?: string, root = "/api/v1") {
        this.url = `${url}${root}`;
        this.token = token;
    }

    get(path: string, headers: Record<string, string> = {}): Promise<Reply> {
        return this.send("GET", path, undefined, headers);
    }

    post(path: string, body: unknown = {}): Promise<Reply> {
        return this.send("POST", path, body);
    }

    put(path: string, body: unknown = {}): Promise<Reply> {
        return this.send("PUT", path, body);
    }

    patch(path: string, body: unknown = {}): Promise<Reply> {
        return this.send("PATCH", path, body);
    }

    delete(path: string, body?: unknown): Promise<Reply> {
        return this.send("DELETE", path, body);
    }

    /** Sends a string as it is, any other body as JSON. */
    send(
        method: string,
        path: string,
        body?: unknown,
        headers: Record<string, string> = {},
    ): Promise<Reply> {
        const all = {
            ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            ...headers,
        };
        const sent = typeof body === "string" ? body : JSON.stringify(body);
        return ask(`${this.url}${path}`, {
            method,
            headers: all,
            ...(body === undefined ? {} : { body: sent }),
        });
    }
}

/** Returns a text in a body by its path. */
export function textAt(reply: Reply, ...path: readonly string[]): string {
    const value = path.reduce<unknown>(
        (inner, key) => z.looseObject({ [key]: z.unknown() }).parse(inner)[key],
        reply.json,
    );
    return z.string().parse(value);
}

/** Checks that a reply has the status and contains the given JSON. */
export function expectReply(reply: Reply, status: number, json?: object): void {
    assert.equal(reply.status, status, `${String(reply.status)} ${reply.text}`);
    if (json !== undefined) assert.partialDeepStrictEqual(reply.json, json);
}

/** Checks a JSON error of the API: `error_type`, `title`, `status` and `detail`. */
export function expectProblem(reply: Reply, status: number, type: string, detail?: string): void {
    assert.equal(reply.type, "application/json");
    expectReply(reply, status, {
        error_type: type,
        title: type,
        status,
        ...(detail === undefined ? {} : { detail, error_message: detail }),
    });
}

/** Checks a JSON error of the data model: only a `message`. */
export function expectMessage(reply: Reply, status: number, message?: string): void {
    assert.equal(reply.type, "application/json");
    expectReply(reply, status);
    assert.deepEqual(Object.keys(z.looseObject({}).parse(reply.json)), ["message"]);
    if (message !== undefined) assert.deepEqual(reply.json, { message });
}

/** Checks an HTML page. */
export function expectPage(reply: Reply, status: number): void {
    assert.equal(reply.type, "text/html; charset=utf-8");
    expectReply(reply, status);
    assert.match(reply.text, /^<!doctype html>/);
}

function parse(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}
