import { z } from "zod";
import { json, invalidRequest, message, notFound, nothing } from "../answers.ts";
import { type Organization, type Team, teamRoles } from "../model.ts";
import { avatar } from "./avatar.ts";
import type { Call } from "./call.ts";
import { existingOrganization, teamView } from "./organizations.ts";
import { route, type Route } from "./routes.ts";

const nameAllowed = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/;
const team = "/organization/:organization/team/:team";

/** Teams. Mailing is off, so that users become members at once, without an invitation. */
export const teamRoutes: readonly Route[] = [
    route("put", team, "org:admin", (call) => {
        const { role, description } = call.json(
            z.object({ role: z.enum(teamRoles), description: z.string().optional() }),
        );
        const organization = existingOrganization(call);
        const name = call.param("team");
        const isNew = !organization.teams.has(name);
        const changed = isNew ? create(organization, name) : teamOf(call, organization);
        if (changed.role === "admin" && role !== "admin" && !isNew)
            refuseWithoutAdmins(organization, changed);
        changed.role = role;
        changed.description = description ?? changed.description;
        return json(200, { ...teamView(changed), new_team: isNew });
    }),
    route("delete", team, "org:admin", (call) => {
        const organization = existingOrganization(call);
        const removed = organization.teams.get(call.param("team"));
        if (removed === undefined)
            throw message(
                400,
                `Team '${call.param("team")}' is not a team in org '${organization.name}'`,
            );
        if (removed.role === "admin") refuseWithoutAdmins(organization, removed);
        remove(call, organization, removed);
        return nothing();
    }),
    route("get", `${team}/members`, "org:admin", (call) => {
        const { name, members } = teamOf(call, existingOrganization(call));
        return json(200, { name, members: [...members].map(memberView), can_edit: true });
    }),
    route("put", `${team}/members/:member`, "org:admin", (call) => {
        const { name, members } = teamOf(call, existingOrganization(call));
        const member = call.param("member");
        // A robot of another namespace is accepted.
        if (!call.state.isPerson(member)) throw invalidRequest("Unknown user");
        if (members.has(member))
            throw message(400, `User ${member} is already a member of team ${name}`);
        members.add(member);
        return json(200, memberView(member));
    }),
    route("delete", `${team}/members/:member`, "org:admin", (call) => {
        const { name, members } = teamOf(call, existingOrganization(call));
        const member = call.param("member");
        if (!call.state.isPerson(member)) throw notFound();
        if (!members.has(member))
            throw message(400, `User ${member} does not belong to team ${name}`);
        if (name === "owners" && members.size === 1)
            throw message(400, "User cannot remove themselves from their only admin team.");
        members.delete(member);
        return nothing();
    }),
    route("get", `${team}/permissions`, "org:admin", (call) => {
        const organization = existingOrganization(call);
        const { name } = teamOf(call, organization);
        const permissions = [...call.state.repositories.values()].flatMap((repository) => {
            const role =
                repository.namespace === organization.name
                    ? repository.teamRoles.get(name)
                    : undefined;
            return role === undefined
                ? []
                : [{ repository: { name: repository.name, is_public: repository.isPublic }, role }];
        });
        return json(200, { permissions });
    }),
];

function memberView(name: string): object {
    const isRobot = name.includes("+");
    return {
        name,
        kind: "user",
        is_robot: isRobot,
        avatar: avatar(name, isRobot ? "robot" : "user"),
        invited: false,
    };
}

function create(organization: Organization, name: string): Team {
    if (!nameAllowed.test(name) || name.length < 2)
        throw message(400, `Invalid team name: ${name}`);
    const made: Team = { name, role: "member", description: "", members: new Set() };
    organization.teams.set(name, made);
    return made;
}

function teamOf(call: Call, { teams }: Organization): Team {
    const found = teams.get(call.param("team"));
    if (found === undefined) throw notFound();
    return found;
}

function refuseWithoutAdmins({ name, teams }: Organization, leaving: Team): void {
    const others = [...teams.values()].filter(
        (other) => other !== leaving && other.role === "admin" && other.members.size > 0,
    );
    if (others.length === 0)
        throw message(
            400,
            `Deleting team '${leaving.name}' would remove admin ability ` +
                `for user in organization '${name}'`,
        );
}

/** Deletes a team with its permissions and default permissions. */
function remove(call: Call, organization: Organization, { name }: Team): void {
    organization.teams.delete(name);
    organization.prototypes = organization.prototypes.filter(
        ({ delegate }) => delegate.kind === "user" || delegate.name !== name,
    );
    for (const repository of call.state.repositories.values()) {
        if (repository.namespace === organization.name) repository.teamRoles.delete(name);
    }
}
