import type { ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import { z } from "zod";
import { ownerLabel } from "../../components/docker/publishedPort.ts";
import { ofType } from "../ofType.ts";

const settings = z.object({ repository: z.string(), robot: z.string() });

function checkName(
    kind: keyof z.output<typeof settings>,
    name: string | undefined,
    resource: ResourceValidationArgs,
    report: (message: string) => void,
): void {
    const pattern = settings.parse(resource.getConfig())[kind];
    if (name !== undefined && !new RegExp(pattern).test(name)) {
        report(
            `The ${kind} is called "${name}", and names that match ${pattern} are agreed on. ` +
                "Rename it, or agree on another pattern in the policy configuration.",
        );
    }
}

export const agreedNames: ResourceValidationPolicy = {
    name: "agreed-names",
    description: "The names of repositories and robots match the agreed patterns.",
    configSchema: {
        properties: {
            repository: {
                type: "string",
                format: "regex",
                default: "^[a-z][a-z0-9]*([._-][a-z0-9]+)*$",
                description: "The pattern for a repository's name in its namespace.",
            },
            robot: {
                type: "string",
                format: "regex",
                default: "_robot(_[a-z0-9]+)?$",
                description:
                    "The pattern for a robot's name in its namespace; after a rotation the name " +
                    "has a suffix.",
            },
        },
    },
    validateResource: [
        ofType(
            "quay:index:Repository",
            { name: z.string().optional() },
            ({ name }, report, resource) => {
                checkName("repository", name, resource, report);
            },
        ),
        ofType(
            "quay:index:Robot",
            { name: z.string().optional() },
            ({ name }, report, resource) => {
                checkName("robot", name, resource, report);
            },
        ),
    ],
};

export const ownedContainers: ResourceValidationPolicy = {
    name: "owned-containers",
    description: "A container has the label that names its stack.",
    validateResource: ofType(
        "docker:index/container:Container",
        {
            labels: z
                .array(z.object({ label: z.string(), value: z.string().optional() }))
                .default([]),
        },
        ({ labels }, report) => {
            if (!labels.some(({ label }) => label === ownerLabel)) {
                report(
                    `The container lacks the label ${ownerLabel}, by which it is found again: ` +
                        "use LocalService, or set it to PROJECT/STACK/NAME.",
                );
            }
        },
    ),
};
