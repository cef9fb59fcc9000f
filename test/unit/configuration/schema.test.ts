import { deepEqual, equal, ok } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import * as yaml from "yaml";
import { z } from "zod";
import { withKeyList } from "../../../configuration/keyList.ts";
import { generateSchema, schemaFile } from "../../../configuration/schema.ts";

/** Reads a JSON Schema, as an editor does. */
const schema = z.fromJSONSchema(
    z.custom<z.core.JSONSchema.JSONSchema>().parse(JSON.parse(readFileSync(schemaFile, "utf8"))),
);
const files = readdirSync(".").filter((file) => /^Pulumi\..+\.yaml$/.test(file));
const read = (file: string): string =>
    readFileSync(file, "utf8").replaceAll("YOUR-ACCOUNT", "alice");
const accepts = (text: string): boolean => schema.safeParse(yaml.parse(text)).success;

/** The sections of a stack that publishes its image. */
const published = `
  mlops:quay: {namespace: alice, repository: digits, robot: digits_robot}
  mlops:github:
    repository: digits
    branch: main
    workflow: {path: .github/workflows/build.yml, name: Build, job: build}`;
const service = "{name: digits, version: 1.0.0, context: service}";
const promoted = `
  mlops:service: {name: digits, version: 1.0.0}${published}
  mlops:promoteFrom: {repository: quay.io/alice/digits}`;

it("the README's list of keys is generated from the configuration's sections", () => {
    const page = readFileSync("README.md", "utf8");
    equal(page, withKeyList(page), "run npm run generate");
});

describe("Pulumi.schema.json", () => {
    it("is generated from the configuration's sections (npm run generate)", async () => {
        equal(readFileSync(schemaFile, "utf8"), await generateSchema());
    });

    it("is what the first line of each stack's file refers to", () => {
        const line = "# yaml-language-server: $schema=./Pulumi.schema.json\n";
        const others = files.filter((file) => !readFileSync(file, "utf8").startsWith(line));
        deepEqual(others, []);
    });

    for (const file of files) {
        it(`accepts ${file}, and refuses each of its keys with a typing error`, () => {
            const text = read(file);
            ok(accepts(text));
            const keys = text.match(/^ +(?:mlops:)?\w+(?=:( |$))/gm) ?? [];
            ok(keys.length > 5, keys.join());
            const accepted = keys.filter((key) => accepts(text.replace(`${key}:`, `${key}x:`)));
            deepEqual(accepted, []);
        });
    }

    const accepted: [what: string, config: string][] = [
        ["a secret variable", `mlops:service: ${service}\n  mlops:env: {KEY: {secure: v1:abc}}`],
        ["no issuer", `mlops:service: ${service}\n  mlops:oauth2: none`],
        ["keys of other programs", `mlops:service: ${service}\n  docker:host: unix:///x.sock`],
        ["a stack that builds its image", `mlops:service: ${service}${published}`],
        ["a stack that promotes its image", promoted],
        [
            "the name of a secret in lower case",
            `mlops:service: ${service}${published}\n    secrets: {username: quay_user}`,
        ],
    ];
    for (const [what, config] of accepted) {
        it(`accepts ${what}`, () => {
            ok(accepts(`config:\n  ${config}\n`));
        });
    }

    const refused: [what: string, text: string][] = [
        ["a number as a variable", `config:\n  mlops:service: ${service}\n  mlops:env: {A: 1}\n`],
        ["another word than none", `config:\n  mlops:service: ${service}\n  mlops:oauth2: no\n`],
        [
            "a build in a stack that promotes",
            `config:${promoted.replace("1.0.0", "1.0.0, context: a")}\n`,
        ],
        ["a section outside of config", `config:\n  mlops:service: ${service}\nmlops:env: {}\n`],
        ["an unknown section", `config:\n  mlops:service: ${service}\n  mlops:servce: {}\n`],
    ];
    for (const [what, text] of refused) {
        it(`refuses ${what}`, () => {
            ok(!accepts(text));
        });
    }

    it("describes every key", () => {
        const text = readFileSync(schemaFile, "utf8");
        const undescribed: string[] = [];
        visit(JSON.parse(text), [], undescribed);
        deepEqual(undescribed, []);
    });
});

/** Collects the keys that have no description, but for those at the top of the file. */
function visit(value: unknown, path: readonly string[], undescribed: string[]): void {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value) as [string, unknown][]) {
        const isKey = path.at(-1) === "properties" && path.length > 1;
        if (isKey && !z.object({ description: z.string() }).safeParse(inner).success)
            undescribed.push([...path, key].join("."));
        visit(inner, [...path, key], undescribed);
    }
}
