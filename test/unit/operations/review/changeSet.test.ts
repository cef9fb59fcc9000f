import { deepEqual, equal } from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { differences, hash, normalize } from "../../../../operations/review/changeSet.ts";
import { unknown } from "../../../../operations/review/preview.ts";
import { hashOf, unpublishedImages } from "../../../../operations/review/reviewed.ts";
import {
    change,
    preview,
    readEvents,
    recorded,
    secretValue,
    step,
    succeeded,
    unknownValue,
} from "./previews.ts";

const type = "quay:index:Repository";
const urn = `urn:pulumi:prod::mlops::${type}::digits`;
const of = (description: string) => change(type, { description: "a" }, { description });

/** The same JSON with the keys of its objects in another order. */
function turned(json: unknown): unknown {
    if (Array.isArray(json)) return json.map(turned);
    if (typeof json !== "object" || json === null) return json;
    return Object.fromEntries(
        Object.entries(json)
            .reverse()
            .map(([key, value]) => [key, turned(value)]),
    );
}

describe("a change set", () => {
    it("has a hash that knows no order of keys, and knows every value", () => {
        fc.assert(
            fc.property(fc.json(), fc.json(), (first, second) => {
                const [a, b] = [first, second].map((text): unknown => JSON.parse(text));
                equal(hash(turned(a)), hash(a));
                equal(hash(a) === hash(b), isDeepStrictEqual(a, b));
            }),
        );
    });

    it("is the same in whatever order the engine tells it", () => {
        const { changes } = recorded("dangerous");
        fc.assert(
            fc.property(
                fc.shuffledSubarray([...changes], { minLength: changes.length }),
                (order) => {
                    equal(hashOf([preview(order)]), hashOf([preview(changes)]));
                },
            ),
            { numRuns: 20 },
        );
        equal(
            hashOf([recorded("same"), { ...recorded("release"), stack: "dev" }]),
            hashOf([{ ...recorded("release"), stack: "dev" }, recorded("same")]),
        );
    });

    it("has what changes, by resource, operation and property, and no secret", () => {
        const { changes } = readEvents([
            step(
                "update",
                type,
                { inputs: { a: 1, s: secretValue } },
                { inputs: { a: unknownValue, s: secretValue } },
                { detailedDiff: { s: { diffKind: "update" } } },
            ),
            succeeded,
        ]);
        deepEqual(normalize(preview(changes)), {
            [`update ${urn}`]: {
                urn,
                operation: "update",
                id: "an-id",
                properties: {
                    a: { before: 1, after: "[unknown]", replaces: false },
                    s: { before: "[secret]", after: "[secret]", replaces: false },
                },
            },
        });
    });

    it("accepts that a ServiceMonitor is not created, where the cluster has no such kind", () => {
        const monitor = "kubernetes:monitoring.coreos.com/v1:ServiceMonitor";
        const created = normalize(preview([change(monitor, undefined, { kind: "x" })]));
        deepEqual(differences(created, {}), []);
        deepEqual(differences({}, created).length, 1);
        const deleted = normalize(preview([change(monitor, { kind: "x" }, undefined)]));
        deepEqual(differences(deleted, {}).length, 1);
        const service = "kubernetes:core/v1:Service";
        const other = normalize(preview([change(service, undefined, { kind: "x" })]));
        deepEqual(differences(other, {}).length, 1);
    });

    it("admits no image that the stack before has not published in the same run", () => {
        const image = (digest: string, source = "quay.io/a/dev") => {
            const target = "quay.io/a/staging";
            const after = { digest, source, target };
            return preview([change("quay:index:PromotedImage", { digest: "sha256:1" }, after)]);
        };
        const reviewed = normalize(image(unknown));
        const found = (digest: string, published?: string, source?: string): number =>
            unpublishedImages(image(digest, source), reviewed, published).length;
        equal(found("sha256:2", "sha256:2"), 0);
        equal(found("sha256:3", "sha256:2"), 1);
        equal(found("sha256:2"), 1);
        equal(found("sha256:2", undefined, "quay.io/a/staging"), 0, "the stack's own");
        // What was known has been compared.
        equal(
            unpublishedImages(image("sha256:2"), normalize(image("sha256:2")), undefined).length,
            0,
        );
    });

    it("differs where anything is changed that was not reviewed, or is no more", () => {
        const reviewed = normalize(preview([of("b")]));
        deepEqual(differences(reviewed, normalize(preview([of("b")]))), []);
        deepEqual(differences(reviewed, normalize(preview([of("c")]))), [
            `update ${urn}: description: reviewed "a" → "b", now "a" → "c"`,
        ]);
        deepEqual(differences(reviewed, {}), [`update ${urn}: was reviewed, and would not happen`]);
        deepEqual(differences({}, reviewed), [`update ${urn}: was not reviewed`]);
        const deleted = preview([change(type, { description: "a" }, undefined)]);
        deepEqual(differences(reviewed, normalize(deleted)), [
            `delete ${urn}: was not reviewed`,
            `update ${urn}: was reviewed, and would not happen`,
        ]);
        deepEqual(differences(reviewed, normalize(preview([{ ...of("b"), id: "another" }]))), [
            `update ${urn}: it was an-id, and is another`,
        ]);
        const more = change(type, { description: "a" }, { description: "b", visibility: "public" });
        deepEqual(differences(reviewed, normalize(preview([more]))), [
            `update ${urn}: visibility: reviewed no change, now "public"`,
        ]);
        const replaces = of("b");
        const forced = {
            ...replaces,
            properties: replaces.properties.map((property) => ({ ...property, replaces: true })),
        };
        equal(differences(reviewed, normalize(preview([forced]))).length, 1);
    });

    it("admits any value where none was known in the review, as of what the environment before publishes first", () => {
        const image = (before: object, after: object) =>
            normalize(preview([change(type, { ...before }, { ...after })]));
        const before = { digest: "sha256:1", tags: ["1.0.0"], version: "1.0.0" };
        const reviewed = image(before, { digest: unknown, tags: unknown, version: "1.1.0" });
        const now = { digest: "sha256:2", tags: ["1.1.0"], version: "1.1.0" };
        deepEqual(differences(reviewed, image(before, now)), []);
        deepEqual(
            differences(reviewed, image(before, { ...now, tags: ["1.0.0"] })),
            [],
            "it may turn out to be as it was",
        );
        // Known values must be as reviewed: before the change, beside it, and the cause of a
        // replacement.
        deepEqual(differences(reviewed, image({ ...before, digest: "sha256:0" }, now)).length, 1);
        deepEqual(differences(reviewed, image({ ...before, tags: ["0.9.0"] }, now)).length, 1);
        deepEqual(differences(reviewed, image(before, { ...now, version: "1.2.0" })).length, 1);
        deepEqual(differences(reviewed, image(before, { ...now, digests: "sha256:3" })).length, 1);
        deepEqual(
            differences(image(before, now), reviewed).length,
            3,
            "nor may what was known be unknown",
        );
        const created = (after: object) =>
            normalize(preview([change(type, undefined, { ...after })]));
        deepEqual(
            differences(
                created({ image: { digest: unknown, tag: "a" } }),
                created({ image: { digest: "b", tag: "a" } }),
            ),
            [],
        );
        deepEqual(
            differences(
                created({ image: { digest: unknown, tag: "a" } }),
                created({ image: { digest: "b", tag: "c" } }),
            ).length,
            1,
        );
    });
});
