import express, { type Request, type Router } from "express";
import { anonymous, type Identity } from "../access.ts";
import { type Answer, htmlError, message, page } from "../answers.ts";
import type { Features, Scope } from "../model.ts";
import type { State } from "../state.ts";
import { send } from "../send.ts";
import type { Traffic } from "../traffic.ts";
import { Call } from "./call.ts";

export type Method = "get" | "post" | "put" | "delete";

export interface Route {
    readonly method: Method;
    /**
     * Below /api/v1, with Quay's trailing slash where it has one. `*repository` is NAMESPACE/NAME,
     * and may contain slashes.
     */
    readonly path: string;
    /** The scope in the discovery document, which the call's checks require. */
    readonly scope: Scope | undefined;
    readonly answer: (call: Call) => Answer | Promise<Answer>;
}

export function route(
    method: Method,
    path: string,
    scope: Scope | undefined,
    answer: Route["answer"],
): Route {
    return { method, path, scope, answer };
}

/** The parts of the server that the API uses. */
export interface Context {
    readonly state: State;
    readonly features: Features;
    readonly url: string;
    readonly traffic: Traffic;
}

/**
 * The router of /api/v1. Paths overlap as Quay's do: a path below a repository that no other route
 * matches is the name of a nested repository, so the order of the routes matters.
 */
export function apiRouter(context: Context, routes: readonly Route[]): Router {
    const router = express.Router({ strict: true, caseSensitive: true });
    router.use(express.text({ type: () => true, limit: "4mb" }));
    for (const { method, path, scope, answer } of routes) {
        router[method](path, async (request, response, next) => {
            if (endsOtherwise(request, path)) {
                next();
                return;
            }
            const identity = identify(context.state, request);
            context.traffic.identify(response, identity.username);
            refuseBrowsers(request);
            refuseForgeries(request, identity);
            send(
                response,
                await answer(
                    new Call(
                        context.state,
                        context.features,
                        context.url,
                        identity,
                        request,
                        scope,
                    ),
                ),
            );
        });
        if (path.endsWith("/")) redirectMissingSlash(router, method, path, context.url);
    }
    for (const path of new Set(routes.map((known) => known.path))) {
        router.all(path, (request, _response, next) => {
            if (!endsOtherwise(request, path))
                throw message(405, "The method is not allowed for the requested URL.");
            next();
        });
    }
    router.use((request, response) => {
        send(response, unknownPath(request, context.url));
    });
    return router;
}

/** Returns whether only one of both ends in a slash. No repository's name ends in one. */
function endsOtherwise(request: Request, path: string): boolean {
    return request.path.endsWith("/") !== path.endsWith("/");
}

/** Redirects to the path with a trailing slash: 308, an HTML body, an absolute Location. */
function redirectMissingSlash(router: Router, method: Method, path: string, url: string): void {
    router[method](path.slice(0, -1), (request, response) => {
        send(response, redirectToSlash(request, url));
    });
}

function redirectToSlash(request: Request, url: string): Answer {
    const { pathname, search } = new URL(request.originalUrl, url);
    const target = `${url}${pathname}/${search}`;
    const link = `<a href="${target}">${target}</a>`;
    const text =
        `You should be redirected automatically to the target URL: ${link}. ` +
        "If not, click the link.";
    return page(308, text, { location: target });
}

/**
 * Answers an unknown path. The web UI's catch-all matches only GET, and only paths that end in a
 * slash.
 */
function unknownPath(request: Request, url: string): Answer {
    if (request.method !== "GET")
        return page(405, "The method is not allowed for the requested URL.");
    return request.path.endsWith("/")
        ? page(404, "The requested URL was not found on the server.")
        : redirectToSlash(request, url);
}

/** Reads the credentials. Only a valid OAuth bearer token counts; everything else is anonymous. */
function identify(state: State, request: Request): Identity {
    const [, value = ""] = /^bearer (.+)$/i.exec(request.get("authorization") ?? "") ?? [];
    const token = state.tokens.get(value);
    if (token === undefined || token.expires.getTime() <= Date.now()) return anonymous;
    return { username: token.user, scopes: token.scopes };
}

/** A write without a valid token is 403 about CSRF, never 401. */
function refuseForgeries(request: Request, identity: Identity): void {
    if (request.method !== "GET" && identity.username === undefined)
        throw htmlError(403, "CSRF token was invalid or missing.");
}

/** Refuses a GET with the User-Agent of a browser. */
function refuseBrowsers(request: Request): void {
    if (request.method !== "GET" || request.get("x-requested-with") !== undefined) return;
    if (/\b(Chrome|Firefox|Safari|Edg|Opera)\//.test(request.get("user-agent") ?? "")) {
        throw htmlError(
            400,
            "API calls must be invoked with an X-Requested-With header if called from a browser",
        );
    }
}
