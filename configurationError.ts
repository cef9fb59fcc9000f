import type { z } from "zod";
import { UserError } from "./errors.ts";

/** What was found wrong in the configuration of a stack. */
export interface Findings {
    readonly project: string;
    readonly stack: string;
    /** The configuration: `service` → its value. */
    readonly sections: Readonly<Record<string, unknown>>;
    /** The sections that are secret, wholly or in part. */
    readonly secretSections: readonly string[];
    readonly issues: readonly z.core.$ZodIssue[];
    /** The sections that hold a secret where it would be in clear in the state. */
    readonly misplaced: readonly string[];
}

interface Problem {
    readonly path: readonly PropertyKey[];
    readonly value: unknown;
    readonly message: string;
    /** Which command mends it, or what else does. */
    readonly advice: "set" | "remove" | (string & {});
    /** Whether a string is wanted: the CLI takes 1 and true for other types, unless it is told. */
    readonly isString?: boolean;
}

/** One error with every problem: the key, its value (unless it is secret), what is allowed, and the command that mends it. */
export function configurationError({
    project,
    stack,
    sections,
    secretSections,
    issues,
    misplaced,
}: Findings): UserError {
    const problems = [
        ...issues.flatMap((issue) => problemsOf(issue, sections)),
        ...misplaced.map((section) => misplacedSecret(section, project)),
    ];
    const lines = problems.map(({ path, value, message, advice, isString }) => {
        const key = `${project}:${pathText(path)}`;
        const secret = secretSections.includes(String(path[0]));
        const shown =
            value === undefined ? "is not set" : `= ${secret ? "[secret]" : JSON.stringify(value)}`;
        const mend =
            advice === "set"
                ? `pulumi config set --path '${key}' VALUE -s ${stack}${isString ? " --type string" : ""}${secret ? " --secret" : ""}`
                : advice === "remove"
                  ? `pulumi config rm --path '${key}' -s ${stack}`
                  : advice;
        return `  ${key} ${shown}: ${message}\n      ${mend}`;
    });
    const count = `${String(lines.length)} problem${lines.length === 1 ? "" : "s"}`;
    return new UserError(
        `The configuration of stack "${stack}" has ${count} (Pulumi.${stack}.yaml):\n${lines.join("\n")}`,
    );
}

function problemsOf(issue: z.core.$ZodIssue, sections: unknown): Problem[] {
    if (issue.code === "unrecognized_keys") {
        return issue.keys.map((key) => ({
            path: [...issue.path, key],
            value: valueAt(sections, [...issue.path, key]),
            message: "there is no such key",
            advice: "remove",
        }));
    }
    const message =
        issue.code === "invalid_key"
            ? issue.issues.map((inner) => inner.message).join("; ")
            : issue.message;
    const value = valueAt(sections, issue.path);
    return [
        {
            path: issue.path,
            value,
            message: value === undefined ? "it has to be set" : message,
            advice: issue.code === "invalid_key" ? "remove" : "set",
            isString:
                issue.code === "invalid_type" && issue.expected === "string" && value !== undefined,
        },
    ];
}

function misplacedSecret(section: string, project: string): Problem {
    const advice = `move the value that says "secure:" in the file to ${project}:env, or to an environment variable that ${project}:service.buildSecrets names`;
    return {
        path: [section],
        value: "",
        message: "holds a secret, which would be in clear in the state",
        advice,
    };
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
    return path.reduce<unknown>(
        (at, key) =>
            Array.isArray(at)
                ? (at as unknown[])[Number(key)]
                : isObject(at)
                  ? at[String(key)]
                  : undefined,
        value,
    );
}

/** As the CLI wants it: `quay.autoPrune[0].keep`. */
function pathText(path: readonly PropertyKey[]): string {
    return path.reduce<string>(
        (all, step) =>
            typeof step === "number"
                ? `${all}[${String(step)}]`
                : `${all}${all && "."}${String(step)}`,
        "",
    );
}

export function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
