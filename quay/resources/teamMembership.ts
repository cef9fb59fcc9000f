import { z } from "zod";
import { noContent } from "../api/client.ts";
import type { QuayClient } from "../api/client.ts";
import { badId, deleteIfThere } from "../definition/create.ts";
import { badRequest, notFound, unless } from "../api/errors.ts";
import * as names from "../api/names.ts";
import { resource } from "../definition/resource.ts";

const importId = { format: "ORGANIZATION:TEAM:MEMBER", example: "acme:devs:acme+deploy" };

const memberAnswer = z.object({ name: z.string(), invited: z.boolean().optional() });
const answer = z.object({ members: z.array(memberAnswer) });

export const teamMembership = resource({
    name: "TeamMembership",
    description: "Adds a user or robot to a team. An existing membership is taken over.",
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
                "Whether the user was invited by e-mail and has not accepted yet (quay.io sends " +
                    "an invitation).",
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
        const path = `organization/${organization}/team/${team}/members/${member}`;
        const added =
            (await unless(badRequest(/already a member/i), () =>
                api.change("PUT", path, call, memberAnswer),
            )) ?? (await find(api, organization, team, member));
        return { id, outputs: { invited: added?.invited ?? false } };
    },

    async read(id, { api }) {
        const [organization, team, member, ...rest] = id.split(":");
        if (organization === undefined || team === undefined || !member || rest.length > 0)
            throw badId(id, importId);
        const found = await find(api, organization, team, member);
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
                    noContent,
                ),
            async () => (await find(api, organization, team, member)) !== undefined,
        );
    },
});

async function find(
    api: QuayClient,
    organization: string,
    team: string,
    member: string,
): Promise<z.output<typeof memberAnswer> | undefined> {
    const call = {
        to: `list the members of the team ${organization}:${team}`,
        scope: "org:admin",
        query: { includePending: true },
    } as const;
    const path = `organization/${organization}/team/${team}/members`;
    const noTeam = badRequest(/team/i);
    const found = await unless(noTeam, () => unless(notFound, () => api.get(path, call, answer)));
    return found?.members.find(({ name }) => name === member);
}
