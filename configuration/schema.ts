/** The JSON Schema of a stack's file, with which editors complete and check its keys. */
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { z } from "zod";
import { stackConfig } from "./stackConfig.ts";
import { topKeys } from "./file.ts";
import { secretName } from "../components/workflow/names.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Where the schema is. The first line of each `Pulumi.<stack>.yaml` refers to it. */
export const schemaFile = join(import.meta.dirname, "../Pulumi.schema.json");

/** Keys of other programs that this project uses; any others are allowed too. */
const otherKeys = {
    "github:owner": {
        type: "string",
        description:
            "The user or organization that owns the GitHub repository. Default: GITHUB_OWNER.",
    },
    "quay:url": {
        type: "string",
        description: "The URL of a Quay of your own. Default: QUAY_URL, else https://quay.io.",
    },
} as const;

/** How the file of a stack has a secret: `pulumi config set --secret` writes it. */
const secret: JsonSchema = {
    type: "object",
    properties: { secure: { type: "string", description: "An encrypted value." } },
    required: ["secure"],
    additionalProperties: false,
};

/** Returns the text of the schema's file. */
export async function generateSchema(): Promise<string> {
    const schema: JsonSchema = {
        $schema: "http://json-schema.org/draft-07/schema#",
        title: "A stack's configuration, Pulumi.<stack>.yaml",
        type: "object",
        properties: {
            ...Object.fromEntries(topKeys.map((key) => [key, {}])),
            config: { anyOf: stackConfig.options.map((kind) => configOf(kind)) },
        },
        additionalProperties: false,
    };
    return format(JSON.stringify(schema), {
        ...(await resolveConfig(schemaFile)),
        parser: "json",
    });
}

/** Returns the schema of `config` for one kind of stack. */
export function configOf(kind: (typeof stackConfig.options)[number]): JsonSchema {
    const { properties = {}, required = [] } = z.toJSONSchema(kind, {
        io: "input",
        target: "draft-07",
        override: ({ zodSchema, jsonSchema }) => {
            // The program puts null in the place of `none`: see sections/oauth2.ts.
            if (jsonSchema.anyOf !== undefined) {
                jsonSchema.anyOf = jsonSchema.anyOf.map((option) =>
                    option.type === "null" ? { const: "none" } : option,
                );
            }
            // It accepts both letter cases, which a pattern of JSON Schema cannot express.
            if (zodSchema === secretName) delete jsonSchema.pattern;
            if (zodSchema === kind.shape.env.unwrap()) {
                jsonSchema.additionalProperties = { anyOf: [{ type: "string" }, secret] };
            }
        },
    });
    const sections = Object.entries(properties).filter(([name]) => name !== "kind");
    return {
        type: "object",
        properties: {
            ...Object.fromEntries(sections.map(([name, section]) => [`mlops:${name}`, section])),
            ...otherKeys,
        },
        required: required.filter((name) => name !== "kind").map((name) => `mlops:${name}`),
        patternProperties: { "^(?!mlops:)": {} },
        additionalProperties: false,
    };
}
