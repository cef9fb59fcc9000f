import { z } from "zod";
import { hasSecret, Secret, toValue, unknown } from "./values.ts";
import type { Properties } from "./values.ts";

declare module "zod" {
    interface GlobalMeta {
        /** The property is a secret: encrypted in the state, never shown. */
        secret?: boolean;
        /** A wrong value is not shown in the error: it may be a secret by mistake. */
        concealed?: boolean;
    }
}

/** The values of the properties. */
export type Of<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape>>;
/**
 * Converts values to properties. Secret are those that the schema or the original properties mark.
 */
export function wrap(shape: z.ZodRawShape, values: object, like: Properties): Properties {
    const entries = Object.entries(values).flatMap(([key, value]: [string, unknown]) => {
        if (value === undefined || !Object.hasOwn(shape, key)) return [];
        const converted = value === unknown ? unknown : toValue(value);
        const original = Object.hasOwn(like, key) ? like[key] : undefined;
        const secret = isSecret(shape[key]) || (original !== undefined && hasSecret(original));
        return [[key, secret ? new Secret(converted) : converted] as const];
    });
    return Object.fromEntries(entries);
}

/** Whether an error must not show a value of this schema. */
export function isConcealed(schema: z.core.$ZodType): boolean {
    return isSecret(schema) || z.globalRegistry.get(schema)?.concealed === true;
}

/** Whether the schema marks the property as a secret. */
export function isSecret(schema: z.core.$ZodType | undefined): boolean {
    return schema !== undefined && z.globalRegistry.get(schema)?.secret === true;
}
