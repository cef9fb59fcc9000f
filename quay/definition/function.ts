import { z } from "zod";
import { checkProperties } from "./check.ts";
import type { Context } from "./context.ts";
import { wrap } from "./shape.ts";
import type { Of } from "./shape.ts";
import { plain } from "./values.ts";
import type { Properties } from "./values.ts";

/** The definition of a function in its file. */
export interface FunctionDefinition<Inputs extends z.ZodRawShape, Outputs extends z.ZodRawShape> {
    /** `getTag` for the token `quay:index:getTag`. */
    readonly name: string;
    readonly description: string;
    readonly inputs: Inputs;
    readonly outputs: Outputs;
    readonly invoke: (inputs: Of<Inputs>, context: Context) => Promise<Of<Outputs>>;
}

/** A function as used by the provider protocol. */
export interface Func {
    readonly name: string;
    readonly description: string;
    readonly schema: { readonly inputs: z.ZodRawShape; readonly outputs: z.ZodRawShape };
    invoke(
        inputs: Properties,
        context: Context,
    ): Promise<{ outputs: Properties; failures: readonly string[] }>;
}

/** Makes a function from its definition. */
export function func<Inputs extends z.ZodRawShape, Outputs extends z.ZodRawShape>(
    definition: FunctionDefinition<Inputs, Outputs>,
): Func {
    const { name, description, inputs, outputs } = definition;
    return {
        name,
        description,
        schema: { inputs, outputs },
        async invoke(args, context) {
            const { inputs: checked, failures } = checkProperties(inputs, args);
            if (failures.length > 0) return { outputs: {}, failures };
            const result = await definition.invoke(z.object(inputs).parse(plain(checked)), context);
            return { outputs: wrap(outputs, result, {}), failures: [] };
        },
    };
}
