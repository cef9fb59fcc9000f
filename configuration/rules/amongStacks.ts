/** Rules on keys that two stacks must not both have, or that refer to another stack. */
import { z } from "zod";
import { hasPlaceholder } from "./placeholder.ts";
import { problem, type Rule, rule, text } from "./rule.ts";
import { type Claims, claims, otherStacks, readStack } from "./stackFiles.ts";

export const amongStacks: Rule[] = [
    (sections, at) => {
        const ours = claims.parse({ ...sections, owner: at.owner, registry: at.registry });
        return otherStacks(at).flatMap((stack) => {
            const theirs = readStack(at.files?.[stack] ?? "", at);
            const taken =
                `must be another than in Pulumi.${stack}.yaml: the two stacks would undo ` +
                "each other's";
            return [
                ...(ours.registry === theirs.registry
                    ? sharedOnQuay(ours.quay, theirs.quay).map((key) =>
                          problem(["quay", key], taken),
                      )
                    : []),
                ...(ours.owner?.toLowerCase() === theirs.owner?.toLowerCase()
                    ? sharedOnGitHub(ours.github, theirs.github).map((path) =>
                          problem(["github", ...path], taken),
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
                const { github, owner } = readStack(at.files?.[stack] ?? "", at);
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

function sharedOnQuay(ours: Claims["quay"], theirs: Claims["quay"]): string[] {
    if (ours === undefined || ours.namespace !== theirs?.namespace) return [];
    if (hasPlaceholder(ours.namespace)) return [];
    return (["repository", "robot"] as const).filter(
        (key) => ours[key] !== undefined && ours[key] === theirs[key],
    );
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
