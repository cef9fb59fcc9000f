import { codeBlock, type Documentation } from "./documentation.ts";
import { documented } from "./documented.ts";
import type {
    FunctionType,
    NamedType,
    ObjectType,
    PackageSchema,
    Property,
    ResourceType,
    TypeReference,
} from "./schema.ts";

/**
 * Renders the TypeScript classes and functions of the package from its schema, with the examples
 * and how to import.
 */
export function renderSdk(
    schema: PackageSchema,
    documentation: ReadonlyMap<string, Documentation>,
): string {
    const { types, provider, resources, functions } = documented(
        schema,
        documentation,
        withExample,
    );
    return [
        "// Generated from the resources and functions in this folder: npm run generate",
        'import * as pulumi from "@pulumi/pulumi";',
        ...Object.entries(types).map(([token, type]) => renderType(nameOf(token), type)),
        renderProvider(provider),
        ...Object.entries(resources).map(([token, type]) => renderResource(token, type)),
        ...Object.entries(functions).map(([token, type]) => renderFunction(token, type)),
    ].join("\n\n");
}

function withExample(description: string, { example, import: how }: Documentation): string {
    return [
        description,
        ...(how === undefined
            ? []
            : [`Import: \`${how.command}\`, the id being ${how.id}.`, ...how.unread]),
        `@example\n${codeBlock("ts", example.typescript)}`,
    ].join("\n\n");
}

function renderType(name: string, type: NamedType): string {
    if (type.enum !== undefined)
        return (
            `${doc(type)}export type ${name} = ` +
            `${type.enum.map(({ value }) => JSON.stringify(value)).join(" | ")};`
        );
    const args = renderArgs(`${name}Args`, type, type.properties ?? {}, type.required ?? []);
    return `${args}\n\n${renderResult(name, type)}`;
}

function renderProvider(provider: PackageSchema["provider"]): string {
    const type = { description: "The settings of a Provider." };
    return `${renderArgs("ProviderArgs", type, provider.inputProperties, [])}

${doc(provider)}export class Provider extends pulumi.ProviderResource {
    constructor(name: string, args: ProviderArgs = {}, opts?: pulumi.ResourceOptions) {
        super("quay", name, { ...args }, opts);
    }
}`;
}

function renderResource(token: string, type: ResourceType): string {
    const name = nameOf(token);
    const properties = type.properties ?? {};
    const outputs = Object.keys(properties).filter(
        (key) => !Object.hasOwn(type.inputProperties, key),
    );
    const secrets = Object.keys(properties).filter((key) => properties[key]?.secret === true);
    const declared = Object.entries(properties).map(
        ([key, property]) =>
            `${doc(property)}declare readonly ${key}: ` +
            `pulumi.Output<${resultType(property)}${optional(type, key)}>;`,
    );
    const known = Object.keys(properties).map((key) =>
        outputs.includes(key) ? `${key}: undefined` : `${key}: args?.${key}`,
    );
    const options =
        secrets.length === 0
            ? "opts"
            : `pulumi.mergeOptions({ additionalSecretOutputs: ${JSON.stringify(secrets)} }, opts)`;
    const args = { description: `The arguments of a new ${name}.` };
    return `${renderArgs(`${name}Args`, args, type.inputProperties, type.requiredInputs)}

${doc(type)}export class ${name} extends pulumi.CustomResource {
    ${declared.join("\n    ")}

    constructor(name: string, args: ${name}Args, opts?: pulumi.CustomResourceOptions);
    /** Reads an existing one by its id: see \`get\`. */
    constructor(
        name: string,
        args: undefined,
        opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> },
    );
    constructor(name: string, args: ${name}Args | undefined, opts?: pulumi.CustomResourceOptions) {
        super(${JSON.stringify(token)}, name, { ${known.join(", ")} }, ${options});
    }

    /** Reads an existing one, without managing it, by the id that \`pulumi import\` takes. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): ${name} {
        return new ${name}(name, undefined, { ...opts, id });
    }
}`;
}

function renderFunction(token: string, type: FunctionType): string {
    const name = nameOf(token);
    const pascal = `${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`;
    const { properties = {}, required = [] } = type.inputs;
    const plainArgs = fields(properties, required, (property) => resultType(property));
    const outputArgs = { description: `The arguments of ${name}Output.` };
    return `/** The arguments of ${name}. */
export interface ${pascal}Args {
    ${plainArgs}
}

${renderArgs(`${pascal}OutputArgs`, outputArgs, properties, required)}

${renderResult(`${pascal}Result`, { description: `The result of ${name}.`, ...type.outputs })}

${doc(type)}export function ${name}(
    args: ${pascal}Args,
    opts?: pulumi.InvokeOptions,
): Promise<${pascal}Result> {
    return pulumi.runtime.invoke(${JSON.stringify(token)}, { ...args }, opts ?? {});
}

${doc(type)}export function ${name}Output(
    args: ${pascal}OutputArgs,
    opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<${pascal}Result> {
    return pulumi.runtime.invokeOutput(${JSON.stringify(token)}, { ...args }, opts ?? {});
}`;
}

function renderArgs(
    name: string,
    description: { readonly description?: string },
    properties: Readonly<Record<string, Property>>,
    required: readonly string[],
): string {
    return `${doc(description)}export interface ${name} {
    ${fields(properties, required, inputType)}
}`;
}

function renderResult(name: string, type: ObjectType): string {
    return `${doc(type)}export interface ${name} {
    ${fields(type.properties ?? {}, type.required ?? [], resultType)}
}`;
}

function fields(
    properties: Readonly<Record<string, Property>>,
    required: readonly string[],
    typeOf: (property: Property) => string,
): string {
    return Object.entries(properties)
        .map(([key, property]) => {
            const given = required.includes(key);
            return (
                `${doc(property)}readonly ${key}${given ? "" : "?"}: ` +
                `${typeOf(property)}${given ? "" : " | undefined"};`
            );
        })
        .join("\n    ");
}

function optional(type: ObjectType, key: string): string {
    return type.required?.includes(key) === true ? "" : " | undefined";
}

function resultType(type: TypeReference): string {
    if (type.$ref !== undefined)
        return type.$ref.startsWith("pulumi.json") ? "unknown" : nameOf(type.$ref);
    if (type.type === "array") return `${resultType(type.items ?? {})}[]`;
    if (type.type === "object")
        return `Record<string, ${resultType(type.additionalProperties ?? {})}>`;
    return type.type === "integer" ? "number" : (type.type ?? "unknown");
}

function inputType(type: TypeReference): string {
    if (type.$ref?.startsWith("pulumi.json") === true) return "unknown";
    if (type.type === "array") return `pulumi.Input<readonly ${inputType(type.items ?? {})}[]>`;
    if (type.type === "object")
        return (
            "pulumi.Input<Readonly<Record<string, " +
            `${inputType(type.additionalProperties ?? {})}>>>`
        );
    return `pulumi.Input<${resultType(type)}>`;
}

/** \`quay:index:Robot\` and \`#/types/quay:index:Role\` → the last name. */
function nameOf(token: string): string {
    return token.slice(token.lastIndexOf(":") + 1);
}

function doc({
    description,
    default: value,
}: {
    readonly description?: string;
    readonly default?: unknown;
}): string {
    if (description === undefined) return "";
    const text =
        value === undefined ? description : `${description} Default: ${JSON.stringify(value)}.`;
    return `/** ${text.replaceAll("*/", "*\\/").split("\n").join("\n * ")} */\n    `;
}
