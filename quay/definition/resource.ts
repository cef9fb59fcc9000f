import { z } from "zod";
import type { QuayClient, Site } from "../api/client.ts";
import {
    ForbiddenError,
    MissingError,
    notFound,
    PartialError,
    QuayError,
    RefusedError,
    unless,
} from "../api/errors.ts";
import {
    equal,
    hasSecret,
    hasUnknown,
    isList,
    isObject,
    plain,
    Secret,
    unknown,
} from "./values.ts";
import type { Properties, Value } from "./values.ts";

declare module "zod" {
    interface GlobalMeta {
        /** The property is a secret: encrypted in the state, never shown. */
        secret?: boolean;
    }
}

/** What a resource or function works with. */
export interface Context {
    /** Quay's API. */
    readonly api: QuayClient;
    /** The command that takes over what has this id. */
    readonly importCommand: (id: string) => string;
    /** The command that removes the resource from the state, and changes nothing on Quay. */
    readonly forgetCommand: string;
    /** The ids of the repositories and permissions that this run has made. */
    readonly made: Set<string>;
    /** Shows a warning on the resource. Awaited, or a preview may be over before it is shown. */
    readonly warn: (message: string) => Promise<void>;
}

export type { Site };

/** The values of properties. */
type Of<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape>>;
/** The values of the properties that are known. */
type KnownOf<Shape extends z.ZodRawShape> = z.output<
    z.ZodObject<{ [Key in keyof Shape]: z.ZodOptional<Shape[Key]> }>
>;

/** A resource as its file declares it. The schema, the checks, the diffs and the TypeScript class all follow from this. */
export interface ResourceDefinition<
    Fixed extends z.ZodRawShape,
    Changing extends z.ZodRawShape,
    Outputs extends z.ZodRawShape,
> {
    /** The class name: `Repository` for the type token `quay:index:Repository`. */
    readonly name: string;
    readonly description: string;
    /** What to type after `pulumi import TOKEN NAME`, with an example. */
    readonly importId: { readonly format: string; readonly example: string };
    /** Inputs that Quay cannot change: another value replaces the resource. */
    readonly fixed: Fixed;
    /** Inputs that are changed in place. */
    readonly changing: Changing;
    /** What it knows besides its inputs. */
    readonly outputs: Outputs;
    /** Outputs that people change on Quay, such as a robot's token: a refresh shows that. */
    readonly watched?: readonly (keyof Outputs & string)[];
    /** The resource's id, where its inputs make it up. Where not, `create` gives it. */
    readonly id?: (inputs: KnownOf<Fixed & Changing>) => string | undefined;
    /** The outputs that follow from inputs: they are known in a preview. Unknown inputs are absent. */
    readonly derive?: (
        inputs: KnownOf<Fixed & Changing>,
        site: Site,
    ) => { readonly [Key in keyof Of<Outputs>]?: Of<Outputs>[Key] | undefined };
    /** What is wrong between inputs, each of them being right for itself. */
    readonly validate?: (inputs: Of<Fixed & Changing>) => string | undefined;
    /**
     * Fills in inputs by asking a server; with the old ones it can tell that there is nothing to ask. Undefined where a preview cannot know
     * them yet.
     */
    readonly resolve?: (
        inputs: Of<Fixed & Changing>,
        old: Of<Fixed & Changing> | undefined,
        context: Context,
    ) => Promise<Of<Fixed & Changing> | undefined>;
    /** Inputs that only `resolve` looks at: they are in no diff and no state. */
    readonly transient?: readonly (keyof Changing & string)[];
    readonly create: (
        inputs: Of<Fixed & Changing>,
        context: Context,
    ) => Promise<{ id: string; outputs: Of<Outputs> }>;
    /** What it is like now; undefined where it is gone. `old` is absent in an import. */
    readonly read: (
        id: string,
        context: Context,
        old: (Of<Fixed & Changing> & Of<Outputs>) | undefined,
    ) => Promise<Found<Of<Fixed & Changing>, Of<Outputs>> | undefined>;
    /** Absent where there is nothing to change in place. */
    readonly update?: (
        inputs: Of<Fixed & Changing>,
        old: Of<Fixed & Changing> & Of<Outputs>,
        context: Context,
        id: string,
    ) => Promise<Of<Outputs>>;
    /** Deletes it; that it is gone already is no error. */
    readonly delete: (
        old: Of<Fixed & Changing> & Of<Outputs>,
        context: Context,
        id: string,
    ) => Promise<void>;
}

