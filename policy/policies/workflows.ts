import type { ResourceValidationPolicy } from "@pulumi/policy";
import { parse } from "yaml";
import { z } from "zod";
import { ofType } from "../ofType.ts";

const permissions = z.union([z.string(), z.record(z.string(), z.string()), z.null()]).optional();
const workflow = z.object({
    permissions,
    jobs: z.record(
        z.string(),
        z.object({
            permissions,
            uses: z.string().optional(),
            steps: z.array(z.object({ uses: z.string().optional() })).default([]),
        }),
    ),
});

export const hardenedWorkflows: ResourceValidationPolicy = {
    name: "hardened-workflows",
    description:
        "A workflow's actions are pinned to commits, and each of its jobs declares the " +
        "permissions of its token.",
    validateResource: ofType(
        "github:index/repositoryFile:RepositoryFile",
        { file: z.string().optional(), content: z.string().optional() },
        ({ file, content }, report) => {
            if (
                file === undefined ||
                content === undefined ||
                !/^\.github\/workflows\/[^/]+\.ya?ml$/.test(file)
            )
                return;
            for (const problem of findProblems(content)) report(`${file}: ${problem}`);
        },
    ),
};

/** Returns the problems of a workflow, and how to fix them. */
export function findProblems(content: string): string[] {
    const read = workflow.safeParse(fromYaml(content));
    if (!read.success) return ["it is not a workflow that GitHub would run."];
    const { jobs, ...whole } = read.data;
    return Object.entries(jobs).flatMap(([name, job]) => {
        const used = [job.uses, ...job.steps.map(({ uses }) => uses)].filter(
            (uses) => uses !== undefined,
        );
        const allowed = job.permissions ?? whole.permissions;
        return [
            ...used
                .filter((uses) => !isPinned(uses))
                .map(
                    (uses) =>
                        `the job ${name} uses ${uses}, which may be something else tomorrow. ` +
                        "Pin it to a commit, with the version as a comment.",
                ),
            ...(allowed === undefined || allowed === null
                ? [
                      `the job ${name} has whatever permissions the repository gives. Add ` +
                          `\`permissions: {}\` on top, and to each job what it needs.`,
                  ]
                : []),
            ...(allowed === "write-all"
                ? [`the job ${name} may write everything. Name the permissions that it needs.`]
                : []),
        ];
    });
}

/**
 * An action at a commit, an image by digest, or an action of the same repository, and so of the
 * same commit.
 */
function isPinned(uses: string): boolean {
    return uses.startsWith("docker://")
        ? /@sha256:[0-9a-f]{64}$/.test(uses)
        : uses.startsWith("./") || /@[0-9a-f]{40}$/.test(uses);
}

function fromYaml(text: string): unknown {
    try {
        return parse(text);
    } catch {
        return undefined;
    }
}
