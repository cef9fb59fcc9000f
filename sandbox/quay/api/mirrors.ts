import { z } from "zod";
import { invalidRequest, json, message, notFound } from "../answers.ts";
import type { Features, Mirror } from "../model.ts";
import type { Call } from "./call.ts";
import { existing } from "./existing.ts";
import { route, type Route } from "./routes.ts";

const settings = z.object({
    is_enabled: z.boolean().optional(),
    external_reference: z.string().optional(),
    external_registry_username: z.string().nullish(),
    external_registry_password: z.string().nullish(),
    external_registry_config: z.object({ verify_tls: z.boolean().optional() }).optional(),
    sync_start_date: z.string().optional(),
    sync_interval: z.int().min(0).optional(),
    skopeo_timeout_interval: z.int().min(300).optional(),
    robot_username: z.string().optional(),
    root_rule: z
        .object({
            rule_kind: z.literal("tag_glob_csv"),
            rule_value: z.array(z.string()).min(1),
        })
        .optional(),
});
const required = [
    "external_reference",
    "sync_interval",
    "sync_start_date",
    "root_rule",
    "skopeo_timeout_interval",
] as const;

/** Based on endpoints/api/mirror.py (quay/quay ffba0c70e2d8). There is no DELETE. */
export function mirrorRoutes(features: Features): readonly Route[] {
    if (!features.repositoryMirror) return [];
    const path = "/repository/*repository/mirror";
    return [
        route("get", path, "repo:admin", (call) => {
            const { mirror } = existing(call);
            if (mirror === undefined) throw notFound();
            const shown = Object.entries(mirror).filter(
                ([field]) => field !== "external_registry_password",
            );
            return json(200, {
                ...Object.fromEntries(shown),
                mirror_type: "PULL",
                sync_status: "NEVER_RUN",
            });
        }),
        route("post", path, "repo:admin", (call) => {
            const repository = existing(call);
            const given = call.json(settings);
            if (repository.mirror !== undefined)
                return json(409, { detail: "Mirror configuration already exits for repository" });
            for (const key of required)
                if (given[key] === undefined)
                    throw invalidRequest(`'${key}' is a required property`);
            repository.mirror = { is_enabled: true, ...checked(call, given) };
            repository.state = "MIRROR";
            return json(201, "");
        }),
        route("put", path, "repo:admin", (call) => {
            const repository = existing(call);
            const given = call.json(settings);
            if (repository.mirror === undefined) throw notFound();
            const { external_registry_username: name, external_registry_password: password } =
                given;
            if (password !== undefined && name === undefined)
                throw message(
                    400,
                    "Unable to set a new password without also specifying a username.",
                );
            repository.mirror = { ...repository.mirror, ...checked(call, given) };
            return json(201, "");
        }),
    ];
}

/** Finds the robot, which must be of the same namespace, and gives it write access. */
function checked(call: Call, given: z.infer<typeof settings>): Mirror {
    const repository = existing(call);
    const { robot_username: robot } = given;
    if (robot !== undefined) {
        if (call.state.robot(robot) === undefined)
            throw message(400, "Could not find robot with specified username");
        if (robot.split("+", 1).join("") !== repository.namespace)
            throw message(400, "Invalid robot");
        if ((repository.userRoles.get(robot) ?? "read") === "read")
            repository.userRoles.set(robot, "write");
    }
    return given;
}
