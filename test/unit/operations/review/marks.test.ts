import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { differences, normalize } from "../../../../operations/review/changeSet.ts";
import { renderMarkdown } from "../../../../operations/review/markdown.ts";
import { type Preview, unlikeMarks } from "../../../../operations/review/preview.ts";
import { readEvents, secretValue, step, succeeded, unknownValue } from "./previews.ts";

const type = "quay:index:PromotedImage";

/** A preview of an image whose digest becomes what the program computes. */
function becoming(digest: unknown): Preview {
    const image = { source: "q/a", target: "q/b", version: "1.0.0" };
    return readEvents([
        step(
            "update",
            type,
            { inputs: { ...image, digest: "sha256:1" } },
            { inputs: { ...image, digest } },
            { detailedDiff: { digest: { diffKind: "update" } } },
        ),
        succeeded,
    ]);
}
const compared = (reviewed: unknown, now: unknown) =>
    differences(normalize(becoming(reviewed)), normalize(becoming(now))).length;

describe("a mark that somebody typed is none:", () => {
    it("[unknown] admits no other value", () => {
        equal(compared(unknownValue, "sha256:2"), 0, "the mark itself does");
        equal(compared("[unknown]", "sha256:2"), 1);
        equal(compared({ of: ["[unknown]"] }, { of: ["sha256:2"] }), 1);
        equal(compared("[unknown]", "[unknown]"), 0, "the same text is as reviewed");
        equal(compared("[unknown]", "[\\unknown]"), 1);
    });
    it("[secret] is not what was masked", () => {
        equal(compared(secretValue, secretValue), 0);
        equal(compared("[secret]", secretValue), 1);
        equal(compared(secretValue, "[secret]"), 1);
        const token = `ghp_${"a1".repeat(18)}`;
        equal(compared(`echo ${token}`, "echo [secret]"), 1);
        equal(compared(`echo ${token}`, `echo ${token}`), 0);
    });
    it("nor does a comment show it as one", () => {
        const shown = (digest: unknown) => renderMarkdown([becoming(digest)]);
        match(shown(unknownValue), /→ `\[known once it is published\]`/);
        for (const typed of ["[unknown]", "[known once it is published]", "[secret]"])
            doesNotMatch(shown(typed), /\[(known|secret|unknown)[^\\]*\]`/, typed);
    });
    it("and every other text stays as it is", () => {
        const texts = ["[a-z]", "secret", "[unknowns]", "[ secret ]", "array[0]", "[known]"];
        deepEqual(texts.map(unlikeMarks), texts);
    });
    it("whatever it is: different texts stay different, and none has a mark", () => {
        const part = fc.constantFrom(
            "[",
            "]",
            "\\",
            "secret",
            "unknown",
            "generated",
            "known after ",
            "a",
        );
        const text = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(""));
        fc.assert(
            fc.property(text, text, (one, other) => {
                equal(unlikeMarks(one) === unlikeMarks(other), one === other);
                ok(!/\[(secret|unknown|generated)\]/.test(unlikeMarks(one)));
            }),
        );
    });
});
