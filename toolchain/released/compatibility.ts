import semver from "semver";
import type {
    FunctionType,
    NamedType,
    ObjectType,
    PackageSchema,
    Property,
    ResourceType,
    TypeReference,
} from "../../quay/provider/schema.ts";

/** Whether a program writes a value, or reads it. */
type Use = "input" | "output";

/** The parts of the package's schema that programs depend on. */
export interface ReleasedSchema extends Pick<
    PackageSchema,
    "version" | "provider" | "types" | "resources"
> {
    readonly functions: Readonly<Record<string, Pick<FunctionType, "inputs" | "outputs">>>;
}

/**
 * Returns what would break programs that were written for the released version, a line each.
 *
 * @param released the schema of the last release.
 * @param now the present schema.
 */
export function breakingChanges(released: ReleasedSchema, now: ReleasedSchema): string[] {
    return [
        ...inputProblems(released.provider, now.provider).map(describeIn("the provider")),
        ...pairs(released.resources, now.resources).flatMap(([token, before, after]) =>
            after === undefined ? [`${token} is gone`] : compareResource(token, before, after),
        ),
        ...pairs(released.functions, now.functions).flatMap(([token, before, after]) =>
            after === undefined
                ? [`${token} is gone`]
                : [
                      ...findProblems("input", before.inputs, after.inputs),
                      ...findProblems("output", before.outputs, after.outputs),
                  ].map(describeIn(token)),
        ),
        ...pairs(released.types, now.types).flatMap(([token, before, after]) =>
            after === undefined
                ? [`the type ${token} is gone`]
                : compareType(`the type ${token}`, usesOf(released, token), before, after),
        ),
    ];
}

/** What breaks programs in one property. */
interface Problem {
    readonly use: Use;
    readonly key: string;
    readonly text: string;
}

/** Whether a version says that it may break programs: a new major, below 1.0 a new minor one. */
export function mayBreak(released: string, now: string): boolean {
    const stable = semver.major(released) > 0;
    return (
        semver.major(now) > semver.major(released) ||
        (!stable && semver.minor(now) > semver.minor(released))
    );
}

function compareResource(token: string, before: ResourceType, after: ResourceType): string[] {
    const inputs = inputProblems(
        { ...before, required: before.requiredInputs },
        { ...after, required: after.requiredInputs },
    );
    const broken = inputs.map(({ key }) => key);
    // An input is an output, too: what breaks both is one problem.
    const outputs = findProblems("output", before, after).filter(
        ({ key }) => !broken.includes(key),
    );
    return [...inputs, ...outputs].map(describeIn(token));
}

interface Inputs {
    readonly inputProperties: Readonly<Record<string, Property>>;
    readonly required?: readonly string[];
}

function inputProblems(before: Inputs, after: Inputs): Problem[] {
    const objectOf = ({ inputProperties: properties, required = [] }: Inputs) => {
        return { properties, required };
    };
    return findProblems("input", objectOf(before), objectOf(after));
}

/** Compares a named type: the values that it has, or the properties. */
function compareType(
    name: string,
    uses: readonly Use[],
    before: NamedType,
    after: NamedType,
): string[] {
    if (before.type !== after.type) return [`${name} was ${before.type}, and is ${after.type}`];
    const values = (after.enum ?? []).map(({ value }) => value);
    const gone = (before.enum ?? []).filter(({ value }) => !values.includes(value));
    const problems = uses.flatMap((use) => findProblems(use, before, after));
    return [
        ...gone.map(({ value }) => `${name}: the value "${value}" is gone`),
        // Once for a type of inputs and outputs.
        ...new Set(problems.map(({ key, text }) => `${name}: "${key}" ${text}`)),
    ];
}

function describeIn(name: string): (problem: Problem) => string {
    return ({ use, key, text }) => `${name}: the ${use} "${key}" ${text}`;
}

function findProblems(use: Use, before: ObjectType, after: ObjectType): Problem[] {
    const [olds, news] = [before.properties ?? {}, after.properties ?? {}];
    const isNeeded = (key: string) => after.required?.includes(key) === true;
    return [...new Set([...Object.keys(olds), ...Object.keys(news)])].flatMap((key) => {
        const [old, now] = [olds[key], news[key]];
        const wasNeeded = before.required?.includes(key) === true;
        const texts =
            old === undefined
                ? use === "input" && isNeeded(key)
                    ? ["is new and required"]
                    : []
                : now === undefined
                  ? ["is gone"]
                  : [...compareNeed(use, wasNeeded, isNeeded(key)), ...compareProperty(old, now)];
        return texts.map((text) => ({ use, key, text }));
    });
}

function compareNeed(use: Use, before: boolean, after: boolean): string[] {
    if (before === after) return [];
    if (use === "input") return after ? ["is now required"] : [];
    return after ? [] : ["may now be absent"];
}

function compareProperty(before: Property, after: Property): string[] {
    const [old, now] = [typeText(before), typeText(after)];
    const [was, is] = [before.default, after.default].map((value) => JSON.stringify(value));
    return [
        ...(old === now ? [] : [`was ${old}, and is ${now}`]),
        ...(was === is ? [] : [`has the default ${is ?? "none"}, and had ${was ?? "none"}`]),
        ...(after.willReplaceOnChanges === true && before.willReplaceOnChanges !== true
            ? ["now replaces the resource when it changes"]
            : []),
    ];
}

/** Writes a type as text: `quay:index:Role[]`. */
function typeText({ type, $ref, items, additionalProperties }: TypeReference): string {
    if ($ref !== undefined) return $ref.replace("#/types/", "");
    if (type === "array") return `${typeText(items ?? {})}[]`;
    return type === "object" ? `map of ${typeText(additionalProperties ?? {})}` : (type ?? "any");
}

/** Returns whether programs write values of this type, read them, or both. */
function usesOf(schema: ReleasedSchema, token: string): Use[] {
    const resources = Object.values(schema.resources);
    const functions = Object.values(schema.functions);
    const properties = {
        input: [
            schema.provider.inputProperties,
            ...resources.map(({ inputProperties }) => inputProperties),
            ...functions.map(({ inputs }) => inputs.properties ?? {}),
        ],
        output: [
            ...resources.map(({ properties = {} }) => properties),
            ...functions.map(({ outputs }) => outputs.properties ?? {}),
        ],
    };
    const has = (reference: TypeReference): boolean => {
        const name = reference.$ref?.replace("#/types/", "") ?? "";
        const inner = Object.values(schema.types[name]?.properties ?? {});
        const { items, additionalProperties } = reference;
        return (
            name === token ||
            [...inner, items, additionalProperties].some((one) => one !== undefined && has(one))
        );
    };
    return (["input", "output"] as const).filter((use) =>
        properties[use].some((all) => Object.values(all).some(has)),
    );
}

function pairs<Value>(
    before: Readonly<Record<string, Value>>,
    after: Readonly<Record<string, Value>>,
): (readonly [string, Value, Value | undefined])[] {
    return Object.entries(before).map(([key, value]) => [key, value, after[key]]);
}
