import { type Documentation, providerToken } from "./documentation.ts";
import type { ObjectType, PackageSchema } from "./schema.ts";

/**
 * Returns a schema with other descriptions of the provider, its resources and its functions, where
 * they have a documentation.
 *
 * @param documentation by token.
 * @param describe returns a description that also has the documentation.
 */
export function documented(
    schema: PackageSchema,
    documentation: ReadonlyMap<string, Documentation>,
    describe: (description: string, documentation: Documentation) => string,
): PackageSchema {
    const one = <Type extends ObjectType>(token: string, type: Type): Type => {
        const found = documentation.get(token);
        if (found === undefined) return type;
        return { ...type, description: describe(type.description ?? "", found) };
    };
    const all = <Type extends ObjectType>(
        types: Readonly<Record<string, Type>>,
    ): Record<string, Type> =>
        Object.fromEntries(Object.entries(types).map(([token, type]) => [token, one(token, type)]));
    return {
        ...schema,
        provider: one(providerToken, schema.provider),
        resources: all(schema.resources),
        functions: all(schema.functions),
    };
}
