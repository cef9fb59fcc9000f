import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { indexType, readParts } from "../../../quay/api/manifest.ts";

const imageType = "application/vnd.oci.image.manifest.v1+json";
const dockerImage = "application/vnd.docker.distribution.manifest.v2+json";
const dockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
const entry = { mediaType: imageType, digest: `sha256:${"1".repeat(64)}`, size: 1 };
const image = { schemaVersion: 2, config: entry, layers: [entry] };
const index = { schemaVersion: 2, manifests: [{ ...entry, platform: { os: "linux" } }] };

const read = (manifest: object, type?: string) =>
    readParts(new TextEncoder().encode(JSON.stringify(manifest)), type);
const problemIn = (manifest: object, type?: string): string => {
    const found = read(manifest, type);
    return typeof found === "string" ? found : "";
};

describe("a manifest", () => {
    it("is read as what it is", () => {
        for (const type of [undefined, imageType, dockerImage, "application/json"])
            deepEqual(read(image, type), image);
        for (const mediaType of [indexType, dockerIndex])
            deepEqual(read({ ...index, mediaType }, mediaType), { ...index, mediaType });
        deepEqual(read(index), index);
        // What clients do not read does not count.
        ok(typeof read({ ...image, subject: entry, annotations: { Config: "x" } }) === "object");
    });

    it("is refused where clients could take it for an image or an index", () => {
        const both = /^it is an index and an image at once$/;
        match(problemIn({ ...image, ...index }, imageType), both);
        match(problemIn({ ...index, layers: [] }, indexType), both);
        const called = /^it is an (image|index) and is called "application/;
        for (const type of [indexType, dockerIndex]) {
            match(problemIn(image, type), called);
            match(problemIn({ ...image, mediaType: type }, imageType), called);
        }
        for (const type of [imageType, dockerImage]) {
            match(problemIn(index, type), called);
            match(problemIn({ ...index, mediaType: type }, indexType), called);
        }
        equal(
            problemIn({ schemaVersion: 1 }),
            "it is neither an image nor an index of the kinds that can be copied",
        );
    });

    it("is refused with a key that clients in Go read as another, however it is written", () => {
        const written = (key: string) =>
            fc
                .array(fc.boolean(), { minLength: key.length, maxLength: key.length })
                .map((upper) =>
                    Array.from(key, (one, at) => (upper[at] === true ? other(one) : one)).join(""),
                )
                .filter((variant) => variant !== key);
        // Go takes ſ for an s.
        const other = (letter: string) => (letter === "s" ? "ſ" : letter.toUpperCase());
        const places: Record<string, (key: string) => object> = {
            manifests: (key) => ({ ...index, [key]: [] }),
            layers: (key) => ({ ...image, [key]: [] }),
            config: (key) => ({ ...image, [key]: entry }),
            mediaType: (key) => ({ ...image, [key]: imageType }),
            digest: (key) => ({ ...index, manifests: [{ ...entry, [key]: entry.digest }] }),
            platform: (key) => ({ ...index, manifests: [{ ...entry, [key]: {} }] }),
            os: (key) => ({ ...index, manifests: [{ ...entry, platform: { [key]: "linux" } }] }),
        };
        for (const [key, place] of Object.entries(places)) {
            ok(typeof read(place(key)) === "object", key);
            fc.assert(
                fc.property(written(key), (variant) => {
                    const said = `it has the key "${variant}", which some clients take for "${key}"`;
                    equal(read(place(variant)), said);
                }),
                { numRuns: 20 },
            );
        }
    });
});
