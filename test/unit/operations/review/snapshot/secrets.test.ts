import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import type { Value } from "../../../../../operations/review/preview.ts";
import { secretSignature, signature } from "../../../../../operations/review/engineValues.ts";
import {
    type Leaf,
    replaceSecrets,
    secretLeaves,
} from "../../../../../operations/review/snapshot/leaves.ts";
import { Marks, markOf } from "../../../../../operations/review/snapshot/marks.ts";

const secret = (value: Value): Value => ({
    [signature]: secretSignature,
    plaintext: JSON.stringify(value),
});
/** Texts that no replacement and no key has. */
const canary = fc.uuid().map((id) => `canary-${id}`);
const { value: withSecrets } = fc.letrec<{ value: Value; leaf: Value; hidden: Value }>((tie) => ({
    leaf: fc.oneof(fc.constantFrom(null, "", "plain", 7, true)),
    hidden: fc.oneof(
        canary,
        fc.array(canary, { maxLength: 3 }),
        fc.dictionary(fc.constantFrom("a", "b", "c.d"), canary),
        canary.map(secret),
    ),
    value: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        tie("leaf"),
        tie("hidden").map(secret),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom("x", "y", "z"), tie("value")),
    ),
}));

describe("the secrets in a state", () => {
    it("are all replaced, and nothing else is", () => {
        fc.assert(
            fc.property(withSecrets, (value) => {
                const before = [...secretLeaves(value)];
                const replaced = replaceSecrets(value, () => "mark");
                ok(!JSON.stringify(replaced).includes("canary"));
                const after = [...secretLeaves(replaced)];
                deepEqual(
                    after,
                    before.map(([path]) => [path, "mark"]),
                );
                // With what they were, the value is as before, but for secrets within secrets.
                const restored = replaceSecrets(
                    replaced,
                    (_, path) => new Map(before).get(path) ?? "",
                );
                deepEqual([...secretLeaves(restored)], before);
                equal(
                    JSON.stringify(value).includes("plain"),
                    JSON.stringify(replaced).includes("plain"),
                );
            }),
        );
    });
    it("are named by where they are, whatever they are wrapped in", () => {
        const [one, other] = [secret({ A: "x", B: ["y"] }), { A: secret("x"), B: [secret("y")] }];
        deepEqual([...secretLeaves({ data: one })], [...secretLeaves({ data: other })]);
        deepEqual([...secretLeaves(one).keys()], [".A", ".B[0]"]);
    });
    it("stay as they are where they are empty", () => {
        deepEqual(
            replaceSecrets(secret({ a: "", b: null }), () => "mark"),
            secret({ a: "", b: null }),
        );
    });
    it("must not be encrypted", () => {
        const encrypted = { [signature]: secretSignature, ciphertext: "v1:abc" };
        let failure: unknown;
        try {
            replaceSecrets(encrypted, () => "mark");
        } catch (error) {
            failure = error;
        }
        ok(failure instanceof Error);
    });
});

describe("what stands for a secret", () => {
    const marksOf = (entries: readonly (readonly [Leaf, string])[]): Marks => {
        const marks = new Marks();
        for (const [leaf, origin] of entries) marks.add(leaf, origin);
        return marks;
    };

    it("does not depend on its value, nor on the order of the resources", () => {
        fc.assert(
            fc.property(fc.uniqueArray(canary, { minLength: 2, maxLength: 4 }), (values) => {
                const entries = values.map((value, at) => [value, `urn:${String(at)}`] as const);
                const [marks, reversed] = [marksOf(entries), marksOf(entries.toReversed())];
                const others = marksOf(
                    entries.map(([, origin], at) => [`other-${String(at)}`, origin]),
                );
                for (const [at, value] of values.entries()) {
                    match(String(marks.of("u", value)), /^mlops-secret-[0-9a-f]{20}$/);
                    equal(marks.of("u", value), reversed.of("u", value));
                    equal(marks.of("u", value), others.of("u", `other-${String(at)}`));
                }
            }),
        );
    });
    it("is the same for equal secrets, and another for others", () => {
        const marks = marksOf([
            ["token", "urn:b.value"],
            ["token", "urn:a.token"],
            ["password", "urn:c.value"],
        ]);
        equal(marks.of("urn:b", "token"), markOf("urn:a.token"));
        notEqual(marks.of("urn:a", "token"), marks.of("urn:c", "password"));
    });
    it("is what the program computes, for the resource that has it", () => {
        const marks = marksOf([["coded", "urn:a.value"]]);
        marks.compute("urn:a", "coded", "made of a mark");
        equal(marks.of("urn:a", "coded"), "made of a mark");
        equal(marks.of("urn:b", "coded"), markOf("urn:a.value"));
    });
    it("tells nothing about numbers and truth values, and leaves what is empty", () => {
        const marks = marksOf([]);
        deepEqual(
            [4711, true, ""].map((leaf) => marks.of("urn:a", leaf)),
            [0, false, ""],
        );
    });
});
