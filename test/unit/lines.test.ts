import { deepEqual, ok } from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** ESLint checks TypeScript, and prettier the prose of Markdown. */
describe("lines of shell scripts", () => {
    it("have at most 100 columns", () => {
        const files = globSync("{components,operations,toolchain}/**/*.sh", { cwd: root });
        ok(files.length > 10);
        const long = files.flatMap((file) =>
            readFileSync(join(root, file), "utf8")
                .split("\n")
                .flatMap((line, index) =>
                    line.length > 100 ? `${file}:${String(index + 1)}` : [],
                ),
        );
        deepEqual(long, []);
    });
});
