import { equal } from "node:assert/strict";
import { QuayClient } from "../../../quay/api/client.ts";
import { sizeOf } from "../../../quay/api/imageSize.ts";
import { RegistrySession } from "../../../quay/api/registry.ts";

const api = new QuayClient({
    site: { url: "https://quay.io", host: "quay.io" },
    tokenVariable: "QUAY_TOKEN",
    token: "t",
    maxParallelRequests: 1,
    signal: new AbortController().signal,
});
const side = { session: new RegistrySession(api, "quay.io", undefined, []), path: "alice/app" };
const digest = `sha256:${"0".repeat(64)}`;

describe("the size of an image", () => {
    it("is the sum of what its manifest lists, and none where that is no number of bytes", async () => {
        for (const [sizes, sum] of [
            [[], 0],
            [[1, 2, 3], 6],
            [[1e300], undefined],
            [[-1], undefined],
            [[0.5], undefined],
        ] as const) {
            const [config, ...layers] = sizes.map((size) => ({ digest, size }));
            const parts = { schemaVersion: 2 as const, layers, ...(config && { config }) };
            const bytes = new Uint8Array();
            equal(await sizeOf(side, { digest, mediaType: "", bytes, parts }), sum);
        }
    });
});
