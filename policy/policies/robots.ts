import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { z } from "zod";
import { splitRepository, splitRobot } from "../../quay/api/names.ts";
import { allOfType, ofType } from "../ofType.ts";

const permission = {
    repository: z.string().optional(),
    robot: z.string().optional(),
    role: z.string().optional(),
};

function refuseAdmin(
    { robot, role }: { robot?: string | undefined; role?: string | undefined },
    report: (message: string) => void,
): void {
    if (robot !== undefined && role === "admin") {
        report(
            `The robot ${robot} would be admin: anyone with its token could delete the ` +
                `repository and give rights away. Give it "write" to push, ` +
                `"read" to pull.`,
        );
    }
}

export const robotsWriteAtMost: ResourceValidationPolicy = {
    name: "robots-write-at-most",
    description: "A robot may pull and push, but not administer.",
    validateResource: [
        ofType("quay:index:RepositoryPermission", permission, refuseAdmin),
        ofType(
            "quay:index:DefaultPermission",
            { robot: permission.robot, role: permission.role },
            refuseAdmin,
        ),
    ],
};

export const robotsOfOneRepository: StackValidationPolicy = {
    name: "robots-of-one-repository",
    description:
        "A robot has permissions in one repository, of its own namespace, so that a leaked " +
        "token gives access to nothing else.",
    validateStack: ({ resources }, report) => {
        const first = new Map<string, string>();
        for (const { urn, robot, repository } of allOfType(
            resources,
            "quay:index:RepositoryPermission",
            permission,
        )) {
            if (robot === undefined || repository === undefined) continue;
            const own = first.get(robot) ?? repository;
            first.set(robot, own);
            if (splitRobot(robot)?.namespace !== splitRepository(repository)?.namespace) {
                report(
                    `The robot ${robot} has rights in ${repository}, of another namespace: make ` +
                        "a robot in the repository's own.",
                    urn,
                );
            } else if (own !== repository) {
                report(
                    `The robot ${robot} has rights in ${own} and in ${repository}: make a robot ` +
                        "for each of them.",
                    urn,
                );
            }
        }
    },
};
