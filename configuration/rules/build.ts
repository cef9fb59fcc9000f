/** Rules on how the image is built. */
import { z } from "zod";
import { problem, rule, text, version } from "./rule.ts";

export const builds = [
    rule(
        { service: version.extend({ buildArgs: z.object({ VERSION: text }) }) },
        ({ service: { version, buildArgs } }) =>
            buildArgs.VERSION === version
                ? []
                : [
                      problem(
                          ["service", "buildArgs", "VERSION"],
                          `must be service.version, "${version}": it is passed by itself`,
                          "remove",
                      ),
                  ],
    ),
    rule(
        { service: z.object({ buildSecrets: z.record(text, z.unknown()) }) },
        ({ service: { buildSecrets } }) =>
            Object.entries(buildSecrets)
                .filter(([, variable]) => typeof variable === "string" && isOfDeployment(variable))
                .map(([id]) =>
                    problem(
                        ["service", "buildSecrets", id],
                        "must be a variable of the build's own: this one holds credentials " +
                            "of the deployment, which a Dockerfile must not get",
                    ),
                ),
    ),
    rule({ service: z.object({ context: text }) }, ({ service: { context } }, { isFolder }) =>
        isFolder === undefined || context === "" || isFolder(context)
            ? []
            : [problem(["service", "context"], "must be a folder: there is none of this name")],
    ),
    rule(
        {
            service: z.object({ platform: text }),
            github: z.object({
                workflow: z.object({
                    runner: text.default("ubuntu-24.04"),
                    platforms: z.array(text).optional(),
                }),
            }),
        },
        ({ service: { platform }, github }) => {
            const { runner, platforms } = github.workflow;
            if (platforms?.includes(platform) === true) return [];
            if (platforms !== undefined) {
                const message = `must be one of github.workflow.platforms: ${platforms.join(", ")}`;
                return [problem(["service", "platform"], message)];
            }
            const architecture = architectureOf(runner);
            if (architecture === undefined || platform.startsWith(`linux/${architecture}`))
                return [];
            return [
                problem(
                    ["service", "platform"],
                    `must be linux/${architecture}, which the runner ${runner} can run, or ` +
                        "github.workflow.runner another runner",
                ),
            ];
        },
    ),
    rule(
        {
            github: z.object({
                workflow: z.object({ runner: text, platforms: z.array(text) }),
            }),
        },
        () => [
            problem(
                ["github", "workflow", "runner"],
                "must not be set with platforms: each is built on GitHub's runner of its own",
                "remove",
            ),
        ],
    ),
];

/**
 * Whether a variable holds credentials of the deployment: for Quay, GitHub, Pulumi, or a cloud that
 * stores states and keys.
 */
function isOfDeployment(variable: string): boolean {
    return (
        /^(QUAY|GITHUB|ACTIONS|PULUMI)_/i.test(variable) ||
        cloudCredentials.includes(variable.toUpperCase())
    );
}

const cloudCredentials = [
    "ARM_CLIENT_SECRET",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_CLIENT_SECRET",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "GH_TOKEN",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CREDENTIALS",
];

/** Returns the architecture of a runner; undefined unless it is one of GitHub's Ubuntu runners. */
function architectureOf(runner: string): "amd64" | "arm64" | undefined {
    const label = /^ubuntu-(?:latest|\d\d\.\d\d)(-arm)?$/.exec(runner);
    return label === null ? undefined : label[1] === undefined ? "amd64" : "arm64";
}
