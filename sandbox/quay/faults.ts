import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import type { RequestHandler, Response } from "express";
import { z } from "zod";
import { type Answer, json, page } from "./answers.ts";
import { send } from "./send.ts";

/** A fault that affects the requests it matches. A condition that is not set matches all. */
export const fault = z.strictObject({
    method: z.string().optional(),
    /** A regular expression for the path with its query. */
    path: z.string().default(""),
    /** The number of requests that it affects. Default: all. */
    times: z.int().positive().optional(),
    /** The number of matching requests to skip first. */
    after: z.int().nonnegative().default(0),
    /**
     * Skips requests within a rate, as nginx's limit_req does: a burst, then that many a second.
     */
    within: z
        .strictObject({ burst: z.int().positive(), perSecond: z.number().positive() })
        .optional(),
    /**
     * Answers with this status and an HTML page, as Quay's nginx does when it limits the rate; the
     * API never sees the request. 200 is a proxy's maintenance or login page.
     */
    status: z.int().min(200).max(599).optional(),
    /** A Retry-After header for that answer. Quay's nginx sends none. */
    retryAfter: z.string().optional(),
    /**
     * Resets the connection, either before the request has its effect or after it, without an
     * answer.
     */
    reset: z.enum(["before", "after"]).optional(),
    /**
     * Replaces the answer after the request has had its effect: a proxy's page (`html`), half of
     * the body (`cut`), half of it and a closed connection (`broken`), no body (`empty`), JSON of
     * another form (`other`), or Quay's own error page (`failed`). A number delays the answer by so
     * many milliseconds.
     */
    answer: z
        .union([z.enum(["html", "cut", "broken", "empty", "other", "failed"]), z.int().positive()])
        .optional(),
    /** The delay before the request is handled, in milliseconds. */
    latency: z.int().positive().optional(),
    /** The speed of blob uploads and downloads. */
    bytesPerSecond: z.int().positive().optional(),
});
export type Fault = z.input<typeof fault>;

/** A request that is held. */
export interface Hold {
    /** Resolves when the request has arrived. */
    readonly reached: Promise<void>;
    /**
     * Releases the request, as if the server had been slow: it has its effect even if the client
     * has given up.
     */
    readonly release: () => void;
}

interface Active {
    /** Holds the request if it matches. */
    readonly hold?: () => Promise<void>;
    readonly fault: z.output<typeof fault>;
    readonly path: RegExp;
    seen: number;
    /** The level of the rate's bucket, and when it was measured. */
    level: number;
    levelAt: number;
}

/** The error page of Quay's nginx. */
function nginxPage(status: number, retryAfter: string | undefined): Answer {
    return page(status, "nginx", retryAfter === undefined ? {} : { "retry-after": retryAfter });
}

/** The active faults. */
export class Faults {
    private active: Active[] = [];
    private readonly slow = new WeakMap<Response, Active["fault"]>();
    private readonly refusal: typeof nginxPage;

    /** @param refusal returns the answer of a fault with a status */
    constructor(refusal = nginxPage) {
        this.refusal = refusal;
    }

    /** Adds a fault. @returns a function that removes it */
    add(given: Fault): () => void {
        return this.activate(given);
    }

    /** Holds the first request that matches. */
    hold(given: Pick<Fault, "method" | "path">): Hold {
        const [reached, released] = [
            Promise.withResolvers<undefined>(),
            Promise.withResolvers<undefined>(),
        ];
        this.activate({ ...given, times: 1 }, async () => {
            reached.resolve(undefined);
            await released.promise;
        });
        return {
            reached: reached.promise,
            release: () => {
                released.resolve(undefined);
            },
        };
    }

    private activate(given: Fault, hold?: () => Promise<void>): () => void {
        const parsed = fault.parse(given);
        const added: Active = {
            fault: parsed,
            path: new RegExp(parsed.path),
            seen: 0,
            level: 0,
            levelAt: 0,
            ...(hold === undefined ? {} : { hold }),
        };
        this.active.push(added);
        return () => {
            this.active = this.active.filter((other) => other !== added);
        };
    }

    clear(): void {
        this.active = [];
    }

    /** The blob speed that a fault sets for a request, while the fault is active. */
    speed(response: Response): number {
        const slow = this.slow.get(response);
        return this.active.some((entry) => entry.fault === slow)
            ? (slow?.bytesPerSecond ?? Infinity)
            : Infinity;
    }

    readonly inject: RequestHandler = async (request, response, next) => {
        for (const { fault, hold } of this.hitting(request.method, request.originalUrl)) {
            const { latency, status, retryAfter, reset, answer, bytesPerSecond } = fault;
            await hold?.();
            if (latency !== undefined) await wait(latency);
            if (bytesPerSecond !== undefined) this.slow.set(response, fault);
            if (reset === "before") request.socket.resetAndDestroy();
            if (reset === "after") resetInsteadOfAnswering(response);
            if (answer !== undefined) answerOtherwise(response, answer);
            if (status !== undefined) {
                // Without reading the request first, as the proxy does, clients miss the answer.
                if (!request.readableEnded) await once(request.resume(), "end");
                send(response, this.refusal(status, retryAfter));
            }
            if (reset === "before" || status !== undefined) return;
        }
        next();
    };

    private hitting(method: string, path: string): readonly Active[] {
        const matching = this.active.filter(
            (entry) => [undefined, method].includes(entry.fault.method) && entry.path.test(path),
        );
        return matching
            .filter((entry) => exceedsRate(entry))
            .filter((entry) => {
                entry.seen += 1;
                const { after, times = Infinity } = entry.fault;
                return entry.seen > after && entry.seen <= after + times;
            });
    }
}

/** A leaky bucket: each accepted request raises its level, which sinks with time. */
function exceedsRate(entry: Active): boolean {
    const { within } = entry.fault;
    if (within === undefined) return true;
    const now = Date.now();
    const level = Math.max(0, entry.level - ((now - entry.levelAt) / 1000) * within.perSecond);
    const exceeds = level + 1 > within.burst;
    entry.level = exceeds ? level : level + 1;
    entry.levelAt = now;
    return exceeds;
}

/** Changes how the response is sent. The handler still does its work. */
function answerOtherwise(response: Response, how: NonNullable<Fault["answer"]>): void {
    const original = response.end.bind(response);
    const end = (body: string): void => {
        original(body, "utf8");
    };
    const instead = ({ status, type, body }: Answer): void => {
        response.status(status).setHeader("content-type", type);
        end(body);
    };
    response.end = (given?: unknown): Response => {
        const body = typeof given === "string" ? given : "";
        const half = body.slice(0, Math.ceil(body.trimEnd().length / 2));
        if (how === "html") instead(page(200, "maintenance"));
        else if (how === "failed") instead(page(500, "The server encountered an error."));
        else if (how === "other") instead(json(200, ["maintenance"]));
        else if (how === "empty") end("");
        else if (how === "cut") end(half);
        else if (how === "broken") {
            response.setHeader("content-length", body.length + 1);
            response.flushHeaders();
            response.write(half, () => response.socket?.destroy());
        } else
            setTimeout(() => {
                end(body);
            }, how);
        return response;
    };
}

/** Closes the connection at the first byte of the response. The handler still does its work. */
function resetInsteadOfAnswering(response: Response): void {
    const reset = (): Response => {
        response.socket?.resetAndDestroy();
        return response;
    };
    response.end = reset;
    response.write = () => {
        reset();
        return true;
    };
    response.writeHead = reset;
}
