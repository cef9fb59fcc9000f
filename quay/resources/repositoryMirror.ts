import { z } from "zod";
import type { QuayClient } from "../api/client.ts";
import { badId, createOnce, setDifferently } from "../definition/create.ts";
import { MissingError, notFound, PartialError, QuayError, unless } from "../api/errors.ts";
import { withFeature } from "../api/feature.ts";
import * as names from "../api/names.ts";
import { resource } from "../definition/resource.ts";

const importId = { format: "NAMESPACE/NAME", example: "alice/app" };

const answer = z.object({
    is_enabled: z.boolean(),
    external_reference: z.string(),
    external_registry_username: z.string().nullish(),
    external_registry_config: z.object({ verify_tls: z.boolean().nullish() }).nullish(),
    sync_interval: z.int(),
    skopeo_timeout_interval: z.int().optional(),
    root_rule: z.object({ rule_value: z.array(z.string()) }),
    robot_username: z.string().nullish(),
});

const changing = {
    externalReference: z
        .string()
        .regex(
            /^[A-Za-z0-9.-]+(?::\d+)?(?:\/[a-z0-9._-]+)+$/,
            "must be a repository with its registry: no scheme, no tag.",
        )
        .describe("The repository to copy from, with its registry: `quay.io/acme/base`."),
    tags: z
        .array(z.string().min(1, "must not be empty."))
        .min(1, "must have one pattern at least.")
        .describe("The tags to copy: glob patterns such as `1.*`."),
    robot: names.robot.describe(
        "The robot that pushes, NAMESPACE+NAME, in the same namespace. Quay gives it write " +
            "permission for the repository.",
    ),
    syncIntervalSeconds: z
        .int("must be a whole number of seconds.")
        .min(0, "must not be negative.")
        .default(86_400)
        .describe("The interval between synchronizations, in seconds."),
    timeoutSeconds: z
        .int("must be a whole number of seconds.")
        .min(300, "must be 300 at least.")
        .default(300)
        .describe("The timeout of a synchronization, in seconds; 300 at least."),
    enabled: z.boolean().default(true).describe("Whether the synchronization is enabled."),
    verifyTls: z
        .boolean()
        .default(true)
        .describe("Whether HTTPS and a valid certificate of the other registry are required."),
    username: z
        .string()
        .min(1, "must not be empty.")
        .optional()
        .describe("The user name for the other registry. Default: anonymous."),
    password: z
        .string()
        .min(1, "must not be empty.")
        .optional()
        .meta({
            description:
                "The password for the other registry. Quay does not return it, so a manual " +
                "change is not detected.",
            secret: true,
        }),
};
type Settings = z.output<z.ZodObject<typeof changing>>;

export const repositoryMirror = resource({
    name: "RepositoryMirror",
    description:
        "Makes Quay copy the tags of another repository into this one at an interval; only the " +
        "robot can push to it then. Its Repository must have the `state` MIRROR. An equal " +
        "mirror that exists is taken over; a different one is an error. Quay cannot delete a " +
        "mirror: deleting the resource disables it, removes its credentials, and sets the " +
        "repository's state to NORMAL. Needs FEATURE_REPO_MIRROR.",
    importId,
    fixed: {
        repository: names.repository.describe("The repository to copy to, NAMESPACE/NAME."),
    },
    changing,
    unread: ["password"],
    outputs: {},
    id: ({ repository }) => repository,
    validate: ({ username, password }) =>
        password !== undefined && username === undefined
            ? "a password needs a username."
            : undefined,

    async create(inputs, context) {
        const { api } = context;
        const { repository, ...settings } = inputs;
        const existing = await find(api, repository);
        const isEqual = existing !== undefined && same(existing.settings, settings);
        if (existing?.isActive === true && !isEqual) {
            throw setDifferently(
                `The mirror of ${repository}`,
                `one of ${existing.settings.externalReference}`,
                `one of ${settings.externalReference} with these settings`,
                repository,
                context,
            );
        }
        if (existing === undefined) {
            const call = {
                to: `make ${repository} a mirror`,
                scope: "repo:admin",
                // Quay requires a start time; the first synchronization is due at once.
                json: { ...body(settings), sync_start_date: now() },
                once: true,
            } as const;
            const made = async () => {
                const found = await find(api, repository);
                return found !== undefined && same(found.settings, settings) ? "" : undefined;
            };
            const path = `repository/${repository}/mirror`;
            await withFeature(api, "mirrors", "FEATURE_REPO_MIRROR", () =>
                createOnce(api, () => api.change("POST", path, call, z.literal("")), made),
            );
            return { id: repository, outputs: {} };
        }
        // Covers a mirror that was disabled, here or manually, and one without its password, which
        // Quay does not return.
        await change(api, repository, body(settings));
        if (existing.isActive) return { id: repository, outputs: {} };
        try {
            await changeState(api, repository, "MIRROR");
        } catch (error) {
            if (error instanceof QuayError)
                throw new PartialError(error.message, repository, inputs);
            throw error;
        }
        return { id: repository, outputs: {} };
    },

    async read(id, { api }, old) {
        if (!names.repository.safeParse(id).success) throw badId(id, importId);
        const found = await find(api, id);
        if (found?.isActive !== true) return undefined;
        const password = found.settings.username === old?.username ? old?.password : undefined;
        return { inputs: { repository: id, ...found.settings, password }, outputs: {} };
    },

    async update({ repository, ...settings }, _old, { api }) {
        // Quay keeps the configuration of a repository that is no longer a mirror, and changes to
        // it have no effect.
        const found = await find(api, repository);
        if (found?.isActive !== true) throw new MissingError(`mirror ${repository}`, api.site);
        await change(api, repository, body(settings));
        return {};
    },

    async delete({ repository }, { api }) {
        const found = await find(api, repository);
        if (found === undefined) return;
        await change(api, repository, {
            is_enabled: false,
            external_registry_username: null,
            external_registry_password: null,
        });
        if (found.isActive) await changeState(api, repository, "NORMAL");
    },
});

