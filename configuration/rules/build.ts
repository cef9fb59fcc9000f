/** Rules on how the image is built. */
import { z } from "zod";
import { fileSecretName, isOfDeployment } from "../../components/workflow/buildSecret.ts";
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
        {
            service: z.object({ buildSecrets: z.record(text, z.unknown()) }),
            github: z
                .object({
                    secrets: z.object({ username: text, password: text }).partial().optional(),
                })
                .optional(),
        },
        ({ service: { buildSecrets }, github }, { providers }) => {
            const { username, password } = github?.secrets ?? {};
            const own = [username, password, providers["quay:tokenVariable"]];
            return Object.entries(buildSecrets)
                .filter(([id, source]) => {
                    const name = typeof source === "string" ? source : fileSecretName(id);
                    // A file's name is that of a GitHub secret: without GitHub it does not matter.
                    const isUsed = typeof source === "string" || github !== undefined;
                    return isUsed && (isOfDeployment(name) || isOneOf(own, name));
                })
                .map(([id, source]) =>
                    problem(
                        ["service", "buildSecrets", id],
                        typeof source === "string"
                            ? "must be a variable of the build's own: this one holds " +
                                  "credentials of the deployment, which a Dockerfile must not get"
                            : `must have another id: on GitHub it would be the secret ` +
                                  `${fileSecretName(id)}, which is the deployment's`,
                    ),
                );
        },
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

/** Whether a name is one of these. GitHub's secrets have no letter case. */
function isOneOf(names: readonly (string | undefined)[], name: string): boolean {
    return names.some((one) => one?.toUpperCase() === name.toUpperCase());
}

/** Returns the architecture of a runner; undefined unless it is one of GitHub's Ubuntu runners. */
function architectureOf(runner: string): "amd64" | "arm64" | undefined {
    const label = /^ubuntu-(?:latest|\d\d\.\d\d)(-arm)?$/.exec(runner);
    return label === null ? undefined : label[1] === undefined ? "amd64" : "arm64";
}
