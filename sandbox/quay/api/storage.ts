import { z } from "zod";
import { hasScope } from "../access.ts";
import { invalidRequest, json, notFound, nothing, unauthorized } from "../answers.ts";
import type { Features, Organization, Quota } from "../model.ts";
import type { Call } from "./call.ts";
import { route, type Route } from "./routes.ts";

const cache = z.object({
    upstream_registry: z.string(),
    upstream_registry_username: z.string().nullish(),
    upstream_registry_password: z.string().nullish(),
    expiration_s: z.int().default(86_400),
    insecure: z.boolean().default(false),
});
const size = z.object({ limit_bytes: z.int() });
const limit = z.object({ type: z.string(), threshold_percent: z.int() });

/**
 * Based on endpoints/api/organization.py, OrganizationProxyCacheConfig (quay/quay ffba0c70e2d8).
 */
export function proxyCacheRoutes(features: Features): readonly Route[] {
    if (!features.proxyCache) return [];
    const path = "/organization/:organization/proxycache";
    return [
        route("get", path, "org:admin", (call) => {
            const { proxyCache } = organizationOf(call);
            const { upstream_registry = "", expiration_s = "", insecure = "" } = proxyCache ?? {};
            return json(200, { upstream_registry, expiration_s, insecure });
        }),
        route("post", path, "org:admin", (call) => {
            const organization = organizationOf(call);
            const given = call.json(cache);
            if (organization.proxyCache !== undefined)
                throw invalidRequest("Proxy Cache Configuration already exists");
            const immutable = [...call.state.repositories.values()].some(
                ({ namespace, tags }) =>
                    namespace === organization.name && tags.some((tag) => tag.immutable),
            );
            if (immutable)
                throw invalidRequest(
                    "Cannot convert organization to proxy cache: immutable tags exist",
                );
            organization.proxyCache = given;
            return json(201, "Created");
        }),
        route("delete", path, "org:admin", (call) => {
            const organization = organizationOf(call);
            if (organization.proxyCache === undefined) throw notFound();
            organization.proxyCache = undefined;
            return json(201, "Deleted");
        }),
    ];
}

/** Based on endpoints/api/namespacequota.py: members read, superusers change. */
export function quotaRoutes(features: Features): readonly Route[] {
    if (!features.quota) return [];
    const all = "/organization/:organization/quota";
    const one = `${all}/:quota`;
    const limits = `${one}/limit`;
    return [
        route("get", all, "org:admin", (call) => {
            const { quota } = organizationOf(call);
            return json(200, quota === undefined ? [] : [view(quota)]);
        }),
        route("post", all, "super:user", (call) => {
            const organization = governed(call);
            const { limit_bytes: bytes } = call.json(size);
            if (organization.quota !== undefined)
                throw invalidRequest(
                    `Organization quota for '${organization.name}' already exists`,
                );
            organization.quota = { id: ++lastId, limit_bytes: positive(bytes), limits: [] };
            return json(201, "Created");
        }),
        route("put", one, "super:user", (call) => {
            const quota = quotaOf(call);
            quota.limit_bytes = positive(call.json(size).limit_bytes);
            return json(200, view(quota));
        }),
        route("delete", one, "super:user", (call) => {
            quotaOf(call);
            governed(call).quota = undefined;
            return nothing();
        }),
        route("post", limits, "super:user", (call) => {
            const quota = quotaOf(call);
            const { type, threshold_percent: percent } = call.json(limit);
            if (quota.limits.some((two) => two.type === type && two.limit_percent === percent))
                throw invalidRequest("Quota limit already exists");
            quota.limits.push({ id: ++lastId, type, limit_percent: percent });
            return json(201, "Created");
        }),
        route("delete", `${limits}/:limit`, "super:user", (call) => {
            const quota = quotaOf(call);
            const index = quota.limits.findIndex(({ id }) => String(id) === call.param("limit"));
            if (index < 0) throw notFound();
            quota.limits.splice(index, 1);
            return nothing();
        }),
    ];
}

let lastId = 0;

function organizationOf(call: Call): Organization {
    const account = call.administered(call.param("organization"));
    if (account.kind !== "organization") throw notFound();
    return account;
}

/** Returns the path's organization to a superuser whose token has that scope. */
function governed(call: Call): Organization {
    if (!call.user("super:user").superUser || !hasScope(call.identity, "super:user"))
        throw unauthorized(call.username);
    const organization = call.state.organization(call.param("organization"));
    if (organization === undefined) throw notFound();
    return organization;
}

function quotaOf(call: Call): Quota {
    const { quota } = governed(call);
    if (quota === undefined || String(quota.id) !== call.param("quota")) throw notFound();
    return quota;
}

function positive(bytes: number): number {
    if (bytes <= 0) throw invalidRequest(`Invalid quota size limit value: '${String(bytes)}'`);
    return bytes;
}

function view(quota: Quota): object {
    return { ...quota, default_config: false, default_config_exists: false };
}
