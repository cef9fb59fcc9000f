import { codeBlock, providerToken } from "./documentation.ts";
import type { Documentation } from "./documentation.ts";
import type {
    FunctionType,
    NamedType,
    ObjectType,
    PackageSchema,
    Property,
    ResourceType,
    TypeReference,
} from "./schema.ts";

type Types = PackageSchema["types"];

const note = "<!-- Generated from resources/, functions/ and examples/quay/. -->";

/**
 * Renders a page in Markdown for the provider, each resource and each function, and their index.
 *
 * @returns them by file name
 */
export function renderPages(
    schema: PackageSchema,
    documentation: ReadonlyMap<string, Documentation>,
): ReadonlyMap<string, string> {
    const { provider, resources, functions, types } = schema;
    const page = (
        token: string,
        render: (given: Documentation) => readonly string[],
        name = nameOf(token),
    ) => {
        const given = documentation.get(token);
        if (given === undefined) throw new Error(`${token} has no documentation`);
        return [`${name}.md`, [note, `# ${name}`, ...render(given)].join("\n\n")] as const;
    };
    return new Map([
        page(providerToken, (given) => providerPage(provider, given, types), "Provider"),
        ...Object.entries(resources).map(([token, type]) =>
            page(token, (given) => resourcePage(type, given, types)),
        ),
        ...Object.entries(functions).map(([token, type]) =>
            page(token, (given) => functionPage(type, given, types)),
        ),
        ["README.md", indexPage(schema)],
    ]);
}

/** Renders the page that GitHub shows of the folder: _index.md is in the Registry's form. */
function indexPage({ resources, functions }: PackageSchema): string {
    const links = (types: Readonly<Record<string, { readonly description?: string }>>) =>
        Object.entries(types)
            .map(([token, { description = "" }]) => {
                const [sentence = ""] = /^.*?\.(?= |$)/s.exec(description) ?? [];
                return `- [${nameOf(token)}](${nameOf(token)}.md): ${sentence}`;
            })
            .join("\n");
    return [
        note,
        "# The Quay provider's resources and functions",
        "Each page has an example in TypeScript, Python and YAML, the inputs, the outputs, and " +
            "how to import a resource. Start with [installation and configuration]" +
            "(installation-configuration.md). A second Quay or account in one program needs a " +
            "[Provider](Provider.md). [Compared](compared.md) has the other tools for Quay.",
        "## Resources",
        links(resources),
        "## Functions",
        links(functions),
    ].join("\n\n");
}

function providerPage(
    { description = "", inputProperties }: PackageSchema["provider"],
    given: Documentation,
    types: Types,
): string[] {
    const inputs = list({ properties: inputProperties }, types, true);
    return [description, ...example(given), "## Inputs", inputs];
}

function resourcePage(type: ResourceType, given: Documentation, types: Types): string[] {
    const { properties = {}, inputProperties, requiredInputs } = type;
    const outputs = Object.entries(properties).filter(
        ([key]) => !Object.hasOwn(inputProperties, key),
    );
    const { command = "", id = "", unread = [] } = given.import ?? {};
    return [
        type.description ?? "",
        ...example(given),
        "## Import",
        codeBlock("sh", command),
        `NAME is the name in your program. The id is ${id}.`,
        ...unread,
        "## Inputs",
        list({ properties: inputProperties, required: requiredInputs }, types, true),
        "## Outputs",
        "All inputs are outputs, too." + (outputs.length > 0 ? " The others:" : ""),
        list({ properties: Object.fromEntries(outputs) }, types),
    ];
}

function functionPage(
    { description, inputs, outputs }: FunctionType,
    given: Documentation,
    types: Types,
): string[] {
    return [
        description,
        ...example(given),
        "## Inputs",
        list(inputs, types, true),
        "## Outputs",
        list(outputs, types),
    ];
}

function example({ example: { typescript, python, yaml } }: Documentation): string[] {
    return [
        "## Example",
        "TypeScript:",
        codeBlock("ts", typescript),
        "Python:",
        codeBlock("python", python),
        "YAML:",
        codeBlock("yaml", yaml),
    ];
}

/** Renders a list of properties. Those of an object are a list below it. */
function list({ properties = {}, required = [] }: ObjectType, types: Types, given = false): string {
    return Object.entries(properties)
        .map(([key, property]) => {
            const named = types[(referenceOf(property) ?? "").replace("#/types/", "")];
            const notes = [
                typeOf(property, named),
                ...(given ? [required.includes(key) ? "required" : defaultOf(property)] : []),
                ...(property.willReplaceOnChanges === true ? ["a change replaces"] : []),
                ...(property.secret === true ? ["secret"] : []),
            ];
            const item = `- **\`${key}\`** (${notes.join(", ")}): ${property.description ?? ""}`;
            const inner = named?.properties === undefined ? "" : list(named, types, given);
            return [item, ...inner.split("\n").filter(Boolean)].join("\n  ");
        })
        .join("\n");
}

function nameOf(token: string): string {
    return token.slice(token.lastIndexOf(":") + 1);
}

function defaultOf({ default: value }: Property): string {
    return value === undefined ? "optional" : `default \`${JSON.stringify(value)}\``;
}

function referenceOf({ $ref, items, additionalProperties }: TypeReference): string | undefined {
    return $ref ?? (items ?? additionalProperties)?.$ref;
}

function typeOf(type: TypeReference, named: NamedType | undefined): string {
    if (type.items !== undefined) return `list of ${typeOf(type.items, named)}`;
    if (type.additionalProperties !== undefined)
        return `map of ${typeOf(type.additionalProperties, named)}`;
    if (type.$ref === undefined) return type.type ?? "any";
    if (named?.enum === undefined) return named === undefined ? "any" : "object";
    return named.enum.map(({ value }) => `\`"${value}"\``).join(" or ");
}