/** A resource as it was found on the server. */
export interface Found<Inputs, Outputs> {
    /** Its id in the form that `create` would give it, where `read` was asked with another. */
    readonly id?: string;
    readonly inputs: Inputs;
    readonly outputs: Outputs;
}

export type DiffKind = "add" | "delete" | "update";

/** How one property differs. */
interface PropertyChange {
    readonly kind: DiffKind;
    /** The resource has to be replaced for it. */
    readonly replace: boolean;
    /** It is an output: the engine shows it from the states, not from the inputs. */
    readonly isOutput?: boolean;
}

export interface Diff {
    /** What differs, by property path (`claims[0].subject`). */
    readonly changes: ReadonlyMap<string, PropertyChange>;
    /** The inputs that make a replacement necessary. */
    readonly replaces: readonly string[];
    /** Old and new cannot exist side by side. */
    readonly deleteBeforeReplace: boolean;
}

export interface Checked {
    readonly inputs: Properties;
    readonly failures: readonly string[];
}

/** A resource as the protocol adapter sees it: its values are those of the wire. */
export interface Resource {
    readonly name: string;
    readonly description: string;
    readonly importId: { readonly format: string; readonly example: string };
    readonly schema: {
        readonly fixed: z.ZodRawShape;
        readonly changing: z.ZodRawShape;
        readonly outputs: z.ZodRawShape;
    };
    check(news: Properties, olds: Properties, context: Context): Promise<Checked>;
    diff(olds: Properties, news: Properties): Diff;
    /** What `create`, or `update` of the old state, would give: as far as that can be known. */
    preview(
        inputs: Properties,
        site: Site,
        old?: Properties,
    ): { id: string | undefined; state: Properties };
    create(inputs: Properties, context: Context): Promise<{ id: string; state: Properties }>;
    /** @param oldInputs the inputs of the state; they are part of `state` too. */
    read(
        id: string,
        state: Properties,
        context: Context,
        oldInputs?: Properties,
    ): Promise<{ id: string; inputs: Properties; state: Properties } | undefined>;
    update(id: string, old: Properties, inputs: Properties, context: Context): Promise<Properties>;
    delete(id: string, state: Properties, context: Context): Promise<void>;
}

/** Makes a resource of its declaration. */
export function resource<
    Fixed extends z.ZodRawShape,
    Changing extends z.ZodRawShape,
    Outputs extends z.ZodRawShape,
