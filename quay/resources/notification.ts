import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { noContent } from "../api/client.ts";
import type { QuayClient } from "../api/client.ts";
import { badId, createOnce } from "../definition/create.ts";
import { badRequest, QuayError, RefusedError, unless } from "../api/errors.ts";
import * as names from "../api/names.ts";
import { foreign } from "../api/text.ts";
import { resource } from "../definition/resource.ts";
import { requireRepository } from "./repository.ts";

const importId = {
    format: "REPOSITORY:UUID, or REPOSITORY:TITLE",
    example: "alice/app:0a1b2c3d-0000-4000-8000-000000000000",
};

const events = [
    "repo_push",
    "repo_image_expiry",
    "vulnerability_found",
    "build_queued",
    "build_start",
    "build_success",
    "build_failure",
    "build_cancelled",
    "repo_mirror_sync_started",
    "repo_mirror_sync_success",
    "repo_mirror_sync_failed",
    "quota_warning",
    "quota_error",
] as const;

const text = z.string().min(1, "must not be empty.");
const web = z.url({ protocol: /^https?$/, error: "must be an http(s) URL." });

/** The schema of each method's settings. */
const configs = {
    webhook: z.strictObject({ url: web, template: text.optional() }),
    slack: z.strictObject({ url: web }),
    email: z.strictObject({ email: text }),
    quay_notification: z.strictObject({
        target: z.strictObject({ name: text, kind: z.enum(["user", "team", "org"]) }),
    }),
    flowdock: z.strictObject({ flow_api_token: text }),
    hipchat: z.strictObject({ notification_token: text, room_id: z.union([text, z.number()]) }),
};

const methods = ["webhook", "slack", "email", "quay_notification", "flowdock", "hipchat"] as const;
const settings = z.record(z.string(), z.unknown());

const answer = z.object({
    uuid: z.string(),
    title: z.string().nullish(),
    event: z.string(),
    method: z.string(),
    config: settings,
    event_config: settings,
});
type Answer = z.output<typeof answer>;

export const notification = resource({
    name: "Notification",
    description:
        "Sends a notification on an event in a repository. Quay cannot change a notification: " +
        "every change replaces it. Quay accepts several equal ones.",
    importId,
    fixed: {
        repository: names.repository.describe(
            "The repository, NAMESPACE/NAME: the `fullName` of a Repository.",
        ),
        event: z.enum(events, `must be one of ${events.join(", ")}.`).meta({
            id: "NotificationEvent",
            description: "The event: `repo_push`, `vulnerability_found`, `repo_image_expiry`, …",
        }),
        method: z.enum(methods, `must be one of ${methods.join(", ")}.`).meta({
            id: "NotificationMethod",
            description: "The method: `webhook`, `slack`, `email`, `quay_notification`, …",
        }),
        config: z.record(z.string(), z.unknown()).meta({
            description:
                "The settings of the method: webhook `{url, template?}`, slack `{url}`, email " +
                "`{email}`, quay_notification `{target: {name, kind}}` (kind: user, team or " +
                "org), flowdock `{flow_api_token}`, hipchat `{notification_token, room_id}`. A " +
                "secret, because some of them are.",
            secret: true,
        }),
        eventConfig: z
            .record(z.string(), z.unknown())
            .default({})
            .describe(
                "The settings of the event: repo_image_expiry `{days}`, vulnerability_found " +
                    "`{level}` (the lowest severity: 0 Critical … 5 Unknown), build_* " +
                    "`{ref-regex}`. Default: none.",
            ),
        title: z.string().default("").describe("The name shown in Quay's web interface."),
    },
    changing: {},
    outputs: { uuid: z.string().describe("The UUID in Quay.") },
    validate: ({ method, config }) => {
        const result = configs[method].safeParse(config);
        const [issue] = result.error?.issues ?? [];
        return issue === undefined
            ? undefined
            : `"config" does not fit ${method}: ${[...issue.path, issue.message].join(": ")}`;
    },

    async create(inputs, { api }) {
        const { repository, event, method, config, eventConfig, title } = inputs;
        const json = { event, method, config, eventConfig, ...(title === "" ? {} : { title }) };
        const call = {
            to: `make a notification for ${repository}`,
            scope: "repo:admin",
            json,
            once: true,
        } as const;
        try {
            const { uuid } = await createOnce(
                api,
                () => api.change("POST", `repository/${repository}/notification/`, call, answer),
                // Quay accepts several equal notifications: any of them matches.
                async () =>
                    (await list(api, repository)).find((one) =>
                        isSame(one, { event, method, config, eventConfig, title }),
                    ),
            );
            return { id: `${repository}:${uuid}`, outputs: { uuid } };
        } catch (error) {
            // Quay answers with an empty 500 if the repository or the event does not exist.
            if (error instanceof RefusedError && error.refusal.status === 500)
                await requireRepository(api, repository);
            throw error;
        }
    },

    async read(id, { api }, old) {
        const { repository, key } = parse(id);
        // For a UUID Quay also returns notifications of other or deleted repositories.
        const all = await list(api, repository);
        const found = all.find(
            ({ uuid, title }) => uuid === key || (old === undefined && title === key),
        );
        if (found === undefined) return undefined;
        const event = events.find((event) => event === found.event);
        const method = methods.find((method) => method === found.method);
        if (event === undefined || method === undefined) {
            throw new QuayError(
                `The notification ${id} is for "${foreign(found.event, 100)}" by ` +
                    `"${foreign(found.method, 100)}", which this provider does not know.`,
            );
        }
        const { uuid, config, event_config: eventConfig, title } = found;
        const inputs = { repository, event, method, config, eventConfig, title: title ?? "" };
        return { id: `${repository}:${uuid}`, inputs, outputs: { uuid } };
    },

    async delete({ repository, uuid }, { api }, id) {
        const gone = badRequest(/No repository notification found/i);
        const call = { to: `delete the notification ${id}`, scope: "repo:admin" } as const;
        await unless(gone, () =>
            api.change("DELETE", `repository/${repository}/notification/${uuid}`, call, noContent),
        );
    },
});

function parse(id: string): { repository: string; key: string } {
    const [, repository, key] = /^([^:]+\/[^:]+):(.+)$/.exec(id) ?? [];
    if (repository === undefined || key === undefined) throw badId(id, importId);
    if (!names.repository.safeParse(repository).success) throw badId(id, importId);
    return { repository, key };
}

async function list(api: QuayClient, repository: string): Promise<Answer[]> {
    const call = { to: `list the notifications of ${repository}`, scope: "repo:admin" } as const;
    return (
        await api.get(
            `repository/${repository}/notification/`,
            call,
            z.object({ notifications: z.array(answer) }),
        )
    ).notifications;
}

function isSame(
    found: Answer,
    inputs: { event: string; method: string; config: object; eventConfig: object; title: string },
): boolean {
    const { event, method, config, event_config: eventConfig, title } = found;
    return isDeepStrictEqual({ event, method, config, eventConfig, title: title ?? "" }, inputs);
}
