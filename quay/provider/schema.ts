import { z } from "zod";
import { functions } from "../functions/index.ts";
import { isSecret } from "../definition/shape.ts";
import { resources } from "../resources/index.ts";
import { settings } from "./settings.ts";
import { version } from "../api/version.ts";

/** The parts of Pulumi's package schema that this package uses. */
export interface PackageSchema {
    readonly name: string;
    readonly displayName: string;
    readonly version: string;
    readonly description: string;
    readonly keywords: readonly string[];
    readonly license: string;
    /** Generated SDKs are complete packages, of the schema's version. */
    readonly meta: { readonly supportPack: true };
    /** The names of SDKs: the same wherever the package was added from. */
    readonly language: Readonly<Record<"nodejs" | "python", { readonly packageName: string }>>;
    readonly config: { readonly variables: Readonly<Record<string, Property>> };
    readonly provider: ObjectType & {
        readonly inputProperties: Readonly<Record<string, Property>>;
    };
    readonly types: Readonly<Record<string, NamedType>>;
    readonly resources: Readonly<Record<string, ResourceType>>;
    readonly functions: Readonly<Record<string, FunctionType>>;
}

export interface TypeReference {
    readonly type?: "string" | "number" | "integer" | "boolean" | "array" | "object";
    readonly $ref?: string;
    readonly items?: TypeReference;
    readonly additionalProperties?: TypeReference;
}

export interface Property extends TypeReference {
    readonly description?: string;
    readonly default?: string | number | boolean;
    readonly secret?: boolean;
    readonly willReplaceOnChanges?: boolean;
}

export interface ObjectType {
    readonly description?: string;
    readonly properties?: Readonly<Record<string, Property>>;
    readonly required?: readonly string[];
}

export interface NamedType extends ObjectType {
    readonly type: "object" | "string";
    readonly enum?: readonly { readonly value: string }[];
}

export interface ResourceType extends ObjectType {
    readonly inputProperties: Readonly<Record<string, Property>>;
    readonly requiredInputs: readonly string[];
}

export interface FunctionType {
    readonly description: string;
    readonly inputs: ObjectType & { readonly type: "object" };
    readonly outputs: ObjectType & { readonly type: "object" };
}

/**
 * Returns the package schema: the source of the TypeScript classes and, with the examples (see
 * registrySchema.ts), the output of `pulumi package get-schema`.
 */
export function packageSchema(): PackageSchema {
    const types: Record<string, NamedType> = {};
    const provider = propertiesOf(settings, "input", types);
    return {
        name: "quay",
        displayName: "Quay",
        version,
        description:
            "Repositories, robot accounts, permissions, policies and promoted images on quay.io " +
            "and other Quay container registries.",
        keywords: ["quay", "container", "registry", "category/infrastructure", "kind/native"],
        license: "Apache-2.0",
        meta: { supportPack: true },
        language: {
            nodejs: { packageName: "pulumi-quay" },
            python: { packageName: "pulumi_quay" },
        },
        config: { variables: provider.properties },
        provider: {
            description:
                "A Quay and an account on it. The API token is read from an environment " +
                "variable (QUAY_TOKEN, or the one named in `tokenVariable`), never from the " +
                "program, so that it is in no state and no diff.",
            properties: provider.properties,
            inputProperties: provider.properties,
        },
        resources: Object.fromEntries(
            resources.map(({ name, description, schema: { fixed, changing, outputs } }) => {
                const inputs = propertiesOf({ ...fixed, ...changing }, "input", types);
                const state = propertiesOf({ ...fixed, ...changing, ...outputs }, "output", types);
                const type: ResourceType = {
                    description,
                    properties: state.properties,
                    required: state.required,
                    inputProperties: mapValues(inputs.properties, (property, key) =>
                        Object.hasOwn(fixed, key)
                            ? { ...property, willReplaceOnChanges: true }
                            : property,
                    ),
                    requiredInputs: inputs.required,
                };
                return [`quay:index:${name}`, type];
            }),
        ),
        functions: Object.fromEntries(
            functions.map(({ name, description, schema: { inputs, outputs } }) => {
                const type: FunctionType = {
                    description,
                    inputs: { type: "object", ...propertiesOf(inputs, "input", types) },
                    outputs: { type: "object", ...propertiesOf(outputs, "output", types) },
                };
                return [`quay:index:${name}`, type];
            }),
        ),
        types,
    };
}

interface Properties {
    readonly properties: Readonly<Record<string, Property>>;
    readonly required: readonly string[];
}

/** Converts properties to Pulumi's schema. Adds named types to `types`. */
function propertiesOf(
    shape: z.ZodRawShape,
    io: "input" | "output",
    types: Record<string, NamedType>,
): Properties {
    const schema = z.toJSONSchema(z.object(shape), {
        io,
        unrepresentable: "any",
        target: "draft-7",
    });
    for (const [name, definition] of new Map<string, unknown>(
        Object.entries(schema.definitions ?? {}),
    )) {
        if (isSchema(definition)) types[`quay:index:${name}`] ??= namedType(name, definition);
    }
    return {
        properties: mapValues(schema.properties ?? {}, (property, key) =>
            described(propertyOf(isSchema(property) ? property : {}, isSecret(shape[key])), types),
        ),
        required: schema.required ?? [],
    };
}

/** Uses the type's description for a property without its own. */
function described(property: Property, types: Readonly<Record<string, NamedType>>): Property {
    const description =
        property.description ?? types[property.$ref?.replace("#/types/", "") ?? ""]?.description;
    return description === undefined ? property : { ...property, description };
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

function namedType(
    name: string,
    { description = name, enum: values, properties = {}, required = [] }: JsonSchema,
): NamedType {
    if (values !== undefined)
        return {
            type: "string",
            description,
            enum: values.map((value) => ({ value: String(value) })),
        };
    return {
        type: "object",
        description,
        properties: mapValues(properties, (property) =>
            propertyOf(isSchema(property) ? property : {}, false),
        ),
        ...(required.length > 0 && { required }),
    };
}

function propertyOf(schema: JsonSchema, secret: boolean): Property {
    const { description, default: value } = schema;
    return {
        ...typeOf(schema),
        ...(description === undefined ? {} : { description }),
        ...(typeof value === "string" || typeof value === "number" || typeof value === "boolean"
            ? { default: value }
            : {}),
        ...(secret ? { secret } : {}),
    };
}

function typeOf(schema: JsonSchema): TypeReference {
    const named = schema.$ref ?? schema.allOf?.[0]?.$ref;
    if (named !== undefined)
        return { $ref: named.replace("#/definitions/", "#/types/quay:index:") };
    const { type, items, additionalProperties } = schema;
    switch (type) {
        case "array":
            return { type, items: typeOf(isSchema(items) ? items : {}) };
        case "object":
            return {
                type,
                additionalProperties: typeOf(
                    isSchema(additionalProperties) ? additionalProperties : {},
                ),
            };
        case "string":
        case "number":
        case "integer":
        case "boolean":
            return { type };
        case undefined:
            if (schema.anyOf === undefined) return { $ref: "pulumi.json#/Any" };
    }
    throw new Error(`Pulumi's schema has nothing for ${JSON.stringify(schema)}`);
}

function isSchema(value: unknown): value is JsonSchema {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

function mapValues<From, To>(
    object: Readonly<Record<string, From>>,
    change: (value: From, key: string) => To,
): Record<string, To> {
    return Object.fromEntries(
        Object.entries(object).map(([key, value]) => [key, change(value, key)]),
    );
}
