import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { lte } from "semver";
import { z } from "zod";
import { UserError } from "../../components/messages/userError.ts";
import { untold } from "./changelog.ts";
import { breakingChanges, mayBreak, type ReleasedSchema } from "./compatibility.ts";
import type { NamedType, ObjectType, Property, TypeReference } from "../../quay/provider/schema.ts";

/** The schema of the last release, without descriptions: what later versions are compared with. */
export const baselineFile = join(import.meta.dirname, "schema.json");

const reference: z.ZodType<TypeReference> = z.object({
    type: z.enum(["string", "number", "integer", "boolean", "array", "object"]).exactOptional(),
    $ref: z.string().exactOptional(),
    get items() {
        return reference.exactOptional();
    },
    get additionalProperties() {
        return reference.exactOptional();
    },
});
const property: z.ZodType<Property> = reference.and(
    z.object({
        default: z.union([z.string(), z.number(), z.boolean()]).exactOptional(),
        willReplaceOnChanges: z.boolean().exactOptional(),
    }),
);
const properties = z.record(z.string(), property);
const object = z.object({
    properties: properties.exactOptional(),
    required: z.array(z.string()).exactOptional(),
}) satisfies z.ZodType<ObjectType>;
const namedType: z.ZodType<NamedType> = object.extend({
    type: z.enum(["object", "string"]),
    enum: z.array(z.object({ value: z.string() })).exactOptional(),
});
const side = object.extend({ type: z.literal("object") });
const schema: z.ZodType<ReleasedSchema> = z.object({
    version: z.string(),
    provider: object.extend({ inputProperties: properties }),
    types: z.record(z.string(), namedType),
    resources: z.record(
        z.string(),
        object.extend({ inputProperties: properties, requiredInputs: z.array(z.string()) }),
    ),
    functions: z.record(z.string(), z.object({ inputs: side, outputs: side })),
});

/** Reads the schema of the last release. */
export function readBaseline(): ReleasedSchema {
    return schema.parse(JSON.parse(readFileSync(baselineFile, "utf8")));
}

/**
 * Checks that no change breaks programs of the last release unseen: the version has to say that it
 * may, and the changelog what breaks.
 *
 * @param changelog Default: the text of CHANGELOG.md.
 * @throws UserError with a line for each change that is refused.
 */
export function requireCompatible(
    now: ReleasedSchema,
    changelog = readFileSync(join(import.meta.dirname, "../../CHANGELOG.md"), "utf8"),
): void {
    const released = readBaseline();
    const { version } = released;
    const broken = breakingChanges(released, now);
    if (!mayBreak(version, now.version) && broken.length > 0)
        throw new UserError(
            `This change of the Quay provider breaks programs that were written for ${version}:` +
                `\n  ${broken.join("\n  ")}\n` +
                "Undo it, or raise the version for it (docs/changing.md).",
        );
    const missing = untold(broken, changelog, version);
    if (missing.length > 0)
        throw new UserError(
            `This change of the Quay provider breaks programs that were written for ${version}. ` +
                'Undo it, or add to CHANGELOG.md, under "Unreleased" and there "Changed":\n' +
                missing.map((line) => `- ${line}.`).join("\n"),
        );
}

/**
 * Stores the schema of a release.
 *
 * @throws UserError if it breaks programs of the release before, or its version is not a newer one.
 */
export async function storeBaseline(now: ReleasedSchema): Promise<void> {
    requireCompatible(now);
    const { version } = readBaseline();
    if (lte(now.version, version))
        throw new UserError(
            `The schema of ${version} is stored, and ${now.version} is no newer version: ` +
                "raise it first.",
        );
    const text = JSON.stringify(schema.parse(now));
    const options = await resolveConfig(baselineFile);
    writeFileSync(baselineFile, await format(text, { ...options, parser: "json" }));
}
