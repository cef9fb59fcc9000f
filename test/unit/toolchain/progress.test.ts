import { deepEqual } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");

/** What the set-up says during a build. @param lines the output of `go build -v` */
function progress(lines: readonly string[], total: number): readonly string[] {
    const script = `
        set -euo pipefail
        go() { return 1; }
        . toolchain/common.sh; . toolchain/steps.sh; . toolchain/offline/build.sh
        step=cli
        progress ${String(total)} 3>&1 >/dev/null`;
    const input = lines.map((line) => `${line}\n`).join("");
    return execFileSync("bash", ["-c", script], { cwd: root, encoding: "utf8", input })
        .split("\n")
        .filter((line) => line !== "");
}
const lines = (count: number, line: string): readonly string[] => Array<string>(count).fill(line);

describe("the progress of a Go build", () => {
    it("is the number of packages compiled of those to compile, in tenths", () => {
        deepEqual(progress([...lines(1000, "net/http"), "# a warning"], 1000), [
            ...[110, 220, 330, 440, 550, 660, 770, 880, 990].map(
                (count) => `cli            ${String(count)} of 1000 packages compiled`,
            ),
        ]);
    });

    it("is the number of modules while they are downloaded", () => {
        deepEqual(progress(lines(250, "go: downloading example.com/a v1.0.0"), 1000), [
            "cli            100 modules downloaded",
            "cli            200 modules downloaded",
        ]);
    });

    it("is not worth a line for a few packages", () => {
        deepEqual(progress(lines(9, "net/http"), 9), []);
    });
});