>(definition: ResourceDefinition<Fixed, Changing, Outputs>): Resource {
    const { name, description, importId, fixed, changing, outputs, watched = [] } = definition;
    const shape = { ...fixed, ...changing };
    const inputSchema = z.object(shape);
    const knownSchema = inputSchema.partial();
    const outputSchema = z.object(outputs);

    const parse = (properties: Properties) => inputSchema.parse(plain(properties));
    const known = (properties: Properties) => knownSchema.parse(knownOnly(plainObject(properties)));
    const stateIn = (properties: Properties) => {
        const [inputs, rest] = [
            inputSchema.safeParse(plain(properties)),
            outputSchema.safeParse(plain(properties)),
        ];
        return inputs.success && rest.success ? { ...inputs.data, ...rest.data } : undefined;
    };
    const stateOf = (id: string, properties: Properties) => {
        const state = stateIn(properties);
        if (state !== undefined) return state;
        throw new QuayError(
            `The state of ${name} ${id} is not complete. Run \`pulumi refresh\` to read it from Quay again.`,
        );
    };
    const wrapInputs = (inputs: object, like: Properties): Properties => wrap(shape, inputs, like);
    const wrapState = (inputs: object, values: object, like: Properties): Properties => ({
        ...wrap(shape, inputs, like),
        ...wrap(outputs, values, {}),
    });

    return {
        name,
        description,
        importId,
        schema: { fixed, changing, outputs },

        async check(news, olds, context) {
            const checked = checkProperties(shape, news);
            // What a refresh has put there (see `read`) is the program's own from then on.
            const inputs = {
                ...without(checked.inputs, definition.transient ?? []),
                ...only(olds, watched),
            };
            const { failures } = checked;
            // What `resolve` would fill in is an input and an output.
            const resolved = Object.keys(outputs).filter(
                (key) => Object.hasOwn(shape, key) && !Object.hasOwn(inputs, key),
            );
            const unresolved = {
                ...inputs,
                ...Object.fromEntries(resolved.map((key) => [key, unknown])),
            };
            if (failures.length > 0) return { inputs, failures };
            if (hasUnknown(inputs)) return { inputs: unresolved, failures };
            const parsed = parse(checked.inputs);
            const failure = definition.validate?.(parsed);
            if (failure !== undefined) return { inputs, failures: [failure] };
            if (definition.resolve === undefined) return { inputs, failures };
            const found = await definition.resolve(
                parsed,
                inputSchema.safeParse(plain(olds)).data,
                context,
            );
            if (found === undefined) return { inputs: unresolved, failures };
            return {
                inputs: {
                    ...without(wrapInputs(found, news), definition.transient ?? []),
                    ...only(olds, watched),
                },
                failures,
            };
        },

        diff(olds, news) {
            // Old inputs get today's defaults too: a new provider version with one more input is not a change.
            const before = plainObject(checkProperties(shape, olds).inputs);
            const after = plainObject(news);
            const changes = new Map<string, PropertyChange>();
            const replaces: string[] = [];
            for (const key of Object.keys(shape)) {
                const replace = Object.hasOwn(fixed, key);
                const differences = differencesOf(key, before[key], after[key]);
                for (const [path, kind] of differences) changes.set(path, { kind, replace });
                if (replace && differences.length > 0) replaces.push(key);
            }
            const [left, right] = [plainObject(olds), plainObject(news)];
            for (const key of watched) {
                if (!equal(left[key], right[key]))
                    changes.set(key, { kind: "update", replace: false, isOutput: true });
            }
            const ids = [before, after].map((inputs) => definition.id?.(known(inputs)));
            return {
                changes,
                replaces,
                deleteBeforeReplace:
                    replaces.length > 0 && ids[0] !== undefined && ids[0] === ids[1],
            };
        },

        preview(inputs, site, old) {
            const values = known(inputs);
            const derived: Record<string, unknown> = definition.derive?.(values, site) ?? {};
            const kept = old === undefined || hasUnknown(inputs) ? {} : plainObject(old);
            const all = Object.fromEntries(
                Object.keys(outputs).map((key) => [
                    key,
                    derived[key] ?? (Object.hasOwn(kept, key) ? kept[key] : unknown),
                ]),
            );
            return { id: definition.id?.(values), state: { ...inputs, ...wrap(outputs, all, {}) } };
        },

        async create(inputs, context) {
            const parsed = parse(inputs);
            try {
                const created = await definition.create(parsed, context);
                return { id: created.id, state: wrapState(parsed, created.outputs, inputs) };
            } catch (error) {
                if (!(error instanceof PartialError)) throw error;
                throw new PartialError(
                    error.message,
                    error.id,
                    wrapState(error.state, error.state, inputs),
                );
            }
        },

        async read(id, state, context, oldInputs = {}) {
            const found = await withForgetCommand(name, id, context, () =>
                definition.read(id, context, stateIn(state)),
            );
            if (found === undefined) return undefined;
            const values = wrapState(found.inputs, found.outputs, state);
            // The engine compares inputs: an output that was changed on Quay becomes one of them.
            const changed = watched.filter(
                (key) => state[key] !== undefined && !sameValue(state[key], values[key]),
            );
            return {
                id: found.id ?? id,
                inputs: {
                    ...wrapInputs(found.inputs, state),
                    ...only(oldInputs, watched),
                    ...only(values, changed),
                },
                state: values,
            };
        },

        async update(id, old, inputs, context) {
            const parsed = parse(inputs);
            const before = stateOf(id, old);
            const values = await withForgetCommand(name, id, context, async () => {
                try {
                    return await definition.update?.(parsed, before, context, id);
                } catch (error) {
                    const failed = error instanceof RefusedError || error instanceof MissingError;
                    if (failed && (await isGone(() => definition.read(id, context, before))))
                        throw deletedOutside(name, id);
                    throw error;
                }
            });
            return wrapState(parsed, values ?? before, inputs);
        },

        async delete(id, state, context) {
            await withForgetCommand(name, id, context, () =>
                definition.delete(stateOf(id, state), context, id),
            );
        },
    };
}

