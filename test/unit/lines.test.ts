import { deepEqual, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import markdownIt from "markdown-it";
import { files, root } from "./files.ts";

const columns = 100;

/** What the components write into a service's repository: scripts, indented as YAML needs it. */
const generated = "test/unit/components/workflow/golden/";

/** Returns the numbers, from 0, of the lines in blocks of output and diagrams, not of commands. */
function outputLines(text: string): Set<number> {
    const blocks = markdownIt()
        .parse(text, {})
        .filter(({ type, info }) => type === "fence" && info !== "sh");
    return new Set(
        blocks.flatMap(({ map }) => {
            const [start, end] = map ?? [0, 0];
            return Array.from({ length: end - start }, (_, index) => start + index);
        }),
    );
}

/** Returns the long lines of a file, as in `README.md:12`. No `#!` line can be broken. */
function longLines(file: string): string[] {
    const text = readFileSync(join(root, file), "utf8");
    const allowed = file.endsWith(".md") ? outputLines(text) : new Set<number>();
    return text
        .split("\n")
        .flatMap((line, index) =>
            line.length <= columns || allowed.has(index) || line.startsWith("#!")
                ? []
                : [`${file}:${String(index + 1)}`],
        );
}

/** ESLint checks TypeScript. Prettier wraps the prose of Markdown, but not tables and comments. */
describe(`lines have at most ${String(columns)} columns in`, () => {
    for (const [kind, least, pattern] of [
        ["scripts", 10, /\.sh$|^Makefile$|^quay\/pulumi-resource-quay$/],
        ["Markdown", 20, /\.md$/],
        ["YAML", 15, /\.ya?ml$/],
    ] as const)
        it(kind, () => {
            const found = files.filter((file) => pattern.test(file) && !file.startsWith(generated));
            ok(found.length > least, found.join());
            deepEqual(found.flatMap(longLines), []);
        });
});
