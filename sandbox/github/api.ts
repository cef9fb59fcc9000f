import { createHash, randomUUID } from "node:crypto";
import type { Request, RequestHandler, Response } from "express";
import {
    OpenAPIBackend,
    type Operation as Described,
    type ValidationResult,
} from "openapi-backend";
import { z } from "zod";
import { tokenHeaders } from "./access.ts";
import { type Answer, badCredentials, json, Refusal, unprocessable } from "./answers.ts";
import { operations } from "./api/index.ts";
import { Call, type Caller } from "./call.ts";
import { loadDescription } from "./description.ts";
import type { Limiter } from "./limits.ts";
import type { Operation } from "./operation.ts";
import { fullName, type State } from "./state.ts";
import type { Traffic } from "./traffic.ts";

/** The parts of the server that the API uses. */
export interface Context {
    readonly state: State;
    readonly traffic: Traffic;
    readonly limiter: Limiter;
    /** For example http://127.0.0.1:PORT */
    readonly url: string;
    /**
     * Requests that could not be answered as GitHub would. A test that finds one here must fail.
     */
    readonly unknown: string[];
}

/** A request in the form of the description's router and validator. */
interface Asked {
    readonly method: string;
    /** Below the API's URL, with each parameter in one segment. */
    readonly path: string;
    readonly query: string;
    readonly headers: Record<string, string>;
    readonly body: string | undefined;
}

/** The base path of GitHub Enterprise Server's API. Clients with a base URL of their own use it. */
const enterprisePrefix = "/api/v3";

/** A link that was left out is "" in GitHub's answers. */
const formats = {
    "date-time": (text: string) => !Number.isNaN(Date.parse(text)),
    uri: (text: string) => text === "" || URL.canParse(text),
    email: true as const,
    "repo.nwo": true as const,
};

/** The part without state: several servers in a process share the validators. */
let shared: Promise<OpenAPIBackend> | undefined;

async function loadBackend(): Promise<OpenAPIBackend> {
    const definition = await loadDescription(Object.keys(operations));
    return new OpenAPIBackend({
        definition,
        quick: true,
        coerceTypes: true,
        ajvOpts: { formats },
    }).init();
}

/**
 * GitHub's REST API. GitHub's OpenAPI description routes and validates requests, and validates
 * answers.
 */
export class Api {
    private readonly context: Context;
    private readonly backend: OpenAPIBackend;
    /** The paths whose third parameter may contain slashes, the most specific first. */
    private readonly manySegments: readonly RegExp[];

    private constructor(context: Context, backend: OpenAPIBackend) {
        this.context = context;
        this.backend = backend;
        const parameter = /\{\w+\}/g;
        this.manySegments = backend.router
            .getOperations()
            .filter(({ parameters = [] }) =>
                parameters.some((described) => "x-multi-segment" in described),
            )
            .map(({ path }) => path)
            .sort(
                (one, other) =>
                    other.replace(parameter, "").length - one.replace(parameter, "").length,
            )
            .map((path) => {
                const segments = path.replace("{owner}", "[^/]+").replace("{repo}", "[^/]+");
                return new RegExp(`^(${segments.replace(parameter, ")(.+)(")})$`);
            });
    }

    static async create(context: Context): Promise<Api> {
        shared ??= loadBackend();
        return new Api(context, await shared);
    }

    /** Answers all requests. Needs the body as text. */
    readonly handle: RequestHandler = async (request, response) => {
        const prefix = request.path.startsWith(`${enterprisePrefix}/`) ? enterprisePrefix : "";
        const asked = this.read(request, request.path.slice(prefix.length));
        const described = this.backend.matchOperation(asked);
        const operation = operations[described?.operationId ?? ""];
        if (described === undefined || operation === undefined) {
            this.send(
                request,
                response,
                this.cannot(501, `${request.method} ${request.path} is not served here`),
            );
            return;
        }
        const caller = this.identify(request);
        this.context.traffic.identify(response, {
            operation: described.operationId,
            user: caller.token?.user,
        });
        const answer = await this.answer(
            asked,
            described,
            operation,
            caller,
            `${this.context.url}${prefix}`,
        );
        const known = caller.token === undefined ? {} : tokenHeaders(caller.token, operation.needs);
        this.send(
            request,
            response,
            this.conforming(described, { ...answer, headers: { ...known, ...answer.headers } }),
        );
    };

    private async answer(
        asked: Asked,
        described: Described,
        operation: Operation,
        caller: Caller,
        url: string,
    ): Promise<Answer> {
        try {
            if (caller.token === undefined && caller.secret !== "") throw badCredentials();
            if (described.operationId !== "rate-limit/get")
                this.context.limiter.count(caller.secret, asked.method);
            const parsed = this.backend.router.parseRequest(asked, described);
            const call = new Call(this.context.state, this.context.limiter, operation.needs, {
                caller,
                method: asked.method,
                path: asked.path,
                params: z.record(z.string(), z.string()).parse(parsed.params),
                query: new URLSearchParams(asked.query),
                body: parsed.requestBody,
                urls: { api: url, html: this.context.url },
            });
            refuseInvalid(this.backend.validateRequest(asked, described));
            return await operation.answer(call);
        } catch (error) {
            if (error instanceof Refusal)
                return error.answer(described.externalDocs?.url ?? "https://docs.github.com/rest");
            return this.cannot(
                500,
                error instanceof Error ? (error.stack ?? error.message) : String(error),
            );
        }
    }

