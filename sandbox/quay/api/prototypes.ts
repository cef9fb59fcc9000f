import { randomUUID } from "node:crypto";
import { z } from "zod";
import { isMember } from "../access.ts";
import { invalidRequest, json, message, notFound, nothing } from "../answers.ts";
import { type Organization, type Prototype, roles } from "../model.ts";
import { avatar } from "./avatar.ts";
import type { Call } from "./call.ts";
import { existingOrganization } from "./organizations.ts";
import { route, type Route } from "./routes.ts";

const newPrototype = z.object({
    role: z.enum(roles),
    delegate: z.object({ kind: z.enum(["user", "team"]), name: z.string() }),
    activating_user: z.object({ name: z.string() }).optional(),
});

/**
 * Default permissions. Duplicates are allowed, and only the role can change. User namespaces have
 * none (404).
 */
export const prototypeRoutes: readonly Route[] = [
    route("get", "/organization/:organization/prototypes", "org:admin", (call) => {
        const organization = existingOrganization(call);
        return json(200, {
            prototypes: organization.prototypes.map((prototype) =>
                view(call, organization, prototype),
            ),
        });
    }),
    route("post", "/organization/:organization/prototypes", "org:admin", (call) => {
        const { role, delegate, activating_user: activating } = call.json(newPrototype);
        const organization = existingOrganization(call);
        refuseUnknown(call, organization, delegate, activating?.name);
        const prototype = {
            id: randomUUID(),
            role,
            delegate,
            activatingUser: activating?.name ?? null,
        };
        organization.prototypes.push(prototype);
        return json(200, view(call, organization, prototype));
    }),
    route("put", "/organization/:organization/prototypes/:id", "org:admin", (call) => {
        const { role } = call.json(z.object({ role: z.enum(roles) }));
        const organization = existingOrganization(call);
        const changed = { ...prototypeOf(call, organization), role };
        organization.prototypes = organization.prototypes.map((other) =>
            other.id === changed.id ? changed : other,
        );
        return json(200, view(call, organization, changed));
    }),
    route("delete", "/organization/:organization/prototypes/:id", "org:admin", (call) => {
        const organization = existingOrganization(call);
        const { id } = prototypeOf(call, organization);
        organization.prototypes = organization.prototypes.filter((other) => other.id !== id);
        return nothing();
    }),
];

function prototypeOf(call: Call, { prototypes }: Organization): Prototype {
    const prototype = prototypes.find(({ id }) => id === call.param("id"));
    if (prototype === undefined) throw notFound();
    return prototype;
}

function refuseUnknown(
    call: Call,
    organization: Organization,
    { kind, name }: Prototype["delegate"],
    activating: string | undefined,
): void {
    if (kind === "team" && !organization.teams.has(name)) {
        throw message(400, `('Team does not exist: %s/%s', '${organization.name}', '${name}')`);
    }
    if (activating !== undefined && !call.state.isPerson(activating))
        throw invalidRequest("Unknown activating user");
    if (kind === "user" && !call.state.isPerson(name))
        throw invalidRequest("Missing delegate user or team");
}

function view(
    call: Call,
    organization: Organization,
    { id, role, delegate, activatingUser }: Prototype,
): object {
    return {
        activating_user:
            activatingUser === null ? null : person(call, organization, activatingUser),
        delegate:
            delegate.kind === "team"
                ? { name: delegate.name, kind: "team", avatar: avatar(delegate.name, "team") }
                : person(call, organization, delegate.name),
        role,
        id,
    };
}

function person(call: Call, organization: Organization, name: string): object {
    const isRobot = name.includes("+");
    return {
        name,
        is_robot: isRobot,
        kind: "user",
        is_org_member: isRobot || isMember(call.state, name, organization.name),
        avatar: avatar(name, isRobot ? "robot" : "user"),
    };
}
