import { z } from "zod";
import { protectionRulesType } from "../../components/github/protectionRules.ts";
import {
    type Change,
    type PropertyChange,
    secret,
    unknown,
    unlikeMarks,
    type Value,
} from "./preview.ts";
import { compare, type State, whole } from "./properties.ts";
import { outputSignature, secretSignature, signature, unknownValue } from "./engineValues.ts";
import { type Names, nameReviewers } from "./reviewers.ts";
import { providerOption } from "./rules/rule.ts";
import { concealProperties } from "./secrets.ts";

const properties = z
    .record(z.string(), z.json())
    .nullish()
    .transform((properties) => properties ?? {});
const state = z.object({
    custom: z.boolean().default(false),
    id: z.string().default(""),
    parent: z.string().default(""),
    protect: z.boolean().default(false),
    retainOnDelete: z.boolean().default(false),
    inputs: properties,
    outputs: properties,
});
/** A step of the engine: what it does to one resource. */
export const stepSchema = z.object({
    op: z.string(),
    urn: z.string(),
    type: z.string(),
    old: state.nullish(),
    new: state.nullish(),
    /** The properties that cause the replacement. */
    keys: z.array(z.string()).default([]),
    /** The properties that differ, if there is no detailed diff. */
    diffs: z.array(z.string()).default([]),
    detailedDiff: z.record(z.string(), z.object({ diffKind: z.string() })).nullish(),
});
export type Step = z.infer<typeof stepSchema>;

/**
 * Returns the names that the engine generates for new resources, NAME-1a2b3c4. They differ in each
 * preview, so they are replaced: equal previews must be equal.
 */
export function generatedNames({
    urn,
    old,
    new: now,
}: Step): { readonly value: string; readonly name: string }[] {
    const name = nameOf(urn);
    const defaults = z.array(z.string()).safeParse(now?.inputs["__defaults"]).data ?? [];
    const before = Object.values(old?.inputs ?? {});
    return defaults
        .map((property) => now?.inputs[property])
        .filter((value) => typeof value === "string")
        .filter(
            (value) =>
                value.startsWith(`${name}-`) &&
                /^[0-9a-f]{7}$/.test(value.slice(name.length + 1)) &&
                !before.includes(value),
        )
        .map((value) => ({ value, name: `${name}-[generated]` }));
}

/**
 * Returns the change of a step; none if the step leaves a resource unchanged or only reads it. Of a
 * component, only `componentOutputs` count, except for GitHub's protection rules: they are a
 * component because no provider has a resource for them. The first step of a refresh (`refresh`)
 * has no result; its last one has.
 */
export function changeOf(
    { op, urn, type, old, new: now, keys, diffs, detailedDiff }: Step,
    names: Names,
): Change[] {
    const isStack = type === "pulumi:pulumi:Stack";
    const isReal = (now ?? old)?.custom === true || type === protectionRulesType;
    if (op.startsWith("read") || op === "refresh") return [];
    if (!isStack && !isReal) return componentChange({ urn, type, old, now });
    const before = stateOf(type, old, names);
    const after = stateOf(type, now, names);
    const engine = Object.entries(
        detailedDiff ?? Object.fromEntries(diffs.map((path) => [path, { diffKind: "" }])),
    ).map(([path, { diffKind }]) => ({
        path,
        replaces: diffKind.endsWith("-replace") || keys.includes(path),
    }));
    const common = {
        urn,
        type,
        name: nameOf(urn),
        parent: (now ?? old)?.parent ?? "",
        id: old?.id ?? "",
        retained: old?.retainOnDelete ?? false,
        before: before.inputs,
        after: after.inputs,
    };
    if (isStack) {
        const outputs = compare(
            { ...before, inputs: before.outputs },
            { ...after, inputs: after.outputs },
            [],
        );
        return outputs.length === 0 || !now
            ? []
            : [{ ...common, operation: "update", properties: outputs }];
    }
    if (!now)
        return [
            {
                ...common,
                operation: op === "delete-replaced" ? "delete" : op,
                properties: whole("before", before.inputs),
            },
        ];
    if (!old)
        return [
            {
                ...common,
                operation: op === "create-replacement" ? "create" : op,
                properties: whole("after", after.inputs),
            },
        ];
    const options = optionsOf(old, now);
    if (op !== "same")
        return [
            {
                ...common,
                operation: op,
                properties: [
                    ...options,
                    ...replacingOptions(keys),
                    ...compare(before, after, engine),
                ],
            },
        ];
    return options.length === 0 ? [] : [{ ...common, operation: "update", properties: options }];
}

