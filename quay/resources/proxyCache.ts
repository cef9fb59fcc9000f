import { z } from "zod";
import type { QuayClient } from "../api/client.ts";
import { badId, createOnce, deleteIfThere, setDifferently } from "../definition/create.ts";
import { notFound, unless } from "../api/errors.ts";
import { withFeature } from "../api/feature.ts";
import * as names from "../api/names.ts";
import { resource } from "../definition/resource.ts";

const importId = { format: "ORGANIZATION", example: "acme-cache" };

/** Without a proxy cache Quay answers with empty strings. */
const answer = z.object({
    upstream_registry: z.string(),
    expiration_s: z.union([z.int(), z.literal("")]),
    insecure: z.union([z.boolean(), z.literal("")]),
});

const fixed = {
    organization: names.namespace.describe("The organization to use as a cache."),
    upstreamRegistry: z
        .string()
        .regex(
            /^[A-Za-z0-9.-]+(?::\d+)?(?:\/[a-z0-9._/-]+)?$/,
            "must be a registry, or a namespace on one: no scheme.",
        )
        .describe("The registry to pull from, or a namespace there: `docker.io/library`."),
    expirationSeconds: z
        .int("must be a whole number of seconds.")
        .min(0, "must not be negative.")
        .default(86_400)
        .describe("The time for which a pulled tag is kept, in seconds."),
    insecure: z.boolean().default(false).describe("Whether to use plain HTTP."),
    username: z
        .string()
        .min(1, "must not be empty.")
        .optional()
        .describe("The user name for the registry. Default: anonymous."),
    password: z
        .string()
        .min(1, "must not be empty.")
        .optional()
        .meta({
            description:
                "The password for the registry. Quay returns neither the user name nor the " +
                "password, so a manual change is not detected.",
            secret: true,
        }),
};
type Settings = z.output<z.ZodObject<typeof fixed>>;
type Known = Omit<Settings, "username" | "password">;

export const proxyCache = resource({
    name: "ProxyCache",
    description:
        "Makes an organization a cache of another registry: images that are pulled from the " +
        "organization are pulled from there and kept. Quay cannot change a proxy cache: another " +
        "value replaces it, which keeps the cached images. An equal one that exists is taken " +
        "over; a different one is an error. Needs FEATURE_PROXY_CACHE, and an organization " +
        "without immutable tags.",
    importId,
    fixed,
    changing: {},
    unread: ["username", "password"],
    outputs: {},
    id: ({ organization }) => organization,
    validate: ({ username, password }) =>
        (username === undefined) === (password === undefined)
            ? undefined
            : "username and password go together.",

    async create(inputs, context) {
        const { api } = context;
        const { organization } = inputs;
        const existing = await find(api, organization);
        if (existing !== undefined && !same(existing, inputs)) {
            throw setDifferently(
                `The proxy cache of ${organization}`,
                `one of ${existing.upstreamRegistry}`,
                `one of ${inputs.upstreamRegistry} with these settings`,
                organization,
                context,
            );
        }
        if (existing !== undefined) return { id: organization, outputs: {} };
        const json = {
            org_name: organization,
            upstream_registry: inputs.upstreamRegistry,
            expiration_s: inputs.expirationSeconds,
            insecure: inputs.insecure,
            upstream_registry_username: inputs.username,
            upstream_registry_password: inputs.password,
        };
        const to = `make ${organization} a proxy cache`;
        const call = { to, scope: "org:admin", json, once: true } as const;
        await createOnce(
            api,
            () =>
                api.change(
                    "POST",
                    `organization/${organization}/proxycache`,
                    call,
                    z.literal("Created"),
                ),
            async () => {
                const made = await find(api, organization);
                return made !== undefined && same(made, inputs) ? "Created" : undefined;
            },
        );
        return { id: organization, outputs: {} };
    },

    async read(id, { api }, old) {
        if (!names.namespace.safeParse(id).success) throw badId(id, importId);
        const found = await find(api, id);
        if (found === undefined) return undefined;
        const { username, password } = old ?? {};
        return { inputs: { ...found, username, password }, outputs: {} };
    },

    async delete({ organization }, { api }) {
        const to = `end the proxy cache of ${organization}`;
        const path = `organization/${organization}/proxycache`;
        const call = { to, scope: "org:admin" } as const;
        await deleteIfThere(
            () => api.change("DELETE", path, call, z.literal("Deleted")),
            async () => (await find(api, organization)) !== undefined,
        );
    },
});

async function find(api: QuayClient, organization: string): Promise<Known | undefined> {
    const call = { to: `read the proxy cache of ${organization}`, scope: "org:admin" } as const;
    const found = await withFeature(api, "proxy caches", "FEATURE_PROXY_CACHE", () =>
        unless(notFound, () => api.get(`organization/${organization}/proxycache`, call, answer)),
    );
    if (found === undefined || found.upstream_registry === "") return undefined;
    return {
        organization,
        upstreamRegistry: found.upstream_registry,
        expirationSeconds: found.expiration_s === "" ? 86_400 : found.expiration_s,
        insecure: found.insecure === true,
    };
}

function same(one: Known, other: Known): boolean {
    return (
        one.upstreamRegistry === other.upstreamRegistry &&
        one.expirationSeconds === other.expirationSeconds &&
        one.insecure === other.insecure
    );
}
