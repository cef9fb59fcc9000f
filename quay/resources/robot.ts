import { z } from "zod";
import { noContent } from "../api/client.ts";
import type { NamespaceKind, QuayClient, Scope } from "../api/client.ts";
import { badId, createOnce, existsAlready } from "../definition/create.ts";
import { badRequest, QuayError, unless } from "../api/errors.ts";
import * as names from "../api/names.ts";
import { resource } from "../definition/resource.ts";

const importId = { format: "NAMESPACE+NAME", example: "alice+deploy" };
const missing = badRequest(/Could not find robot/i);

const robotAnswer = z.object({
    name: z.string(),
    token: z.string(),
    description: z.string().nullish(),
});
export type RobotAnswer = z.output<typeof robotAnswer>;

export const robot = resource({
    name: "Robot",
    description:
        "A robot account: a user name and a token with which machines pull and push, in a " +
        "user's or an organization's namespace. Has no permissions until it is given some. If " +
        "it exists already, the error says how to import it.",
    importId,
    fixed: {
        namespace: names.namespace.describe("The user or organization that owns the robot."),
        name: names.robotInNamespace.describe("The name within the namespace."),
        description: z
            .string()
            .max(255, "it has more than 255 characters.")
            .default("")
            .describe(
                "The description of the robot. Quay cannot change it: another description " +
                    "replaces the robot and its token.",
            ),
    },
    changing: {},
    outputs: {
        username: z.string().describe("The user name for the registry: NAMESPACE+NAME."),
        token: z.string().meta({
            description:
                "The password for the registry. A refresh detects a token that was regenerated " +
                "manually, and the next `up` passes it on.",
            secret: true,
        }),
        namespaceKind: names.namespaceKind,
    },
    watched: ["token"],
    id: ({ namespace, name }) =>
        namespace === undefined || name === undefined ? undefined : `${namespace}+${name}`,
    derive: ({ namespace, name }) =>
        namespace === undefined || name === undefined ? {} : { username: `${namespace}+${name}` },

    async create({ namespace, name, description }, context) {
        const { api } = context;
        const username = `${namespace}+${name}`;
        const namespaceKind = await api.kindOf(namespace);
        const exists = () => existsAlready(`The robot ${username}`, username, context);
        const { path, scope } = routeOf(username, namespaceKind);
        const call = {
            to: `create the robot ${username}`,
            scope,
            json: { description },
            once: true,
        };
        const { token } = await createOnce(
            api,
            async () => {
                const created = await unless(badRequest(/Existing robot/i), () =>
                    api.change("PUT", path, call, robotAnswer),
                );
                if (created === undefined) throw exists();
                return created;
            },
            async () => {
                const found = await getRobot(api, username, namespaceKind);
                if (found !== undefined && (found.description ?? "") !== description)
                    throw exists();
                return found;
            },
        );
        return { id: username, outputs: { username, token, namespaceKind } };
    },

    async read(id, { api }, old) {
        const key = names.splitRobot(id);
        if (key === undefined) throw badId(id, importId);
        const namespaceKind = old?.namespaceKind ?? (await api.kindOf(key.namespace));
        const found = await getRobot(api, id, namespaceKind);
        if (found === undefined) return undefined;
        return {
            inputs: { ...key, description: found.description ?? "" },
            outputs: { username: id, token: found.token, namespaceKind },
        };
    },

    async delete({ namespaceKind }, { api }, id) {
        await requireOwn(api, id, namespaceKind);
        const { path, scope } = routeOf(id, namespaceKind);
        await unless(missing, () =>
            api.change("DELETE", path, { to: `delete the robot ${id}`, scope }, noContent),
        );
    },
});

/**
 * Returns the route of a robot. A user's has no namespace: it means the robots of the token's own
 * account.
 */
export function routeOf(username: string, kind: NamespaceKind): { path: string; scope: Scope } {
    const key = names.splitRobot(username);
    if (key === undefined)
        throw new QuayError(
            `"${username}" is not a robot: its name is ${importId.format}, as in ` +
                `${importId.example}.`,
        );
    return kind === "user"
        ? { path: `user/robots/${key.name}`, scope: "user:admin" }
        : { path: `organization/${key.namespace}/robots/${key.name}`, scope: "org:admin" };
}

/** Refuses a robot of another user: its route would mean the token's own robot of the same name. */
export async function requireOwn(
    api: QuayClient,
    username: string,
    kind: NamespaceKind,
): Promise<void> {
    const namespace = names.splitRobot(username)?.namespace;
    if (kind === "organization" || (await api.account()).username === namespace) return;
    throw new QuayError(
        `The robot ${username} belongs to the user ${namespace ?? ""}, and the token in ` +
            `${api.options.tokenVariable} to another account. ` +
            "Only the user's own token, with the scope user:admin, reaches it.",
    );
}

/** Reads a robot with its token; undefined if it does not exist. */
export async function getRobot(
    api: QuayClient,
    username: string,
    kind: NamespaceKind,
): Promise<RobotAnswer | undefined> {
    const { path, scope } = routeOf(username, kind);
    const found = await unless(missing, () =>
        api.get(path, { to: `read the robot ${username}`, scope }, robotAnswer),
    );
    if (found?.name !== username) await requireOwn(api, username, kind);
    return found;
}
