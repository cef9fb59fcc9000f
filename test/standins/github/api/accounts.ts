import { json, notFound } from "../answers.ts";
import { open, type Operations } from "../operation.ts";
import { organizationView, planView, profileView, teamView } from "../views.ts";

export const accountOperations: Operations = {
    "users/get-authenticated": open((call) => {
        const user = call.state.user(call.login);
        const counts = { private_gists: 0, total_private_repos: 0, owned_private_repos: 0, disk_usage: 0, collaborators: 0 };
        return json(200, { ...profileView(call.urls, user), ...counts, two_factor_authentication: true, plan: planView(user) });
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
        const plan = organization.owners.has(call.token?.user ?? "") ? { plan: planView(organization) } : {};
        return json(200, { ...organizationView(call.urls, organization), ...plan });
    }),

    "teams/get-by-name": open((call) => {
        const organization = call.state.organization(call.param("org"));
        const team = organization?.teams.get(call.param("team_slug"));
        if (organization === undefined || team === undefined || call.token === undefined) throw notFound();
        const view = {
            ...teamView(call.urls, organization, team),
            members_count: team.members.size,
            repos_count: 0,
            created_at: organization.created.toISOString(),
            updated_at: organization.created.toISOString(),
            organization: organizationView(call.urls, organization),
        };
        return json(200, view);
    }),
};
