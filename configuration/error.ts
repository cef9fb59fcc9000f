import type { z } from "zod";
import { UserError } from "../components/userError.ts";
import { shorten, visible } from "../components/text.ts";

/** Something wrong in the configuration of a stack. */
export interface Problem {
    /** Where it is, from the section on: `["quay", "autoPrune", 0, "keep"]`. */
    readonly path: readonly PropertyKey[];
    /** What completes `KEY = VALUE: …`: `must be …`. */
    readonly message: string;
    /**
     * What fixes it: the command that sets the key to another value, the one that removes it, or a sentence. `text` sets it as a text, because
     * the CLI would take 1 and true for other types.
     */
    readonly advice: "set" | "text" | "remove" | { readonly sentence: string };
    /** What is written in the file, where the value is another: `1.10`, of which 1.1 is left. */
    readonly source?: string | undefined;
}

/** What was found wrong in the configuration of a stack. */
export interface Findings {
    readonly project: string;
    readonly stack: string;
    /** The configuration: `service` → its value. */
    readonly sections: Readonly<Record<string, unknown>>;
    /** The sections that are secret, wholly or in part. */
    readonly secretSections: readonly string[];
    readonly problems: readonly Problem[];
}

/** Keys that were moved: where each is now. The error for the old key says so. */
const moved: Readonly<Record<string, string>> = {
    "github.workflow.healthPath": "service.healthPath",
};

/** One error with every problem: the key, its value (unless it is secret), what is allowed, and the command that fixes it. */
export function configurationError(findings: Findings): UserError {
    const { stack, problems } = findings;
    const count = `${String(problems.length)} problem${problems.length === 1 ? "" : "s"}`;
    const lines = problems.map((problem) => lineOf(problem, findings));
    return new UserError(
        `The configuration of stack "${stack}" has ${count} (Pulumi.${stack}.yaml):\n${lines.join("\n")}`,
    );
}

function lineOf(problem: Problem, { project, stack, sections, secretSections }: Findings): string {
    const { path, message, advice, source } = problem;
    const section = String(path[0]);
    // A key of another program is named in full.
    const key = section.includes(":") ? pathText(path) : `${project}:${pathText(path)}`;
    const value = valueAt(sections, path);
    // A private key where a public one belongs is not repeated either.
    const isPrivateKey = typeof value === "string" && value.includes("PRIVATE KEY");
    const isSecret = secretSections.includes(section) || isPrivateKey;
    const shown =
        source !== undefined && !isSecret
            ? `= ${printable(source)}`
            : value === undefined
              ? "is not set"
              : `= ${isSecret ? "[secret]" : printable(JSON.stringify(value))}`;
    // A shell would have to be told such a character by its number.
    const command =
        visible(key) === key
            ? commandFor(advice, quote(key), isSecret ? undefined : source)
            : undefined;
    const fix =
        typeof advice === "object"
            ? advice.sentence
            : command === undefined
              ? `Change it in Pulumi.${stack}.yaml.`
              : `${command} -s ${quote(stack)}${isSecret && advice !== "remove" ? " --secret" : ""}`;
    return `  ${visible(key)} ${shown}: ${message}\n      ${fix}`;
}

function commandFor(advice: Problem["advice"], key: string, value = "VALUE"): string {
    if (advice === "remove") return `pulumi config rm --path ${key}`;
    // An option would be taken for one of the command's own.
    const text = value.startsWith("-") || value === "" ? "VALUE" : value;
    const shown = /^[\w.:+-]+$/.test(text) ? text : quote(text);
    return `pulumi config set --path ${key} ${shown}${advice === "text" ? " --type string" : ""}`;
}

/** A word for the shell, whatever is in it. */
function quote(word: string): string {
    return /^[\w.-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** A value as one line that does nothing to a terminal. */
function printable(value: string): string {
    return visible(shorten(value));
}

/** What the schema found, as problems. A key that was moved is named with its project: `mlops:…`. */
export function problemsOf(issue: z.core.$ZodIssue, sections: unknown, project: string): Problem[] {
    if (issue.code === "unrecognized_keys") {
        return issue.keys.map((key) => ({
            path: [...issue.path, key],
            message: missingKey([...issue.path, key], project),
            advice: "remove",
        }));
    }
    if (issue.code === "invalid_key") {
        const message = issue.issues.map((inner) => asRule(inner.message)).join("; ");
        return [{ path: issue.path, message, advice: "remove" }];
    }
    const isText =
        issue.code === "invalid_type" &&
        issue.expected === "string" &&
        valueAt(sections, issue.path) !== undefined;
    return [{ path: issue.path, message: asRule(issue.message), advice: isText ? "text" : "set" }];
}

function missingKey(path: readonly PropertyKey[], project: string): string {
    const to = moved[pathText(path)];
    const place = to === undefined ? "" : `: it is now ${project}:${to}`;
    return `there is no such key${place}`;
}

/** Names as Quay, git and GitHub take them have rules in whole sentences, for the other places that check them. */
function asRule(message: string): string {
    return message
        .replace(/^it must/, "must")
        .replace(/^it has to/, "must")
        .replace(/\.$/, "");
}

/** The messages of the rules that have none of their own. */
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

/** As the CLI takes it: `quay.autoPrune[0].keep`, `env["a.b"]`. */
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
