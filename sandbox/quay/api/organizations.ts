import { z } from "zod";
import { administers, hasScope, isMember } from "../access.ts";
import { invalidRequest, json, message, notFound, nothing } from "../answers.ts";
import type { Organization, Team } from "../model.ts";
import { avatar } from "./avatar.ts";
import type { Call } from "./call.ts";
import { route, type Route } from "./routes.ts";

const nameAllowed = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/;

/** The only values that the server accepts. */
const tagExpirations = [0, 86_400, 604_800, 1_209_600, 2_419_200];

const changes = z.object({
    email: z.string().optional(),
    tag_expiration_s: z.int().min(0).optional(),
});

/** Organizations. */
export const organizationRoutes: readonly Route[] = [
    route("post", "/organization/", "user:admin", (call) => {
        const user = call.user("user:admin");
        const { name, email } = call.json(
            z.object({ name: z.string(), email: z.string().optional() }),
        );
        if (call.state.accounts.has(name))
            throw invalidRequest("A user or organization with this name already exists");
        if (call.state.retiredNames.has(name)) throw invalidRequest("Username is not available");
        if (!nameAllowed.test(name) || name.length < 2 || name.length > 255) {
            throw invalidRequest(
                `Invalid organization name ${name}: ` +
                    `Username must match expression ${nameAllowed.source}`,
            );
        }
        refuseAddress(email);
        call.state.createOrganization(name, user.name).email = email ?? "";
        return json(201, "Created");
    }),
    route("get", "/organization/:organization", undefined, (call) => {
        const organization = call.state.organization(call.param("organization"));
        if (organization === undefined) throw notFound();
        return json(200, view(call, organization));
    }),
    route("put", "/organization/:organization", "org:admin", (call) => {
        const { email, tag_expiration_s: expiration } = call.json(changes);
        const organization = existingOrganization(call);
        if (expiration !== undefined && !tagExpirations.includes(expiration))
            throw message(400, "Invalid tag expiration option");
        refuseAddress(email);
        organization.email = email ?? organization.email;
        organization.tagExpiration = expiration ?? organization.tagExpiration;
        return json(200, view(call, organization));
    }),
    route("delete", "/organization/:organization", "org:admin", (call) => {
        call.state.deleteOrganization(existingOrganization(call));
        return nothing();
    }),
];

/**
 * Returns the path's organization if the caller administers it. The caller's own user name is 404.
 */
export function existingOrganization(call: Call): Organization {
    const account = call.administered(call.param("organization"));
    if (account.kind === "user") throw notFound();
    return account;
}

export function teamView({ name, description, role }: Team) {
    return { name, description, can_view: true, role, avatar: avatar(name, "team") };
}

function refuseAddress(email: string | undefined): void {
    if (email !== undefined && !z.email().safeParse(email).success)
        throw message(400, "Invalid email address");
}

function view(call: Call, organization: Organization): object {
    const { username = "" } = call.identity;
    const isAdmin =
        administers(call.state, username, organization.name) &&
        hasScope(call.identity, "org:admin");
    const belongs = isMember(call.state, username, organization.name);
    return {
        name: organization.name,
        email: isAdmin ? organization.email : "",
        avatar: avatar(organization.name, "org"),
        is_admin: isAdmin,
        is_member: belongs,
        ...(belongs ? teamsOf(call, organization) : {}),
        ...(isAdmin
            ? {
                  invoice_email: false,
                  invoice_email_address: null,
                  tag_expiration_s: organization.tagExpiration,
                  is_free_account: true,
              }
            : {}),
    };
}

function teamsOf(call: Call, { name: namespace, teams }: Organization): object {
    const repositories = [...call.state.repositories.values()].filter(
        (repository) => repository.namespace === namespace,
    );
    const row = (team: Team): object => ({
        ...teamView(team),
        repo_count: repositories.filter(({ teamRoles }) => teamRoles.has(team.name)).length,
        member_count: team.members.size,
        is_synced: false,
    });
    return {
        teams: Object.fromEntries([...teams].map(([name, team]) => [name, row(team)])),
        ordered_teams: [...teams.keys()],
    };
}
