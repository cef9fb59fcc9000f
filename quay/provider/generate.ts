import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { runCommand } from "../../operations/commandLine.ts";
import { packageSchema } from "./schema.ts";
import { renderSdk } from "./sdk.ts";

/** The generated files by name: the schema, and the TypeScript classes made of it. */
export async function generate(): Promise<Readonly<Record<"schema.json" | "index.ts", string>>> {
    const schema = packageSchema();
    const formatted = async (file: string, text: string) => {
        const filepath = join(import.meta.dirname, file);
        return format(text, {
            ...(await resolveConfig(filepath, { editorconfig: true })),
            filepath,
        });
    };
    return {
        "schema.json": await formatted("schema.json", JSON.stringify(schema)),
        "index.ts": await formatted("index.ts", renderSdk(schema)),
    };
}

const usage = `Writes quay/sdk/schema.json and quay/sdk/index.ts from the provider's definitions.

  node quay/provider/generate.ts

  --help   this text`;

if (import.meta.main)
    await runCommand({ usage, options: {} }, async () => {
        for (const [file, text] of Object.entries(await generate()))
            writeFileSync(join(import.meta.dirname, file), text);
    });
