import {
    type Account,
    type Grants,
    type Level,
    type Permission,
    type Repository,
    type Role,
    roles,
    type Token,
} from "./model.ts";

/** The access that an operation requires. */
export interface Needs {
    /**
     * Permissions, any of which suffices for a fine-grained token. If empty, every token suffices.
     */
    readonly permissions: readonly Permission[];
    readonly level: Level;
    /** The role of the user. Only operations on a repository check it. */
    readonly role: Role;
}

/** Returns the user's role on a repository. undefined: none, as everybody has on a public one. */
export function roleOn(repository: Repository, owner: Account, login: string): Role | undefined {
    const owns = owner.kind === "User" ? owner.login === login : owner.owners.has(login);
    return owns ? "admin" : repository.roles.get(login);
}

export function hasRole(actual: Role | undefined, needed: Role): boolean {
    return actual !== undefined && roles.indexOf(actual) >= roles.indexOf(needed);
}

/** Returns whether a token applies to a repository at all. */
export function reaches(token: Token, repository: Repository): boolean {
    if (token.kind === "classic")
        return token.scopes.has("repo") || (!repository.private && token.scopes.has("public_repo"));
    return token.repositories?.has(`${repository.owner}/${repository.name}`) ?? true;
}

export function isGranted(grants: Grants, permission: Permission, level: Level): boolean {
    if (permission === "metadata") return true;
    return grants[permission] === "write" || grants[permission] === level;
}

/**
 * Access as the headers of each answer show it: what the token may do, or what the operation
 * requires (with semicolons between alternatives).
 */
export function tokenHeaders(
    token: Token,
    { permissions, level, role }: Needs,
): Readonly<Record<string, string>> {
    if (token.kind === "fine-grained") {
        return {
            "x-accepted-github-permissions": permissions
                .map((permission) => `${permission}=${level}`)
                .join("; "),
        };
    }
    return {
        "x-oauth-scopes": [...token.scopes].join(", "),
        "x-accepted-oauth-scopes": role === "read" && level === "read" ? "" : "repo",
    };
}
