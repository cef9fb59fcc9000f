import { codeBlock, providerToken } from "./documentation.ts";
import type { Documentation, Example } from "./documentation.ts";
import type { ObjectType, PackageSchema } from "./schema.ts";

/**
 * Adds the examples and how to import to the descriptions, in the form of the Pulumi Registry. The
 * generators of SDKs keep the example of their language.
 */
export function registrySchema(
    schema: PackageSchema,
    documentation: ReadonlyMap<string, Documentation>,
): PackageSchema {
    const described = <Type extends ObjectType>(token: string, type: Type): Type => ({
        ...type,
        description: describe(type.description ?? "", documentation.get(token)),
    });
    const all = <Type extends ObjectType>(
        types: Readonly<Record<string, Type>>,
    ): Record<string, Type> =>
        Object.fromEntries(
            Object.entries(types).map(([token, type]) => [token, described(token, type)]),
        );
    return {
        ...schema,
        provider: described(providerToken, schema.provider),
        resources: all(schema.resources),
        functions: all(schema.functions),
    };
}

function describe(description: string, documentation: Documentation | undefined): string {
    if (documentation === undefined) return description;
    const { example, import: how } = documentation;
    const parts = [description, examples(example)];
    if (how !== undefined)
        parts.push(
            "## Import",
            `The id is ${how.id}.`,
            codeBlock("sh", `$ ${how.command}`),
            ...how.unread,
        );
    return `${parts.join("\n\n")}\n`;
}

function examples(example: Example): string {
    const blocks = Object.entries(example).map(([language, text]: [string, string]) =>
        codeBlock(language, text),
    );
    return [
        "{{% examples %}}\n## Example Usage\n{{% example %}}",
        ...blocks,
        "{{% /example %}}\n{{% /examples %}}",
    ].join("\n\n");
}
