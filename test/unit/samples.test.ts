import { ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { renderText } from "../../operations/board/render.ts";
import type { Row } from "../../operations/board/row.ts";
import { renderMarkdown } from "../../operations/review/markdown.ts";
import { renderTerminal } from "../../operations/review/terminal.ts";
import { recorded } from "./operations/review/previews.ts";

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

const dev = { ...recorded("same"), stack: "dev" };
const staging = { ...recorded("release"), stack: "staging", publisher: "dev" };
const prod = { ...recorded("dangerous"), stack: "prod", publisher: "staging" };

const none = { critical: 0, high: 0, medium: 0, low: 0, negligible: 0, unknown: 0 };
const row = (environment: string, version: string, digest: string, since: string): Row => ({
    environment,
    version,
    digest: `sha256:${digest.padEnd(64, "0")}`,
    since,
    visibility: environment === "prod" ? "private" : "public",
    robot: { username: `acme+digits_${environment}`, since: "2026-11-11T11:00:00Z" },
    scan: { status: "scanned", findings: { ...none, medium: 2 } },
    drift: [],
    notes: [],
});
const rows = [
    row("dev", "1.1.0", "2c6e0c6f4110", "2026-11-25T11:00:00Z"),
    row("staging", "1.1.0", "2c6e0c6f4110", "2026-11-25T11:30:00Z"),
    {
        ...row("prod", "1.0.0", "90b3a1d25e77", "2026-11-22T11:00:00Z"),
        next: { version: "1.1.0", waitsFor: "It may be released." },
    },
];

describe("what the pages show is what the programs print", () => {
    for (const [name, text] of [
        ["the board", renderText(rows, new Date("2026-11-25T12:00:00Z"))],
        [
            "the review of a release",
            upTo(renderTerminal([dev, staging], false), "\n\n  staging:").trim(),
        ],
    ] as const)
        it(`README.md: ${name}`, () => {
            ok(page("README.md").includes(text), `README.md needs:\n\n${text}`);
        });

    it("docs/reviewing.md: the comment", () => {
        const text = upTo(renderMarkdown([dev, staging, prod]), "<details>");
        ok(
            plain(page("docs/reviewing.md")).includes(plain(text)),
            `docs/reviewing.md needs:\n\n${text}`,
        );
    });
});
