import { codeBlock, type Documentation, type Example } from "./documentation.ts";
import { documented } from "./documented.ts";
import type { PackageSchema } from "./schema.ts";

/**
 * Adds the examples and how to import to the descriptions, in the form of the Pulumi Registry. The
 * generators of SDKs keep the example of their language.
 */
export function registrySchema(
    schema: PackageSchema,
    documentation: ReadonlyMap<string, Documentation>,
): PackageSchema {
    return documented(schema, documentation, describe);
}

function describe(description: string, { example, import: how }: Documentation): string {
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
