import { z } from "zod";
import { QuayError } from "../api/errors.ts";
import * as names from "../api/names.ts";
import { func } from "../definition/function.ts";
import { getRobot as read } from "../resources/robot.ts";

export const getRobot = func({
    name: "getRobot",
    description: "Reads an existing robot with its token, whether or not this program created it.",
    inputs: {
        username: names.robot.describe("The robot, NAMESPACE+NAME."),
    },
    outputs: {
        username: z.string().describe("The user name for the registry: NAMESPACE+NAME."),
        token: z.string().meta({ description: "The password for the registry.", secret: true }),
        description: z.string().describe("The description of the robot."),
        namespaceKind: names.namespaceKind,
    },
    async invoke({ username }, { api }) {
        const namespaceKind = await api.kindOf(names.splitRobot(username)?.namespace ?? "");
        const found = await read(api, username, namespaceKind);
        if (found === undefined)
            throw new QuayError(`There is no robot ${username} on Quay at ${api.site.url}.`);
        return {
            username,
            token: found.token,
            description: found.description ?? "",
            namespaceKind,
        };
    },
});
