import { z } from "zod";
import { noContent } from "../api/client.ts";
import type { QuayClient } from "../api/client.ts";
import { badId, setDifferently } from "../definition/create.ts";
import { badRequest, MissingError, unless } from "../api/errors.ts";
import * as names from "../api/names.ts";
import { resource } from "../definition/resource.ts";
import { requireOwn, routeOf } from "./robot.ts";

const importId = { format: "NAMESPACE+NAME (the robot)", example: "alice+deploy" };
const missing = badRequest(/Could not find robot/i);

const claim = z
    .strictObject({
        issuer: z
            .url({
                protocol: /^https$/,
                error: "must be an https:// URL: Quay fails to log anyone in by another.",
            })
            .describe("The `iss` of the tokens: `https://token.actions.githubusercontent.com`."),
        subject: z
            .string()
            .min(1, "must not be empty.")
            .describe("The `sub` of the tokens, exactly: `repo:alice/app:ref:refs/heads/main`."),
    })
    .meta({
        id: "FederationClaim",
        description: "A source of identity tokens that a robot accepts.",
    });
type Claim = z.output<typeof claim>;

const answer = z.array(z.object({ issuer: z.string(), subject: z.string() }));

/** A set, sent as a list: the order has no meaning. */
const claims = z
    .array(claim)
    .min(1, "must have a claim: without any, leave the resource out.")
    .refine(
        (list) => new Set(list.map(textOf)).size === list.length,
        "must not have a claim twice.",
    )
    .overwrite(sorted);

export const robotFederation = resource({
    name: "RobotFederation",
    description:
        "Defines which OIDC identity tokens a robot accepts instead of its own token, so that " +
        "jobs log in without a stored password. A federation with the same claims that exists " +
        "already is taken over; one with other claims is an error.",
    importId,
    fixed: {
        robot: names.robot.describe("The robot, NAMESPACE+NAME: the `username` of a Robot."),
    },
    changing: {
        claims: claims.describe("All accepted claims, in any order."),
    },
    outputs: { namespaceKind: names.namespaceKind },
    id: ({ robot }) => robot,

    async create({ robot, claims }, context) {
        const { api } = context;
        const outputs = { namespaceKind: await kindOf(api, robot) };
        const existing = await get(api, robot, outputs.namespaceKind);
        if (existing === undefined) throw new MissingError(`robot ${robot}`, api.site);
        if (existing.length === 0) await set(api, robot, outputs.namespaceKind, claims);
        else if (textOfAll(existing) !== textOfAll(claims)) {
            throw setDifferently(
                `The federation of the robot ${robot}`,
                textOfAll(existing),
                textOfAll(claims),
                robot,
                context,
            );
        }
        return { id: robot, outputs };
    },

    async read(id, { api }, old) {
        if (names.splitRobot(id) === undefined) throw badId(id, importId);
        const namespaceKind = old?.namespaceKind ?? (await kindOf(api, id));
        const found = await get(api, id, namespaceKind);
        if (found === undefined || found.length === 0) return undefined;
        return { inputs: { robot: id, claims: sorted(found) }, outputs: { namespaceKind } };
    },

    async update({ robot, claims }, { namespaceKind }, { api }) {
        await set(api, robot, namespaceKind, claims);
        return { namespaceKind };
    },

    async delete({ robot, namespaceKind }, { api }) {
        await requireOwn(api, robot, namespaceKind);
        const { path, scope } = routeOf(robot, namespaceKind);
        await unless(missing, () =>
            api.change(
                "DELETE",
                `${path}/federation`,
                { to: `end the federation of the robot ${robot}`, scope },
                noContent,
            ),
        );
    },
});

function kindOf(api: QuayClient, robot: string): ReturnType<QuayClient["kindOf"]> {
    return api.kindOf(names.splitRobot(robot)?.namespace ?? "");
}

async function get(
    api: QuayClient,
    robot: string,
    kind: "user" | "organization",
): Promise<Claim[] | undefined> {
    const { path, scope } = routeOf(robot, kind);
    const found = await unless(missing, () =>
        api.get(
            `${path}/federation`,
            { to: `read the federation of the robot ${robot}`, scope },
            answer,
        ),
    );
    if (found === undefined) await requireOwn(api, robot, kind);
    return found;
}

async function set(
    api: QuayClient,
    robot: string,
    kind: "user" | "organization",
    claims: readonly Claim[],
): Promise<void> {
    const { path, scope } = routeOf(robot, kind);
    await requireOwn(api, robot, kind);
    await api.change(
        "POST",
        `${path}/federation`,
        { to: `set the federation of the robot ${robot}`, scope, json: claims },
        answer,
    );
}

function sorted(claims: readonly Claim[]): Claim[] {
    return claims.toSorted((one, other) => (textOf(one) < textOf(other) ? -1 : 1));
}

function textOf({ issuer, subject }: Claim): string {
    return `${issuer} ${subject}`;
}

function textOfAll(claims: readonly Claim[]): string {
    return claims.map(textOf).sort().join(", ");
}
