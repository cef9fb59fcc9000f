import { doesNotMatch, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { UserError } from "../../../components/messages/userError.ts";
import { KubectlError } from "../../../components/kubernetes/kubectl.ts";
import { QuayError, readRefusal } from "../../../quay/api/errors.ts";
import { foreign, visibleLines } from "../../../quay/api/text.ts";

/** Erases a terminal, renames its window, turns text around, hides what follows. */
const hostile = "a\x1b[2J\x1b]0;owned\x07\u202eb\u200b\u2066\u009b31mc\r\u{e0041}\ud800";
const unsafe = /[^\P{Cc}\t\n]|\p{Cf}|\p{Zl}|\p{Zp}|\p{Co}|\p{Cs}/u;

const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 3000 }),
    fc
        .array(
            fc.constantFrom("\x1b[2J", "\u202e", "\n", "'", "\\", "$(id)", "`id`", "ü", " ", "x"),
        )
        .map((parts) => parts.join("")),
);

describe("text of a server or a file", () => {
    it("is shown in one line of a limited length, without what changes a terminal", () => {
        fc.assert(
            fc.property(text, fc.integer({ min: 4, max: 400 }), (given, length) => {
                for (const shown of [given, given.repeat(5000)].map((one) =>
                    foreign(one, length),
                )) {
                    doesNotMatch(shown, unsafe);
                    ok(!shown.includes("\n"));
                    // An escape has at most ten characters.
                    ok(shown.length <= length * 10, `${String(shown.length)} of ${String(length)}`);
                }
            }),
        );
        equal(foreign("  name is already taken: für 👍 "), "name is already taken: für 👍");
        equal(foreign("a\nb\x1b[2J\u202e"), "a\\nb\\u{1b}[2J\\u{202e}");
    });

    it("keeps the lines of a whole message", () => {
        equal(visibleLines("a\n\tb\x1b"), "a\n\tb\\u{1b}");
    });

    for (const kind of [UserError, QuayError, KubectlError])
        it(`is harmless in a ${kind.name}, and in its stack where that is printed`, () => {
            const error = new kind(`The server says:\n    ${hostile}`);
            doesNotMatch(error.message, unsafe);
            doesNotMatch(error.stack ?? "", unsafe);
            ok(error.message.startsWith("The server says:\n    a\\u{1b}[2J"));
        });
});

describe("an error of Quay or a registry", () => {
    const deep = (depth: number, open: string, close: string) =>
        `${open.repeat(depth)}1${close.repeat(depth)}`;

    it("is one short line, however deep, long or wrong its body is", () => {
        for (const value of [
            deep(100_000, "[", "]"),
            deep(100_000, '{"message":', "}"),
            deep(100_000, '{"code":"x","message":', "}"),
            JSON.stringify("long ".repeat(100_000)),
        ])
            for (const field of ["detail", "message", "error", "errors"]) {
                const body = `{"${field}":${value}}`;
                // ky parses a body in JSON by itself.
                for (const given of [body, JSON.parse(body) as unknown]) {
                    const { said } = readRefusal(400, given);
                    ok(said.length <= 3000 && !said.includes("\n"), said.slice(0, 100));
                }
            }
        fc.assert(
            fc.property(fc.oneof(fc.json(), fc.jsonValue(), text), (body) => {
                const { said } = readRefusal(400, body);
                doesNotMatch(said, unsafe);
                ok(said.length <= 3000);
            }),
        );
        equal(readRefusal(400, { message: "Invalid\nmore" }).said, "Invalid");
    });
});
