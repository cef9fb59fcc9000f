import { randomUUID } from "node:crypto";
import { z } from "zod";
import { internalError, invalidRequest, json, message, notFound, nothing } from "../answers.ts";
import type { Notification } from "../model.ts";
import type { State } from "../state.ts";
import type { Call, RepositoryPath } from "./call.ts";
import { route, type Route } from "./routes.ts";

const newNotification = z.object({
    event: z.string(),
    method: z.string(),
    config: z.record(z.string(), z.unknown()),
    eventConfig: z.record(z.string(), z.unknown()),
    title: z.string().optional(),
});

/** Every event that the database knows, whether its feature is on or off. */
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
];

/** Notifications. They cannot be updated, and nothing is delivered here. */
export const notificationRoutes: readonly Route[] = [
    route("get", "/repository/*repository/notification/", "repo:admin", (call) => {
        const { repository } = call.repository();
        return json(200, { notifications: (repository?.notifications ?? []).map(view) });
    }),
    route("post", "/repository/*repository/notification/", "repo:admin", (call) => {
        const { namespace, repository } = call.repository();
        const body = call.json(newNotification);
        refuseConfig(call.state, namespace, body.method, body.config);
        // An unknown event and a missing repository are both 500.
        if (repository === undefined || !events.includes(body.event)) throw internalError();
        const notification = {
            ...body,
            title: body.title ?? null,
            uuid: randomUUID(),
            failures: 0,
        };
        repository.notifications.push(notification);
        return json(201, view(notification));
    }),
    route("get", "/repository/*repository/notification/:uuid", "repo:admin", (call) => {
        call.repository();
        // Finds it in every repository, also in a deleted one until that is collected.
        const notification = call.state.notification(call.param("uuid"));
        if (notification === undefined) throw notFound();
        return json(200, view(notification));
    }),
    route("post", "/repository/*repository/notification/:uuid/test", "repo:admin", (call) => {
        known(call, call.repository());
        return json(200, {});
    }),
    route("post", "/repository/*repository/notification/:uuid", "repo:admin", (call) => {
        known(call, call.repository()).failures = 0;
        return nothing();
    }),
    // Otherwise this would be a nested repository's name, as for other calls that do not exist.
    route("put", "/repository/*repository/notification/:uuid", "repo:admin", () => {
        throw message(405, "The method is not allowed for the requested URL.");
    }),
    route("delete", "/repository/*repository/notification/:uuid", "repo:admin", (call) => {
        const path = call.repository();
        const { uuid } = known(call, path);
        if (path.repository !== undefined)
            path.repository.notifications = path.repository.notifications.filter(
                (other) => other.uuid !== uuid,
            );
        return nothing();
    }),
];

function find(call: Call, { repository }: RepositoryPath): Notification | undefined {
    return repository?.notifications.find(({ uuid }) => uuid === call.param("uuid"));
}

/** Returns the notification. If it is missing: 404 for GET, 400 for every other method. */
function known(call: Call, path: RepositoryPath): Notification {
    const notification = find(call, path);
    if (notification === undefined) {
        throw invalidRequest(
            "No repository notification found for: " +
                `${path.namespace}, ${path.name}, ${call.param("uuid")}`,
        );
    }
    return notification;
}

/** Shows a notification. The request's eventConfig is called event_config in answers. */
function view({ uuid, title, event, method, config, eventConfig, failures }: Notification): object {
    return {
        uuid,
        title,
        event,
        method,
        config,
        event_config: eventConfig,
        number_of_failures: failures,
    };
}

/** The configuration that each method requires. An unknown method is 500. */
function refuseConfig(
    state: State,
    namespace: string,
    method: string,
    config: Readonly<Record<string, unknown>>,
): void {
    const missing = (key: string): boolean => typeof config[key] !== "string" || config[key] === "";
    switch (method) {
        case "webhook":
            refuseWebhook(config["url"], config["template"]);
            break;
        case "slack":
            if (missing("url")) throw invalidRequest("Missing Slack Callback URL");
            break;
        case "email":
            throw invalidRequest(
                "The specified e-mail address is not authorized to receive notifications " +
                    "for this repository",
            );
        case "quay_notification":
            refuseTarget(state, namespace, config["target"]);
            break;
        case "flowdock":
            if (missing("flow_api_token")) throw invalidRequest("Missing Flowdock API Token");
            break;
        case "hipchat":
            if (missing("notification_token") || missing("room_id"))
                throw invalidRequest("Missing Hipchat Room Notification Token");
            break;
        default:
            throw internalError();
    }
}

function refuseWebhook(url: unknown, template: unknown): void {
    if (typeof url !== "string" || url === "") throw invalidRequest("Missing webhook URL");
    const parsed = URL.parse(url);
    if (
        parsed === null ||
        !/^https?:$/.test(parsed.protocol) ||
        ["localhost", "127.0.0.1"].includes(parsed.hostname)
    ) {
        throw invalidRequest("Invalid webhook URL");
    }
    if (typeof template === "string" && !isTemplate(template))
        throw invalidRequest("Could not parse template");
}

/** JSON in which `${a.b}` may replace a value. */
function isTemplate(template: string): boolean {
    try {
        JSON.parse(template.replaceAll(/"?\$\{[\w.[\]]+\}"?/g, "null"));
        return true;
    } catch {
        return false;
    }
}

function refuseTarget(state: State, namespace: string, target: unknown): void {
    const parsed = z
        .object({ name: z.string(), kind: z.enum(["user", "team", "org"]) })
        .safeParse(target);
    if (!parsed.success) throw invalidRequest("Invalid target for notification");
    const { name, kind } = parsed.data;
    const account = state.accounts.get(name);
    const isKnown = kind === "team" || account?.kind === (kind === "org" ? "organization" : "user");
    if (!isKnown) throw invalidRequest(`Unknown ${kind === "org" ? "organization" : kind} ${name}`);
    // Another organization than the repository's own.
    if (kind === "org" && name !== namespace) throw internalError();
}
