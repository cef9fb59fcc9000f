/** Reads and checks the configuration of a stack. */
import { existsSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { isConfigSecret } from "@pulumi/pulumi/runtime/config.js";
import { configurationError, explain, isObject, type Problem, problemsOf } from "./error.ts";
import { findRewritten, plainVariables, readStackFiles } from "./file.ts";
import { namespace } from "./namespace.ts";
import { requirePassphrase } from "./passphrase.ts";
import { findContradictions } from "./rules.ts";
import { findPlaceholders } from "./rules/placeholder.ts";
import { registryOf } from "./rules/stackFiles.ts";
import { nullForNone } from "./sections/oauth2.ts";
import { kindOf, type StackConfig, stackConfig } from "./stackConfig.ts";

declare module "@pulumi/pulumi/runtime/config.js" {
    /** Whether a configuration key holds a secret. The SDK's type declarations leave it out. */
    export function isConfigSecret(key: string): boolean;
}

/** A configuration as Pulumi passes it to the program. */
export interface RawConfig {
    /** `mlops:service` → its value as a string; objects are JSON. */
    readonly values: Readonly<Record<string, string>>;
    /** The keys whose values are secret, wholly or in part. */
    readonly secretKeys: readonly string[];
    /** The text of the stacks' files, by stack: Pulumi's values lose how a value is written.
     * Default: not known. */
    readonly files?: Readonly<Record<string, string>> | undefined;
}

/**
 * Reads and checks the configuration of the current stack.
 *
 * @throws UserError that lists every problem, or where the passphrase of its secrets is empty.
 */
export function readStackConfig(): StackConfig {
    requirePassphrase(`Pulumi.${pulumi.getStack()}.yaml`);
    const values = pulumi.runtime.allConfig();
    const secretKeys = Object.keys(values).filter((key) => isConfigSecret(key));
    const files = readStackFiles(".");
    const stack = pulumi.getStack();
    const parsed = parseStackConfig({ values, secretKeys, files }, stack);
    if (!secretKeys.includes(`${namespace}:env`)) return parsed;
    const plain = plainVariables(files[stack]);
    const env = Object.entries(parsed.env).map(([name, value]) => [
        name,
        plain[name] === value ? value : pulumi.secret(value),
    ]);
    return { ...parsed, env: Object.fromEntries(env) as StackConfig["env"] };
}

/**
 * Checks a configuration. Unknown keys are refused too: a key with a typing error would silently
 * have its default.
 *
 * @throws UserError that lists every problem: the key, its value (unless it is secret), what is
 * allowed, and the command that fixes it.
 */
export function parseStackConfig(
    config: RawConfig,
    stack: string,
): StackConfig & { readonly env: Record<string, string> } {
    const isOwn = (key: string): boolean => key.startsWith(`${namespace}:`);
    const own = Object.entries(config.values).filter(([key]) => isOwn(key));
    const providers = Object.fromEntries(
        Object.entries(config.values).filter(([key]) => !isOwn(key)),
    );
    const sections = Object.fromEntries(
        own
            .map(([key, value]) => [key.slice(namespace.length + 1), fromJson(value)] as const)
            .filter(([, value]) => !isEmpty(value))
            .map(([key, value]) => [key, key === "oauth2" ? nullForNone(value) : value]),
    );
    const secretKeys = config.secretKeys.filter(isOwn);
    const secretSections = secretKeys.map((key) => key.slice(namespace.length + 1));
    const misplaced = Object.keys(sections).filter(
        (section) => section !== "env" && secretSections.includes(section),
    );
    const kind = kindOf(sections);
    // Required keys of a section that is missing are reported one by one.
    const needed =
        kind === "local" ? { service: {} } : { service: {}, quay: {}, github: { workflow: {} } };
    const input = { ...needed, ...sections, kind };
    const { data, error } = stackConfig.safeParse(input, { error: explain });
    const { "github:owner": owner = process.env["GITHUB_OWNER"], "quay:url": url } = providers;
    const contradictions = findContradictions(sections, {
        stack,
        owner,
        providers,
        registry: registryOf(url),
        secretSections,
        files: config.files,
        isFolder: config.files && ((path) => existsSync(path)),
        today: new Date().toISOString().slice(0, 10),
    });
    const all = { ...sections, ...providers, ...(owner && { "github:owner": owner }) };
    const schemaProblems = (error?.issues ?? []).flatMap((issue) => problemsOf(issue, sections));
    const problems = [
        ...firstOfEach([
            ...findPlaceholders(all),
            ...findRewritten(config.files?.[stack], sections, schemaProblems, secretSections),
            ...schemaProblems,
        ]),
        ...misplaced.map(misplacedSecret),
        ...contradictions,
    ];
    if (data !== undefined && problems.length === 0) return data;
    throw configurationError({ stack, sections: all, secretSections, problems });
}

/** Returns the first problem of each key, which explains the others. */
function firstOfEach(problems: readonly Problem[]): Problem[] {
    const keys = problems.map(({ path }) => JSON.stringify(path));
    return problems.filter((_, index) => keys.indexOf(keys[index] ?? "") === index);
}

/** The problem of a secret outside of `env`, the only section that may hold secrets. */
function misplacedSecret(section: string): Problem {
    const sentence =
        'Move the value that says "secure:" in the file to mlops:env, or to an environment ' +
        "variable that mlops:service.buildSecrets names.";
    return {
        path: [section],
        message: "must not hold a secret: it would be in clear in the state",
        advice: { sentence },
    };
}

/** Whether a section is absent: Pulumi.yaml gives it the default `{}`. */
function isEmpty(value: unknown): boolean {
    return isObject(value) && Object.keys(value).length === 0;
}

/** Reads an object from JSON. Anything that is not JSON is a string. */
function fromJson(value: string): unknown {
    try {
        return JSON.parse(value) as unknown;
    } catch {
        return value;
    }
}
