import { administers, hasScope, isMember } from "../access.ts";
import { json, requiresAuthentication } from "../answers.ts";
import type { Organization } from "../model.ts";
import { avatar } from "./avatar.ts";
import type { Call } from "./call.ts";
import { route, type Route } from "./routes.ts";

export const userRoutes: readonly Route[] = [
    route("get", "/user/", "user:read", (call) => {
        // Without the scope this is 401, not 403, and says that no session is needed.
        if (call.identity.username === undefined || !hasScope(call.identity, "user:read")) {
            throw requiresAuthentication({ session_required: false });
        }
        const user = call.user("user:read");
        return json(200, {
            anonymous: false,
            username: user.name,
            avatar: avatar(user.name, "user"),
            can_create_repo: true,
            is_me: true,
            verified: true,
            email: user.email,
            logins: [],
            invoice_email: false,
            invoice_email_address: null,
            preferred_namespace: false,
            tag_expiration_s: user.tagExpiration,
            prompts: [],
            company: null,
            family_name: null,
            given_name: null,
            location: null,
            is_free_account: true,
            has_password_set: true,
            super_user: user.superUser,
            organizations: organizationsOf(call, user.name),
        });
    }),
];

function organizationsOf(call: Call, username: string): readonly unknown[] {
    const organizations = [...call.state.accounts.values()].filter(
        (account): account is Organization => account.kind === "organization",
    );
    return organizations
        .filter(({ name }) => isMember(call.state, username, name))
        .map(({ name }) => ({
            name,
            avatar: avatar(name, "org"),
            can_create_repo: administers(call.state, username, name),
            public: false,
            is_org_admin: administers(call.state, username, name),
            preferred_namespace: true,
        }));
}
