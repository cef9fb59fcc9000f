/** Rules on environment variables and build arguments. */
import { z } from "zod";
import { problem, rule, text } from "./rule.ts";
import type { Problem } from "../error.ts";
import { plainVariables } from "../file.ts";
import { oauth2Variables } from "../../components/docker/serviceContainer.ts";
import * as workflowNames from "../../components/workflow/names.ts";

export const variables = [
    // Without service.port, the Dockerfile's EXPOSE decides, which is not known here.
    rule(
        { service: z.object({ port: z.int() }), env: z.object({ PORT: text }) },
        ({ service: { port }, env }) =>
            env.PORT === String(port)
                ? []
                : [
                      problem(
                          ["env", "PORT"],
                          `must be service.port, ${String(port)}, which the service is asked ` +
                              "on: set that instead",
                          "remove",
                      ),
                  ],
    ),
    rule(
        {
            env: z.record(text, text),
            oauth2: z.object({
                issuer: text,
                audience: text,
                jwksUri: text.default(".well-known/jwks.json"),
            }),
        },
        ({ env, oauth2 }) =>
            Object.entries(oauth2Variables(oauth2))
                .filter(([name, value]) => (env[name] ?? value) !== value)
                .map(([name]) =>
                    problem(
                        ["env", name],
                        "must not be set beside mlops:oauth2, which sets it to another value",
                        "remove",
                    ),
                ),
    ),
    // The workflow file contains them unencrypted, each in one line.
    rule(
        { env: z.record(text, text), github: z.looseObject({}) },
        // The workflow file does not contain secrets.
        ({ env }, { files, secretSections, stack }) => {
            if (!secretSections.includes("env")) return notInWorkflow("env", env);
            const plain = plainVariables(files?.[stack]);
            const shown = Object.entries(env).filter(([name, value]) => plain[name] === value);
            return notInWorkflow("env", Object.fromEntries(shown));
        },
    ),
    rule(
        {
            service: z.object({ buildArgs: z.record(text, text) }),
            github: z.looseObject({}),
        },
        ({ service: { buildArgs } }) =>
            notInWorkflow("buildArgs", buildArgs).map((found) => ({
                ...found,
                path: ["service", ...found.path],
            })),
    ),
];

function notInWorkflow(section: string, values: Readonly<Record<string, string>>): Problem[] {
    return Object.entries(values).flatMap(([name, value]) => {
        const [issue] =
            (value === "" ? undefined : workflowNames.text.safeParse(value).error?.issues) ?? [];
        if (issue === undefined) return [];
        const message =
            `${issue.message.replace(/^it /, "").replace(/\.$/, "")} (the workflow file has ` +
            "it)";
        return [problem([section, name], message)];
    });
}
