import { equal } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import * as names from "../../../../components/workflow/names.ts";

describe("a branch's name", () => {
    /** Git itself. */
    function isBranch(name: string): boolean {
        try {
            execFileSync("git", ["check-ref-format", `refs/heads/${name}`], { stdio: "ignore" });
            execFileSync("git", ["check-ref-format", "--branch", name], { stdio: "ignore" });
            return true;
        } catch {
            return false;
        }
    }
    const parts = fc.constantFrom(
        "a",
        "b1",
        ".",
        "..",
        "/",
        "//",
        "@",
        "{",
        "}",
        "~",
        "^",
        ":",
        "?",
        "*",
        "[",
        "]",
        "\\",
        " ",
        "-",
        "+",
        "!",
        "é",
        ".lock",
        "HEAD",
        "#",
    );
    it("is one exactly where git takes it", () => {
        fc.assert(
            fc.property(fc.array(parts, { minLength: 1, maxLength: 5 }), (chosen) => {
                const name = chosen.join("");
                equal(names.branch.safeParse(name).success, isBranch(name), JSON.stringify(name));
            }),
            { numRuns: 150 },
        );
    });
});
