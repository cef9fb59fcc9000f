import { ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { renderMarkdown } from "../../operations/review/markdown.ts";
import { renderTerminal } from "../../operations/review/terminal.ts";
import { shown } from "./operations/review/previews.ts";

const page = (name: string): string =>
    readFileSync(join(import.meta.dirname, "../..", name), "utf8");
/** Text without what Prettier changes in Markdown: line breaks, spaces and the width of tables. */
const plain = (text: string): string =>
    text
        .replaceAll("\\", "")
        .replaceAll("<!-- prettier-ignore -->\n", "")
        .replace(/^> /gm, "")
        .replace(/:?-{2,}:?/g, "-")
        .replace(/\s+/g, " ");
const upTo = (text: string, end: string): string => text.split(end)[0]?.trimEnd() ?? "";

const { dev, staging, prod } = shown;

describe("what the pages show is what the programs print", () => {
    it("README.md: the review of a release", () => {
        const text = upTo(renderTerminal([dev, staging], false), "\n\n  staging:").trim();
        ok(page("README.md").includes(text), `README.md needs:\n\n${text}`);
    });

    it("README.md: how long the demo takes with a cluster, as on its picture", () => {
        const [, seconds] = / (\d+) s\s*$/.exec(page("test/pictures/demo.txt")) ?? [];
        const minutes = ["no", "one", "two", "three", "four", "five", "six"];
        const said = minutes[Math.round(Number(seconds) / 60)] ?? "";
        const readme = plain(page("README.md"));
        ok(readme.includes(`and takes ${said} minutes.`), said);
        ok(readme.includes(`The output of make demo, which took ${said} minutes:`), said);
    });

    it("docs/reviewing.md: the comment", () => {
        const text = upTo(renderMarkdown([dev, staging, prod]), "<details>");
        ok(
            plain(page("docs/reviewing.md")).includes(plain(text)),
            `docs/reviewing.md needs:\n\n${text}`,
        );
    });
});
