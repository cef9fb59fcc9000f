import { z } from "zod";
import { isMember, rolesOn } from "../access.ts";
import { internalError, invalidRequest, json, message, notFound, nothing } from "../answers.ts";
import { type Repository, type Role, roles } from "../model.ts";
import { avatar } from "./avatar.ts";
import type { Call, RepositoryPath } from "./call.ts";
import { route, type Route } from "./routes.ts";

const permission = z.object({ role: z.enum(roles) });

/** Repository permissions. For a missing repository, the list is empty and setting one is 500. */
export const permissionRoutes: readonly Route[] = [
    route("get", "/repository/*repository/permissions/user/", "repo:admin", (call) => {
        const { repository } = call.repository();
        return json(200, {
            permissions: list(repository?.userRoles, (name, role) =>
                userView(call, repository, name, role),
            ),
        });
    }),
    route(
        "get",
        "/repository/*repository/permissions/user/:user/transitive",
        "repo:admin",
        (call) => {
            const { namespace, name, repository } = call.repository();
            const found =
                repository === undefined
                    ? []
                    : rolesOn(call.state, call.param("user"), namespace, name);
            if (found.length === 0) throw notFound();
            return json(200, { permissions: found.map((role) => ({ role })) });
        },
    ),
    route("get", "/repository/*repository/permissions/user/:user", "repo:admin", (call) => {
        const { repository } = call.repository();
        const role = repository?.userRoles.get(call.param("user"));
        if (role === undefined) throw message(400, "User does not have permission for repo.");
        return json(200, userView(call, repository, call.param("user"), role));
    }),
    route("put", "/repository/*repository/permissions/user/:user", "repo:admin", (call) => {
        const { namespace, repository } = call.repository();
        const { role } = call.json(permission);
        const name = call.param("user");
        if (repository === undefined) throw internalError();
        refuseGrantee(call, namespace, name);
        repository.userRoles.set(name, role);
        return json(200, userView(call, repository, name, role));
    }),
    route("delete", "/repository/*repository/permissions/user/:user", "repo:admin", (call) => {
        const { namespace, repository } = call.repository();
        if (call.param("user") === namespace)
            throw invalidRequest("Namespace owner must always be admin.");
        const existed = repository?.userRoles.delete(call.param("user")) === true;
        if (!existed) throw invalidRequest("User does not have permission for repo.");
        return nothing();
    }),
    route("get", "/repository/*repository/permissions/team/", "repo:admin", (call) => {
        const { repository } = call.repository();
        return json(200, { permissions: list(repository?.teamRoles, teamView) });
    }),
    route("get", "/repository/*repository/permissions/team/:team", "repo:admin", (call) => {
        const role = call.repository().repository?.teamRoles.get(call.param("team"));
        if (role === undefined) throw message(400, "Team does not have permission for repo.");
        return json(200, { role });
    }),
    route("put", "/repository/*repository/permissions/team/:team", "repo:admin", (call) => {
        const path = call.repository();
        const { role } = call.json(permission);
        if (path.repository === undefined) throw internalError();
        path.repository.teamRoles.set(knownTeam(call, path), role);
        return json(200, teamView(call.param("team"), role));
    }),
    route("delete", "/repository/*repository/permissions/team/:team", "repo:admin", (call) => {
        const path = call.repository();
        const existed = path.repository?.teamRoles.delete(knownTeam(call, path)) === true;
        if (!existed) throw invalidRequest("Team does not have permission for repo.");
        return nothing();
    }),
];

/** Shows the permissions as an object by name, not as a list. Empty for a missing repository. */
function list(
    granted: ReadonlyMap<string, Role> | undefined,
    view: (name: string, role: Role) => object,
): object {
    return Object.fromEntries([...(granted ?? [])].map(([name, role]) => [name, view(name, role)]));
}

function userView(
    call: Call,
    repository: Repository | undefined,
    name: string,
    role: Role,
): object {
    const isRobot = name.includes("+");
    const namespace = repository?.namespace ?? "";
    return {
        role,
        name,
        is_robot: isRobot,
        avatar: avatar(name, isRobot ? "robot" : "user"),
        ...(call.state.organization(namespace) === undefined
            ? {}
            : { is_org_member: isRobot || isMember(call.state, name, namespace) }),
    };
}

function teamView(name: string, role: Role): object {
    return { role, name, avatar: avatar(name, "team") };
}

/** Refuses the accounts that cannot get a permission. */
function refuseGrantee(call: Call, namespace: string, name: string): void {
    if (!call.state.isPerson(name)) throw invalidRequest(`Invalid username: ${name}`);
    if (name.includes("+") && !name.startsWith(`${namespace}+`)) {
        throw invalidRequest(`Cannot add robot ${name} under namespace ${namespace}`);
    }
    if (name === namespace) throw invalidRequest("Namespace owner must always be admin.");
}

function knownTeam(call: Call, { namespace }: RepositoryPath): string {
    const name = call.param("team");
    if (call.state.organization(namespace)?.teams.has(name) !== true) {
        throw invalidRequest(`No team ${name} in organization ${namespace}`);
    }
    return name;
}
