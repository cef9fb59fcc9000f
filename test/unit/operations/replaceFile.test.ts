import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { replaceFile } from "../../../operations/replaceFile.ts";

describe("a file that is written", () => {
    it("is replaced at once; after a failure the old one is still there, and nothing else", () => {
        const folder = mkdtempSync(join(tmpdir(), "file-"));
        const path = join(folder, "board.html");
        writeFileSync(path, "old");
        replaceFile(path, "new");
        equal(readFileSync(path, "utf8"), "new");
        const taken = join(folder, "taken");
        mkdirSync(join(taken, "in"), { recursive: true });
        for (const wrong of [taken, join(folder, "no/board.html"), join(path, "board.html")]) {
            try {
                replaceFile(wrong, "new");
                ok(false, wrong);
            } catch (error) {
                match(String(error), /(?:taken|board\.html) cannot be written: /);
            }
        }
        deepEqual(readdirSync(folder).sort(), ["board.html", "taken"]);
        rmSync(folder, { recursive: true });
    });
});
