/** The README's list of all configuration keys. */
import type { z } from "zod";
import { stackConfig } from "./stackConfig.ts";
import { configOf } from "./schema.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** A key: its description, and the keys within its value by their path: `.keep`, `[].keep`. */
interface Key {
    readonly description: string;
    readonly keys: Keys;
}
type Keys = Map<string, Key>;

const begin = "<!-- The configuration keys, written by npm run generate -->";
const end = "<!-- The end of the configuration keys -->";

/**
 * Returns a page with the list of keys between its two markers.
 *
 * @throws Error where the page does not have them.
 */
export function withKeyList(page: string): string {
    const [before, rest, ...more] = page.split(begin);
    const [, after, ...others] = rest?.split(end) ?? [];
    if (before === undefined || after === undefined || more.length + others.length > 0)
        throw new Error(`The page must have ${begin} and ${end}, once each.`);
    return `${before}${begin}\n\n${keyList()}\n\n${end}${after}`;
}

/** An item for each key, in lines of at most 100 columns. */
function keyList(): string {
    const keys: Keys = new Map();
    for (const kind of stackConfig.options) collect(configOf(kind), keys, "");
    // Keys of other programs come last.
    const isOwn = (name: string): boolean => name.startsWith("mlops:");
    const ordered = [...keys].sort(([one], [other]) => Number(isOwn(other)) - Number(isOwn(one)));
    return linesOf(new Map(ordered)).join("\n");
}

/** Adds the keys of a value to those that other kinds of stacks have. */
function collect(schema: JsonSchema, keys: Keys, prefix = "."): void {
    for (const [key, value] of Object.entries(schema.properties ?? {})) {
        if (typeof value === "boolean") continue;
        const name = `${prefix}${key}`;
        const { description = "" } = value;
        const collected = keys.get(name) ?? { description, keys: new Map<string, Key>() };
        keys.set(name, collected);
        collect(value, collected.keys);
    }
    const { anyOf = [], oneOf = [], items } = schema;
    for (const option of [...anyOf, ...oneOf])
        if (typeof option === "object") collect(option, keys, prefix);
    if (typeof items === "object" && !Array.isArray(items)) collect(items, keys, "[].");
}

function linesOf(keys: Keys, parent = ""): string[] {
    return [...keys].flatMap(([name, key]) => {
        const path = `${parent}${name}`;
        return [...itemOf(`\`${path}\`: ${key.description}`), ...linesOf(key.keys, path)];
    });
}

/**
 * Breaks an item of a list into lines, but neither within code nor before `8080.`, which would
 * begin a numbered list.
 */
function itemOf(text: string): string[] {
    const lines: string[] = [];
    let line = "-";
    for (const word of text.match(/(?:`[^`]*`|\S)+(?: \d+\.)?/g) ?? []) {
        if (line.length + 1 + word.length <= 100) {
            line += ` ${word}`;
            continue;
        }
        lines.push(line);
        line = `  ${word}`;
    }
    return [...lines, line];
}
