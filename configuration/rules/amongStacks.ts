/** Rules on keys that two stacks must not both have, or that refer to another stack. */
import { z } from "zod";
import { pullRobotOf } from "../pullRobot.ts";
import { hasPlaceholder } from "./placeholder.ts";
import { problem, type Rule, rule, text } from "./rule.ts";
import { type Claims, claims, otherStacks, readStack } from "./stackFiles.ts";

export const amongStacks: Rule[] = [
    (sections, at) => {
        const ours = claims.parse({ ...sections, owner: at.owner, registry: at.registry });
        return otherStacks(at).flatMap((stack) => {
            const theirs = readStack(at.files?.[stack] ?? "");
            const taken = (what = ""): string =>
                `must be another than in Pulumi.${stack}.yaml${what}: the two stacks would undo ` +
                "each other's";
            return [
                ...(ours.registry === theirs.registry
                    ? sharedOnQuay(ours, theirs).map(({ path, what }) => problem(path, taken(what)))
                    : []),
                ...(ours.owner?.toLowerCase() === theirs.owner?.toLowerCase()
                    ? sharedOnGitHub(ours.github, theirs.github).map((path) =>
                          problem(["github", ...path], taken()),
                      )
                    : []),
            ];
        });
    },
    rule(
        {
            github: z.object({
                repository: text,
                workflow: z.object({ attestedBy: text }),
            }),
        },
        ({ github: { repository, workflow } }, at) =>
            otherStacks(at).flatMap((stack) => {
                const { github, owner } = readStack(at.files?.[stack] ?? "");
                const isIt =
                    github?.workflow.path === workflow.attestedBy &&
                    github.repository.toLowerCase() === repository.toLowerCase() &&
                    owner?.toLowerCase() === at.owner?.toLowerCase();
                if (!isIt || github.workflow.attestation) return [];
                const message =
                    `must be a workflow that attests what it builds: Pulumi.${stack}.yaml ` +
                    "does not set github.workflow.attestation";
                return [problem(["github", "workflow", "attestedBy"], message)];
            }),
    ),
];

/** Returns the keys, and the robot, which may be a default or that of another key there. */
function sharedOnQuay(ours: Claims, theirs: Claims): { path: string[]; what?: string }[] {
    if (ours.quay === undefined || ours.quay.namespace !== theirs.quay?.namespace) return [];
    if (hasPlaceholder(ours.quay.namespace)) return [];
    const taken = robotsOf(theirs).map(({ robot }) => robot);
    return [
        ...(ours.quay.repository === theirs.quay.repository
            ? [{ path: ["quay", "repository"] }]
            : []),
        ...robotsOf(ours)
            .filter(({ robot }) => taken.includes(robot))
            .map(({ path, robot }) => ({ path, what: ` (the robot ${robot})` })),
    ];
}

/** Returns the robots that a stack creates, with the keys that name them. */
function robotsOf({ quay, cluster }: Claims): { path: string[]; robot: string }[] {
    if (quay === undefined) return [];
    const robots = [
        { path: ["quay", "robot"], robot: quay.robot },
        { path: ["cluster", "pull", "robot"], robot: pullRobotOf({ quay, cluster }) },
    ];
    return robots.flatMap(({ path, robot }) => (robot === undefined ? [] : [{ path, robot }]));
}

function sharedOnGitHub(ours: Claims["github"], theirs: Claims["github"]): string[][] {
    if (ours === undefined || ours.repository.toLowerCase() !== theirs?.repository.toLowerCase())
        return [];
    const isSame = (one: string | undefined, other: string | undefined): boolean =>
        one?.toLowerCase() === other?.toLowerCase();
    const passwords = [ours, theirs].every(
        ({ environment, federation }) => environment === undefined && !federation,
    );
    return [
        ...(ours.branch === theirs.branch && ours.workflow.path === theirs.workflow.path
            ? [["workflow", "path"]]
            : []),
        ...(ours.environment !== undefined &&
        isSame(ours.environment.name, theirs.environment?.name)
            ? [["environment", "name"]]
            : []),
        ...(["username", "password"] as const)
            .filter((key) => passwords && isSame(ours.secrets[key], theirs.secrets[key]))
            .map((key) => ["secrets", key]),
    ];
}
