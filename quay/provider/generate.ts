import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { readDocumentation } from "./documentation.ts";
import { renderPages } from "./pages.ts";
import { registrySchema } from "./registrySchema.ts";
import { packageSchema } from "./schema.ts";
import { renderSdk } from "./sdk.ts";

/**
 * Returns the generated files by path: the schema, the TypeScript classes made from it, and a page
 * for each resource and function.
 */
export async function generateSdk(): Promise<ReadonlyMap<string, string>> {
    const schema = packageSchema();
    const documentation = readDocumentation();
    const files = [
        ["sdk/schema.json", JSON.stringify(registrySchema(schema, documentation))] as const,
        ["sdk/index.ts", renderSdk(schema, documentation)] as const,
        ...[...renderPages(schema, documentation)].map(
            ([name, text]) => [`docs/${name}`, text] as const,
        ),
    ];
    return new Map(
        await Promise.all(
            files.map(async ([name, text]) => {
                const filepath = join(import.meta.dirname, "..", name);
                const options = await resolveConfig(filepath, { editorconfig: true });
                return [filepath, await format(text, { ...options, filepath })] as const;
            }),
        ),
    );
}
