import { z } from "zod";
import type { QuayClient } from "../api/client.ts";
import { badId, createOnce, deleteIfThere, setDifferently } from "../definition/create.ts";
import { MissingError, notFound, PartialError, QuayError, unless } from "../api/errors.ts";
import { withFeature } from "../api/feature.ts";
import * as names from "../api/names.ts";
import { resource } from "../definition/resource.ts";

const importId = { format: "ORGANIZATION", example: "acme" };

const answer = z.array(
    z.object({
        // Null means the server's own default, which is not a quota of the organization.
        id: z.int().nullable(),
        limit_bytes: z.int(),
        limits: z.array(z.object({ id: z.int(), type: z.string(), limit_percent: z.int() })),
    }),
);

const limit = z
    .strictObject({
        type: z
            .enum(["Warning", "Reject"], "must be Warning or Reject.")
            .describe("`Warning` notifies the administrators, `Reject` refuses pushes too."),
        percent: z
            .int("must be a whole number.")
            .min(1, "must be 1 to 100.")
            .max(100, "must be 1 to 100.")
            .describe("The percentage of the quota at which the limit applies: 1 to 100."),
    })
    .meta({ id: "QuotaLimit", description: "What happens at a percentage of the quota." });
type Limit = z.output<typeof limit>;

const changing = {
    limitBytes: z
        .int("must be a whole number of bytes.")
        .min(1, "must be 1 at least.")
        .describe("The storage for the images of the organization, in bytes."),
    limits: z
        .array(limit)
        .refine(
            (all) => new Set(all.map(keyOf)).size === all.length,
            "must not have the same limit twice.",
        )
        .default([])
        .describe("What happens as the quota fills up. Default: nothing."),
};
type Settings = z.output<z.ZodObject<typeof changing>>;

export const quota = resource({
    name: "Quota",
    description:
        "Limits the storage of an organization. An equal quota that exists is taken over; a " +
        "different one is an error. Needs FEATURE_QUOTA_MANAGEMENT, and the token of a super " +
        "user with the scope super:user.",
    importId,
    fixed: { organization: names.namespace.describe("The organization to limit.") },
    changing,
    outputs: {},
    id: ({ organization }) => organization,

    async create(inputs, context) {
        const { api } = context;
        const { organization, limitBytes } = inputs;
        const existing = await find(api, organization);
        if (existing !== undefined && !same(existing, inputs)) {
            const text = ({ limitBytes, limits }: Settings) =>
                [`${String(limitBytes)} bytes`, ...limits.map(keyOf)].join(", ");
            throw setDifferently(
                `The quota of ${organization}`,
                text(existing),
                text(inputs),
                organization,
                context,
            );
        }
        if (existing !== undefined) return { id: organization, outputs: {} };
        const call = {
            to: `give ${organization} a quota`,
            scope: "super:user",
            json: { limit_bytes: limitBytes },
            once: true,
        } as const;
        await createOnce(
            api,
            () =>
                api.change(
                    "POST",
                    `organization/${organization}/quota`,
                    call,
                    z.literal("Created"),
                ),
            async () =>
                (await find(api, organization))?.limitBytes === limitBytes ? "Created" : undefined,
        );
        try {
            await setLimits(api, organization, inputs.limits);
        } catch (error) {
            // The quota was created: the state keeps it, and the next `up` sets the rest.
            if (!(error instanceof QuayError)) throw error;
            throw new PartialError(error.message, organization, { ...inputs, limits: [] });
        }
        return { id: organization, outputs: {} };
    },

    async read(id, { api }, old) {
        if (!names.namespace.safeParse(id).success) throw badId(id, importId);
        const found = await find(api, id);
        if (found === undefined) return undefined;
        const { limitBytes } = found;
        // The order has no meaning: keep the program's, so that it is no difference.
        const limits =
            old !== undefined && same(found, { ...old, limitBytes }) ? old.limits : found.limits;
        return { inputs: { organization: id, limitBytes, limits }, outputs: {} };
    },

    async update({ organization, limitBytes, limits }, old, { api }) {
        if (limitBytes !== old.limitBytes) {
            const { quota } = await get(api, organization);
            const to = `change the quota of ${organization}`;
            const call = { to, scope: "super:user", json: { limit_bytes: limitBytes } } as const;
            const form = z.object({ limit_bytes: z.literal(limitBytes) });
            await api.change("PUT", `organization/${organization}/quota/${quota}`, call, form);
        }
        await setLimits(api, organization, limits);
        return {};
    },

    async delete({ organization }, { api }) {
        const found = await find(api, organization);
        if (found === undefined) return;
        const path = `organization/${organization}/quota/${String(found.quota)}`;
        const call = { to: `delete the quota of ${organization}`, scope: "super:user" } as const;
        await deleteIfThere(
            () => api.change("DELETE", path, call, z.undefined()),
            async () => (await find(api, organization)) !== undefined,
        );
    },
});

