import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as yaml from "yaml";
import { isObject, type Problem, valueAt } from "./error.ts";
import { namespace } from "./namespace.ts";

/** A problem in a file. */
export interface FileProblem {
    /** The line, from 1; undefined where it is not known. */
    readonly line: number | undefined;
    readonly message: string;
}

/** A value or a key that YAML does not read as the text in the file. */
interface Unquoted {
    /** From the section on: `["env", "SNAPSHOT"]`. */
    readonly path: readonly (string | number)[];
    /** The text in the file. */
    readonly source: string;
    /** Whether it is the key at the end of the path; else it is that key's value. */
    readonly isKey: boolean;
}

/** Returns the text of every stack's file in a folder, by the stack's name. */
export function readStackFiles(folder: string): Readonly<Record<string, string>> {
    return Object.fromEntries(
        readdirSync(folder).flatMap((name) => {
            const stack = /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1];
            return stack === undefined ? [] : [[stack, readFileSync(join(folder, name), "utf8")]];
        }),
    );
}

/** Returns the name of a stack's file: that of the stack, without organization and project. */
export function stackFile(stack: string): string {
    return `Pulumi.${stack.split("/").at(-1) ?? ""}.yaml`;
}

/** The keys at the top of a stack's file (https://www.pulumi.com/docs/iac/concepts/config/). */
export const topKeys = [
    "config",
    "environment",
    "secretsprovider",
    "encryptedkey",
    "encryptionsalt",
];

/**
 * Finds what the CLI ignores in a stack's file, or refuses without naming the file: errors in the
 * YAML, values that JSON does not have, sections that are not mappings, and keys outside of
 * `config`. A section that is one secret is a problem for previews: a mark stands for all of it.
 *
 * @param text of `Pulumi.<stack>.yaml`.
 * @param objects the sections that Pulumi.yaml declares as `type: object`.
 */
export function findFileProblems(text: string, objects: readonly string[]): FileProblem[] {
    const errors = findSyntaxErrors(text);
    if (errors.length > 0) return errors;
    const lines = new yaml.LineCounter();
    const { contents } = parse(text, lines);
    const lineOf = (node: unknown): number | undefined =>
        yaml.isNode(node) && node.range ? lines.linePos(node.range[0]).line : undefined;
    if (contents === null) return [];
    if (!yaml.isMap(contents)) return [{ line: lineOf(contents), message: "must be a mapping" }];

    const misplaced = contents.items.flatMap(({ key }) => {
        const name = textOf(key);
        if (name === undefined || topKeys.includes(name)) return [];
        const message = name.includes(":")
            ? `"${name}" must be under config:`
            : `"${name}" must be one of ${topKeys.join(", ")}`;
        return [{ line: lineOf(key), message }];
    });
    const config = contents.get("config", true);
    if (!yaml.isMap(config)) {
        const isEmpty = config === undefined || textOf(config) === "" || textOf(config) === "null";
        const problem = { line: lineOf(config), message: "config must be a mapping" };
        return isEmpty ? misplaced : [...misplaced, problem];
    }
    const wrong = config.items.flatMap(({ key, value }) => {
        const name = textOf(key) ?? "";
        const section = name.startsWith(`${namespace}:`) ? name.slice(namespace.length + 1) : name;
        if (!objects.includes(section)) return [];
        if (yaml.isMap(value) && value.items.length === 1 && value.has("secure")) {
            const message = `${namespace}:${section} must not be one secret: encrypt each value`;
            return [{ line: lineOf(key), message }];
        }
        if (isMapping(value)) return [];
        return [
            { line: lineOf(key), message: `${namespace}:${section} must be a mapping of keys` },
        ];
    });
    const unspeakable: FileProblem[] = [];
    yaml.visit(config, {
        Scalar(_, node) {
            if (node.type !== "PLAIN" || !/^[-+]?\.(inf|nan)$/i.test(node.source ?? "")) return;
            const message = `${node.source ?? ""} must be in quotes, or a finite number`;
            unspeakable.push({ line: lineOf(node), message });
        },
    });
    return [...misplaced, ...wrong, ...unspeakable];
}

/** Returns the YAML errors of a file. */
export function findSyntaxErrors(text: string): FileProblem[] {
    const document = parse(text);
    const errors = [...document.errors, ...document.warnings].map(({ message, linePos }) => ({
        line: linePos?.[0].line,
        message: message.replace(/ at line \d+, column \d+:?[^]*$/, ""),
    }));
    if (errors.length > 0) return errors;
    try {
        document.toJS();
        return [];
    } catch (error) {
        // Only this step finds an alias without an anchor.
        return [
            { line: undefined, message: error instanceof Error ? error.message : String(error) },
        ];
    }
}

/** Returns what a stack's file has at the top; undefined where it cannot be read. */
export function contentOf(text: string): Readonly<Record<string, unknown>> | undefined {
    if (findSyntaxErrors(text).length > 0) return undefined;
    const file: unknown = parse(text).toJS();
    if (file === null) return {};
    return isObject(file) ? file : undefined;
}

/** Returns the configuration in a stack's file: `mlops:service` → its value. Default: `{}`. */
export function configOf(text: string): Readonly<Record<string, unknown>> {
    const config = contentOf(text)?.["config"];
    return isObject(config) ? config : {};
}

