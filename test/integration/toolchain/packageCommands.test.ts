import { equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");

describe("the commands of the package", () => {
    const mlops = (...args: string[]) =>
        spawnSync("node", ["toolchain/package/main.ts", ...args], { cwd: root, encoding: "utf8" });

    for (const args of [["preview"], ["preview", "-x"], ["board", "-x"], []])
        it(`refuse a wrong command line with their own usage: ${args.join(" ") || "none"}`, () => {
            const { status, stdout, stderr } = mlops(...args);
            equal(status, 2, stderr);
            equal(stdout, "");
            match(stderr, /^(At least one stack has to be named|Unknown option|Which command)/);
            ok(stderr.endsWith(`\n\n${mlops("--help").stdout}`), stderr);
        });
});