/** An update found nothing to update. */
export function deletedOutside(name: string, id: string): QuayError {
    return new QuayError(
        `${name} ${id} is not on Quay any more: it was deleted outside of this program. ` +
            "Run `pulumi refresh`; the next `pulumi up` makes it again.",
    );
}

/** Whether reading it finds nothing; what cannot be read is not known to be gone. */
async function isGone(read: () => Promise<unknown>): Promise<boolean> {
    try {
        return (await read()) === undefined;
    } catch (error) {
        if (error instanceof QuayError) return false;
        throw error;
    }
}

/**
 * Runs it. Quay forbids (403) whatever is in a namespace that does not exist, so a resource of an
 * organization that was deleted is never found gone: the message says how to remove it from the state.
 */
async function withForgetCommand<T>(
    name: string,
    id: string,
    { api, forgetCommand }: Context,
    run: () => Promise<T>,
): Promise<T> {
    try {
        return await run();
    } catch (error) {
        if (!(error instanceof ForbiddenError)) throw error;
        const { namespace } = error;
        if ((await api.kindOf(namespace)) === "user") throw error;
        const to = `look up the organization ${namespace}`;
        const organization = await unless(notFound, () =>
            api.get(`organization/${namespace}`, { to, scope: "org:admin" }, z.object({})),
        );
        if (organization !== undefined) throw error;
        throw new QuayError(
            `${name} ${id} cannot be reached: there is no organization ${namespace} on Quay at ` +
                `${api.site.url}. If it was deleted, remove what was in it from the state:\n` +
                `    ${forgetCommand}`,
        );
    }
}

/** A function as its file declares it. */
export interface FunctionDefinition<Inputs extends z.ZodRawShape, Outputs extends z.ZodRawShape> {
    /** `getTag` for the token `quay:index:getTag`. */
    readonly name: string;
    readonly description: string;
    readonly inputs: Inputs;
    readonly outputs: Outputs;
    readonly invoke: (inputs: Of<Inputs>, context: Context) => Promise<Of<Outputs>>;
}

/** A function as the protocol adapter sees it. */
export interface Func {
    readonly name: string;
    readonly description: string;
    readonly schema: { readonly inputs: z.ZodRawShape; readonly outputs: z.ZodRawShape };
    invoke(
        inputs: Properties,
        context: Context,
    ): Promise<{ outputs: Properties; failures: readonly string[] }>;
}

/** Makes a function of its declaration. */
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

/** Checks each property for itself and fills in defaults; a value that is not known yet passes. */
export function checkProperties(shape: z.ZodRawShape, properties: Properties): Checked {
    const failures: string[] = [];
    const inputs: Record<string, Value> = {};
    for (const key of Object.keys(properties)) {
        // The engine adds properties of its own (__internal, __defaults).
        if (Object.hasOwn(shape, key) || key.startsWith("__")) continue;
        failures.push(`there is no property "${key}". It has: ${Object.keys(shape).join(", ")}.`);
    }
    for (const [key, schema] of Object.entries(shape)) {
        const given = Object.hasOwn(properties, key) ? properties[key] : undefined;
        if (given !== undefined && hasUnknown(given)) {
            inputs[key] = given;
            continue;
        }
        const value = given === undefined || given === null ? undefined : plain(given);
        const result = z.safeParse(schema, value);
        const secret = isSecret(schema) || (given !== undefined && hasSecret(given));
        if (!result.success) {
            failures.push(
                ...result.error.issues.map((issue) => explain(key, value, issue, secret)),
            );
        } else if (result.data !== undefined) {
            const checked = toValue(result.data);
            inputs[key] = secret ? new Secret(checked) : checked;
        }
    }
    return { inputs, failures };
}

