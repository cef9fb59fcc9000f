import { deepEqual, equal } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { rmSync } from "node:fs";
import { temporary } from "../../../sandbox/project.ts";

const root = join(import.meta.dirname, "../../..");

describe("the set-up of the cluster", () => {
    let cache: string;
    beforeEach(() => {
        cache = temporary("cache");
    });
    afterEach(() => {
        rmSync(cache, { recursive: true });
    });

    /** What its step says on a machine. @param machine commands that differ there. */
    function found(machine: string): { code: string; says: string } {
        const script = `
            . toolchain/common.sh; . toolchain/steps.sh; . toolchain/tests.sh
            id() { echo 0; }; unshare() { true; }; command() { true; }
            ${machine}
            found=; cluster_found; echo "$?"; echo "$found"`;
        const env = { ...process.env, MLOPS_CACHE: cache };
        const [code = "", says = ""] = execFileSync("bash", ["-c", script], {
            cwd: root,
            encoding: "utf8",
            env,
        }).split("\n");
        return { code, says };
    }

    const lacking: [what: string, machine: string, needs: string][] = [
        ["root", "id() { echo 1000; }", "root, who may create namespaces"],
        [
            "the right to create namespaces",
            "unshare() { false; }",
            "root, who may create namespaces",
        ],
        ["Debian's packages", "command() { [[ $2 != apt-get ]]; }", "packages of Debian or Ubuntu"],
        ["Go", "command() { [[ $2 != go ]]; }", "Go: https://go.dev/dl"],
    ];
    for (const [what, machine, needs] of lacking) {
        it(`is left out without ${what}, and says so`, () => {
            deepEqual(found(machine), {
                code: "0",
                says: `left out, and its tests are skipped: it needs ${needs}`,
            });
        });
    }

    it("is due where it is missing and can be made", () => {
        equal(found("").code, "1");
    });

    it("is done where it was built, whatever is lacking there now", () => {
        const built = `mkdir -p "$cluster" && checksum "\${cluster_sources[@]}" >"$cluster/.built-from"`;
        deepEqual(found(`${built}; id() { echo 1000; }`), {
            code: "0",
            says: join(cache, "cluster"),
        });
    });
});
