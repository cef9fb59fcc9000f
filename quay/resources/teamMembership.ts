import { z } from "zod";
import type { QuayClient } from "../client.ts";
import { badId, deleteIfThere } from "../create.ts";
import { badRequest, notFound, unless } from "../errors.ts";
import * as names from "../names.ts";
import { resource } from "../resource.ts";

const importId = { format: "ORGANIZATION:TEAM:MEMBER", example: "acme:devs:acme+deploy" };

const answer = z.object({
    members: z.array(z.object({ name: z.string(), invited: z.boolean().optional() })),
});

export const teamMembership = resource({
    name: "TeamMembership",
    description: "A user or robot in a team. One who is in it already stays so, and is taken over.",
    importId,
    fixed: {
        organization: names.namespace.describe("The organization."),
        team: names.team.describe("The team: the `name` of a Team."),
        member: names.account.describe("The user, or the robot (NAMESPACE+NAME)."),
    },
    changing: {},
    outputs: {
        invited: z
            .boolean()
            .describe(
                "Whether the user was invited by mail and has not answered yet (quay.io invites, and adds no one at once).",
            ),
    },
    id: ({ organization, team, member }) =>
        organization === undefined || team === undefined || member === undefined
            ? undefined
            : `${organization}:${team}:${member}`,

    async create({ organization, team, member }, { api }) {
        const id = `${organization}:${team}:${member}`;
        const call = {
            to: `add ${member} to the team ${organization}:${team}`,
            scope: "org:admin",
        } as const;
        const { invited } = await api.change(
            "PUT",
            `organization/${organization}/team/${team}/members/${member}`,
            call,
            z.object({ invited: z.boolean().optional() }),
        );
        return { id, outputs: { invited: invited ?? false } };
    },

    async read(id, { api }) {
        const [organization, team, member, ...rest] = id.split(":");
        if (organization === undefined || team === undefined || !member || rest.length > 0)
            throw badId(id, importId);
        const found = (await members(api, organization, team)).find(({ name }) => name === member);
        return (
            found && {
                inputs: { organization, team, member },
                outputs: { invited: found.invited ?? false },
            }
        );
    },

    async delete({ organization, team, member }, { api }) {
        const call = {
            to: `remove ${member} from the team ${organization}:${team}`,
            scope: "org:admin",
        } as const;
        await deleteIfThere(
            () =>
                api.change(
                    "DELETE",
                    `organization/${organization}/team/${team}/members/${member}`,
                    call,
                    z.unknown(),
                ),
            async () =>
                (await members(api, organization, team)).some(({ name }) => name === member),
        );
    },
});

async function members(
    api: QuayClient,
    organization: string,
    team: string,
): Promise<z.output<typeof answer>["members"]> {
    const call = {
        to: `list the members of the team ${organization}:${team}`,
        scope: "org:admin",
        query: { includePending: true },
    } as const;
    const path = `organization/${organization}/team/${team}/members`;
    const noTeam = badRequest(/team/i);
    const found = await unless(noTeam, () => unless(notFound, () => api.get(path, call, answer)));
    return found?.members ?? [];
}
