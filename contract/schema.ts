import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { format, resolveConfig } from "prettier";
import { z } from "zod";
import { stackOutputs } from "./outputs.ts";

/** The contract as JSON Schema, for whoever reads the outputs in another language. */
export const schemaFile = join(import.meta.dirname, "outputs.schema.json");

/** The file's text. It does not forbid fields that it does not know: a later program may export more. */
export async function generateContract(): Promise<string> {
    const schema = JSON.stringify(z.toJSONSchema(stackOutputs, { io: "input" }));
    return format(schema, { ...(await resolveConfig(schemaFile)), parser: "json" });
}

/** A schema, as far as compatibility goes. */
const schema = z.object({
    oneOf: z.array(
        z.object({
            properties: z.record(z.string(), z.looseObject({ const: z.unknown().optional() })),
            required: z.array(z.string()),
        }),
    ),
});

/**
 * What consumers of the old schema would notice: a field that is gone, has another form or may be missing; and one that has to be there, but
 * is not where a stack was deployed before. A new `schemaVersion` allows it all.
 *
 * @param before the checked-in text, after the new one.
 */
export function breakingChanges(before: string, after: string): string[] {
    const [olds, news] = [fieldsByKind(before), fieldsByKind(after)];
    if (versionOf(news) > versionOf(olds)) return [];
    return [...olds].flatMap(([kind, old]) => {
        const now = news.get(kind);
        if (now === undefined) return [`the kind "${kind}" is gone`];
        const names = new Set([...old.keys(), ...now.keys()]);
        return [...names].flatMap((name) => {
            const problem = breakOf(old.get(name), now.get(name));
            return problem === undefined ? [] : [`${kind}: "${name}" ${problem}`];
        });
    });
}

function breakOf(before: Field | undefined, after: Field | undefined): string | undefined {
    if (after === undefined) return "is gone";
    if (before === undefined) return after.required ? "is new and required" : undefined;
    if (!isDeepStrictEqual(before.form, after.form)) return "has another form";
    if (before.required === after.required) return undefined;
    return after.required ? "is now required" : "is no longer required";
}

interface Field {
    /** What JSON Schema says about its value, without the words for people. */
    readonly form: { readonly const?: unknown; readonly description?: unknown };
    readonly required: boolean;
}
type Fields = ReadonlyMap<string, Field>;

function fieldsByKind(text: string): ReadonlyMap<string, Fields> {
    return new Map(
        schema.parse(JSON.parse(text)).oneOf.map(({ properties, required }) => {
            const fields = Object.entries(properties).map(([name, form]): [string, Field] => {
                return [
                    name,
                    {
                        form: { ...form, description: undefined },
                        required: required.includes(name),
                    },
                ];
            });
            return [String(properties["kind"]?.const), new Map(fields)];
        }),
    );
}

function versionOf(kinds: ReadonlyMap<string, Fields>): number {
    return Math.max(
        ...[...kinds.values()].map((fields) => Number(fields.get("schemaVersion")?.form.const)),
    );
}
