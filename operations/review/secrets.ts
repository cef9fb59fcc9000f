import { secret, type Value } from "./preview.ts";

/**
 * Patterns that are masked besides the secrets that the engine marks: a token may also be part of
 * names, descriptions and servers' messages.
 */
const shapes: readonly RegExp[] = [
    /\bgh[opsur]_\w{30,}/g, // GitHub's tokens
    /\bgithub_pat_\w{30,}/g,
    /\b(?=\d*[A-Z])(?=[A-Z]*\d)(?:[A-Z0-9]{40}|[A-Z0-9]{64})\b/g, // Quay's OAuth tokens and its robots'
    /\bpul-[0-9a-f]{40}\b/g, // a token of Pulumi Cloud
    /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, // AWS
    /\b(?:xox[abprs]-[\w-]+|npm_\w{36}|pypi-[\w-]{50,}|dckr_pat_[\w-]+)/g, // Slack, npm, PyPI, Docker
    /\beyJ[\w-]{8,600}\.[\w-]{8,}\.[\w-]*/g, // a JWT; bounded, or it would search from every "eyJ" to the end
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
    /(?<=\b(?:bearer|basic) )[\w.~+/-]{12,}=*/gi,
    /(?<=:\/\/[^/\s:@]*:)[^/\s@]+(?=@)/g, // a password in a URL
];

const secretName =
    /(?:password|passwd|pwd|passphrase|token|secret|credentials?|(?:private|api|access|secret|signing)[_-]?key|plaintext|(?:plaintext|encrypted)_?value)$/i;
const secretResource = /Secret$/;

/** Masks secrets' patterns and the values of the environment's token and password variables. */
export function concealText(text: string, environment: NodeJS.ProcessEnv = process.env): string {
    const masked = knownSecrets(environment).reduce(
        (masked, value) => masked.replaceAll(value, secret),
        text,
    );
    return shapes.reduce((masked, shape) => masked.replace(shape, secret), masked);
}

/** Masks properties with a secret's name: a provider may not have marked them. */
export function concealProperties(
    type: string,
    properties: Readonly<Record<string, Value>>,
): Record<string, Value> {
    return mapProperties(
        properties,
        (name) => secretName.test(name) || (name === "value" && secretResource.test(type)),
    );
}

function mapProperties(
    properties: Readonly<Record<string, Value>>,
    isSecret: (name: string) => boolean,
): Record<string, Value> {
    const map = (name: string, value: Value): Value => {
        if (typeof value === "string")
            return isSecret(name) && value !== "" ? secret : concealAssignment(value);
        if (Array.isArray(value)) return value.map((item) => map(name, item));
        return typeof value === "object" && value !== null ? mapProperties(value, isSecret) : value;
    };
    return Object.fromEntries(
        Object.entries(properties).map(([name, value]) => [name, map(name, value)]),
    );
}

/** Masks the value of a container's variable, such as `CLIENT_SECRET=…`. */
function concealAssignment(text: string): string {
    const [, name = ""] = /^(\w+)=./.exec(text) ?? [];
    return secretName.test(name) ? `${name}=${secret}` : text;
}

/** Variables with folders, although their names match a password's. */
const noSecrets = ["PWD", "OLDPWD"];

/** Masking shorter values would mask words. */
const shortest = 8;

function knownSecrets(environment: NodeJS.ProcessEnv): string[] {
    return Object.entries(environment)
        .flatMap(([name, value]) =>
            secretName.test(name) &&
            !noSecrets.includes(name) &&
            value !== undefined &&
            value.length >= shortest
                ? [value]
                : [],
        )
        .sort((a, b) => b.length - a.length); // one may be within another
}
