import { z } from "zod";
import { hasRole, isGranted, type Needs, reaches, roleOn } from "./access.ts";
import { archived, notAdmin, notFound, notGranted, requiresAuthentication } from "./answers.ts";
import type { Repository, Role, Token } from "./model.ts";
import type { Limiter } from "./limits.ts";
import type { State } from "./state.ts";
import type { Urls } from "./views.ts";

/** The caller. An empty secret means anonymous, and a missing token an unknown caller. */
export interface Caller {
    readonly secret: string;
    readonly token: Token | undefined;
}

/** The parts of a request to an operation. */
export interface RequestParts {
    readonly caller: Caller;
    readonly method: string;
    /** Below the API's URL, as in the description: /repos/OWNER/NAME/… */
    readonly path: string;
    readonly params: Readonly<Record<string, string>>;
    readonly query: URLSearchParams;
    readonly body: unknown;
    readonly urls: Urls;
}

const defaultPageSize = 30;
const largestPageSize = 100;

/** One API request, with the checks that its operation requires. */
export class Call {
    readonly state: State;
    readonly limiter: Limiter;
    private readonly needs: Needs;
    private readonly request: RequestParts;
    private readonly found: Repository | undefined;

    /** @throws Refusal if the token, or its user, may not call the operation */
    constructor(state: State, limiter: Limiter, needs: Needs, request: RequestParts) {
        this.state = state;
        this.limiter = limiter;
        this.needs = needs;
        this.request = request;
        this.found = "repo" in request.params ? this.permitted() : undefined;
    }

    get urls(): Urls {
        return this.request.urls;
    }

    get query(): URLSearchParams {
        return this.request.query;
    }

    get token(): Token | undefined {
        return this.request.caller.token;
    }

    /** The token itself. "": none. */
    get secret(): string {
        return this.request.caller.secret;
    }

    /** The login of the token's user. */
    get login(): string {
        if (this.token === undefined) throw requiresAuthentication();
        return this.token.user;
    }

    /** Returns the path's repository. */
    get repository(): Repository {
        if (this.found === undefined) throw new Error("this operation is about no repository");
        return this.found;
    }

    /** Returns the role of the token's user on the path's repository. */
    get role(): Role | undefined {
        return this.token === undefined
            ? undefined
            : roleOn(this.repository, this.state.owner(this.repository), this.token.user);
    }

    /** Returns a parameter of the path. */
    param(name: string): string {
        return this.request.params[name] ?? "";
    }

    /** Returns a numeric parameter of the path: an id, or an issue's number. */
    id(name: string): number {
        return Number(this.param(name));
    }

    /**
     * Returns the body, which the description has validated before. A schema therefore names only
     * the fields that are used.
     */
    body<T extends z.ZodType>(schema: T): z.infer<T> {
        return schema.parse(this.request.body ?? {});
    }

    /** Refuses to change a workflow file unless the token may. For a classic token this is 404. */
    requireWorkflows(path: string): void {
        if (!path.startsWith(".github/workflows/") || this.token === undefined) return;
        if (this.token.kind === "classic" && !this.token.scopes.has("workflow")) throw notFound();
        if (
            this.token.kind === "fine-grained" &&
            !isGranted(this.token.permissions, "workflows", "write")
        )
            throw notGranted();
    }

    /** Returns one page of a list, and the Link header to the others. */
    page<T>(items: readonly T[]): {
        readonly items: readonly T[];
        readonly headers: Readonly<Record<string, string>>;
    } {
        const size = Math.min(this.number("per_page", defaultPageSize), largestPageSize);
        const page = this.number("page", 1);
        const last = Math.max(1, Math.ceil(items.length / size));
        const links = [
            ...(page > 1 ? [this.link(page - 1, "prev")] : []),
            ...(page < last ? [this.link(page + 1, "next"), this.link(last, "last")] : []),
            ...(page > 1 ? [this.link(1, "first")] : []),
        ];
        const headers: Record<string, string> =
            links.length === 0 ? {} : { link: links.join(", ") };
        return { items: items.slice((page - 1) * size, page * size), headers };
    }

    private number(name: string, otherwise: number): number {
        const value = Number(this.query.get(name) ?? otherwise);
        return Number.isInteger(value) && value > 0 ? value : otherwise;
    }

    /** Page links have the repository's id, as GitHub's do. */
    private link(page: number, rel: string): string {
        const query = new URLSearchParams(this.query);
        query.set("page", String(page));
        const path = this.request.path.replace(
            /^\/repos\/[^/]+\/[^/]+/,
            `/repositories/${String(this.found?.id)}`,
        );
        return `<${this.urls.api}${path}?${query.toString()}>; rel="${rel}"`;
    }

    /** Returns the path's repository if the caller may call the operation on it. */
    private permitted(): Repository {
        const repository = this.state.repository(this.param("owner"), this.param("repo"));
        if (repository === undefined) throw notFound();
        const { token, needs } = this;
        const changes = this.request.method !== "GET";
        if (token === undefined) {
            if (repository.private) throw notFound();
            if (changes || needs.role !== "read") throw requiresAuthentication();
            return repository;
        }
        const role = roleOn(repository, this.state.owner(repository), token.user);
        if (repository.private && (role === undefined || !reaches(token, repository)))
            throw notFound();
        const publicRead = !repository.private && !changes && needs.role === "read";
        if (!publicRead) this.checkToken(token, repository);
        if (needs.role !== "read" && !hasRole(role, needs.role))
            throw needs.role === "admin" ? notAdmin() : notFound();
        if (changes && repository.archived) throw archived();
        if (!repository.hasEnvironments && "environment_name" in this.request.params)
            throw notFound();
        return repository;
    }

    private checkToken(token: Token, repository: Repository): void {
        if (token.kind === "classic") {
            if (!reaches(token, repository)) throw notFound();
            return;
        }
        const { permissions, level } = this.needs;
        const granted = permissions.some((permission) =>
            isGranted(token.permissions, permission, level),
        );
        if (!reaches(token, repository) || !granted) throw notGranted();
    }
}
