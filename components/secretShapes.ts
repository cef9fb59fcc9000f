/**
 * What a secret looks like: its format, and the names of the properties and variables that hold
 * one. The policies report secrets in plain text by it, and the review masks them.
 */

/**
 * A private key and nothing beside it: its first line, and where lines of Base64 follow, these, the
 * headers before them and the last line after them. What only begins like a key hides nothing else.
 */
const privateKey = (() => {
    const label = "[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----";
    // A line end may also be written as in JSON, and lines may be indented or quoted.
    const between = String.raw`(?:\\[nrt]|[^\w+/=\\\u0080-\uffff-]){1,100}`;
    const names = "Proc-Type|DEK-Info|Version|Comment|Hash|Charset";
    const header = String.raw`(?:${names}): [\w.,:/() -]{0,80}`;
    const line = "[A-Za-z0-9+/=]{40,}";
    const last = "[A-Za-z0-9+/=]{1,39}";
    const end = `(?:${between}${last}){0,2}(?:${between})?-----END ${label}`;
    const lines = `(?:${between})?${line}(?:${between}${line}){0,5000}`;
    return new RegExp(
        `-----BEGIN ${label}(?:(?:${between}${header}){0,9}${lines}(?:${end})?)?`,
        "g",
    );
})();

/** What a shell takes for a word. The other characters may start a command. */
const word = /[^\s`$(){}|;&<>"'\\]+/g;

/**
 * Formats of tokens, keys and passwords, and what is masked of them if not all. They may be part of
 * a longer text.
 */
const shapes: readonly (readonly [what: string, pattern: RegExp, masked?: RegExp])[] = [
    ["a GitHub token", /\b(?:gh[opsur]_\w{30,}|github_pat_\w{22,})/g],
    // An OAuth token has 40 characters, a robot's token 64. At least one is a letter and one a
    // digit.
    ["a Quay token", /\b(?=\d*[A-Z])(?=[A-Z]*\d)(?:[A-Z0-9]{40}|[A-Z0-9]{64})\b/g],
    ["a private key", privateKey],
    // Bounded: otherwise each "eyJ" of a long text is searched to the end.
    ["a JSON Web Token", /\beyJ[\w-]{8,600}\.[\w-]{8,}\.[\w-]*/g],
    ["an AWS access key", /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g],
    ["a Slack token", /\bxox[abprs]-[\w-]+/g],
    ["an npm token", /\bnpm_\w{36}/g],
    ["a PyPI token", /\bpypi-[\w-]{50,}/g],
    ["a Docker Hub token", /\bdckr_pat_[\w-]+/g],
    ["a Pulumi Cloud token", /\bpul-[0-9a-f]{40}\b/g],
    ["a password in a URL", /(?<=:\/\/[^/\s:@]*:)[^/\s@]+(?=@)/g, word],
];

const secretName = new RegExp(
    "(?:pass(?:word|wd|phrase)|pwd|token|secret|credentials?|plaintext(?:_?value)?|" +
        "(?:private|api|access|secret|signing)[_-]?key)$",
    "i",
);

/** Names the first known format in a text, such as `a GitHub token`; undefined if there is none. */
export function findSecretShape(text: string): string | undefined {
    return shapes.find(([, pattern]) => text.search(pattern) >= 0)?.[0];
}

/**
 * Replaces everything in a text that has a known format. Of what could be a command, such as
 * `https://user:$(command)@host`, the characters that make it one stay visible.
 */
export function maskSecretShapes(text: string, mask: string): string {
    return shapes.reduce(
        (masked, [, pattern, part = /[^]+/]) =>
            masked.replace(pattern, (found) => found.replace(part, mask)),
        text,
    );
}

/** Replaces the words of a text, and leaves what else it needs to be a command. */
export function maskWords(text: string, mask: string): string {
    return text.replace(word, mask);
}

/**
 * Whether a property or variable of this name holds a secret: `DB_PASSWORD`, `apiKey`; but not
 * where the name says that the value is something else: `tokenVariable`, `secretName`.
 */
export function isSecretName(name: string): boolean {
    return secretName.test(name);
}

/** Whether a resource's property holds a secret, such as the `value` of GitHub's secrets. */
export function isSecretProperty(type: string, name: string): boolean {
    return isSecretName(name) || (name === "value" && type.endsWith("Secret"));
}

/** The name of the variable in `NAME=VALUE`, if it holds a secret. */
export function secretVariableIn(text: string): string | undefined {
    const [, name = ""] = /^(\w+)=./s.exec(text) ?? [];
    return isSecretName(name) ? name : undefined;
}

/**
 * The name of the variable in `{ name, value }`, as the containers of a cluster have it, if its
 * value is a secret that is written out.
 */
export function secretVariableOf(object: Readonly<Record<string, unknown>>): string | undefined {
    const { name, value } = object;
    const isWritten = typeof value === "string" && value !== "";
    return isWritten && typeof name === "string" && isSecretName(name) ? name : undefined;
}
