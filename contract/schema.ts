import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { format, resolveConfig } from "prettier";
import { z } from "zod";
import { stackOutputs } from "./outputs.ts";

/** The path of the contract as JSON Schema, for consumers in other languages. */
export const schemaFile = join(import.meta.dirname, "outputs.schema.json");

/** Returns the file's text. It allows unknown fields: a later program may export more. */
export async function generateContract(): Promise<string> {
    const schema = JSON.stringify(z.toJSONSchema(stackOutputs, { io: "input" }));
    return format(schema, { ...(await resolveConfig(schemaFile)), parser: "json" });
}

/** The parts of a schema that matter for compatibility. */
const schema = z.object({
    oneOf: z.array(
        z.object({
            properties: z.record(z.string(), z.looseObject({ const: z.unknown().optional() })),
            required: z.array(z.string()),
        }),
    ),
});

/**
 * Returns the changes that break consumers of the old schema: fields that were removed, changed or
 * made optional, and new required ones, which stacks deployed before do not have. None if
 * `schemaVersion` was raised.
 *
 * @param before the text of the checked-in schema.
 * @param after the text of the new schema.
 */
export function breakingChanges(before: string, after: string): string[] {
    const [olds, news] = [fieldsByKind(before), fieldsByKind(after)];
    if (versionOf(news) > versionOf(olds)) return [];
    return [...olds].flatMap(([kind, old]) => {
        const now = news.get(kind);
        if (now === undefined) return [`the kind "${kind}" is gone`];
        const names = new Set([...old.keys(), ...now.keys()]);
        return [...names].flatMap((name) => {
            const problem = findBreakingChange(old.get(name), now.get(name));
            return problem === undefined ? [] : [`${kind}: "${name}" ${problem}`];
        });
    });
}

function findBreakingChange(
    before: Field | undefined,
    after: Field | undefined,
): string | undefined {
    if (after === undefined) return "is gone";
    if (before === undefined) return after.required ? "is new and required" : undefined;
    if (!isDeepStrictEqual(before.form, after.form)) return "has another form";
    if (before.required === after.required) return undefined;
    return after.required ? "is now required" : "is no longer required";
}

interface Field {
    /** The field's JSON Schema, without its description. */
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