interface FoundQuota extends Settings {
    /** The ID in Quay. */
    readonly quota: number;
    readonly limitIds: ReadonlyMap<string, number>;
}

async function find(api: QuayClient, organization: string): Promise<FoundQuota | undefined> {
    const call = { to: `read the quota of ${organization}`, scope: "org:admin" } as const;
    const listed = await withFeature(api, "quotas", "FEATURE_QUOTA_MANAGEMENT", () =>
        unless(notFound, () => api.get(`organization/${organization}/quota`, call, answer)),
    );
    const found = listed?.find(({ id }) => id !== null);
    if (found?.id == null) return undefined;
    const known = found.limits.map(({ id, type, limit_percent: percent }) => ({
        id,
        type: type === "Reject" ? ("Reject" as const) : ("Warning" as const),
        percent,
    }));
    return {
        quota: found.id,
        limitBytes: found.limit_bytes,
        limits: known.map(({ type, percent }) => ({ type, percent })),
        limitIds: new Map(known.map((one) => [keyOf(one), one.id])),
    };
}

async function get(
    api: QuayClient,
    organization: string,
): Promise<{ quota: string; limitIds: ReadonlyMap<string, number> }> {
    const found = await find(api, organization);
    if (found === undefined) throw new MissingError(`quota of ${organization}`, api.site);
    return { quota: String(found.quota), limitIds: found.limitIds };
}

/** Creates the missing limits, and removes the others. */
async function setLimits(
    api: QuayClient,
    organization: string,
    limits: readonly Limit[],
): Promise<void> {
    const { quota, limitIds } = await get(api, organization);
    const path = `organization/${organization}/quota/${quota}/limit`;
    const call = {
        to: `set the limits of the quota of ${organization}`,
        scope: "super:user",
    } as const;
    const is = async (key: string) => (await get(api, organization)).limitIds.has(key);
    const wanted = new Set(limits.map(keyOf));
    for (const one of limits.filter((limit) => !limitIds.has(keyOf(limit)))) {
        const json = { type: one.type, threshold_percent: one.percent };
        await createOnce(
            api,
            () => api.change("POST", path, { ...call, json, once: true }, z.literal("Created")),
            async () => ((await is(keyOf(one))) ? "Created" : undefined),
        );
    }
    for (const [key, id] of limitIds) {
        if (wanted.has(key)) continue;
        await deleteIfThere(
            () => api.change("DELETE", `${path}/${String(id)}`, call, z.undefined()),
            () => is(key),
        );
    }
}

function keyOf({ type, percent }: Limit): string {
    return `${type} from ${String(percent)} %`;
}

function same(one: Settings, other: Settings): boolean {
    const keys = ({ limits }: Settings) => limits.map(keyOf).sort().join();
    return one.limitBytes === other.limitBytes && keys(one) === keys(other);
}
