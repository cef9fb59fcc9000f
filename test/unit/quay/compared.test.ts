import { deepEqual, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { packageSchema } from "../../../quay/provider/schema.ts";

const page = readFileSync("quay/docs/compared.md", "utf8");

/** The cells of the rows under a heading, without the table's head. */
function rowsOf(heading: string): string[][] {
    const [, after = ""] = page.split(`## ${heading}\n`);
    const [section = ""] = after.split("\n## ", 1);
    const rows = section.split("\n").filter((line) => line.startsWith("|"));
    return rows.slice(2).map((row) =>
        row
            .split("|")
            .slice(1, -1)
            .map((cell) => cell.trim()),
    );
}

const namesIn = (heading: string) =>
    new Set(
        rowsOf(heading).flatMap(([, ours = ""]) =>
            [...ours.matchAll(/`\w+`/g)].flatMap(([name]) => name),
        ),
    );
const namesOf = (tokens: object) =>
    new Set(Object.keys(tokens).map((token) => `\`${token.replace("quay:index:", "")}\``));

describe("the page that compares the Quay provider", () => {
    const { resources, functions } = packageSchema();

    it("has a row for each resource and function of the schema, and no other", () => {
        deepEqual(namesIn("What they manage"), namesOf(resources));
        deepEqual(namesIn("What they read"), namesOf(functions));
    });

    it("says something of each of the three in every row", () => {
        const rows = ["What they manage", "What they read", "How they work"].flatMap(rowsOf);
        ok(rows.length > 40);
        for (const row of rows) {
            deepEqual(row.length, 4, row.join(" | "));
            ok(
                row.every((cell) => cell !== ""),
                row.join(" | "),
            );
        }
    });

    it("names the versions and days that it compares", () => {
        for (const name of ["enthought/terraform-provider-quay", "redhat-cop/quay_configuration"]) {
            const [, said = ""] = page.split(`github.com/${name})`);
            ok(/^\s+\d+\.\d+\.\d+[^-]+\d{4}-\d{2}-\d{2}/.test(said.replaceAll("\n", " ")), name);
        }
    });
});
