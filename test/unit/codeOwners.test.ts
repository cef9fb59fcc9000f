import { deepEqual, ok } from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** The lines of CODEOWNERS for a part of the project, each with its owners. */
const lines = readFileSync(join(root, ".github/CODEOWNERS"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#") && !line.startsWith("* "))
    .map((line) => {
        const [pattern = "", ...owners] = line.split(/\s+/);
        return { pattern, owners };
    });

/** The files of the project that a line is for. */
function filesOf(pattern: string): string[] {
    const path = pattern.replace(/^\//, "");
    return globSync(path.endsWith("/") ? `${path}**` : path, { cwd: root });
}
const owned = new Set(lines.flatMap(({ pattern }) => filesOf(pattern)));

describe("CODEOWNERS", () => {
    it("has an owner in each line, and files for each", () => {
        const wrong = lines.filter(
            ({ pattern, owners }) =>
                !pattern.startsWith("/") ||
                filesOf(pattern).length === 0 ||
                !owners.some((owner) => owner.startsWith("@")),
        );
        deepEqual(wrong, []);
    });
    for (const file of [
        ".github/CODEOWNERS",
        ".github/workflows/preview.yml",
        ".npmrc",
        "operations/deliver.sh",
        "operations/review/rules/quay.ts",
        "package-lock.json",
        "policy/production.json",
        "Pulumi.yaml",
        "toolchain/setup.sh",
        ...globSync("Pulumi.*.yaml", { cwd: root }),
    ])
        it(`asks for a review of ${file} by those whom it names`, () => {
            ok(owned.has(file));
        });
    it("leaves the rest to all owners", () => {
        ok(!owned.has("README.md"));
    });
});
