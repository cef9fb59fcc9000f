import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { isList, isObject, Secret, unknown } from "../../quay/definition/values.ts";
import type { Properties, Value } from "../../quay/definition/values.ts";
import { inputsOf, outputsOf } from "../requests.ts";

const comply =
    "Make it a secret where it comes from: `pulumi config set --secret`, `pulumi.secret(…)`, or " +
    "the environment variable that the provider reads. " +
    "If it was a real one, make a new one: this preview shows it, and the state does once it " +
    "was deployed.";

export const plainTextSecrets: ResourceValidationPolicy = {
    name: "plain-text-secrets",
    description: "No input of a resource contains a secret in plain text.",
    validateResource: ({ urn, type }, report) => {
        for (const finding of findSecrets(requireRead(inputsOf(urn)), type))
            report(`${finding} is in clear. ${comply}`);
    },
};

export const plainTextOutputs: StackValidationPolicy = {
    name: "plain-text-outputs",
    description: "No output of a resource or of the stack contains a secret in plain text.",
    validateStack: ({ resources }, report) => {
        for (const { urn, type } of resources) {
            // The index in a list is meaningless: providers sort lists.
            const withoutIndex = (finding: string): string => finding.replaceAll(/\[\d+\]/g, "[]");
            const reported = new Set(findSecrets(inputsOf(urn) ?? {}, type).map(withoutIndex));
            for (const finding of findSecrets(requireRead(outputsOf(urn)), type)) {
                if (!reported.has(withoutIndex(finding)))
                    report(`The output ${finding} is in clear. ${comply}`, urn);
            }
        }
    },
};

/** Fails if no request was read: a policy that gets nothing must not pass everything. */
function requireRead(properties: Properties | undefined): Properties {
    if (properties !== undefined) return properties;
    throw new Error(
        "The policy SDK was not made to read the requests (policy/requests.ts): is there a " +
            "second copy of @pulumi/pulumi?",
    );
}

/**
 * Names of properties and variables that hold a secret, but not of those that say where it is or
 * what it is called (`tokenVariable`).
 */
const secretName = new RegExp(
    "(?:pass(?:word|wd|phrase)|pwd|secret|token|credentials?|" +
        "(?:private|api|access|secret|signing)[_-]?key|plaintextvalue)$",
    "i",
);

/** The formats of tokens and keys. */
const secretText: readonly [what: string, pattern: RegExp][] = [
    ["a GitHub token", /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,})/],
    ["a Quay robot's token", /\b(?=[A-Z0-9]*[A-Z])(?=[A-Z0-9]*[0-9])[A-Z0-9]{64}\b/],
    ["a private key", /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY/],
    ["a JSON Web Token", /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}/],
    ["an AWS access key", /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/],
    [
        "a token of Slack's, npm's, PyPI's, Docker's or Pulumi's",
        /\b(?:xox[abprs]-|npm_\w{36}|pypi-\w{50}|dckr_pat_|pul-[0-9a-f]{40})/,
    ],
    ["a password in a URL", /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:[^\s/:@]+@/i],
];

/**
 * Returns the places of secrets in plain text, as in `"envs[2]" (API_TOKEN)`; never their values.
 */
export function findSecrets(properties: Properties, type: string): string[] {
    // The value of a GitHub secret has a harmless name.
    const isValueSecret = /^github:index\/\w*secret:/i.test(type);
    return Object.entries(properties).flatMap(([key, value]) =>
        find(key, key, value, isValueSecret && key === "value"),
    );
}

function find(path: string, name: string, value: Value, isSecret = false): string[] {
    if (value instanceof Secret || value === unknown || value === null) return [];
    if (isList(value))
        return value.flatMap((item, index) => find(`${path}[${String(index)}]`, name, item));
    if (isObject(value))
        return Object.entries(value).flatMap(([key, item]) => find(`${path}.${key}`, key, item));
    if (typeof value !== "string" || value === "") return [];
    // Environment variables are given as NAME=VALUE.
    const [, variable, assigned] = /^([A-Za-z_]\w*)=(.+)$/s.exec(value) ?? [];
    if (isSecret || secretName.test(name)) return [`"${path}"`];
    if (variable !== undefined && assigned !== undefined && secretName.test(variable))
        return [`"${path}" (${variable})`];
    const looks = secretText.find(([, pattern]) => pattern.test(value));
    return looks === undefined ? [] : [`"${path}" looks like ${looks[0]} and`];
}
