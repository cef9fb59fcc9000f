import { z } from "zod";
import { isConcealed, isSecret } from "./shape.ts";
import {
    hasSecret,
    hasUnknown,
    isList,
    isObject,
    plain,
    propertyPath,
    Secret,
    toValue,
} from "./values.ts";
import type { Properties, Value } from "./values.ts";

export interface Checked {
    readonly inputs: Properties;
    readonly failures: readonly string[];
}

/** Checks each property on its own and fills in defaults. Unknown values pass. */
export function checkProperties(shape: z.ZodRawShape, properties: Properties): Checked {
    const failures: string[] = [];
    const inputs: Record<string, Value> = {};
    for (const key of Object.keys(properties)) {
        // The engine adds properties of its own (__internal, __defaults).
        if (Object.hasOwn(shape, key) || key.startsWith("__")) continue;
        failures.push(`there is no property "${key}". It has: ${Object.keys(shape).join(", ")}.`);
    }
    for (const [key, schema] of Object.entries(shape)) {
        const given = Object.hasOwn(properties, key) ? properties[key] : undefined;
        if (given !== undefined && hasUnknown(given)) {
            inputs[key] = given;
            continue;
        }
        const value = given === undefined || given === null ? undefined : plain(given);
        const result = z.safeParse(schema, value);
        const secret = isSecret(schema) || (given !== undefined && hasSecret(given));
        if (!result.success) {
            const concealed = secret || isConcealed(schema);
            failures.push(
                ...result.error.issues.map((issue) => explain(key, value, issue, concealed)),
            );
        } else if (result.data !== undefined) {
            const checked = toValue(result.data);
            inputs[key] = secret ? new Secret(checked) : checked;
        }
    }
    return { inputs, failures };
}

function explain(
    key: string,
    value: Value | undefined,
    issue: z.core.$ZodIssue,
    concealed: boolean,
): string {
    if (value === undefined) return `"${key}" must be set.`;
    const path = propertyPath([key, ...issue.path]);
    const at = issue.path.reduce<Value | undefined>(
        (inner, step) =>
            isList(inner) ? inner[Number(step)] : isObject(inner) ? inner[String(step)] : undefined,
        value,
    );
    const shown = concealed ? "[secret]" : JSON.stringify(at);
    return at === undefined ? `"${path}" must be set.` : `"${path}" = ${shown}: ${issue.message}`;
}
