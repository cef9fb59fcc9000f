import { z } from "zod";
import { noContent } from "../api/client.ts";
import type { QuayClient } from "../api/client.ts";
import { badId, createOnce, deleteIfThere, existsAlready } from "../definition/create.ts";
import { MissingError, QuayError } from "../api/errors.ts";
import * as names from "../api/names.ts";
import { foreign } from "../api/text.ts";
import { resource } from "../definition/resource.ts";
import { getOrganization } from "./organization.ts";

const importId = { format: "ORGANIZATION:TEAM", example: "acme:devs" };

const role = z.enum(["member", "creator", "admin"], "must be member, creator or admin.").meta({
    id: "TeamRole",
    description:
        "`member`, `creator` (may create repositories) or `admin` (administers the organization).",
});

export const team = resource({
    name: "Team",
    description:
        "A team of users and robots of an organization. If it exists already, the error says " +
        "how to import it.",
    importId,
    fixed: {
        organization: names.namespace.describe("The organization that the team belongs to."),
        name: names.team.describe("The name within the organization."),
    },
    changing: {
        role: role
            .default("member")
            .describe(
                "The role of its members in the organization: `member`, `creator` or `admin`.",
            ),
        description: z.string().default("").describe("The description, in Markdown."),
    },
    outputs: {},
    id: ({ organization, name }) =>
        organization === undefined || name === undefined ? undefined : `${organization}:${name}`,

    async create(inputs, context) {
        const { api } = context;
        const { organization, name } = inputs;
        const id = `${organization}:${name}`;
        // The route creates and updates: whether the team exists must be read before.
        const found = await getOrganization(api, organization);
        if (found === undefined) throw new MissingError(`organization ${organization}`, api.site);
        if (Object.hasOwn(found.teams ?? {}, name))
            throw existsAlready(`The team ${id}`, id, context);
        await createOnce(
            api,
            () => put(api, inputs),
            async () => {
                const made = (await getOrganization(api, organization))?.teams?.[name];
                const isEqual =
                    made?.role === inputs.role && (made.description ?? "") === inputs.description;
                return isEqual ? { name } : undefined;
            },
        );
        return { id, outputs: {} };
    },

    async read(id, { api }) {
        const { organization, name } = parse(id);
        const found = (await getOrganization(api, organization))?.teams?.[name];
        if (found === undefined) return undefined;
        const given = role.safeParse(found.role);
        if (!given.success)
            throw new QuayError(
                `The team ${id} has the role "${foreign(found.role, 100)}" on Quay, which this ` +
                    "provider does not know.",
            );
        return {
            inputs: {
                organization,
                name,
                role: given.data,
                description: found.description ?? "",
            },
            outputs: {},
        };
    },

    async update(inputs, _old, { api }) {
        await put(api, inputs);
        return {};
    },

    async delete({ organization, name }, { api }, id) {
        const call = { to: `delete the team ${id}`, scope: "org:admin" } as const;
        await deleteIfThere(
            () =>
                api.change("DELETE", `organization/${organization}/team/${name}`, call, noContent),
            async () =>
                Object.hasOwn((await getOrganization(api, organization))?.teams ?? {}, name),
        );
    },
});

async function put(
    api: QuayClient,
    {
        organization,
        name,
        role,
        description,
    }: { organization: string; name: string; role: string; description: string },
): Promise<{ name: string }> {
    const call = {
        to: `set the team ${organization}:${name}`,
        scope: "org:admin",
        json: { role, description },
    } as const;
    const answer = z.object({ name: z.literal(name), role: z.literal(role) });
    return api.change("PUT", `organization/${organization}/team/${name}`, call, answer);
}

function parse(id: string): { organization: string; name: string } {
    const [, organization, name] = /^([^:]+):([^:]+)$/.exec(id) ?? [];
    const valid =
        names.namespace.safeParse(organization).success && names.team.safeParse(name).success;
    if (organization === undefined || name === undefined || !valid) throw badId(id, importId);
    return { organization, name };
}
