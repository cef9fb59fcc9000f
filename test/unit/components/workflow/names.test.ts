import { equal } from "node:assert/strict";
import { matchesPolicy } from "../../../../components/github/branchPolicy.ts";
import * as names from "../../../../components/workflow/names.ts";

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
    it("is not too long, and no expression", () => {
        equal(names.branch.safeParse("x".repeat(244)).success, true);
        equal(names.branch.safeParse("é".repeat(123)).success, false);
        equal(names.branch.safeParse("${{x}}").success, false);
    });
});
