import {
    isSecretName,
    isSecretProperty,
    maskSecretShapes,
    maskWords,
    secretVariableIn,
    secretVariableOf,
} from "../../components/secretShapes.ts";
import { secret, type Value } from "./preview.ts";

/** The credentials of an HTTP header. In a policy, "basic configuration" would be a finding. */
const authorization = /(?<=\b(?:bearer|basic) )[\w.~+/-]{12,}=*/gi;

/** A provider need not mark these, because they are encrypted. */
const encryptedName = /encrypted_?value$/i;

/** Every value of it is secret, whatever its name is. */
const clusterSecret = "kubernetes:core/v1:Secret";
const clusterSecretValues = ["data", "stringData"];

/**
 * Masks what looks like a secret and the values of the environment's token and password variables.
 * The engine marks secrets, but they may also be part of names, descriptions and servers' messages.
 */
export function concealText(text: string, environment: NodeJS.ProcessEnv = process.env): string {
    const masked = knownSecrets(environment).reduce(
        (masked, value) => masked.replaceAll(value, secret),
        text,
    );
    return maskSecretShapes(masked, secret).replace(authorization, secret);
}

/** Masks properties with a secret's name: a provider may not have marked them. */
export function concealProperties(
    type: string,
    properties: Readonly<Record<string, Value>>,
): Record<string, Value> {
    const conceal = (name: string, value: Value): Value => {
        if (typeof value === "string") {
            const isSecret = isSecretProperty(type, name) || encryptedName.test(name);
            return isSecret && value !== "" ? secret : concealAssignment(name, value);
        }
        if (type === clusterSecret && clusterSecretValues.includes(name)) return secret;
        if (Array.isArray(value)) return value.map((item) => conceal(name, item));
        if (typeof value !== "object" || value === null) return value;
        const shown = secretVariableOf(value) === undefined ? value : { ...value, value: secret };
        return concealProperties(type, shown);
    };
    return Object.fromEntries(
        Object.entries(properties).map(([name, value]) => [name, conceal(name, value)]),
    );
}

/** The lists of a container's variables, which no shell reads. */
const variableLists = /^env(?:s|ironment)?$/i;

/**
 * Masks the value of a variable, such as `CLIENT_SECRET=…`. Where it may be the begin of a script,
 * masks the words of its line, so that no command hides behind it.
 */
function concealAssignment(property: string, text: string): string {
    const name = secretVariableIn(text);
    if (name === undefined) return text;
    if (variableLists.test(property)) return `${name}=${secret}`;
    const [line = "", ...others] = text.slice(name.length + 1).split("\n");
    return [`${name}=${maskWords(line, secret)}`, ...others].join("\n");
}

/** Variables with folders, although their names match a password's. */
const noSecrets = ["PWD", "OLDPWD"];

/** Masking shorter values would mask words. */
const shortest = 8;

/** Returns the values of the environment's token and password variables, the longest first. */
export function knownSecrets(environment: NodeJS.ProcessEnv): string[] {
    return Object.entries(environment)
        .flatMap(([name, value]) =>
            (isSecretName(name) || encryptedName.test(name)) &&
            !noSecrets.includes(name) &&
            value !== undefined &&
            value.length >= shortest
                ? [value]
                : [],
        )
        .sort((a, b) => b.length - a.length); // one may be within another
}
