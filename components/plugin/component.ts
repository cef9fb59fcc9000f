/** What Pulumi's package schema says of a component, and how the component is made. */
import type * as pulumi from "@pulumi/pulumi";

/** A property in Pulumi's package schema. */
export interface Property {
    readonly type: "string" | "integer" | "boolean" | "array";
    readonly items?: { readonly $ref: string };
    readonly description: string;
    /** Whether it cannot be an output: it decides which resources there are. */
    readonly plain?: true;
    readonly secret?: true;
}

/** A component that a program in another language can declare. */
export interface Component {
    /** Its type token. */
    readonly type: string;
    readonly schema: object;
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
    readonly inputs: Readonly<Record<keyof Args & string, Property>>;
    readonly required: readonly (keyof Args & string)[];
    readonly outputs: Readonly<Record<Own<Resource>, Property>>;
}

/** Describes a component. @param make makes it from arguments that the schema allows */
export function component<Args, Resource extends pulumi.ComponentResource>(
    type: string,
    { description, inputs, required, outputs }: Description<Args, Resource>,
    make: new (name: string, args: Args, options: pulumi.ComponentResourceOptions) => Resource,
): Component {
    const keys = Object.keys(outputs) as Own<Resource>[];
    return {
        type,
        schema: {
            isComponent: true,
            description,
            inputProperties: inputs,
            requiredInputs: required,
            properties: outputs,
            required: keys,
        },
        declare: (name, given, options) => {
            const made = new make(name, given as Args, options);
            return {
                urn: made.urn,
                state: Object.fromEntries(keys.map((key) => [key, made[key]])),
            };
        },
    };
}

const property =
    (type: Property["type"], more: Partial<Property> = {}) =>
    (description: string): Property => ({ type, description, ...more });

export const text = property("string");
export const secretText = property("string", { secret: true });
export const plainText = property("string", { plain: true });
export const plainNumber = property("integer", { plain: true });
export const plainFlag = property("boolean", { plain: true });
