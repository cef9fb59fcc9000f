import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const program = join(import.meta.dirname, "../../../toolchain/check-files.ts");
const project = "name: mlops\nruntime: nodejs\nconfig:\n  service:\n    type: object\n";

describe("the check of the files that Pulumi reads", () => {
    let folder: string;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "check-files-"));
    });
    afterEach(() => {
        rmSync(folder, { recursive: true });
    });
    const check = (stack: string, projectFile = project) => {
        writeFileSync(join(folder, "Pulumi.yaml"), projectFile);
        writeFileSync(join(folder, "Pulumi.dev.yaml"), stack);
        return spawnSync(process.execPath, [program, "dev"], { cwd: folder, encoding: "utf8" });
    };

    it("accepts files without a mistake", () => {
        const { status, stderr } = check("config:\n  mlops:service:\n    name: digits\n");
        deepEqual([status, stderr], [0, ""]);
    });

    it("names the stack's file and the line of a syntax error", () => {
        const { status, stderr } = check("config:\n  mlops:service:\n    name: [digits\n  a: b\n");
        equal(status, 1);
        match(stderr, /^Pulumi\.dev\.yaml:\d+: .+/);
        equal(/\n\s+at /.test(stderr), false, stderr);
    });

    it("names the project's file and the line of a syntax error", () => {
        const { status, stderr } = check("config: {}\n", "name: mlops\nconfig: {service\n");
        equal(status, 1);
        match(stderr, /^Pulumi\.yaml:\d+: .+/);
    });
});
