import type { Request } from "express";
import type { z } from "zod";
import { administers, hasScope, type Identity, mayCreate, mayUse } from "../access.ts";
import { message, requiresAuthentication, unauthorized } from "../answers.ts";
import { parameter } from "../send.ts";
import type { Account, Features, Repository, Role, Scope, User } from "../model.ts";
import type { State } from "../state.ts";
import { validated } from "./validate.ts";

/**
 * The repository that a call's path names. It may be missing if the caller has rights in its
 * namespace.
 */
export interface RepositoryPath {
    readonly namespace: string;
    readonly name: string;
    readonly repository: Repository | undefined;
}

/** One API request, with the checks that its route requires. */
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

    /** The name of the calling user. */
    get username(): string {
        if (this.identity.username === undefined) throw requiresAuthentication();
        return this.identity.username;
    }

    /** Returns a parameter of the path. */
    param(name: string): string {
        return parameter(this.request, name);
    }

    query(name: string): string | undefined {
        return new URL(this.request.url, this.url).searchParams.get(name) ?? undefined;
    }

    /** Returns a query parameter as Quay reads flags: nearly every value is true. */
    flag(name: string, otherwise = false): boolean {
        const value = this.query(name);
        return value === undefined
            ? otherwise
            : !["false", "False", "FALSE", "0", ""].includes(value);
    }

    /** Returns an integer of the query. @throws Refusal with 400 and an object as its message */
    number(name: string, otherwise: number): number {
        const value = this.query(name) ?? String(otherwise);
        if (!/^-?\d+$/.test(value))
            throw message(400, { [name]: `invalid literal for int() with base 10: '${value}'` });
        return Number(value);
    }

    /**
     * Returns the body, parsed by a schema.
     * @throws Refusal with 415 without the content type, 400 if invalid
     */
    json<T extends z.ZodType>(schema: T): z.infer<T> {
        if (this.request.is("application/json") === false) {
            throw message(
                415,
                "Did not attempt to load JSON data because the request Content-Type " +
                    "was not 'application/json'.",
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

    /** Returns the body, or undefined if it is absent or not JSON. */
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

    /** Returns the calling user, if the token has the scope. */
    user(scope: Scope): User {
        const account = this.state.accounts.get(this.username);
        if (account?.kind !== "user" || !hasScope(this.identity, scope))
            throw unauthorized(this.username);
        return account;
    }

    /**
     * Returns the account of that name if the caller administers it: an organization or the
     * caller's own.
     */
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

    /** Returns the path's repository, if the caller has the role that the route's scope names. */
    repository(): RepositoryPath {
        const [namespace = "", ...rest] = this.param("repository").split("/");
        const name = rest.join("/");
        if (!mayUse(this.state, this.identity, namespace, name, this.role()))
            throw unauthorized(this.identity.username);
        return { namespace, name, repository: this.state.repository(namespace, name) };
    }

    /**
     * Requires admin of the path's repository, for a part of a call that needs more than its route.
     */
    requireAdmin(): void {
        const { namespace, name } = this.repository();
        if (!mayUse(this.state, this.identity, namespace, name, "admin"))
            throw unauthorized(this.identity.username);
    }

    /**
     * Returns the namespace for a new repository. 403 both without the right and without the
     * namespace.
     */
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
