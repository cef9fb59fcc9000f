import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import {
    findSecretShape,
    isSecretProperty,
    secretVariableIn,
    secretVariableOf,
} from "../../components/secretShapes.ts";
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
 * Returns the places of secrets in plain text, as in `"envs[2]" (API_TOKEN)`; never their values.
 */
export function findSecrets(properties: Properties, type: string): string[] {
    return Object.entries(properties).flatMap(([key, value]) => find(type, key, key, value));
}

function find(type: string, path: string, name: string, value: Value): string[] {
    if (value instanceof Secret || value === unknown || value === null) return [];
    if (isList(value))
        return value.flatMap((item, index) => find(type, `${path}[${String(index)}]`, name, item));
    if (isObject(value)) {
        const written = secretVariableOf(value);
        if (written !== undefined) return [`"${path}.value" (${written})`];
        return Object.entries(value).flatMap(([key, item]) =>
            find(type, `${path}.${key}`, key, item),
        );
    }
    if (typeof value !== "string" || value === "") return [];
    if (isSecretProperty(type, name)) return [`"${path}"`];
    const variable = secretVariableIn(value);
    if (variable !== undefined) return [`"${path}" (${variable})`];
    const shape = findSecretShape(value);
    return shape === undefined ? [] : [`"${path}" looks like ${shape} and`];
}
