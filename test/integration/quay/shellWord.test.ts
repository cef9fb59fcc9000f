import { doesNotMatch, equal } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { shellWord } from "../../../quay/api/shellWord.ts";

const hostile = ["\x1b[2J", "\u202e", "\n", "'", "\\", "$(touch pwned)", "`id`", "ü", " ", "-n"];
const word = fc.oneof(
    fc.string({ unit: "binary", maxLength: 3000 }),
    fc.array(fc.constantFrom(...hostile)).map((parts) => parts.join("")),
    fc.constantFrom("x'; touch pwned; '", "", "a b"),
);

describe("a word of a suggested command", () => {
    it("is exactly itself to a shell, and does not change the terminal that shows it", () => {
        fc.assert(
            fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
                // Arguments have neither NUL nor half a character.
                const given = words.map((one) => one.replaceAll("\0", "").toWellFormed());
                const quoted = given.map(shellWord);
                for (const one of quoted)
                    doesNotMatch(one, /[^\P{Cc}\t]|\p{Cf}|\p{Zl}|\p{Zp}|\p{Co}|\p{Cs}/u);
                const printed = execFileSync("bash", ["-c", `printf '%s\\0' ${quoted.join(" ")}`], {
                    env: { LC_ALL: "C.UTF-8" },
                    stdio: ["ignore", "pipe", "inherit"],
                });
                equal(printed.toString(), given.map((one) => `${one}\0`).join(""));
            }),
            { numRuns: 30 },
        );
        equal(shellWord("quay.io/alice/app:1.0.0"), "quay.io/alice/app:1.0.0");
        equal(shellWord("my service"), "'my service'");
        equal(shellWord("it's"), String.raw`'it'\''s'`);
    });
});