function explain(
    key: string,
    value: Value | undefined,
    issue: z.core.$ZodIssue,
    secret: boolean,
): string {
    if (value === undefined) return `"${key}" has to be set.`;
    const path = propertyPath([key, ...issue.path]);
    const at = issue.path.reduce<Value | undefined>(
        (inner, step) =>
            isList(inner) ? inner[Number(step)] : isObject(inner) ? inner[String(step)] : undefined,
        value,
    );
    const shown = secret ? "[secret]" : JSON.stringify(at);
    return at === undefined ? `"${path}" has to be set.` : `"${path}" = ${shown}: ${issue.message}`;
}

/** The values as properties, secret where the schema or the properties they come from say so. */
function wrap(shape: z.ZodRawShape, values: object, like: Properties): Properties {
    const entries = Object.entries(values).flatMap(([key, value]: [string, unknown]) => {
        if (value === undefined || !Object.hasOwn(shape, key)) return [];
        const converted = value === unknown ? unknown : toValue(value);
        const original = Object.hasOwn(like, key) ? like[key] : undefined;
        const secret = isSecret(shape[key]) || (original !== undefined && hasSecret(original));
        return [[key, secret ? new Secret(converted) : converted] as const];
    });
    return Object.fromEntries(entries);
}

/** Whether the schema marks the property as a secret. */
export function isSecret(schema: z.core.$ZodType | undefined): boolean {
    return schema !== undefined && z.globalRegistry.get(schema)?.secret === true;
}

const simpleValue = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** A value of TypeScript's as one of the wire's: properties that are undefined are absent there. */
function toValue(value: unknown): Value {
    if (Array.isArray(value)) return value.map(toValue);
    if (typeof value !== "object" || value === null) return simpleValue.parse(value);
    return Object.fromEntries(
        Object.entries(value).flatMap(([key, item]) =>
            item === undefined ? [] : [[key, toValue(item)] as const],
        ),
    );
}

function sameValue(one: Value | undefined, other: Value | undefined): boolean {
    if (one === undefined || other === undefined) return one === other;
    return equal(plain(one), plain(other));
}

function only(properties: Properties, keys: readonly string[]): Properties {
    return Object.fromEntries(Object.entries(properties).filter(([key]) => keys.includes(key)));
}

function without(properties: Properties, keys: readonly string[]): Properties {
    return Object.fromEntries(Object.entries(properties).filter(([key]) => !keys.includes(key)));
}

function plainObject(properties: Properties): Readonly<Record<string, Value>> {
    const value = plain(properties);
    return isObject(value) ? value : {};
}

function knownOnly(inputs: Readonly<Record<string, Value>>): Record<string, Value> {
    return Object.fromEntries(Object.entries(inputs).filter(([, value]) => !hasUnknown(value)));
}

/** Where two plain values differ, down to the innermost property. */
export function differencesOf(
    path: string,
    before: Value | undefined,
    after: Value | undefined,
): (readonly [string, DiffKind])[] {
    if (equal(before, after)) return [];
    if (before === undefined) return [[path, "add"]];
    if (after === undefined) return [[path, "delete"]];
    if (isList(before) && isList(after)) {
        const indexes = Array.from(
            { length: Math.max(before.length, after.length) },
            (_, index) => index,
        );
        return indexes.flatMap((index) =>
            differencesOf(`${path}[${String(index)}]`, before[index], after[index]),
        );
    }
    if (isObject(before) && isObject(after)) {
        const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
        return [...keys].flatMap((key) =>
            differencesOf(propertyPath([key], path), before[key], after[key]),
        );
    }
    return [[path, "update"]];
}

/** A path as Pulumi writes it: `config.url`, `claims[0].subject`, `config["ref-regex"]`. */
function propertyPath(steps: readonly PropertyKey[], start = ""): string {
    return steps.reduce<string>((path, step) => {
        if (typeof step === "number") return `${path}[${String(step)}]`;
        const key = String(step);
        if (!/^[A-Za-z_]\w*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
        return path === "" ? key : `${path}.${key}`;
    }, start);
}
