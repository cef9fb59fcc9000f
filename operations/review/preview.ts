import { z } from "zod";

/** A property's value: what the engine hides is the text `[secret]`, what it does not know yet `[unknown]`. */
export type Value = z.infer<ReturnType<typeof z.json>>;

/** Stands for a value that nobody is to see. */
export const secret = "[secret]";
/** Stands for a value that is known once something else is done. */
export const unknown = "[unknown]";

const value: z.ZodType<Value> = z.json();

const propertyChange = z.object({
    /** Where in the resource it is, as Pulumi writes it: `reviewers.users[0]`. */
    path: z.string(),
    /** Absent where the property is new. */
    before: value.optional(),
    /** Absent where the property goes. */
    after: value.optional(),
    /** Whether the resource is replaced because of it. */
    replaces: z.boolean(),
});

const change = z.object({
    urn: z.string(),
    /** The resource's type, as in `quay:index:Robot`. */
    type: z.string(),
    /** The resource's name in the program. */
    name: z.string(),
    /** The URN of the component that it is part of; empty for the stack itself. */
    parent: z.string(),
    /** `create`, `update`, `replace`, `delete`, or another of the engine's words for it (`import`, `discard`, …). */
    operation: z.string(),
    /** What the provider knows it by; empty before it exists. */
    id: z.string(),
    /** Whether it stays where it is when it leaves the program. */
    retained: z.boolean(),
    /** What differs. Of a new resource: all that it is made of; of one that goes: all that it was made of. */
    properties: z.array(propertyChange),
    /** The inputs as they were; empty before it exists. */
    before: z.record(z.string(), value),
    /** The inputs as they will be; empty when it is gone. */
    after: z.record(z.string(), value),
});

/** What a preview of one stack says, without a secret in it and without anything of the machine that it ran on. */
export const previewSchema = z.object({
    stack: z.string(),
    /** The stack that it promotes from; undefined where it names none. */
    publisher: z.string().optional(),
    /** Why it failed; empty where it did not. */
    errors: z.array(z.string()),
    /** What the engine, a provider or a policy warns of. */
    warnings: z.array(z.string()),
    /** What a check for drift could not read, and why; absent where it read everything. */
    unchecked: z.array(z.string()).optional(),
    changes: z.array(change),
    /** The resources that stay as they are, components left out. */
    unchanged: z.array(z.object({ urn: z.string(), type: z.string(), parent: z.string() })),
});

/** How one property of a resource changes. */
export type PropertyChange = Readonly<z.infer<typeof propertyChange>>;
/** What happens to one resource. */
export type Change = Readonly<z.infer<typeof change>>;
export type Preview = Readonly<z.infer<typeof previewSchema>>;

/** Whether the change is one of the stack's outputs, not of a resource. */
export const ofOutputs = ({ type }: Change): boolean => type === "pulumi:pulumi:Stack";

/** The same with every text in it, names of properties too, as the function has it. */
export function mapTexts(json: unknown, map: (text: string) => string): unknown {
    if (typeof json === "string") return map(json);
    if (Array.isArray(json)) return json.map((item) => mapTexts(item, map));
    if (typeof json !== "object" || json === null) return json;
    return Object.fromEntries(
        Object.entries(json).map(([key, value]) => [map(key), mapTexts(value, map)]),
    );
}
