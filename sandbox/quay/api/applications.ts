import { z } from "zod";
import { json, message, notFound, nothing, unauthorized } from "../answers.ts";
import { type Application, type Features, type OAuthToken, scopes, type Scope } from "../model.ts";
import { hasScope } from "../access.ts";
import type { Call } from "./call.ts";
import { existingOrganization } from "./organizations.ts";
import { route, type Route } from "./routes.ts";

const tenYears = 315_360_000;
const applications = "/organization/:organization/applications";

const newToken = z.object({
    name: z.string().min(1),
    scope: z.string(),
    expiration: z.number().min(1).default(tenYears),
});

/** An organization's applications, and the OAuth tokens that they mint. */
export function applicationRoutes(features: Features): readonly Route[] {
    return [
        route("get", applications, "org:admin", (call) => {
            const known = [...existingOrganization(call).applications.values()];
            return json(200, { applications: known.map(view) });
        }),
        route("post", applications, "org:admin", (call) => {
            const { name, description = "" } = call.json(
                z.object({ name: z.string(), description: z.string().optional() }),
            );
            const organization = existingOrganization(call);
            const application = {
                clientId: call.state.newSecret(20),
                clientSecret: call.state.newSecret(40),
                name,
                description,
            };
            organization.applications.set(application.clientId, application);
            return json(200, view(application));
        }),
        ...(features.applicationTokens ? tokenRoutes : []),
    ];
}

const tokenRoutes: readonly Route[] = [
    route("get", `${applications}/:client/tokens`, "org:admin", (call) => {
        const { clientId } = applicationOf(call);
        const tokens = [...call.state.tokens.values()].filter(
            ({ application }) => application === clientId,
        );
        return json(200, { tokens: tokens.map(tokenView) });
    }),
    route("post", `${applications}/:client/tokens`, "org:admin", (call) => {
        const { name, scope, expiration } = call.json(newToken);
        const { clientId } = applicationOf(call);
        const { secret, token } = call.state.createToken({
            name,
            user: call.username,
            scopes: new Set(mintable(call, scope)),
            expires: new Date(Date.now() + expiration * 1000),
            application: clientId,
        });
        return json(200, { ...tokenView(token), token: secret });
    }),
    route("delete", `${applications}/:client/tokens/:uuid`, "org:admin", (call) => {
        const { clientId } = applicationOf(call);
        for (const [secret, { uuid, application }] of call.state.tokens) {
            if (uuid !== call.param("uuid") || application !== clientId) continue;
            call.state.tokens.delete(secret);
            return nothing();
        }
        throw notFound();
    }),
];

function applicationOf(call: Call): Application {
    const application = existingOrganization(call).applications.get(call.param("client"));
    if (application === undefined) throw notFound();
    return application;
}

/** Returns the scopes, all of which the caller's own token must have. */
function mintable(call: Call, scope: string): readonly Scope[] {
    const asked = scope.split(/[ ,]+/);
    const known = scopes.filter((name) => asked.includes(name));
    if (known.length < asked.length) throw message(400, `Invalid scope: ${scope}`);
    if (!known.every((name) => hasScope(call.identity, name))) throw unauthorized(call.username);
    return known;
}

function view({ clientId, clientSecret, name, description }: Application): object {
    return {
        name,
        description,
        application_uri: "",
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uri: "",
        avatar_email: null,
    };
}

/** These dates are ISO 8601, unlike all others. */
function tokenView({ uuid, name, scopes: allowed, expires, created, user }: OAuthToken): object {
    return {
        uuid,
        name,
        scope: [...allowed].join(" "),
        expires_at: expires.toISOString(),
        created: created.toISOString(),
        created_by: user,
        last_accessed: null,
    };
}
