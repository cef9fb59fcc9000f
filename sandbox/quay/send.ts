import type { ErrorRequestHandler, Request, Response } from "express";
import { type Answer, internalError, Refusal } from "./answers.ts";

export function send(response: Response, answer: Answer): void {
    response.status(answer.status).set(answer.headers ?? {});
    if (answer.status === 204) response.end();
    else response.setHeader("Content-Type", answer.type).end(answer.body);
}

/** Sends the answer for an error: a Refusal's own, or else Quay's 500 page. */
export function answerRefusals(url: string): ErrorRequestHandler {
    return (error: unknown, _request, response, next) => {
        if (response.headersSent) next(error);
        else send(response, (error instanceof Refusal ? error : internalError()).answer(url));
    };
}

/**
 * Returns a path parameter, or "" without it. One that matches several segments contains slashes.
 */
export function parameter(request: Request, name: string): string {
    const value = request.params[name] ?? "";
    return typeof value === "string" ? value : value.join("/");
}
