import { equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { copyProject, temporary } from "../../../sandbox/project.ts";

describe("the packages of the benchmark", () => {
    let copy: string;
    before(() => {
        copy = temporary("packages");
        copyProject(copy, false);
    });
    after(() => {
        rmSync(copy, { recursive: true });
    });

    /** Runs the set-up, with an npm that installs one package and ends with this code. */
    function setUp(npmExitCode: number) {
        const bin = join(copy, "bin");
        mkdirSync(bin, { recursive: true });
        const npm = `#!/bin/sh
[ "$1 $2 $3" = "ci --prefix bench" ] && mkdir -p bench/node_modules/vega && exit ${String(npmExitCode)}`;
        writeFileSync(join(bin, "npm"), npm, { mode: 0o755 });
        const { status, stdout, stderr } = spawnSync("bench/setup.sh", ["packages"], {
            cwd: copy,
            encoding: "utf8",
            env: {
                ...process.env,
                PATH: `${bin}:${process.env["PATH"] ?? ""}`,
                MLOPS_CACHE: join(copy, "cache"),
            },
        });
        return { status, output: `${stdout}${stderr}`, installs: stdout.includes("npm ci …") };
    }

    it("are installed in its folder, again after a failure and after a change, and else not", () => {
        const failed = setUp(1);
        equal(failed.status, 1, failed.output);
        match(failed.output, /^packages +could not be installed; see .*\n +→ bench\/setup\.sh$/m);

        const installed = setUp(0);
        equal(installed.status, 0, installed.output);
        equal(installed.installs, true, "a package of the failed run is there");
        equal(existsSync(join(copy, "node_modules")), false, "the project's own are another step");

        const again = setUp(1);
        equal(again.status, 0, again.output);
        equal(again.output, "packages     as bench/package-lock.json says\n");

        appendFileSync(join(copy, "bench/package-lock.json"), "\n");
        equal(setUp(0).installs, true, "package-lock.json was changed");
    });
});
