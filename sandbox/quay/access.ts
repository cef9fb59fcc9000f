import { roles, type Role, type Scope } from "./model.ts";
import type { State } from "./state.ts";

/** The caller and what the credentials allow: a token its scopes only, a password everything. */
export interface Identity {
    /** undefined: an anonymous caller. */
    readonly username: string | undefined;
    readonly scopes: ReadonlySet<Scope>;
}

export const anonymous: Identity = { username: undefined, scopes: new Set() };

/** The scopes that include a scope. No other scope implies another one. */
const includedIn: Readonly<Record<Scope, readonly Scope[]>> = {
    "repo:read": ["repo:read", "repo:write", "repo:admin"],
    "repo:write": ["repo:write", "repo:admin"],
    "repo:admin": ["repo:admin"],
    "repo:create": ["repo:create"],
    "user:read": ["user:read", "user:admin"],
    "user:admin": ["user:admin"],
    "org:admin": ["org:admin"],
    "super:user": ["super:user"],
};

export function hasScope(identity: Identity, scope: Scope): boolean {
    return includedIn[scope].some((including) => identity.scopes.has(including));
}

/**
 * Returns whether it is the user's own namespace or an organization whose admin team has the user.
 */
export function administers(state: State, username: string, namespace: string): boolean {
    return username === namespace || isInTeam(state, username, namespace, ["admin"]);
}

/**
 * Returns whether a push or an API call may create a repository there. Robots need a team for it.
 */
function createsIn(state: State, username: string, namespace: string): boolean {
    return username === namespace || isInTeam(state, username, namespace, ["admin", "creator"]);
}

export function mayCreate(state: State, identity: Identity, namespace: string): boolean {
    return (
        identity.username !== undefined &&
        hasScope(identity, "repo:create") &&
        createsIn(state, identity.username, namespace)
    );
}

export function isMember(state: State, username: string, organization: string): boolean {
    return isInTeam(state, username, organization, ["member", "creator", "admin"]);
}

function isInTeam(
    state: State,
    username: string,
    organization: string,
    among: readonly string[],
): boolean {
    const teams = [...(state.organization(organization)?.teams.values() ?? [])];
    return teams.some((team) => team.members.has(username) && among.includes(team.role));
}

/**
 * The roles of a user or robot on a repository, directly and through teams. An administrator of the
 * namespace is admin of every repository in it, existing or not.
 */
export function rolesOn(
    state: State,
    username: string,
    namespace: string,
    name: string,
): readonly Role[] {
    if (administers(state, username, namespace)) return ["admin"];
    const repository = state.repository(namespace, name);
    const teams = [...(state.organization(namespace)?.teams.values() ?? [])].filter((team) =>
        team.members.has(username),
    );
    const byTeam = teams.map((team) => repository?.teamRoles.get(team.name));
    return [repository?.userRoles.get(username), ...byTeam].filter((role) => role !== undefined);
}

/** Returns whether role and scopes suffice. Everybody may read a public repository. */
export function mayUse(
    state: State,
    identity: Identity,
    namespace: string,
    name: string,
    need: Role,
): boolean {
    if (need === "read" && state.repository(namespace, name)?.isPublic === true) return true;
    if (identity.username === undefined || !hasScope(identity, `repo:${need}`)) return false;
    return rolesOn(state, identity.username, namespace, name).some(
        (role) => roles.indexOf(role) >= roles.indexOf(need),
    );
}
