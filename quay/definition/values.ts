import structpb from "google-protobuf/google/protobuf/struct_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { z } from "zod";

/**
 * Property values as the provider uses them. The engine sends secrets, unknowns and outputs as
 * marked objects ("envelopes") in plain JSON. Here they are `Secret` and `unknown`; the resources'
 * own methods get plain values only.
 */
export type Value =
    | null
    | boolean
    | number
    | string
    | readonly Value[]
    | { readonly [key: string]: Value }
    | Secret
    | Unknown;

/** The properties of a resource, the arguments of a function, or the settings of the provider. */
export type Properties = Readonly<Record<string, Value>>;

/** A value that is encrypted in the state and never shown. */
export class Secret {
    readonly value: Value;

    constructor(value: Value) {
        this.value = value;
    }
}

class Unknown {
    readonly unknown = true;
}

/** A value that is unknown in a preview. */
export const unknown = new Unknown();
export type { Unknown };

// The markers of the engine's wire format (sdk/go/common/resource/properties.go).
const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const unknownValues: ReadonlySet<unknown> = new Set([
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9", // string
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
    "030794c1-ac77-496b-92df-f27374a8bd58", // asset
    "e48ece36-62e2-4504-bad9-02848725956a", // archive
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);
const unknownOnTheWire = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Decodes properties from the engine: opens their envelopes. */
export function decode(properties: Struct | undefined): Properties {
    return properties === undefined
        ? {}
        : mapObject(wireObject.parse(properties.toJavaScript()), decodeValue);
}

/** Encodes properties for the engine. Leaves out undefined properties. */
export function encode(properties: Readonly<Record<string, Value | undefined>>): Struct {
    return structpb.Struct.fromJavaScript(mapObject(properties, encodeValue));
}

/** The content of a Struct, whose own type declarations say `{}` for objects. */
type Wire = null | boolean | number | string | Wire[] | { [key: string]: Wire };
const wireObject = z.record(z.string(), z.custom<Wire>());

function decodeValue(value: Wire): Value {
    if (Array.isArray(value)) return value.map(decodeValue);
    if (typeof value !== "object" || value === null)
        return unknownValues.has(value) ? unknown : value;
    if (value[signature] === secretSignature)
        return new Secret(decodeValue(value["value"] ?? null));
    if (value[signature] === outputSignature) {
        const inner = value["value"] === undefined ? unknown : decodeValue(value["value"]);
        return value["secret"] === true ? new Secret(inner) : inner;
    }
    return mapObject(value, decodeValue);
}

function encodeValue(value: Value): Wire {
    if (value instanceof Unknown) return unknownOnTheWire;
    if (value instanceof Secret)
        return { [signature]: secretSignature, value: encodeValue(value.value) };
    if (isList(value)) return value.map(encodeValue);
    return isObject(value) ? mapObject(value, encodeValue) : value;
}

/** Returns the value without its secret marks. Unknowns stay. */
export function plain(value: Value): Value {
    if (value instanceof Secret) return plain(value.value);
    if (isList(value)) return value.map(plain);
    return isObject(value) ? mapObject(value, plain) : value;
}

const simpleValue = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** Converts a TypeScript value to a wire value. Leaves out undefined properties. */
export function toValue(value: unknown): Value {
    if (Array.isArray(value)) return value.map(toValue);
    if (typeof value !== "object" || value === null) return simpleValue.parse(value);
    return Object.fromEntries(
        Object.entries(value).flatMap(([key, item]) =>
            item === undefined ? [] : [[key, toValue(item)] as const],
        ),
    );
}

/** Returns the properties without their secret marks. */
export function plainObject(properties: Properties): Readonly<Record<string, Value>> {
    const value = plain(properties);
    return isObject(value) ? value : {};
}

/** Whether the value, or anything in it, is unknown. */
export function hasUnknown(value: Value): boolean {
    return some(value, (part) => part instanceof Unknown);
}

/** Whether the value, or anything in it, is a secret. */
export function hasSecret(value: Value): boolean {
    return some(value, (part) => part instanceof Secret);
}

/** Whether two plain values are equal. An unknown equals nothing. */
export function equal(one: Value | undefined, other: Value | undefined): boolean {
    if (one === undefined || other === undefined) return one === other;
    if (one instanceof Unknown || other instanceof Unknown) return false;
    if (isList(one) && isList(other))
        return one.length === other.length && one.every((item, index) => equal(item, other[index]));
    if (!isObject(one) || !isObject(other)) return one === other;
    const keys = Object.keys(one);
    return (
        keys.length === Object.keys(other).length &&
        keys.every((key) => Object.hasOwn(other, key) && equal(one[key], other[key]))
    );
}

/** Whether the value is an object with keys: not a list, a mark or a simple value. */
export function isObject(value: Value | undefined): value is Readonly<Record<string, Value>> {
    return (
        typeof value === "object" &&
        value !== null &&
        !isList(value) &&
        !(value instanceof Secret) &&
        !(value instanceof Unknown)
    );
}

/** Whether the value is a list. (`Array.isArray` does not narrow a read-only list.) */
export function isList(value: Value | undefined): value is readonly Value[] {
    return Array.isArray(value);
}

function some(value: Value, test: (value: Value) => boolean): boolean {
    if (test(value)) return true;
    if (value instanceof Secret) return some(value.value, test);
    return isList(value)
        ? value.some((item) => some(item, test))
        : isObject(value) && Object.values(value).some((item) => some(item, test));
}

/** Maps own keys only, and `__proto__` like any other: the keys come from the user. */
function mapObject<From, To>(
    object: Readonly<Record<string, From | undefined>>,
    change: (value: From) => To,
): Record<string, To> {
    return Object.fromEntries(
        Object.entries(object).flatMap(([key, value]) =>
            value === undefined ? [] : [[key, change(value)] as const],
        ),
    );
}

/** Returns only the properties with these keys. */
export function only(properties: Properties, keys: readonly string[]): Properties {
    return Object.fromEntries(Object.entries(properties).filter(([key]) => keys.includes(key)));
}

/** Returns the properties without these keys. */
export function without(properties: Properties, keys: readonly string[]): Properties {
    return Object.fromEntries(Object.entries(properties).filter(([key]) => !keys.includes(key)));
}

/** Formats a path like Pulumi: `config.url`, `claims[0].subject`, `config["ref-regex"]`. */
export function propertyPath(steps: readonly PropertyKey[], start = ""): string {
    return steps.reduce<string>((path, step) => {
        if (typeof step === "number") return `${path}[${String(step)}]`;
        const key = String(step);
        if (!/^[A-Za-z_]\w*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
        return path === "" ? key : `${path}.${key}`;
    }, start);
}
