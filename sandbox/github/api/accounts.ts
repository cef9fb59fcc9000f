import { json, notFound } from "../answers.ts";
import type { Call } from "../call.ts";
import type { Organization, Team } from "../model.ts";
import { open, type Operations } from "../operation.ts";
import { accountView, organizationView, planView, profileView, teamView, time } from "../views.ts";

export const accountOperations: Operations = {
    "users/get-authenticated": open((call) => {
        const user = call.state.user(call.login);
        const counts = {
            private_gists: 0,
            total_private_repos: 0,
            owned_private_repos: 0,
            disk_usage: 0,
            collaborators: 0,
        };
        return json(200, {
            ...profileView(call.urls, user),
            ...counts,
            two_factor_authentication: true,
            plan: planView(user),
        });
    }),

    "rate-limit/get": open((call) => {
        const rate = call.limiter.rate(call.secret);
        return json(200, { resources: { core: rate, search: rate }, rate });
    }),

    "users/get-by-username": open((call) => {
        const account = call.state.account(call.param("username"));
        if (account === undefined) throw notFound();
        return json(200, profileView(call.urls, account));
    }),

    "orgs/get": open((call) => {
        const organization = call.state.organization(call.param("org"));
        if (organization === undefined) throw notFound();
        const plan = organization.owners.has(call.token?.user ?? "")
            ? { plan: planView(organization) }
            : {};
        return json(200, { ...organizationView(call.urls, organization), ...plan });
    }),

    // Users have no keys here, and teams no repositories.
    "users/list-gpg-keys-for-user": open(() => json(200, [])),
    "users/list-public-keys-for-user": open(() => json(200, [])),
    "teams/list-repos-in-org": open(() => json(200, [])),

    "teams/get-by-name": open((call) => {
        const { organization, team } = teamOf(call);
        const created = time(organization.created);
        return json(200, {
            ...teamView(call.urls, organization, team),
            members_count: team.members.size,
            repos_count: 0,
            created_at: created,
            updated_at: created,
            organization: organizationView(call.urls, organization),
        });
    }),

    "teams/list-members-in-org": open((call) => {
        const { items, headers } = call.page([...teamOf(call).team.members]);
        return json(
            200,
            items.map((login) => accountView(call.urls, call.state.user(login))),
            headers,
        );
    }),
};

/** Returns the path's team. Only authenticated callers see teams. */
function teamOf(call: Call): { readonly organization: Organization; readonly team: Team } {
    const organization = call.state.organization(call.param("org"));
    const team = organization?.teams.get(call.param("team_slug"));
    if (organization === undefined || team === undefined || call.token === undefined)
        throw notFound();
    return { organization, team };
}
