import { strict as assert } from "node:assert";
import fc from "fast-check";
import structpb from "google-protobuf/google/protobuf/struct_pb.js";
import {
    decode,
    encode,
    equal,
    hasSecret,
    hasUnknown,
    plain,
    Secret,
    unknown,
} from "../../../quay/definition/values.ts";
import type { Value } from "../../../quay/definition/values.ts";

// google-protobuf itself drops a key "__proto__".
const key = fc.oneof(
    fc.string().filter((key) => key !== "__proto__"),
    fc.constantFrom("value", "constructor", "secret"),
);
const { value: anyValue } = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
        { depthSize: "small" },
        fc.string(),
        fc.boolean(),
        fc
            .double({ noNaN: true, noDefaultInfinity: true })
            .map((number) => (Object.is(number, -0) ? 0 : number)),
        fc.constant(null),
        fc.constant(unknown),
        tie("value").map((value) => new Secret(value)),
        fc.array(tie("value")),
        fc.dictionary(key, tie("value"), { noNullPrototype: true }),
    ),
}));
const properties = fc.dictionary(key, anyValue, { noNullPrototype: true });

describe("values on the wire", () => {
    it("come back as they went, secrets and unknowns too, wherever they are nested", () => {
        fc.assert(
            fc.property(properties, (values) => {
                assert.deepEqual(decode(encode(values)), values);
            }),
        );
    });

    it("lose their marks, and nothing else, when they are made plain", () => {
        fc.assert(
            fc.property(properties, (values) => {
                assert.ok(!hasSecret(plain(values)));
                assert.equal(hasUnknown(plain(values)), hasUnknown(values));
                assert.equal(equal(plain(values), plain(values)), !hasUnknown(values));
            }),
        );
    });

    it("open the engine's envelopes: secrets, outputs, and unknowns of every kind", () => {
        const signature = "4dabf18193072939515e22adb298388d";
        const secret = { [signature]: "1b47061264138c4ac30d75fd1eb44270", value: "s" };
        const output = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
        const struct = structpb.Struct.fromJavaScript({
            secret,
            list: [secret],
            known: { [signature]: output, value: "v", dependencies: [] },
            secretOutput: { [signature]: output, value: "v", secret: true },
            later: { [signature]: output },
            number: "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
            object: "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
        });
        assert.deepEqual(decode(struct), {
            secret: new Secret("s"),
            list: [new Secret("s")],
            known: "v",
            secretOutput: new Secret("v"),
            later: unknown,
            number: unknown,
            object: unknown,
        });
    });

    it("leave out what is undefined", () => {
        assert.deepEqual(decode(encode({ a: undefined, b: 1 })), { b: 1 });
        assert.deepEqual(decode(undefined), {});
    });

    it("are compared by content, and an unknown is equal to nothing", () => {
        assert.ok(equal({ a: [1, { b: null }] }, { a: [1, { b: null }] }));
        assert.ok(!equal({ a: 1 }, { a: 1, b: 2 }));
        assert.ok(!equal([1], [1, 2]));
        assert.ok(!equal(unknown, unknown));
        assert.ok(!equal({}, []));
    });
});
