import { z } from "zod";
import { noContent } from "../api/client.ts";
import type { QuayClient } from "../api/client.ts";
import { badId, setDifferently } from "../definition/create.ts";
import { badRequest, RefusedError, unless } from "../api/errors.ts";
import * as names from "../api/names.ts";
import { resource } from "../definition/resource.ts";
import type { Context } from "../definition/context.ts";
import { isDefaultRole } from "./defaultPermission.ts";
import { requireRepository } from "./repository.ts";

const importId = {
    format: "REPOSITORY:KIND:NAME (KIND is robot, user or team)",
    example: "alice/app:robot:alice+deploy",
};
const missing = badRequest(/does not have permission for repo/i);
const answer = z.object({ role: names.role });

const kinds = ["robot", "user", "team"] as const;

/** The holder of the permission. Exactly one of them is set. */
interface Holder {
    readonly robot?: string | undefined;
    readonly user?: string | undefined;
    readonly team?: string | undefined;
}

export const repositoryPermission = resource({
    name: "RepositoryPermission",
    description:
        "Gives a robot, a user or a team a role in a repository. An equal permission that " +
        "exists already, or one set by a default permission of the organization, is taken over; " +
        "a different one is an error.",
    importId,
    fixed: {
        repository: names.repository.describe(
            "The repository, NAMESPACE/NAME: the `fullName` of a Repository.",
        ),
        robot: names.robot
            .optional()
            .describe(
                "The robot that gets the role, NAMESPACE+NAME: the `username` of a Robot. " +
                    "Exactly one of robot, user and team is set.",
            ),
        user: names.namespace.optional().describe("The user who gets the role."),
        team: names.team
            .optional()
            .describe("The team that gets the role; only in an organization's repositories."),
    },
    changing: {
        role: names.role,
    },
    outputs: {},
    id: idOf,
    validate: (inputs) =>
        kinds.filter((kind) => inputs[kind] !== undefined).length === 1
            ? undefined
            : "exactly one of robot, user and team must be set.",

    async create(inputs, context) {
        const { api } = context;
        const id = idOf(inputs) ?? "";
        const existing = await get(api, id);
        if (existing?.role === inputs.role) return { id, outputs: {} };
        if (existing !== undefined && !(await isAutomatic(id, existing.role, context))) {
            throw setDifferently(
                `The permission ${id}`,
                `"${existing.role}"`,
                `"${inputs.role}"`,
                id,
                context,
            );
        }
        await put(api, id, inputs.role);
        context.made.add(id);
        return { id, outputs: {} };
    },

    async read(id, { api }) {
        const { repository, kind, name } = parse(id);
        const found = await get(api, id);
        return found === undefined
            ? undefined
            : { inputs: { repository, [kind]: name, role: found.role }, outputs: {} };
    },

    async update({ role }, _old, { api }, id) {
        await put(api, id, role);
        return {};
    },

    async delete(_old, { api }, id) {
        await unless(missing, () =>
            api.change(
                "DELETE",
                parse(id).path,
                { to: `remove the permission ${id}`, scope: "repo:admin" },
                noContent,
            ),
        );
    },
});

function idOf(inputs: Holder & { readonly repository?: string | undefined }): string | undefined {
    const kind = kinds.find((kind) => inputs[kind] !== undefined);
    return inputs.repository === undefined || kind === undefined
        ? undefined
        : `${inputs.repository}:${kind}:${inputs[kind] ?? ""}`;
}

function parse(id: string): {
    repository: string;
    kind: (typeof kinds)[number];
    name: string;
    path: string;
} {
    const [repository, kindName, name, ...rest] = id.split(":");
    const kind = kinds.find((kind) => kind === kindName);
    if (!repository?.includes("/") || kind === undefined || !name || rest.length > 0)
        throw badId(id, importId);
    return {
        repository,
        kind,
        name,
        path: `repository/${repository}/permissions/${kind === "team" ? "team" : "user"}/${name}`,
    };
}

function get(api: QuayClient, id: string): Promise<z.output<typeof answer> | undefined> {
    return unless(missing, () =>
        api.get(parse(id).path, { to: `read the permission ${id}`, scope: "repo:admin" }, answer),
    );
}

/**
 * Whether Quay has set the role automatically: for the creator of a repository, or from the
 * organization's default permissions, which apply to new repositories.
 */
async function isAutomatic(id: string, role: string, { api, made }: Context): Promise<boolean> {
    const { repository, kind, name } = parse(id);
    const [namespace = ""] = repository.split("/", 1);
    // Two resources of this program contradict each other.
    if (made.has(id)) return false;
    // Nobody else has set anything in a repository that was created in this run.
    if (made.has(repository)) return true;
    if ((await api.kindOf(namespace)) === "user") return false;
    return isDefaultRole(api, namespace, kind, name, role);
}

async function put(api: QuayClient, id: string, role: string): Promise<void> {
    const { path, repository } = parse(id);
    try {
        await api.change(
            "PUT",
            path,
            { to: `set the permission ${id}`, scope: "repo:admin", json: { role } },
            answer,
        );
    } catch (error) {
        // Quay answers with an empty 500 if the repository does not exist.
        if (error instanceof RefusedError && error.refusal.status === 500)
            await requireRepository(api, repository);
        throw error;
    }
}
