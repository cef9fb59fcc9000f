import { z } from "zod";
import { noContent } from "../api/client.ts";
import type { QuayClient, Site } from "../api/client.ts";
import { badId, createOnce, existsAlready } from "../definition/create.ts";
import {
    badRequest,
    MissingError,
    notFound,
    PartialError,
    QuayError,
    RefusedError,
    unless,
} from "../api/errors.ts";
import * as names from "../api/names.ts";
import { deletedOutside } from "../definition/deleted.ts";
import { resource } from "../definition/resource.ts";

const importId = { format: "NAMESPACE/NAME", example: "alice/app" };

const visibility = z
    .enum(["public", "private"], "must be public or private.")
    .meta({ id: "Visibility", description: "`public` (anyone may pull) or `private`." });
const state = z
    .enum(["NORMAL", "READ_ONLY", "MIRROR"], "must be NORMAL, READ_ONLY or MIRROR.")
    .meta({
        id: "RepositoryState",
        description:
            "`NORMAL`, `READ_ONLY` (pushes are refused) or `MIRROR` (filled by Quay's " +
            "mirroring). Other values than NORMAL need a Quay with repository mirroring.",
    });

const answer = z.object({
    is_public: z.boolean(),
    // Null if the repository was created by a push.
    description: z.string().nullable(),
    state: state.optional(),
});

const success = z.object({ success: z.literal(true) });

const changing = {
    visibility: visibility.default("private").describe("`public` (anyone may pull) or `private`."),
    description: z
        .string()
        .default("")
        .describe("The description on the repository's page in Quay, in Markdown."),
    state: state
        .default("NORMAL")
        .describe(
            "`NORMAL`, `READ_ONLY` (pushes are refused) or `MIRROR` (filled by Quay's " +
                "mirroring). Other values than NORMAL need a Quay with repository mirroring.",
        ),
};
type Settings = z.output<z.ZodObject<typeof changing>>;

const derived = {
    fullName: z.string().describe("NAMESPACE/NAME, as other resources of this package expect it."),
    image: z
        .string()
        .describe("The name for docker pull and push: HOST/NAMESPACE/NAME, without a tag."),
    url: z.string().describe("The URL of the repository's page in Quay's web interface."),
};

/** The readable properties of a repository. */
export const repositoryOutputs = {
    visibility,
    description: changing.description,
    state,
    ...derived,
};

export const repository = resource({
    name: "Repository",
    description:
        "A repository for container images, in a user's or an organization's namespace. If it " +
        "exists already, the error says how to import it.",
    importId,
    fixed: {
        namespace: names.namespace.describe("The user or organization that owns the repository."),
        name: names.repositoryInNamespace.describe(
            "The name within the namespace; may contain slashes.",
        ),
    },
    changing,
    outputs: derived,
    id: ({ namespace, name }) =>
        namespace === undefined || name === undefined ? undefined : `${namespace}/${name}`,
    derive: ({ namespace, name }, site) =>
        namespace === undefined || name === undefined
            ? {}
            : outputsOf(`${namespace}/${name}`, site),

    async create(inputs, context) {
        const { namespace, name, visibility, description } = inputs;
        const { api } = context;
        const id = `${namespace}/${name}`;
        const to = `create the repository ${id}`;
        const json = { namespace, repository: name, visibility, description, repo_kind: "image" };
        await createOnce(
            api,
            async () => {
                const created = await unless(badRequest(/already exists/i), () =>
                    api.change(
                        "POST",
                        "repository",
                        { to, scope: "repo:create", json, once: true },
                        z.object({ namespace: z.literal(namespace), name: z.literal(name) }),
                    ),
                );
                if (created === undefined) throw existsAlready(`The repository ${id}`, id, context);
                return true;
            },
            async () => {
                const found = await getRepository(api, id);
                if (found === undefined) return undefined;
                if (found.description === description && found.visibility === visibility)
                    return true;
                throw existsAlready(`The repository ${id}`, id, context);
            },
        );
        context.made.add(id);
        const outputs = outputsOf(id, api.site);
        if (inputs.state !== "NORMAL") {
            try {
                await changeState(api, id, inputs.state);
            } catch (error) {
                if (error instanceof QuayError)
                    throw new PartialError(error.message, id, {
                        ...inputs,
                        state: "NORMAL",
                        ...outputs,
                    });
                throw error;
            }
        }
        return { id, outputs };
    },

    async read(id, { api }) {
        const key = names.splitRepository(id);
        if (key === undefined || !names.repository.safeParse(id).success) throw badId(id, importId);
        const found = await getRepository(api, id);
        if (found === undefined) return undefined;
        return { inputs: { ...key, ...found }, outputs: outputsOf(id, api.site) };
    },

    async update({ visibility, description, state }, old, { api }, id) {
        if (description !== old.description) {
            const to = `change the description of ${id}`;
            await api.change(
                "PUT",
                `repository/${id}`,
                { to, scope: "repo:write", json: { description } },
                success,
            );
        }
        if (visibility !== old.visibility) {
            const to = `make ${id} ${visibility}`;
            const call = { to, scope: "repo:admin", json: { visibility } } as const;
            const answer = await api.change(
                "POST",
                `repository/${id}/changevisibility`,
                call,
                success.nullable(),
            );
            // This is how Quay reports a repository that does not exist.
            if (answer === null) throw deletedOutside("Repository", id);
        }
        if (state !== old.state) await changeState(api, id, state);
        return outputsOf(id, api.site);
    },

    async delete(_old, { api }, id) {
        await unless(notFound, () =>
            api.change(
                "DELETE",
                `repository/${id}`,
                { to: `delete the repository ${id}`, scope: "repo:admin" },
                noContent,
            ),
        );
    },
});

/** Returns the outputs that follow from the name. */
export function outputsOf(
    fullName: string,
    site: Site,
): { fullName: string; image: string; url: string } {
    return {
        fullName,
        image: `${site.host}/${fullName}`,
        url: `${site.url}/repository/${fullName}`,
    };
}

/** Reads a repository; undefined if it does not exist. */
export async function getRepository(api: QuayClient, id: string): Promise<Settings | undefined> {
    const call = {
        to: `read the repository ${id}`,
        scope: "repo:read",
        query: { includeTags: false },
    } as const;
    const found = await unless(notFound, () => api.get(`repository/${id}`, call, answer));
    return (
        found && {
            visibility: found.is_public ? "public" : "private",
            description: found.description ?? "",
            state: found.state ?? "NORMAL",
        }
    );
}

async function changeState(api: QuayClient, id: string, state: string): Promise<void> {
    try {
        const call = { to: `make ${id} ${state}`, scope: "repo:admin", json: { state } } as const;
        await api.change("PUT", `repository/${id}/changestate`, call, success);
    } catch (error) {
        // If the feature is disabled, the route does not exist: Quay then takes the path for a
        // repository named NAME/changestate.
        if (
            error instanceof RefusedError &&
            badRequest(/'description' is a required property/)(error.refusal)
        ) {
            throw new QuayError(
                `Quay at ${api.site.url} cannot make ${id} ${state}: its repository mirroring ` +
                    `is switched off, and \`state\` needs it.`,
            );
        }
        throw error;
    }
}

/**
 * Requires a repository, for routes that answer with an empty 500 if it does not exist.
 *
 * @throws MissingError
 */
export async function requireRepository(api: QuayClient, id: string): Promise<void> {
    if ((await getRepository(api, id)) !== undefined) return;
    throw new MissingError(`repository ${id}`, api.site);
}
