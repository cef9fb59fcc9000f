import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { packageSchema } from "./schema.ts";
import { renderSdk } from "./sdk.ts";

/** Returns the generated files by path: the schema, and the TypeScript classes made from it. */
export async function generateSdk(): Promise<ReadonlyMap<string, string>> {
    const schema = packageSchema();
    const files = { "schema.json": JSON.stringify(schema), "index.ts": renderSdk(schema) };
    return new Map(
        await Promise.all(
            Object.entries(files).map(async ([name, text]) => {
                const filepath = join(import.meta.dirname, "../sdk", name);
                const options = await resolveConfig(filepath, { editorconfig: true });
                return [filepath, await format(text, { ...options, filepath })] as const;
            }),
        ),
    );
}
