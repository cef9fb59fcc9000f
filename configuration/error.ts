import type { z } from "zod";
import { namespace } from "./namespace.ts";
import { UserError } from "../components/messages/userError.ts";
import { shorten, visible } from "../quay/api/text.ts";

/** A problem in the configuration of a stack. */
export interface Problem {
    /** The path of the key, from the section on: `["quay", "autoPrune", 0, "keep"]`. */
    readonly path: readonly PropertyKey[];
    /** The end of the line `KEY = VALUE: …`: `must be …`. */
    readonly message: string;
    /**
     * What fixes it: the command that sets the key, the one that removes it, or a sentence. `text`
     * sets the key to a string, because the CLI reads 1 and true as other types.
     */
    readonly advice: "set" | "text" | "remove" | { readonly sentence: string };
    /** The value as the file has it, where YAML reads another: `1.10`, which becomes 1.1. */
    readonly source?: string | undefined;
}

/** The problems in the configuration of a stack, and what their report needs. */
export interface Findings {
    readonly stack: string;
    /** The configuration: `service` → its value. */
    readonly sections: Readonly<Record<string, unknown>>;
    /** The sections that are secret, wholly or in part. */
    readonly secretSections: readonly string[];
    readonly problems: readonly Problem[];
}

/** Keys that were moved, with their new place, which the error for the old key names. */
const moved: Readonly<Record<string, string>> = {
    "github.workflow.healthPath": "service.healthPath",
};

/**
 * Returns one error with every problem: the key, its value (unless it is secret), what is allowed,
 * and the command that fixes it.
 */
export function configurationError(findings: Findings): UserError {
    const { stack, problems } = findings;
    const count = `${String(problems.length)} problem${problems.length === 1 ? "" : "s"}`;
    const lines = problems.map((problem) => lineOf(problem, findings));
    return new UserError(
        `The configuration of stack "${stack}" has ${count} (Pulumi.${stack}.yaml):\n` +
            lines.join("\n"),
    );
}

function lineOf(problem: Problem, { stack, sections, secretSections }: Findings): string {
    const { path, message, advice, source } = problem;
    const section = String(path[0]);
    // The key of another program already has its prefix.
    const key = section.includes(":") ? pathText(path) : `${namespace}:${pathText(path)}`;
    const value = valueAt(sections, path);
    // A private key in the place of a public one must not be printed either.
    const isPrivateKey = typeof value === "string" && value.includes("PRIVATE KEY");
    const isSecret = secretSections.includes(section) || isPrivateKey;
    const shown =
        source !== undefined && !isSecret
            ? `= ${printable(source)}`
            : value === undefined
              ? "is not set"
              : `= ${isSecret ? "[secret]" : printable(JSON.stringify(value))}`;
    // No command for a key with control characters, which a shell needs in an escaped form.
    const command =
        visible(key) === key
            ? commandFor(advice, quote(key), isSecret ? undefined : source)
            : undefined;
    const fix =
        typeof advice === "object"
            ? advice.sentence
            : command === undefined
              ? `Change it in Pulumi.${stack}.yaml.`
              : `${command} -s ${quote(stack)}` +
                (isSecret && advice !== "remove" ? " --secret" : "");
    return `  ${visible(key)} ${shown}: ${message}\n      ${fix}`;
}

function commandFor(advice: Problem["advice"], key: string, value = "VALUE"): string {
    if (advice === "remove") return `pulumi config rm --path ${key}`;
    // The CLI would read a value that starts with - as an option.
    const text = value.startsWith("-") || value === "" ? "VALUE" : value;
    const shown = /^[\w.:+-]+$/.test(text) ? text : quote(text);
    return `pulumi config set --path ${key} ${shown}${advice === "text" ? " --type string" : ""}`;
}

/** Quotes a word for the shell, unless it needs no quotes. */
function quote(word: string): string {
    return /^[\w.-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Returns a value in one short line, with control characters escaped for the terminal. */
function printable(value: string): string {
    return visible(shorten(value));
}

/** Returns an issue of the schema as problems, one for each unknown key. */
export function problemsOf(issue: z.core.$ZodIssue, sections: unknown): Problem[] {
    if (issue.code === "unrecognized_keys") {
        return issue.keys.map((key) => ({
            path: [...issue.path, key],
            message: missingKey([...issue.path, key]),
            advice: "remove",
        }));
    }
    if (issue.code === "invalid_key") {
        const message = issue.issues.map((inner) => withoutPeriod(inner.message)).join("; ");
        return [{ path: issue.path, message, advice: "remove" }];
    }
    const isText =
        issue.code === "invalid_type" &&
        issue.expected === "string" &&
        valueAt(sections, issue.path) !== undefined;
    return [
        {
            path: issue.path,
            message: withoutPeriod(issue.message),
            advice: isText ? "text" : "set",
        },
    ];
}

function missingKey(path: readonly PropertyKey[]): string {
    const to = moved[pathText(path)];
    const hint = to === undefined ? "" : `: it is now ${namespace}:${to}`;
    return `there is no such key${hint}`;
}

/** Rules on names of Quay, git and GitHub are whole sentences: other errors use them too. */
function withoutPeriod(message: string): string {
    return message.replace(/\.$/, "");
}

/** The messages of the schemas that do not have their own. */
export const explain: z.core.$ZodErrorMap = (issue) => {
    switch (issue.code) {
        case "invalid_type":
            return issue.input === undefined
                ? "must be set"
                : `must be ${nouns[issue.expected] ?? issue.expected}`;
        case "too_small":
            return issue.origin === "string"
                ? "must not be empty"
                : `must be at least ${String(issue.minimum)}`;
        case "too_big":
            return issue.origin === "string"
                ? `must have at most ${String(issue.maximum)} characters`
                : `must be at most ${String(issue.maximum)}`;
        case "invalid_value":
            return `must be ${issue.values.map(String).join(" or ")}`;
        default:
            return undefined;
    }
};

const nouns: Readonly<Record<string, string>> = {
    string: "text: put it in quotes",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
    array: "a list",
    object: "a mapping of keys",
    record: "a mapping of keys",
};

/** Returns the value at a path; undefined where it does not exist. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
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

/** Returns a path in the CLI's notation: `quay.autoPrune[0].keep`, `env["a.b"]`. */
export function pathText(path: readonly PropertyKey[]): string {
    return path.reduce<string>((all, step) => {
        if (typeof step === "number") return `${all}[${String(step)}]`;
        const name = String(step);
        if (all === "") return name;
        return /^[\w-]+$/.test(name)
            ? `${all}.${name}`
            : `${all}["${name.replaceAll(/["\\]/g, "\\$&")}"]`;
    }, "");
}

export function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