    /**
     * Returns the path with names instead of a repository's id, and each parameter in one segment.
     */
    private read(request: Request, rawPath: string): Asked {
        let path = rawPath.replace(/^\/repositories\/(\d+)(?=\/|$)/, (_all, id: string) => {
            const repository = this.context.state.repositories.get(Number(id));
            return `/repos/${repository === undefined ? "-/-" : fullName(repository)}`;
        });
        for (const pattern of this.manySegments) {
            const [, before, parameter, after] = pattern.exec(path) ?? [];
            if (before === undefined || parameter === undefined || after === undefined) continue;
            path = `${before}${encodeURIComponent(decodeURIComponent(parameter))}${after}`;
            break;
        }
        const headers = Object.fromEntries(
            Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        );
        const body: unknown = request.body;
        const query = new URL(request.originalUrl, this.context.url).search;
        return {
            method: request.method,
            path,
            query,
            headers,
            body: typeof body === "string" && body !== "" ? body : undefined,
        };
    }

    private identify(request: Request): Caller {
        const [, secret = ""] =
            /^(?:bearer|token) (.+)$/i.exec(request.get("authorization") ?? "") ?? [];
        return { secret, token: this.context.state.tokens.get(secret) };
    }

    /** Returns the answer, or an error if GitHub would never give it. */
    private conforming(described: Described, answer: Answer): Answer {
        const { operationId = "", responses = {} } = described;
        const violations =
            this.backend.validateResponse(answer.body, described, answer.status).errors ?? [];
        const undescribed = answer.status < 400 && !(String(answer.status) in responses);
        const problems = [
            ...(undescribed ? ["the description has no such status"] : []),
            ...(answer.body === undefined
                ? []
                : violations.map(
                      ({ instancePath, message }) => `${instancePath} ${message ?? ""}`,
                  )),
        ];
        if (problems.length === 0) return answer;
        return this.cannot(
            500,
            `the answer ${String(answer.status)} to ${operationId} violates the description: ` +
                problems.join("; "),
        );
    }

    private cannot(status: number, message: string): Answer {
        this.context.unknown.push(message);
        return json(status, { message });
    }

    /**
     * Sends an answer, or 304 if the client already has it, which does not count against the rate
     * limit.
     */
    private send(request: Request, response: Response, answer: Answer): void {
        const text = answer.body === undefined ? "" : JSON.stringify(answer.body);
        const cached = request.method === "GET" && answer.status === 200;
        const etag = `W/"${createHash("sha256").update(text).digest("hex")}"`;
        const unchanged = cached && request.get("if-none-match") === etag;
        const { secret } = this.identify(request);
        if (unchanged) this.context.limiter.refund(secret);
        // The provider's function getRestApi returns nothing without a request id.
        response.set({
            "x-github-request-id": randomUUID(),
            ...this.context.limiter.headers(secret),
            ...answer.headers,
            ...(cached ? { etag } : {}),
        });
        if (unchanged) response.status(304).end();
        else if (answer.body === undefined) response.status(answer.status).end();
        else
            response
                .status(answer.status)
                .set("content-type", "application/json; charset=utf-8")
                .end(text);
    }
}

/**
 * Refuses what the description does not allow, in GitHub's words. Unknown query parameters are
 * allowed.
 */
function refuseInvalid({ errors }: ValidationResult): void {
    const [error] = (errors ?? []).filter(
        ({ instancePath, keyword }) =>
            instancePath !== "/query" || keyword !== "additionalProperties",
    );
    if (error === undefined) return;
    if (error.keyword === "parse") throw new Refusal(400, "Problems parsing JSON");
    throw unprocessable(`Invalid request.\n\n${sentence(error)}`);
}

function sentence({
    keyword,
    params,
    instancePath,
    message,
}: NonNullable<ValidationResult["errors"]>[number]): string {
    const { missingProperty, additionalProperty } = z
        .object({
            missingProperty: z.string().optional(),
            additionalProperty: z.string().optional(),
        })
        .parse(params);
    if (missingProperty === "requestBody") return "For 'links/0/schema', nil is not an object.";
    if (keyword === "required") return `"${missingProperty ?? ""}" wasn't supplied.`;
    if (keyword === "additionalProperties")
        return `"${additionalProperty ?? ""}" is not a permitted key.`;
    const property = instancePath.replace("/requestBody", "properties");
    return `For '${property}', the value ${message ?? "is invalid"}.`;
}
