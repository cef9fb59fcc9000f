import { equal } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { matchesPolicy } from "../../components/github/branchPolicy.ts";
import * as names from "../../components/workflow/names.ts";

describe("the patterns of an environment's policy", () => {
    // Ruby's own examples for File.fnmatch with FNM_PATHNAME, and GitHub's.
    const examples: [pattern: string, name: string, isAdmitted: boolean][] = [
        ["main", "main", true],
        ["main", "main2", false],
        ["Main", "main", false],
        ["*", "main", true],
        ["*", "release/1", false],
        ["release/*", "release/1", true],
        ["release/*", "release/1/2", false],
        ["release/*/*", "release/1/2", true],
        ["release/*/*", "release/1", false],
        ["release/**/*", "release/1", true],
        ["release/**/*", "release/1/2/3", true],
        ["**/fix", "fix", true],
        ["**/fix", "a/b/fix", true],
        ["**", "a", true],
        ["**", "a/b", false],
        ["release/**", "release/1/2", false],
        ["rel**/1", "release/1", true],
        ["rel**/1", "release/x/1", false],
        ["v?", "v1", true],
        ["v?", "v12", false],
        ["a?b", "a/b", false],
        ["v[0-9]", "v1", true],
        ["v[^0-9]", "v1", false],
        ["v[!0-9]", "vx", true],
        ["{a,b}", "a", false],
        ["{a,b}", "{a,b}", true],
        ["+(a)", "aa", false],
        ["!main", "dev", false],
        ["!main", "!main", true],
        ["#main", "#main", true],
        ["a\\*b", "axb", false],
        ["a.b", "axb", false],
    ];
    for (const [pattern, name, isAdmitted] of examples) {
        it(`${pattern} ${isAdmitted ? "admits" : "does not admit"} ${name}`, () => {
            equal(matchesPolicy([pattern], name), isAdmitted);
        });
    }
    it("admit what one of them admits; none admits nothing", () => {
        equal(matchesPolicy(["main", "api/*"], "api/github_action"), true);
        equal(matchesPolicy([], "main"), false);
    });
});

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
    it("is not too long, and no expression", () => {
        equal(names.branch.safeParse("x".repeat(244)).success, true);
        equal(names.branch.safeParse("é".repeat(123)).success, false);
        equal(names.branch.safeParse("${{x}}").success, false);
    });
});
