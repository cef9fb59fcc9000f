/** What Pulumi's package schema says of a component, and how the component is made. */
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

/** A property as Pulumi's package schema has it. */
interface Form {
    readonly type: "string" | "integer" | "boolean" | "array";
    readonly items?: { readonly $ref: string };
    /** Whether it cannot be an output: it decides which resources there are. */
    readonly plain?: true;
    readonly secret?: true;
}

type Shape<Keys extends string = string> = Readonly<Record<Keys, z.ZodType>>;

/** A component that a program in another language can declare. */
export interface Component {
    /** Its type token. */
    readonly type: string;
    readonly schema: object;
    /** @throws InputPropertiesError that names each input of a wrong type */
    readonly declare: (
        name: string,
        inputs: pulumi.Inputs,
        options: pulumi.ComponentResourceOptions,
    ) => { readonly urn: pulumi.Output<string>; readonly state: pulumi.Inputs };
}

/** A component's own properties, without those of every component. */
type Own<Resource> = Exclude<keyof Resource, keyof pulumi.ComponentResource> & string;

/** The arguments and outputs of a component: the compiler misses what is not described. */
interface Description<Args, Resource> {
    readonly description: string;
    readonly inputs: z.ZodType<Args> & { readonly shape: Shape<keyof Args & string> };
    readonly outputs: z.ZodObject<Shape<Own<Resource>>>;
}

/** Describes a component. @param make makes it from arguments that its inputs allow */
export function component<Args, Resource extends pulumi.ComponentResource>(
    type: string,
    { description, inputs, outputs }: Description<Args, Resource>,
    make: new (name: string, args: Args, options: pulumi.ComponentResourceOptions) => Resource,
): Component {
    return {
        type,
        schema: {
            isComponent: true,
            description,
            inputProperties: formsOf(inputs.shape),
            requiredInputs: requiredOf(inputs.shape),
            properties: formsOf(outputs.shape),
            required: requiredOf(outputs.shape),
        },
        declare: (name, given, options) => {
            const { data, error } = inputs.safeParse(given);
            if (error !== undefined) throw wrongInputs(error);
            const made = new make(name, data, options);
            return { urn: made.urn, state: outputs.parse(made) };
        },
    };
}

/** Returns what Pulumi's package schema says of properties. */
export function formsOf(shape: Shape): object {
    return Object.fromEntries(
        Object.entries(shape).map(([key, schema]) => {
            const described = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
            return [key, z.globalRegistry.get(described)];
        }),
    );
}

function requiredOf(shape: Shape): string[] {
    return Object.keys(shape).filter((key) => !(shape[key] instanceof z.ZodOptional));
}

function wrongInputs({ issues }: z.ZodError): pulumi.InputPropertiesError {
    const errors = issues.map(({ path, message }) => ({
        propertyPath: z.core.toDotPath(path),
        reason: message,
    }));
    return new pulumi.InputPropertiesError({ message: "wrong inputs", errors });
}

/** Returns the message for a value that is missing or wrong: what it must be or have. */
export function must(rule: string): { readonly error: z.core.$ZodErrorMap } {
    const problem = (given: unknown) => {
        if (given === undefined) return "be set";
        return pulumi.Output.isInstance(given) ? "be plain: it cannot be an output" : rule;
    };
    return { error: ({ input }) => `must ${problem(input)}.` };
}

/** Describes a property. */
export const property =
    <Schema extends z.ZodType>(schema: Schema, form: Form) =>
    (description: string): Schema =>
        schema.meta({ ...form, description });

/** Returns the schema of a value that may be another resource's output. */
export function input<Value>(value: z.ZodType<Value>, rule: string) {
    const output = z.custom<pulumi.Output<Value>>((given) => pulumi.Output.isInstance(given));
    return z.union([value, output], must(rule));
}

const anyText = input(z.string(), "be text");
export const text = property(anyText, { type: "string" });
export const secretText = property(anyText, { type: "string", secret: true });
export const plainText = property(z.string(must("be text")), { type: "string", plain: true });

const whole = z.int(must("be a whole number"));
export const number = property(input(whole, "be a whole number"), { type: "integer" });
export const plainNumber = property(whole, { type: "integer", plain: true });

const flag = z.boolean(must("be true or false"));
export const plainFlag = property(flag, { type: "boolean", plain: true });
