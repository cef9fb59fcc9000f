import { z } from "zod";
import { conflict, json, notFound, nothing, unprocessable } from "../answers.ts";
import type { Call } from "../call.ts";
import type { Permission, Secret, Variable, Vault } from "../model.ts";
import { type Operations, reading, writing } from "../operation.ts";
import { unseal } from "../vault.ts";
import { time } from "../views.ts";
import { environmentOf } from "./environments.ts";

/** Secrets and variables, of a repository and of an environment. */
export const vaultOperations: Operations = {
    ...secrets("repo", "secrets", (call) => call.repository),
    ...secrets("environment", "environments", environmentOf),
    ...variables("repo", "actions_variables", (call) => call.repository),
    ...variables("environment", "environments", environmentOf),
};

/** @param kind as in the names of the operations */
function secrets(kind: string, permission: Permission, vaultOf: (call: Call) => Vault): Operations {
    const secretOf = (call: Call): Secret => {
        const secret = vaultOf(call).secrets.get(call.param("secret_name").toUpperCase());
        if (secret === undefined) throw notFound();
        return secret;
    };
    return {
        [`actions/list-${kind}-secrets`]: reading(
            permission,
            (call) => {
                const all = [...vaultOf(call).secrets.values()];
                const { items, headers } = call.page(all);
                return json(
                    200,
                    { total_count: all.length, secrets: items.map(secretView) },
                    headers,
                );
            },
            "push",
        ),
        [`actions/get-${kind}-public-key`]: reading(
            permission,
            (call) => {
                const { key } = vaultOf(call);
                return json(200, {
                    key_id: key.id,
                    key: Buffer.from(key.publicKey).toString("base64"),
                });
            },
            "push",
        ),
        [`actions/get-${kind}-secret`]: reading(
            permission,
            (call) => json(200, secretView(secretOf(call))),
            "push",
        ),
        [`actions/create-or-update-${kind}-secret`]: writing(permission, "push", (call) => {
            const { encrypted_value: sealed, key_id: keyId } = call.body(
                z.object({ encrypted_value: z.string(), key_id: z.string() }),
            );
            const vault = vaultOf(call);
            const name = allowedName(call.param("secret_name"), "Secret");
            const before = vault.secrets.get(name);
            const value = unseal(vault, keyId, sealed);
            const now = new Date();
            vault.secrets.set(name, { name, value, created: before?.created ?? now, updated: now });
            call.state.secrets.add(value);
            return before === undefined ? json(201, {}) : nothing();
        }),
        [`actions/delete-${kind}-secret`]: writing(permission, "push", (call) => {
            vaultOf(call).secrets.delete(secretOf(call).name);
            return nothing();
        }),
    };
}

function variables(
    kind: string,
    permission: Permission,
    vaultOf: (call: Call) => Vault,
): Operations {
    const variableOf = (call: Call): Variable => {
        const variable = vaultOf(call).variables.get(call.param("name").toUpperCase());
        if (variable === undefined) throw notFound();
        return variable;
    };
    return {
        [`actions/list-${kind}-variables`]: reading(
            permission,
            (call) => {
                const all = [...vaultOf(call).variables.values()];
                const { items, headers } = call.page(all);
                return json(
                    200,
                    { total_count: all.length, variables: items.map(variableView) },
                    headers,
                );
            },
            "push",
        ),
        [`actions/create-${kind}-variable`]: writing(permission, "push", (call) => {
            const { name: given, value } = call.body(
                z.object({ name: z.string(), value: z.string() }),
            );
            const name = allowedName(given, "Variable");
            const all = vaultOf(call).variables;
            if (all.has(name)) throw conflict("Already exists - Variable already exists");
            all.set(name, { name, value, created: new Date(), updated: new Date() });
            return json(201, {});
        }),
        [`actions/get-${kind}-variable`]: reading(
            permission,
            (call) => json(200, variableView(variableOf(call))),
            "push",
        ),
        [`actions/update-${kind}-variable`]: writing(permission, "push", (call) => {
            const before = variableOf(call);
            const { name = before.name, value = before.value } = call.body(
                z.object({ name: z.string().optional(), value: z.string().optional() }),
            );
            const all = vaultOf(call).variables;
            all.delete(before.name);
            const renamed = allowedName(name, "Variable");
            all.set(renamed, {
                name: renamed,
                value,
                created: before.created,
                updated: new Date(),
            });
            return nothing();
        }),
        [`actions/delete-${kind}-variable`]: writing(permission, "push", (call) => {
            vaultOf(call).variables.delete(variableOf(call).name);
            return nothing();
        }),
    };
}

/** Returns the name in upper case, as GitHub stores it. */
function allowedName(name: string, kind: string): string {
    if (!/^[A-Z_][A-Z0-9_]*$/i.test(name)) {
        throw unprocessable(
            `${kind} names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) ` +
                "or underscores (_). Spaces are not allowed. " +
                "Must start with a letter ([a-z], [A-Z]) or underscores (_).",
        );
    }
    if (/^GITHUB_/i.test(name)) throw unprocessable(`${kind} names must not start with GITHUB_.`);
    return name.toUpperCase();
}

function secretView({ name, created, updated }: Secret): object {
    return { name, created_at: time(created), updated_at: time(updated) };
}

function variableView({ name, value, created, updated }: Variable): object {
    return { name, value, created_at: time(created), updated_at: time(updated) };
}
