import { z } from "zod";
import { noContent } from "../api/client.ts";
import type { QuayClient } from "../api/client.ts";
import { badId, createOnce, setDifferently } from "../definition/create.ts";
import { notFound, unless } from "../api/errors.ts";
import type { Refusal } from "../api/errors.ts";
import * as names from "../api/names.ts";
import { resource } from "../definition/resource.ts";

const importId = {
    format:
        "ORGANIZATION:KIND:NAME (KIND is robot, user or team), with :CREATOR where it is for " +
        "one creator's repositories",
    example: "acme:team:devs",
};

const kinds = ["robot", "user", "team"] as const;

const answer = z.object({
    id: z.string(),
    role: names.role,
    activating_user: z.object({ name: z.string() }).nullish(),
    delegate: z.object({ name: z.string(), kind: z.string(), is_robot: z.boolean().nullish() }),
});
type Answer = z.output<typeof answer>;

interface Rule {
    readonly organization?: string | undefined;
    readonly robot?: string | undefined;
    readonly user?: string | undefined;
    readonly team?: string | undefined;
    readonly creator?: string | undefined;
}

export const defaultPermission = resource({
    name: "DefaultPermission",
    description:
        "Gives a robot, user or team a role in every repository created in an organization from " +
        "now on. An equal default permission that exists already is taken over; one with " +
        "another role is an error.",
    importId,
    fixed: {
        organization: names.namespace.describe("The organization."),
        robot: names.robot
            .optional()
            .describe(
                "The robot that gets the role, NAMESPACE+NAME. Exactly one of robot, user and " +
                    "team is set.",
            ),
        user: names.namespace.optional().describe("The user who gets the role."),
        team: names.team.optional().describe("The team that gets the role."),
        creator: names.account
            .optional()
            .describe(
                "Limits the role to repositories that this user or robot creates. Default: any " +
                    "creator.",
            ),
    },
    changing: { role: names.role },
    outputs: { prototypeId: z.string().describe("The ID in Quay.") },
    id: idOf,
    validate: (inputs) =>
        kinds.filter((kind) => inputs[kind] !== undefined).length === 1
            ? undefined
            : "exactly one of robot, user and team must be set.",

    async create(inputs, context) {
        const { api } = context;
        const { organization, creator, role } = inputs;
        const id = idOf(inputs) ?? "";
        const existing = await find(api, organization, id);
        if (existing !== undefined && existing.role !== role) {
            throw setDifferently(
                `The default permission ${id}`,
                `"${existing.role}"`,
                `"${role}"`,
                id,
                context,
            );
        }
        const kind = kinds.find((kind) => inputs[kind] !== undefined) ?? "team";
        const json = {
            role,
            delegate: { kind: kind === "team" ? "team" : "user", name: inputs[kind] },
            ...(creator === undefined ? {} : { activating_user: { name: creator } }),
        };
        const call = {
            to: `make the default permission ${id}`,
            scope: "org:admin",
            json,
            once: true,
        } as const;
        const made =
            existing ??
            (await createOnce(
                api,
                () => api.change("POST", `organization/${organization}/prototypes`, call, answer),
                () => find(api, organization, id),
            ));
        return { id, outputs: { prototypeId: made.id } };
    },

    async read(id, { api }) {
        const [organization, kindName, name, creator, ...rest] = id.split(":");
        const kind = kinds.find((kind) => kind === kindName);
        if (!organization || kind === undefined || !name || rest.length > 0)
            throw badId(id, importId);
        const found = await find(api, organization, id);
        if (found === undefined) return undefined;
        return {
            inputs: { organization, [kind]: name, creator, role: found.role },
            outputs: { prototypeId: found.id },
        };
    },

    async update({ organization, role }, { prototypeId }, { api }, id) {
        const call = {
            to: `change the default permission ${id}`,
            scope: "org:admin",
            json: { role },
        } as const;
        await api.change(
            "PUT",
            `organization/${organization}/prototypes/${prototypeId}`,
            call,
            answer,
        );
        return { prototypeId };
    },

    async delete({ organization, prototypeId }, { api }, id) {
        const call = { to: `delete the default permission ${id}`, scope: "org:admin" } as const;
        await unless(notFound, () =>
            api.change(
                "DELETE",
                `organization/${organization}/prototypes/${prototypeId}`,
                call,
                noContent,
            ),
        );
    },
});

function idOf(rule: Rule): string | undefined {
    const kind = kinds.find((kind) => rule[kind] !== undefined);
    if (rule.organization === undefined || kind === undefined) return undefined;
    return [
        rule.organization,
        kind,
        rule[kind],
        ...(rule.creator === undefined ? [] : [rule.creator]),
    ].join(":");
}

/** Finds a default permission in the list, because Quay has no route for a single one. */
async function find(
    api: QuayClient,
    organization: string,
    id: string,
): Promise<Answer | undefined> {
    const all = await list(api, organization);
    return all.find((one) => idOf(ruleOf(organization, one)) === id);
}

/**
 * Whether a default permission of the organization gives this role to this robot, user or team.
 * False if the token may not list them.
 */
export async function isDefaultRole(
    api: QuayClient,
    organization: string,
    kind: (typeof kinds)[number],
    name: string,
    role: string,
): Promise<boolean> {
    const forbidden = ({ status }: Refusal) => status === 403;
    const all = (await unless(forbidden, () => list(api, organization))) ?? [];
    return all.some((one) => one.role === role && ruleOf(organization, one)[kind] === name);
}

function ruleOf(organization: string, { delegate, activating_user: creator }: Answer): Rule {
    const kind = delegate.kind === "team" ? "team" : delegate.name.includes("+") ? "robot" : "user";
    return { organization, [kind]: delegate.name, creator: creator?.name };
}

async function list(api: QuayClient, organization: string): Promise<readonly Answer[]> {
    const call = {
        to: `list the default permissions of ${organization}`,
        scope: "org:admin",
    } as const;
    const form = z.object({ prototypes: z.array(answer) });
    const listed = await unless(notFound, () =>
        api.get(`organization/${organization}/prototypes`, call, form),
    );
    return listed?.prototypes ?? [];
}
