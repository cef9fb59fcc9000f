import { deepEqual, equal } from "node:assert/strict";
import { QuayClient } from "../../../quay/api/client.ts";
import { QuayError } from "../../../quay/api/errors.ts";
import { sizeOf } from "../../../quay/api/imageSize.ts";
import type { Manifest } from "../../../quay/api/manifest.ts";
import { RegistrySession } from "../../../quay/api/registry.ts";

const api = new QuayClient({
    site: { url: "https://quay.io", host: "quay.io" },
    tokenVariable: "QUAY_TOKEN",
    token: "t",
    maxParallelRequests: 1,
    signal: new AbortController().signal,
});
type Parts = Manifest["parts"];

const digest = `sha256:${"0".repeat(64)}`;
const image = (...sizes: readonly number[]): Parts => {
    const [config, ...layers] = sizes.map((size) => ({ digest, size }));
    return { schemaVersion: 2, layers, ...(config && { config }) };
};
/** An index of images that are called by a text in the place of a digest. */
const index = (...names: readonly string[]): Parts => ({
    schemaVersion: 2,
    manifests: names.map((name) => ({ digest: name, size: 1 })),
});

/** A registry that has these images, and counts what is asked for. An error is thrown. */
class Images extends RegistrySession {
    readonly asked: string[] = [];
    readonly #images: Readonly<Record<string, Parts | Error>>;

    constructor(images: Readonly<Record<string, Parts | Error>>) {
        super(api, "quay.io", undefined, []);
        this.#images = images;
    }

    override manifest(_path: string, name: string): Promise<Manifest | undefined> {
        this.asked.push(name);
        const found = this.#images[name];
        if (found instanceof Error) return Promise.reject(found);
        return Promise.resolve(found && manifestOf(found));
    }
}

const manifestOf = (parts: Parts): Manifest => ({
    ...{ digest, mediaType: "", bytes: new Uint8Array(), parts },
});

/** Returns the size of what these parts are, and what the registry was asked for. */
async function sizeIn(
    images: Readonly<Record<string, Parts | Error>>,
    parts: Parts,
): Promise<{ size: number | undefined; asked: readonly string[] }> {
    const session = new Images(images);
    const size = await sizeOf({ session, path: "alice/app" }, manifestOf(parts));
    return { size, asked: session.asked };
}

describe("the size of an image", () => {
    it("is the sum of what its manifest lists, and none where that is no number of bytes", async () => {
        for (const [sizes, sum] of [
            [[], 0],
            [[1, 2, 3], 6],
            [[1e300], undefined],
            [[-1], undefined],
            [[0.5], undefined],
        ] as const)
            deepEqual(await sizeIn({}, image(...sizes)), { size: sum, asked: [] });
    });

    it("is that of the largest image of an index, each of which is read once", async () => {
        const images = { a: image(1, 2), b: image(3, 4) };
        const found = await sizeIn(images, index("a", "b", "a", "b", "b"));
        deepEqual(found, { size: 7, asked: ["a", "b"] });
    });

    it("is not known of an index that lists an index, which is not followed", async () => {
        const images = { a: image(1), nested: index("deeper", "deeper"), deeper: index("a", "a") };
        const found = await sizeIn(images, index("a", "nested", "nested"));
        deepEqual(found, { size: undefined, asked: ["a", "nested"] });
    });

    it("is not known of an index of none, or of more than 20, of which none is read", async () => {
        const names = Array.from({ length: 21 }, (_, number) => String(number));
        const images = Object.fromEntries(names.map((name) => [name, image(1)]));
        deepEqual(await sizeIn(images, index(...names)), { size: undefined, asked: [] });
        equal((await sizeIn(images, index(...names.slice(1)))).size, 1);
        deepEqual(await sizeIn(images, index()), { size: undefined, asked: [] });
    });

    it("is not known where an image of an index is missing or cannot be read", async () => {
        for (const failing of [undefined, new QuayError("It cannot be read."), image(-1)]) {
            const images = { a: image(1), ...(failing && { b: failing }) };
            deepEqual(await sizeIn(images, index("a", "b")), {
                ...{ size: undefined, asked: ["a", "b"] },
            });
        }
    });
});
