import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import MarkdownIt from "markdown-it";
import {
    codeBlock,
    codeSpan,
    cut,
    escapeHtml,
    share,
    sizeOf,
} from "../../../../operations/review/text.ts";
import { shorten, visible } from "../../../../quay/api/text.ts";

const markdown = new MarkdownIt({ html: true });
/** Text that is made to break out: markup, control characters, and anything else. */
const hostile = fc
    .array(
        fc.oneof(
            fc.constantFrom(
                "`",
                "``",
                "\n",
                "\r",
                " ",
                "<b>",
                "</details>",
                "|",
                "*",
                "_",
                "@octocat",
                "#1",
                "\\",
                "\t",
                "\x1b[2J",
                "\u202e",
                "![](x)",
                "~~~",
                "```\n",
            ),
            fc.string({ unit: "binary" }),
        ),
    )
    .map((parts) => parts.join(""));

describe("text of others", function () {
    this.timeout(60_000);

    it("has no character that is not seen, and none that moves a cursor or turns text around", () => {
        fc.assert(
            fc.property(hostile, (text) => {
                doesNotMatch(visible(text), /[^\P{Cc}\t]|\p{Cf}|\p{Zl}|\p{Zp}|\p{Cs}/u);
            }),
        );
        equal(visible("a\x1b[31mb\u202ec\nd\te"), "a\\u{1b}[31mb\\u{202e}c\\nd\te");
        equal(visible("für 日本 👍"), "für 日本 👍");
    });

    it("is exactly itself in a code span, and nothing of it is markup", () => {
        fc.assert(
            fc.property(hostile, (text) => {
                const tokens =
                    markdown.parseInline(`- before ${codeSpan(text)} after`, {})[0]?.children ?? [];
                deepEqual(
                    tokens.map(({ type }) => type),
                    ["text", "code_inline", "text"],
                );
                const shown = visible(text).replaceAll("\t", " ");
                equal(
                    tokens[1]?.content,
                    shown.trim() === ""
                        ? visible(JSON.stringify(text)).replaceAll("\t", " ")
                        : shown,
                );
            }),
            { numRuns: 1_000 },
        );
    });

    it("is exactly itself in a code block", () => {
        fc.assert(
            fc.property(fc.array(hostile), (texts) => {
                const lines = texts.map(visible);
                const tokens = markdown.parse(
                    ["before", "", ...codeBlock("diff", lines), "", "after"].join("\n"),
                    {},
                );
                deepEqual(
                    tokens.map(({ type }) => type).filter((type) => type !== "inline"),
                    [
                        "paragraph_open",
                        "paragraph_close",
                        "fence",
                        "paragraph_open",
                        "paragraph_close",
                    ],
                );
                equal(
                    tokens.find(({ type }) => type === "fence")?.content,
                    lines.map((line) => `${line}\n`).join(""),
                );
            }),
            { numRuns: 1_000 },
        );
    });

    it("is no markup within HTML", () => {
        fc.assert(
            fc.property(hostile, (text) => {
                doesNotMatch(escapeHtml(text), /[<>"']|&(?!#\d+;)/);
            }),
        );
    });

    it("that is too long keeps both its ends", () => {
        equal(shorten("abcdefghij", 10), "abcdefghij");
        equal(shorten("abcdefghijk", 10), "abcd…hijk");
    });
});

describe("room", () => {
    it("is shared fairly: no text gets more than it needs, and those that are cut get equal shares", () => {
        fc.assert(
            fc.property(fc.array(fc.nat(1_000)), fc.nat(5_000), (needs, room) => {
                const shares = share(needs, room);
                ok(shares.reduce((sum, one) => sum + one, 0) <= room);
                const most = Math.max(0, ...shares);
                shares.forEach((one, index) => {
                    ok(one <= (needs[index] ?? 0));
                    if (one < (needs[index] ?? 0)) ok(one >= most - shares.length);
                });
            }),
        );
        deepEqual(share([10, 100, 1000], 300), [10, 100, 190]);
        deepEqual(share([1], -5), [0]);
    });

    it("is filled with whole lines, the first ones", () => {
        fc.assert(
            fc.property(fc.array(fc.string()), fc.nat(200), (lines, room) => {
                const { lines: kept, left } = cut(lines, room);
                deepEqual(kept, lines.slice(0, kept.length));
                equal(kept.length + left, lines.length);
                ok(sizeOf(kept) <= room);
                if (left > 0) ok(sizeOf(lines.slice(0, kept.length + 1)) > room);
            }),
        );
        match(JSON.stringify(cut(["ab", "cd"], 5)), /"left":1/);
    });
});
