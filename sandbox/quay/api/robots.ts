import { z } from "zod";
import { formatDate, invalidRequest, json, message, nothing } from "../answers.ts";
import type { Account, Features, Robot } from "../model.ts";
import { avatar } from "./avatar.ts";
import type { Call } from "./call.ts";
import { route, type Route } from "./routes.ts";
import { validated } from "./validate.ts";

const nameAllowed = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/;

const newRobot = z.object({
    description: z.string().max(255).optional(),
    unstructured_metadata: z.record(z.string(), z.unknown()).optional(),
});

/** Finds the namespace whose robots a call is about, or refuses the call. */
type Owner = (call: Call) => Account;

/** Robots, with the same calls for a user's and for an organization's. */
export function robotRoutes(features: Features): readonly Route[] {
    const user: Owner = (call) => call.user("user:admin");
    return [
        ...robotsOf("/user/robots", "user:admin", user),
        ...robotsOf("/organization/:organization/robots", "org:admin", organization),
        robotPermissions("/user/robots", user),
        // The organization's route requires both scopes.
        robotPermissions("/organization/:organization/robots", (call) => {
            call.user("user:admin");
            return organization(call);
        }),
        ...(features.userRobotFederation ? federationOf("/user/robots", "user:admin", user) : []),
        ...federationOf("/organization/:organization/robots", "org:admin", organization),
    ];
}

/**
 * Finds the organization. The caller's own user name passes the permission check, but is refused
 * here.
 */
function organization(call: Call): Account {
    const account = call.administered(call.param("organization"));
    if (account.kind === "user") throw message(400, "Organization does not exist");
    return account;
}

function robotsOf(path: string, scope: "user:admin" | "org:admin", owner: Owner): readonly Route[] {
    return [
        route("get", path, scope, (call) => {
            const account = owner(call);
            const robots = [...account.robots.values()].slice(
                0,
                call.number("limit", account.robots.size),
            );
            return json(200, { robots: robots.map((robot) => listed(call, account, robot)) });
        }),
        route("get", `${path}/:robot`, scope, (call) => {
            const robot = robotOf(call, owner(call));
            return json(200, { ...view(robot), unstructured_metadata: robot.metadata ?? {} });
        }),
        route("put", `${path}/:robot`, scope, (call) => {
            const account = owner(call);
            // An absent or invalid body still creates a robot.
            const body = validated(newRobot, call.bodyOrNothing() ?? {});
            const robot = create(call, account, call.param("robot"), body);
            return json(201, { ...view(robot), unstructured_metadata: robot.metadata });
        }),
        route("delete", `${path}/:robot`, scope, (call) => {
            const account = owner(call);
            const robot = robotOf(call, account);
            account.robots.delete(robot.shortName);
            call.state.forgetPerson(robot.username);
            return nothing();
        }),
        route("post", `${path}/:robot/regenerate`, scope, (call) => {
            const robot = robotOf(call, owner(call));
            robot.token = call.state.newSecret(64);
            return json(200, view(robot));
        }),
    ];
}

function robotPermissions(path: string, owner: Owner): Route {
    return route("get", `${path}/:robot/permissions`, "user:admin", (call) => {
        const { username } = robotOf(call, owner(call));
        const permissions = [...call.state.repositories.values()].flatMap((repository) => {
            const role = repository.userRoles.get(username);
            return role === undefined
                ? []
                : [{ repository: { name: repository.name, is_public: repository.isPublic }, role }];
        });
        return json(200, { permissions });
    });
}

function federationOf(
    path: string,
    scope: "user:admin" | "org:admin",
    owner: Owner,
): readonly Route[] {
    return [
        route("get", `${path}/:robot/federation`, scope, (call) =>
            json(200, robotOf(call, owner(call)).federation),
        ),
        route("post", `${path}/:robot/federation`, scope, (call) => {
            const robot = robotOf(call, owner(call));
            robot.federation = federationFrom(call.json(z.unknown()));
            return json(200, robot.federation);
        }),
        route("delete", `${path}/:robot/federation`, scope, (call) => {
            robotOf(call, owner(call)).federation = [];
            return nothing();
        }),
    ];
}

/** Replaces the whole list. Unknown keys are dropped, and issuers may be http. */
function federationFrom(body: unknown): Robot["federation"] {
    if (!Array.isArray(body)) throw invalidRequest("Invalid request body (expecting a list)");
    const pairs = body.map((entry: unknown) => {
        const pair = z
            .object({ issuer: z.string().min(1), subject: z.string().min(1) })
            .safeParse(entry);
        if (!pair.success)
            throw invalidRequest("Missing one or more required fields (issuer, subject)");
        if (!/^https?:\/\/[^/]/.test(pair.data.issuer))
            throw invalidRequest("Issuer must be a URL (http:// or https://)");
        return pair.data;
    });
    const distinct = new Set(pairs.map(({ issuer, subject }) => JSON.stringify([issuer, subject])));
    if (distinct.size < pairs.length) throw invalidRequest("Duplicate federation config");
    return pairs;
}

/** Returns the robot. A missing one is 400. */
function robotOf(call: Call, account: Account): Robot {
    const robot = account.robots.get(call.param("robot"));
    if (robot === undefined) throw message(400, "Could not find robot with specified username");
    return robot;
}

function create(
    call: Call,
    account: Account,
    shortName: string,
    body: z.infer<typeof newRobot>,
): Robot {
    const username = `${account.name}+${shortName}`;
    if (!nameAllowed.test(shortName) || shortName.length < 2 || shortName.length > 255) {
        throw invalidRequest(
            `The name for the robot '${shortName}' is invalid: ` +
                `Username must match expression ${nameAllowed.source}`,
        );
    }
    if (account.robots.has(shortName))
        throw invalidRequest(`Existing robot with name: ${username}`);
    if (username.length > 255)
        throw message(400, "value too long for type character varying(255)\n");
    const robot: Robot = {
        shortName,
        username,
        token: call.state.newSecret(64),
        description: body.description ?? "",
        metadata: body.unstructured_metadata ?? null,
        created: new Date(),
        lastAccessed: null,
        federation: [],
    };
    account.robots.set(shortName, robot);
    return robot;
}

function view({ username, created, lastAccessed, description, token }: Robot) {
    return {
        name: username,
        created: formatDate(created),
        last_accessed: lastAccessed === null ? null : formatDate(lastAccessed),
        description,
        token,
    };
}

/** Shows a robot in a list, with its token unless the query turns that off. */
function listed(call: Call, account: Account, robot: Robot): object {
    const { token, ...shown } = view(robot);
    return {
        ...shown,
        ...(call.flag("token", true) ? { token } : {}),
        ...(call.flag("permissions")
            ? { teams: teamsOf(account, robot), repositories: repositoriesOf(call, robot) }
            : {}),
    };
}

function teamsOf(account: Account, robot: Robot): readonly object[] {
    const teams = account.kind === "user" ? [] : [...account.teams.values()];
    return teams
        .filter(({ members }) => members.has(robot.username))
        .map(({ name }) => ({ name, avatar: avatar(name, "team") }));
}

function repositoriesOf(call: Call, robot: Robot): readonly string[] {
    return [...call.state.repositories.values()]
        .filter(({ userRoles }) => userRoles.has(robot.username))
        .map(({ name }) => name);
}