/**
 * Component outputs that a review shows because no resource does: whether a workflow, whose text
 * may be unknown, runs the container locked down; the cluster that a service runs on.
 */
const componentOutputs: Readonly<Record<string, readonly string[]>> = {
    "mlops:github:DeliveryWorkflow": ["strict"],
    // The engine does not report a change of the default provider, which has the context.
    "mlops:kubernetes:ClusterService": ["context"],
};

/** Returns a resource's new inputs, in the form that its change would have. */
export function inputsOf({ type, new: now }: Step, names: Names): State["inputs"] {
    return stateOf(type, now, names).inputs;
}

/** The change of a component's listed outputs; none if the component or the output is new. */
function componentChange({
    urn,
    type,
    old,
    now,
}: Pick<Step, "urn" | "type" | "old"> & { readonly now: Step["new"] }): Change[] {
    const pick = (outputs: Readonly<Record<string, Value>> = {}) =>
        Object.fromEntries(
            (componentOutputs[type] ?? [])
                .filter((name) =>
                    [old, now].every((state) => Object.hasOwn(state?.outputs ?? {}, name)),
                )
                .map((name) => [name, decode(outputs[name] ?? null)] as const),
        );
    const [before, after] = [pick(old?.outputs), pick(now?.outputs)];
    const properties = compare({ inputs: before, outputs: {} }, { inputs: after, outputs: {} }, []);
    if (properties.length === 0) return [];
    return [
        {
            urn,
            type,
            name: nameOf(urn),
            parent: now?.parent ?? "",
            operation: "update",
            id: "",
            retained: false,
            properties,
            before,
            after,
        },
    ];
}

/** Another provider replaces a resource, such as one of another cluster. */
function replacingOptions(keys: readonly string[]): PropertyChange[] {
    return keys.includes("provider") ? [{ path: providerOption, replaces: true }] : [];
}

/** Changed resource options. To the engine, a resource with only changed options is unchanged. */
function optionsOf(old: z.infer<typeof state>, now: z.infer<typeof state>): PropertyChange[] {
    return (["protect", "retainOnDelete"] as const)
        .filter((option) => old[option] !== now[option])
        .map((option) => ({
            path: `(${option})`,
            before: old[option],
            after: now[option],
            replaces: false,
        }));
}

function stateOf(type: string, state: Step["old"], names: Names): State {
    const shown = (properties: Record<string, Value>) =>
        nameReviewers(type, concealProperties(type, decodeProperties(properties)), names);
    return { inputs: shown(state?.inputs ?? {}), outputs: shown(state?.outputs ?? {}) };
}

/**
 * Decodes properties without the SDK's internal ones (`__defaults`) and `null`, which means absent.
 */
function decodeProperties(properties: Readonly<Record<string, Value>>): Record<string, Value> {
    return Object.fromEntries(
        Object.entries(properties)
            .filter(([name, value]) => !name.startsWith("__") && value !== null)
            .map(([name, value]) => [name, decode(value)]),
    );
}

function decode(value: Value): Value {
    if (value === unknownValue) return unknown;
    if (typeof value === "string") return unlikeMarks(value);
    if (Array.isArray(value)) return value.map(decode);
    if (typeof value !== "object" || value === null) return value;
    if (value[signature] === secretSignature) return secret;
    if (value[signature] === outputSignature) {
        if (value["secret"] === true) return secret;
        return value["value"] === undefined ? unknown : decode(value["value"]);
    }
    return decodeProperties(value);
}

function nameOf(urn: string): string {
    return urn.slice(urn.lastIndexOf("::") + 2);
}
