import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { isList, isObject, Secret, unknown } from "../../quay/definition/values.ts";
import type { Properties, Value } from "../../quay/definition/values.ts";
import { inputsOf, outputsOf } from "../requests.ts";

const comply =
    "Make it a secret where it comes from: `pulumi config set --secret`, `pulumi.secret(…)`, or the environment variable that the provider reads. " +
    "If it was a real one, make a new one: this preview shows it, and the state does once it was deployed.";

export const plainTextSecrets: ResourceValidationPolicy = {
    name: "plain-text-secrets",
    description: "No resource is given a secret in clear.",
    validateResource: ({ urn, type }, report) => {
        for (const finding of findSecrets(requireRead(inputsOf(urn)), type))
            report(`${finding} is in clear. ${comply}`);
    },
};

export const plainTextOutputs: StackValidationPolicy = {
    name: "plain-text-outputs",
    description: "No resource, nor the stack itself, gives out a secret in clear.",
    validateStack: ({ resources }, report) => {
        for (const { urn, type } of resources) {
            // Its place in a list says nothing: providers sort them.
            const withoutIndex = (finding: string): string => finding.replaceAll(/\[\d+\]/g, "[]");
            const reported = new Set(findSecrets(inputsOf(urn) ?? {}, type).map(withoutIndex));
            for (const finding of findSecrets(requireRead(outputsOf(urn)), type)) {
                if (!reported.has(withoutIndex(finding)))
                    report(`The output ${finding} is in clear. ${comply}`, urn);
            }
        }
    },
};

/** A policy that sees nothing must not let everything pass. */
function requireRead(properties: Properties | undefined): Properties {
    if (properties !== undefined) return properties;
    throw new Error(
        "The policy SDK was not made to read the requests (policy/requests.ts): is there a second copy of @pulumi/pulumi?",
    );
}

/** What a property or variable is called that holds a secret; not what says where it is or what it is called (`tokenVariable`). */
const secretName =
    /(?:pass(?:word|wd|phrase)|pwd|secret|token|credentials?|(?:private|api|access|secret|signing)[_-]?key|plaintextvalue)$/i;

/** What tokens and keys look like. */
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

/** Where secrets are in clear, as in `"envs[2]" (API_TOKEN)`; never their values. */
export function findSecrets(properties: Properties, type: string): string[] {
    // The value of a secret of GitHub's has a harmless name.
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
    // Environment variables come as NAME=VALUE.
    const [, variable, assigned] = /^([A-Za-z_]\w*)=(.+)$/s.exec(value) ?? [];
    if (isSecret || secretName.test(name)) return [`"${path}"`];
    if (variable !== undefined && assigned !== undefined && secretName.test(variable))
        return [`"${path}" (${variable})`];
    const looks = secretText.find(([, pattern]) => pattern.test(value));
    return looks === undefined ? [] : [`"${path}" looks like ${looks[0]} and`];
}
