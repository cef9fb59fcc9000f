import type { PolicyResource, ResourceValidation, ResourceValidationArgs } from "@pulumi/policy";
import { z } from "zod";

/** Makes a check of all resources of one type. It gets the properties that the schema names. */
export function ofType<Shape extends z.ZodRawShape>(
    type: string,
    shape: Shape,
    check: (
        properties: z.output<z.ZodObject<Shape>>,
        report: (message: string) => void,
        resource: ResourceValidationArgs,
    ) => void,
): ResourceValidation {
    const schema = z.object(shape);
    return (resource, report) => {
        if (resource.type === type) check(schema.parse(resource.props), report, resource);
    };
}

/** Returns the resources of one type, with the properties that the schema names. */
export function allOfType<Shape extends z.ZodRawShape>(
    resources: readonly PolicyResource[],
    type: string,
    shape: Shape,
): (z.output<z.ZodObject<Shape>> & { readonly urn: string })[] {
    const schema = z.object(shape);
    return resources
        .filter((resource) => resource.type === type)
        .map(({ urn, props }) => ({ ...schema.parse(props), urn }));
}
