import { z } from "zod";

/** A property's value. Secrets are the text `[secret]`, values unknown yet `[unknown]`. */
export type Value = z.infer<ReturnType<typeof z.json>>;

/** Replaces a secret value. */
export const secret = "[secret]";
/** Replaces a value that is known only during the deployment. */
export const unknown = "[unknown]";

/** What somebody typed that reads like a mark, or like what a comment shows for one. */
const likeMark = /\[(\\*)(secret|unknown|generated|known (?:after|during|once) [^[\]\n]*)\]/g;

/** Writes what somebody typed so that no mark is in it: `[unknown]` becomes `[\unknown]`. */
export function unlikeMarks(text: string): string {
    return text.replace(likeMark, "[\\$1$2]");
}

const value: z.ZodType<Value> = z.json();

const propertyChange = z.object({
    /** The property's path in Pulumi's notation: `reviewers.users[0]`. */
    path: z.string(),
    /** Absent if the property is new. */
    before: value.optional(),
    /** Absent if the property is removed. */
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
    /** `create`, `update`, `replace`, `delete` or another operation of the engine (`import`, …). */
    operation: z.string(),
    /** The provider's id; empty before the resource exists. */
    id: z.string(),
    /** Whether it is kept when it leaves the program (retainOnDelete). */
    retained: z.boolean(),
    /** The properties that differ; of a new or deleted resource, all its inputs. */
    properties: z.array(propertyChange),
    /** The old inputs; empty for a new resource. */
    before: z.record(z.string(), value),
    /** The new inputs; empty for a deleted resource. */
    after: z.record(z.string(), value),
    /** On a snapshot: a hash of the marks and other secrets that are new. Default: none are. */
    secrets: z.string().optional(),
});

/** The preview of one stack, without secrets and data of the machine that it ran on. */
export const previewSchema = z.object({
    stack: z.string(),
    /** The hash of the git tree that was checked out; absent outside of a repository. */
    tree: z.string().optional(),
    /** The stack that it promotes from; absent if there is none. */
    publisher: z.string().optional(),
    /** Whether the policies of production hold for it. Default: false. */
    isProduction: z.boolean().optional(),
    /** Whether it was on a snapshot, and there was none, so that the stack counted as new. */
    isWithoutSnapshot: z.boolean().optional(),
    /** Why it failed; empty if it succeeded. */
    errors: z.array(z.string()),
    /** Warnings of the engine, a provider or a policy. */
    warnings: z.array(z.string()),
    /** What a check for drift could not read, and why; absent if it read everything. */
    unchecked: z.array(z.string()).optional(),
    changes: z.array(change),
    /** The unchanged resources, without components. */
    unchanged: z.array(
        z.object({
            urn: z.string(),
            type: z.string(),
            parent: z.string(),
            inputs: z.record(z.string(), value),
        }),
    ),
});

/** How one property of a resource changes. */
export type PropertyChange = Readonly<z.infer<typeof propertyChange>>;
/** The change of one resource. */
export type Change = Readonly<z.infer<typeof change>>;
export type Preview = Readonly<z.infer<typeof previewSchema>>;

/** Whether the change is about the stack's outputs, not a resource. */
export const ofOutputs = ({ type }: Change): boolean => type === "pulumi:pulumi:Stack";

/** Returns a copy of JSON with the function applied to every string, property names included. */
export function mapTexts(json: unknown, map: (text: string) => string): unknown {
    if (typeof json === "string") return map(json);
    if (Array.isArray(json)) return json.map((item) => mapTexts(item, map));
    if (typeof json !== "object" || json === null) return json;
    return Object.fromEntries(
        Object.entries(json).map(([key, value]) => [map(key), mapTexts(value, map)]),
    );
}

/** Parses JSON; returns undefined if the text is not JSON. */
export function parseJson(text: string): unknown {
    try {
        return JSON.parse(text) as unknown;
    } catch {
        return undefined;
    }
}
