import { match } from "node:assert/strict";
import { join } from "node:path";
import { tmpdir } from "node:os";
import * as pulumi from "@pulumi/pulumi";
import { reportBuild } from "../../../components/buildProgress.ts";

class Image extends pulumi.CustomResource {}

describe("a build that takes too long", () => {
    const { warn } = console;
    afterEach(() => {
        console.warn = warn;
    });

    it("is explained before its log has a line, and while the image is not known", async () => {
        const logged = new Promise<string>((resolve) => {
            // Without an engine Pulumi logs warnings there.
            console.warn = resolve;
        });
        const built = Promise.withResolvers<string>();
        await pulumi.runtime.setMocks(
            {
                newResource: async ({ type, inputs }) => ({
                    id: type === "test:index:Image" ? await built.promise : "component",
                    state: inputs as Record<string, unknown>,
                }),
                call: () => ({}),
            },
            "mlops",
            "unit",
            false,
        );
        const component = new pulumi.ComponentResource("test:index:Component", "slow");
        const image = new Image("test:index:Image", "slow", {});
        reportBuild({
            component,
            image,
            inputs: pulumi.output("known"),
            log: join(tmpdir(), "mlops-no-such-log"),
            timeout: 5.05 / 60, // 50 ms before the explanation
            isPushed: false,
        });
        match(await logged, /takes longer than mlops:service\.buildTimeout allows/);
        built.resolve("built");
        await pulumi.runtime.disconnect();
    });
});
