import { deepEqual, equal, ok } from "node:assert/strict";
import { globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { checksums, drawings, pagePictures } from "../pictures/pictures.ts";
import { drawTerminal } from "../pictures/terminal.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "docs/pictures");
const made = readdirSync(folder).filter((name) => name !== "sources.json");

describe("the pictures of the documentation", () => {
    it("are made of what the programs print now (npm run pictures)", () => {
        for (const [name, text] of Object.entries(drawings()))
            equal(readFileSync(join(folder, name), "utf8"), text, `${name}: npm run pictures`);
        deepEqual(
            JSON.parse(readFileSync(join(folder, "sources.json"), "utf8")),
            checksums(),
            "npm run pictures",
        );
        deepEqual(
            made.toSorted(),
            [...Object.keys(drawings()), ...Object.keys(pagePictures)].toSorted(),
        );
    });

    it("are small", () => {
        for (const name of made) ok(statSync(join(folder, name)).size < 200_000, name);
    });

    it("are shown, each with a text that says what is on it", () => {
        const pages = globSync(["README.md", "docs/*.md"], { cwd: root })
            .map((page) => readFileSync(join(root, page), "utf8"))
            .join("\n");
        const shown = [
            ...pages.matchAll(/!\[([^\]]*)\]\((?:docs\/)?pictures\/([\w.-]+)\)/g),
            ...pages.matchAll(/<img\s+alt="([^"]*)"\s+src="(?:docs\/)?pictures\/([\w.-]+)"/g),
            // Another form of the picture that follows, with that one's text.
            ...pages.matchAll(
                /<source\s+(media)="[^"]*"\s+srcset="(?:docs\/)?pictures\/([\w.-]+)"/g,
            ),
        ];
        for (const [, text = "", name = ""] of shown)
            ok(text === "media" || text.length > 60, `${name}: ${text}`);
        deepEqual([...new Set(shown.map(([, , name]) => name))].sort(), made.toSorted());
    });

    it("have what was printed as text, with long lines cut", () => {
        const picture = drawTerminal("make it", "Title\n  <b> & 12345\n", 10);
        const texts = [...picture.matchAll(/<text([^>]*)>([^<]*)<\/text>/g)];
        deepEqual(
            texts.map(([, , text]) => text),
            ["$ make it", "Title", "&#60;b&#62; &#38; 1…"],
        );
    });
});
