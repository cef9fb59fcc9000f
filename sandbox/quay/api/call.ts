import type { Request } from "express";
import type { z } from "zod";
import { administers, hasScope, type Identity, mayCreate, mayUse } from "../access.ts";
import { message, requiresAuthentication, unauthorized } from "../answers.ts";
import { parameter } from "../send.ts";
import type { Account, Features, Repository, Role, Scope, User } from "../model.ts";
import type { State } from "../state.ts";
import { validated } from "./validate.ts";

/** What a call is about when its path names a repository; the repository may be missing where the caller has the right to know. */
export interface RepositoryPath {
    readonly namespace: string;
    readonly name: string;
    readonly repository: Repository | undefined;
}

/** One request to the API, with the checks that its route asks for. */
export class Call {
    readonly state: State;
    readonly features: Features;
    readonly url: string;
    readonly identity: Identity;
    private readonly request: Request;
    private readonly scope: Scope | undefined;

    constructor(
        state: State,
        features: Features,
        url: string,
        identity: Identity,
        request: Request,
        scope: Scope | undefined,
    ) {
        this.state = state;
        this.features = features;
        this.url = url;
        this.identity = identity;
        this.request = request;
        this.scope = scope;
    }

    /** The name of the user who calls. */
    get username(): string {
        if (this.identity.username === undefined) throw requiresAuthentication();
        return this.identity.username;
    }

    /** A parameter of the path. */
    param(name: string): string {
        return parameter(this.request, name);
    }

    query(name: string): string | undefined {
        return new URL(this.request.url, this.url).searchParams.get(name) ?? undefined;
    }

    /** A query parameter as Quay reads flags: nearly everything is true. */
    flag(name: string, otherwise = false): boolean {
        const value = this.query(name);
        return value === undefined
            ? otherwise
            : !["false", "False", "FALSE", "0", ""].includes(value);
    }

    /** A whole number in the query, or 400 with a message that is an object (fact 9, bad limit). */
    number(name: string, otherwise: number): number {
        const value = this.query(name) ?? String(otherwise);
        if (!/^-?\d+$/.test(value))
            throw message(400, { [name]: `invalid literal for int() with base 10: '${value}'` });
        return Number(value);
    }

    /** The body by a schema. Without the content type: 415; unreadable: 400 (fact 1, content type). */
    json<T extends z.ZodType>(schema: T): z.infer<T> {
        if (this.request.is("application/json") === false) {
            throw message(
                415,
                "Did not attempt to load JSON data because the request Content-Type was not 'application/json'.",
            );
        }
        const body = this.bodyOrNothing();
        if (body === undefined)
            throw message(
                400,
                "The browser (or proxy) sent a request that this server could not understand.",
            );
        return validated(schema, body);
    }

    /** The body, or undefined where it is absent or unreadable. */
    bodyOrNothing(): unknown {
        const text: unknown = this.request.body;
        if (typeof text !== "string" || this.request.is("application/json") === false)
            return undefined;
        try {
            return JSON.parse(text);
        } catch {
            return undefined;
        }
    }

    /** The user who calls, if the token has the scope. */
    user(scope: Scope): User {
        const account = this.state.accounts.get(this.username);
        if (account?.kind !== "user" || !hasScope(this.identity, scope))
            throw unauthorized(this.username);
        return account;
    }

    /** The account of that name, if the caller administers it: an organization, or the caller's own (facts 6 and 7). */
    administered(name: string): Account {
        const { username } = this.identity;
        const account = this.state.accounts.get(name);
        const may =
            username !== undefined &&
            hasScope(this.identity, "org:admin") &&
            administers(this.state, username, name);
        if (!may || account === undefined) throw unauthorized(username);
        return account;
    }

    /** The repository of the path, if the caller has the role that the route's scope names. */
    repository(): RepositoryPath {
        const [namespace = "", ...rest] = this.param("repository").split("/");
        const name = rest.join("/");
        if (!mayUse(this.state, this.identity, namespace, name, this.role()))
            throw unauthorized(this.identity.username);
        return { namespace, name, repository: this.state.repository(namespace, name) };
    }

    /** Admin of the path's repository, where a part of a call asks for more than its route. */
    requireAdmin(): void {
        const { namespace, name } = this.repository();
        if (!mayUse(this.state, this.identity, namespace, name, "admin"))
            throw unauthorized(this.identity.username);
    }

    /** Where a new repository may go, or 403: the same for no right and no such namespace (fact 2). */
    creatable(namespace: string | undefined): string {
        const place = namespace ?? this.username;
        if (!this.state.accounts.has(place) || !mayCreate(this.state, this.identity, place))
            throw unauthorized(this.identity.username);
        return place;
    }

    private role(): Role {
        return this.scope === "repo:admin"
            ? "admin"
            : this.scope === "repo:write"
              ? "write"
              : "read";
    }
}