/** Converts the settings to those of the API. */
function body(settings: Settings): Record<string, unknown> {
    return {
        is_enabled: settings.enabled,
        external_reference: settings.externalReference,
        external_registry_username: settings.username ?? null,
        external_registry_password: settings.password ?? null,
        external_registry_config: { verify_tls: settings.verifyTls },
        sync_interval: settings.syncIntervalSeconds,
        skopeo_timeout_interval: settings.timeoutSeconds,
        root_rule: { rule_kind: "tag_glob_csv", rule_value: settings.tags },
        robot_username: settings.robot,
    };
}

/**
 * Quay cannot delete the configuration. It has no effect on a repository that is no longer a
 * mirror.
 */
async function find(
    api: QuayClient,
    repository: string,
): Promise<{ settings: Settings; isActive: boolean } | undefined> {
    const call = { to: `read the mirror of ${repository}`, scope: "repo:admin" } as const;
    const found = await unless(notFound, () =>
        api.get(`repository/${repository}/mirror`, call, answer),
    );
    if (found === undefined) return undefined;
    const { state } = await api.get(
        `repository/${repository}`,
        {
            to: `read the repository ${repository}`,
            scope: "repo:read",
            query: { includeTags: false },
        },
        z.object({ state: z.string() }),
    );
    return {
        isActive: state === "MIRROR",
        settings: {
            externalReference: found.external_reference,
            tags: found.root_rule.rule_value,
            robot: found.robot_username ?? "",
            syncIntervalSeconds: found.sync_interval,
            timeoutSeconds: found.skopeo_timeout_interval ?? 300,
            enabled: found.is_enabled,
            verifyTls: found.external_registry_config?.verify_tls ?? true,
            username: found.external_registry_username ?? undefined,
            password: undefined,
        },
    };
}

async function change(api: QuayClient, repository: string, json: object): Promise<void> {
    const call = { to: `change the mirror of ${repository}`, scope: "repo:admin", json } as const;
    await api.change("PUT", `repository/${repository}/mirror`, call, z.literal(""));
}

async function changeState(api: QuayClient, repository: string, state: string): Promise<void> {
    const to = `make ${repository} ${state}`;
    const call = { to, scope: "repo:admin", json: { state } } as const;
    const success = z.object({ success: z.literal(true) });
    await api.change("PUT", `repository/${repository}/changestate`, call, success);
}

function same(one: Settings, other: Settings): boolean {
    return (
        JSON.stringify(body({ ...one, password: undefined })) ===
        JSON.stringify(body({ ...other, password: undefined }))
    );
}

/** Formats a time for Quay: without fractions of a second. */
function now(): string {
    return new Date().toISOString().replace(/\.\d+Z$/, "Z");
}
