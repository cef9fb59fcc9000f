/** Serves the components to programs in other languages: `pulumi package add` of components/. */
import type * as pulumi from "@pulumi/pulumi";
import { main } from "@pulumi/pulumi/provider/index.js";
import { components, packageSchema, version } from "./schema.ts";

/** Declares a component. @throws Error if the schema has none of this type */
function construct(
    name: string,
    type: string,
    inputs: pulumi.Inputs,
    options: pulumi.ComponentResourceOptions,
) {
    const known = components.find((component) => component.type === type);
    if (known === undefined) throw new Error(`There is no component ${type}.`);
    return Promise.resolve(known.declare(name, inputs, options));
}

void main({ version, schema: JSON.stringify(packageSchema), construct }, process.argv.slice(2));
