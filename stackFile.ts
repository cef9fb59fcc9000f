import { existsSync, readFileSync } from "node:fs";
import { parseDocument } from "yaml";
import { z } from "zod";

const stackFile = z.object({ config: z.record(z.string(), z.unknown()).default({}) });

/**
 * Reads the configuration of a stack from its Pulumi.<stack>.yaml in the working directory: the
 * values by key, `mlops:service` → its object. Empty where there is no such file or it cannot be
 * parsed: the stack's own preview reports that.
 */
export function readStackFile(stack: string): Readonly<Record<string, unknown>> {
    const file = `Pulumi.${stack}.yaml`;
    if (!existsSync(file)) return {};
    const document = parseDocument(readFileSync(file, "utf8"));
    if (document.errors.length > 0) return {};
    return stackFile.safeParse(document.toJS()).data?.config ?? {};
}