/**
 * Returns the service's environment variables that a stack's file has unencrypted; all others are
 * secrets. Pulumi itself says only whether one of them is a secret.
 *
 * @param text the text of the stack's file. Default: not known.
 */
export function plainVariables(text = ""): Readonly<Record<string, unknown>> {
    const variables = configOf(text)[`${namespace}:env`];
    if (!isObject(variables)) return {};
    return Object.fromEntries(Object.entries(variables).filter(([, value]) => !isObject(value)));
}

/** A time in the CLI's format, which it gives to a date or time without quotes. */
const time = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4}( \S+)?$/;

/**
 * Finds values and keys that must be text but that YAML reads as another type: `1.10` as the number
 * 1.1, `0x10` as 16, `2024-05-06` as a time, which the CLI passes on in a format of its own.
 *
 * @param file the text of the stack's file; undefined where it is not known.
 * @param found the schema's problems; those with a value of another type than text count.
 * @param secretSections the sections whose values must not be printed.
 * @returns a problem for each, with the text in the file.
 */
export function findRewritten(
    file: string | undefined,
    sections: Readonly<Record<string, unknown>>,
    found: readonly Problem[],
    secretSections: readonly string[],
): Problem[] {
    const unquoted = file === undefined ? [] : findUnquoted(file, sections);
    const sources = new Map(
        unquoted.filter(({ isKey }) => !isKey).map(({ path, source }) => [path.join("\n"), source]),
    );
    const sourceOf = (path: readonly PropertyKey[]) =>
        sources.get(path.map(String).join("\n")) || undefined;
    const keys = unquoted
        .filter(({ isKey }) => isKey)
        .map(({ path, source }): Problem => ({
            path,
            source,
            message: "must have its name in quotes: YAML reads it as something else",
            advice: { sentence: `Write it as ${JSON.stringify(source)}: in the file.` },
        }));
    // A time in quotes is text.
    const times = timesIn(sections, []).filter(
        (path) => file === undefined || sourceOf(path) !== undefined,
    );
    const others = found.filter(({ advice }) => advice === "text").map(({ path }) => path);
    const values = [...times, ...others].map((path): Problem => {
        const source = sourceOf(path);
        const value = JSON.stringify(valueAt(sections, path));
        const isShown = source !== undefined && !secretSections.includes(String(path[0]));
        const reads = !isShown || source === value ? "" : `: YAML reads it as ${value}`;
        return { path, source, message: `must be text, in quotes${reads}`, advice: "text" };
    });
    return [...keys, ...values];
}

/** Returns the paths of times, but not of the last day of an exception, which needs no quotes. */
function timesIn(value: unknown, path: readonly (string | number)[]): (string | number)[][] {
    if (typeof value === "string")
        return time.test(value) && path.join(".") !== "promoteFrom.severityException.expires"
            ? [[...path]]
            : [];
    if (Array.isArray(value)) return value.flatMap((one, index) => timesIn(one, [...path, index]));
    if (!isObject(value)) return [];
    return Object.entries(value).flatMap(([key, inner]) => timesIn(inner, [...path, key]));
}

/**
 * Returns the values and keys in a file that YAML does not read as text. The CLI may have read
 * another file: the values are compared with those that it passed on.
 */
function findUnquoted(text: string, sections: Readonly<Record<string, unknown>>): Unquoted[] {
    const document = parse(text);
    const config = document.get("config", true);
    if (document.errors.length > 0 || !yaml.isMap(config)) return [];
    return Object.entries(sections).flatMap(([section, value]) => {
        const node = config.get(`${namespace}:${section}`, true) ?? config.get(section, true);
        return unquotedIn(node, value, [section], document);
    });
}

function unquotedIn(
    given: unknown,
    value: unknown,
    path: readonly (string | number)[],
    document: yaml.Document,
): Unquoted[] {
    const node = yaml.isAlias(given) ? given.resolve(document) : given;
    if (yaml.isScalar(node)) {
        const isText = isQuoted(node) || (typeof value === "string" && value === node.source);
        return isText ? [] : [{ path, source: node.source ?? "", isKey: false }];
    }
    if (yaml.isSeq(node) && Array.isArray(value)) {
        return node.items.flatMap((item, index) =>
            unquotedIn(item, value[index], [...path, index], document),
        );
    }
    if (!yaml.isMap(node) || !isObject(value)) return [];
    return node.items.flatMap(({ key, value: inner }) => {
        const name = textOf(key);
        if (name === undefined || name === "<<") return [];
        if (Object.hasOwn(value, name))
            return unquotedIn(inner, value[name], [...path, name], document);
        return isQuoted(key) ? [] : [{ path: [...path, name], source: name, isKey: true }];
    });
}

function parse(text: string, lineCounter?: yaml.LineCounter) {
    return yaml.parseDocument(text, { logLevel: "silent", ...(lineCounter && { lineCounter }) });
}

function isMapping(node: unknown): boolean {
    return yaml.isMap(node) || yaml.isAlias(node);
}

function isQuoted(node: unknown): boolean {
    return yaml.isScalar(node) && node.type !== "PLAIN";
}

/** Returns a scalar's text in the file. */
function textOf(node: unknown): string | undefined {
    return yaml.isScalar(node) ? (node.source ?? String(node.value)) : undefined;
}
