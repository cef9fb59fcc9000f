import { roles, type Role, type Scope } from "./model.ts";
import type { State } from "./state.ts";

/** Who asks, and what the credentials may be used for: a token only for its scopes, a password for everything. */
export interface Identity {
    /** undefined: nobody in particular. */
    readonly username: string | undefined;
    readonly scopes: ReadonlySet<Scope>;
}

export const anonymous: Identity = { username: undefined, scopes: new Set() };

/** The scopes that include a scope. There are no other implications (fact 1, scopes). */
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

/** Whether the user's own namespace, or an organization in whose admin teams the user is. */
export function administers(state: State, username: string, namespace: string): boolean {
    return username === namespace || isInTeam(state, username, namespace, ["admin"]);
}

/** Whether a push or the API may make a repository there: for robots only by a team (fact 11, push to a missing repository). */
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

/** The roles that a user or robot has on a repository: directly and by teams; admin of everything, existing or not, in an own namespace. */
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

/** Whether rights and scopes suffice; a public repository is readable by everybody. */
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
