import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

const root = join(import.meta.dirname, "../../..");
const installed = z
    .object({ version: z.string() })
    .parse(createRequire(import.meta.url)("@pulumi/pulumi/package.json")).version;

/** Starts Node.js as Pulumi.yaml does. @returns what it printed */
function start(folder: string, debug = ""): { stdout: string; stderr: string } {
    const { stdout, stderr } = spawnSync(
        process.execPath,
        ["--require", "./toolchain/startup.ts", "--eval", "console.log('ran')"],
        { cwd: folder, encoding: "utf8", env: { ...process.env, NODE_DEBUG: debug } },
    );
    return { stdout, stderr };
}

describe("toolchain/startup.ts", function () {
    this.timeout(60_000);
    let folder: string;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "mlops-startup-"));
        mkdirSync(join(folder, "toolchain"));
        writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
        copyFileSync(join(root, "toolchain/startup.ts"), join(folder, "toolchain/startup.ts"));
    });
    afterEach(() => {
        rmSync(folder, { recursive: true });
    });

    /** Installs an SDK that has no modules. */
    const install = (version: string): void => {
        const sdk = join(folder, "node_modules/@pulumi/pulumi");
        mkdirSync(sdk, { recursive: true });
        writeFileSync(join(sdk, "package.json"), JSON.stringify({ version }));
        writeFileSync(join(sdk, "index.js"), "");
    };

    it("supports the installed version of the SDK", () => {
        const { stdout, stderr } = start(root, "pulumi");
        equal(stdout, "ran\n", stderr);
        doesNotMatch(stderr, /startup\.ts/);
    });

    it("does nothing with another version, and says so in debug output only", () => {
        install("4.0.0");
        deepEqual(start(folder), { stdout: "ran\n", stderr: "" });
        const { stdout, stderr } = start(folder, "pulumi");
        equal(stdout, "ran\n");
        match(stderr, /startup\.ts does not support @pulumi\/pulumi 4\.0\.0/);
    });

    for (const [what, prepare] of [
        [
            "the SDK has other modules",
            () => {
                install(installed);
            },
        ],
        ["the SDK is not installed", () => undefined],
    ] as const) {
        it(`does not stop the program where ${what}`, () => {
            prepare();
            deepEqual(start(folder), { stdout: "ran\n", stderr: "" });
        });
    }
});
