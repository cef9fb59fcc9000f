import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import type { Value } from "../../../../../operations/review/preview.ts";
import {
    secretSignature,
    signature,
    unknownValue,
} from "../../../../../operations/review/engineValues.ts";
import { findComputed } from "../../../../../operations/review/snapshot/computed.ts";
import { Marks } from "../../../../../operations/review/snapshot/marks.ts";

const secret = (value: Value): Value => ({
    [signature]: secretSignature,
    plaintext: JSON.stringify(value),
});
/** Returns what is taken over of a secret `coded` of a resource, where a preview plans another. */
const computed = (
    planned: Value,
    { environment = [], urn = "a" }: { environment?: string[]; urn?: string } = {},
): Value[] => {
    const marks = new Marks();
    marks.add("coded", "a.inputs.value");
    const unchanged = new Map([["a", { inputs: { value: secret("coded") }, outputs: {} }]]);
    const plan = [{ urn, kind: "inputs" as const, properties: { value: planned } }];
    return findComputed(marks, unchanged, plan, environment).map(({ leaf }) => leaf);
};

describe("what a program computes from marks", () => {
    it("stands for a secret of a resource that is left as it is", () => {
        deepEqual(computed(secret("made of marks")), ["made of marks"]);
        deepEqual(computed(secret("made of marks"), { urn: "another" }), []);
    });
    it("counts only where both are secret, and known", () => {
        deepEqual(computed("in clear"), []);
        deepEqual(computed(secret(unknownValue)), []);
        deepEqual(computed(secret({ other: "made of marks" })), []);
    });
    it("is not taken from the environment, in any form", () => {
        fc.assert(
            fc.property(fc.uuid(), fc.string(), fc.string(), (token, before, after) => {
                const environment = [token];
                const text = before + token + after;
                const coded = Buffer.from(text).toString("base64");
                deepEqual(computed(secret(text), { environment }), []);
                deepEqual(computed(secret(JSON.stringify({ auth: coded })), { environment }), []);
                deepEqual(computed(secret(coded), { environment: ["another token"] }), [coded]);
            }),
        );
    });
});
