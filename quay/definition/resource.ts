import { z } from "zod";
import type { Site } from "../api/client.ts";
import { MissingError, PartialError, QuayError, RefusedError } from "../api/errors.ts";
import { checkProperties } from "./check.ts";
import type { Checked } from "./check.ts";
import type { Context } from "./context.ts";
import { deletedOutside, isGone, withForgetCommand } from "./deleted.ts";
import { differencesOf } from "./diff.ts";
import type { Diff, PropertyChange } from "./diff.ts";
import { wrap } from "./shape.ts";
import type { Of } from "./shape.ts";
import { equal, hasUnknown, only, plain, plainObject, unknown, without } from "./values.ts";
import type { Properties, Value } from "./values.ts";

/** The values of the known properties. */
type KnownOf<Shape extends z.ZodRawShape> = z.output<
    z.ZodObject<{ [Key in keyof Shape]: z.ZodOptional<Shape[Key]> }>
>;

/**
 * The definition of a resource in its file, from which the schema, the checks, the diffs and the
 * TypeScript class are derived.
 */
export interface ResourceDefinition<
    Fixed extends z.ZodRawShape,
    Changing extends z.ZodRawShape,
    Outputs extends z.ZodRawShape,
> {
    /** The class name: `Repository` for the type token `quay:index:Repository`. */
    readonly name: string;
    readonly description: string;
    /** The id to pass to `pulumi import TOKEN NAME`, with an example. */
    readonly importId: { readonly format: string; readonly example: string };
    /** Inputs that Quay cannot change: another value replaces the resource. */
    readonly fixed: Fixed;
    /** Inputs that are updated in place. */
    readonly changing: Changing;
    /** Properties in addition to the inputs. */
    readonly outputs: Outputs;
    /** Outputs that can change on Quay, such as a robot's token: a refresh reports the change. */
    readonly watched?: readonly (keyof Outputs & string)[];
    /** Returns the resource's id if the inputs determine it. Otherwise `create` returns it. */
    readonly id?: (inputs: KnownOf<Fixed & Changing>) => string | undefined;
    /**
     * Returns the outputs that follow from inputs, which a preview then knows. Unknown inputs are
     * absent.
     */
    readonly derive?: (
        inputs: KnownOf<Fixed & Changing>,
        site: Site,
    ) => { readonly [Key in keyof Of<Outputs>]?: Of<Outputs>[Key] | undefined };
    /** Returns what is wrong with a combination of valid inputs. */
    readonly validate?: (inputs: Of<Fixed & Changing>) => string | undefined;
    /**
     * Fills in inputs with requests. Compares with the old inputs to avoid needless ones. Returns
     * undefined if a preview cannot know the values yet.
     */
    readonly resolve?: (
        inputs: Of<Fixed & Changing>,
        old: Of<Fixed & Changing> | undefined,
        context: Context,
    ) => Promise<Of<Fixed & Changing> | undefined>;
    /**
     * Inputs that Quay does not tell, such as a password. An import cannot know them: what the
     * program says of them afterwards is no change.
     */
    readonly unread?: readonly (keyof (Fixed & Changing) & string)[];
    /** Inputs that only `resolve` reads: they are in no diff and no state. */
    readonly transient?: readonly (keyof Changing & string)[];
    readonly create: (
        inputs: Of<Fixed & Changing>,
        context: Context,
    ) => Promise<{ id: string; outputs: Of<Outputs> }>;
    /**
     * Reads the current state; undefined if the resource does not exist. `old` is absent in an
     * import.
     */
    readonly read: (
        id: string,
        context: Context,
        old: (Of<Fixed & Changing> & Of<Outputs>) | undefined,
    ) => Promise<Found<Of<Fixed & Changing>, Of<Outputs>> | undefined>;
    /** Absent if nothing can be updated in place. */
    readonly update?: (
        inputs: Of<Fixed & Changing>,
        old: Of<Fixed & Changing> & Of<Outputs>,
        context: Context,
        id: string,
    ) => Promise<Of<Outputs>>;
    /** Deletes the resource. Not an error if it no longer exists. */
    readonly delete: (
        old: Of<Fixed & Changing> & Of<Outputs>,
        context: Context,
        id: string,
    ) => Promise<void>;
}

/** A resource as read from the server. */
export interface Found<Inputs, Outputs> {
    /** The id that `create` would return, if `read` was called with another form of it. */
    readonly id?: string;
    readonly inputs: Inputs;
    readonly outputs: Outputs;
}

