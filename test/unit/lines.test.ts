import { deepEqual, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import markdownIt from "markdown-it";

const root = join(import.meta.dirname, "../..");
const columns = 100;

/** What the components write into a service's repository: scripts, indented as YAML needs it. */
const generated = "test/unit/components/workflow/golden/";

/** Returns the files in git, and those that are new, that match one of git's patterns. */
function filesOf(...patterns: readonly string[]): string[] {
    return execFileSync("git", ["ls-files", "-z", "-co", "--exclude-standard", "--", ...patterns], {
        cwd: root,
        encoding: "utf8",
    })
        .split("\0")
        .filter((file) => file !== "" && !file.startsWith(generated));
}

/** Returns the numbers, from 0, of the lines in code blocks: commands to copy, and real output. */
function codeLines(text: string): Set<number> {
    const blocks = markdownIt()
        .parse(text, {})
        .filter(({ type }) => type === "fence" || type === "code_block");
    return new Set(
        blocks.flatMap(({ map }) => {
            const [start, end] = map ?? [0, 0];
            return Array.from({ length: end - start }, (_, index) => start + index);
        }),
    );
}

/** Returns the long lines of a file, as in `README.md:12`. The first line of a script is one line. */
function longLines(file: string): string[] {
    const text = readFileSync(join(root, file), "utf8");
    const allowed = file.endsWith(".md") ? codeLines(text) : new Set<number>();
    return text
        .split("\n")
        .flatMap((line, index) =>
            line.length <= columns || allowed.has(index) || line.startsWith("#!")
                ? []
                : [`${file}:${String(index + 1)}`],
        );
}

/** ESLint checks TypeScript. Prettier wraps the prose of Markdown, but not tables and comments. */
describe(`at most ${String(columns)} columns have the lines of`, () => {
    for (const [kind, least, patterns] of [
        ["scripts", 10, ["*.sh", "Makefile", "quay/pulumi-resource-quay"]],
        ["Markdown", 20, ["*.md"]],
        ["YAML", 15, ["*.yaml", "*.yml"]],
    ] as const)
        it(kind, () => {
            const files = filesOf(...patterns);
            ok(files.length > least, files.join());
            deepEqual(files.flatMap(longLines), []);
        });
});