/** A resource as used by the provider protocol. The values are those of the wire format. */
export interface Resource {
    readonly name: string;
    readonly description: string;
    readonly importId: { readonly format: string; readonly example: string };
    readonly schema: {
        readonly fixed: z.ZodRawShape;
        readonly changing: z.ZodRawShape;
        readonly outputs: z.ZodRawShape;
    };
    /** Inputs that Quay does not tell. */
    readonly unread: readonly string[];
    check(news: Properties, olds: Properties, context: Context): Promise<Checked>;
    diff(olds: Properties, news: Properties): Diff;
    /**
     * Returns the result of `create`, or of an `update` of the old state, as far as it is known.
     */
    preview(
        inputs: Properties,
        site: Site,
        old?: Properties,
    ): { id: string | undefined; state: Properties };
    create(inputs: Properties, context: Context): Promise<{ id: string; state: Properties }>;
    /** @param oldInputs the inputs in the state. */
    read(
        id: string,
        oldState: Properties,
        context: Context,
        oldInputs?: Properties,
    ): Promise<{ id: string; inputs: Properties; state: Properties } | undefined>;
    update(id: string, old: Properties, inputs: Properties, context: Context): Promise<Properties>;
    delete(id: string, state: Properties, context: Context): Promise<void>;
}

/** Marks the inputs of a resource that was imported, until a program has declared it. */
const imported = "__imported";

/** Makes a resource from its definition. */
export function resource<
    Fixed extends z.ZodRawShape,
    Changing extends z.ZodRawShape,
    Outputs extends z.ZodRawShape,
>(definition: ResourceDefinition<Fixed, Changing, Outputs>): Resource {
    const { name, description, importId, fixed, changing, outputs } = definition;
    const { watched = [], unread = [] } = definition;
    const shape = { ...fixed, ...changing };
    const inputSchema = z.object(shape);
    const knownSchema = inputSchema.partial();
    const outputSchema = z.object(outputs);
    /** What `resolve` fills in is both an input and an output. */
    const filledIn = Object.keys(outputs).filter((key) => Object.hasOwn(shape, key));

    const missingIn = (properties: Properties) =>
        filledIn.filter((key) => !Object.hasOwn(properties, key));
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
            `The state of ${name} ${id} is not complete. Run \`pulumi refresh\` to read it from ` +
                "Quay again.",
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
        unread,

        async check(news, olds, context) {
            const checked = checkProperties(shape, news);
            // An input that a refresh has added (see `read`) is kept.
            const kept = {
                ...only(olds, watched),
                // A program cannot mark its inputs: only the engine repeats the mark, in an import.
                ...(Object.hasOwn(olds, imported) ? only(news, [imported]) : {}),
            };
            const inputs = { ...without(checked.inputs, definition.transient ?? []), ...kept };
            const { failures } = checked;
            const resolved = missingIn(inputs);
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
                    ...kept,
                },
                failures,
            };
        },

        diff(olds, news) {
            // Apply today's defaults to the old inputs: an input that a new provider version adds
            // is no change.
            const before = plainObject(checkProperties(shape, olds).inputs);
            const after = plainObject(news);
            const changes = new Map<string, PropertyChange>();
            const replaces: string[] = [];
            const unknownKeys: readonly string[] = Object.hasOwn(olds, imported) ? unread : [];
            for (const key of Object.keys(shape)) {
                if (unknownKeys.includes(key)) continue;
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

        async read(id, oldState, context, oldInputs = {}) {
            const state = { ...oldInputs, ...oldState };
            const old = stateIn(state);
            const isImport = Object.keys(state).length === 0;
            const read = () => definition.read(id, context, old);
            const found = await withForgetCommand(name, id, context, read, isImport);
            if (found === undefined) return undefined;
            // What an earlier version of the provider did not fill in is no change.
            const missing = old === undefined ? [] : missingIn(state);
            // What an import did not know is in no state, or a refresh would report it as a change.
            const unknownKeys = unread.filter((key) => !Object.hasOwn(oldState, key));
            const values = wrapState(found.inputs, found.outputs, state);
            // The engine compares inputs, so an output that has changed on Quay becomes an input.
            const changed = watched.filter(
                (key) => state[key] !== undefined && !sameValue(state[key], values[key]),
            );
            return {
                id: found.id ?? id,
                inputs: {
                    ...without(wrapInputs(found.inputs, state), missing),
                    ...only(oldInputs, [...watched, imported]),
                    ...(isImport && unread.length > 0 ? { [imported]: true } : {}),
                    ...only(values, changed),
                },
                state: without(values, [...missing, ...unknownKeys]),
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

function sameValue(one: Value | undefined, other: Value | undefined): boolean {
    if (one === undefined || other === undefined) return one === other;
    return equal(plain(one), plain(other));
}

function knownOnly(inputs: Readonly<Record<string, Value>>): Record<string, Value> {
    return Object.fromEntries(Object.entries(inputs).filter(([, value]) => !hasUnknown(value)));
}
