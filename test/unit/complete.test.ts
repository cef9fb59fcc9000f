/** What docs/changing.md says belongs to a change: a part that is forgotten fails here. */
import { deepEqual } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { configOf } from "../../configuration/schema.ts";
import { stackConfig } from "../../configuration/stackConfig.ts";
import { resources } from "../../quay/resources/index.ts";
import { files, root } from "./files.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const filesIn = (folder: string): string[] =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
const textOf = (folder: string): string =>
    filesIn(folder)
        .filter((file) => file.endsWith(".ts"))
        .map(read)
        .join("\n");
const exists = (file: string): boolean => files.includes(file);
/** Returns the first group of every match. */
const matches = (text: string, pattern: RegExp): string[] =>
    [...text.matchAll(pattern)].flatMap(([, found = ""]) => found);

const project = z.object({
    config: z.record(z.string(), z.object({ description: z.string().default("") })),
});

const sections = z.record(
    z.string(),
    z.object({ properties: z.record(z.string(), z.looseObject({})).default({}) }),
);
/** Returns whether a key is only there for the message that refuses it. */
const isRefused = (schema: object): boolean => "not" in schema;

describe("nothing is forgotten:", () => {
    it("every definition in quay/resources is a resource of the package", () => {
        const defined = matches(textOf("quay/resources"), /resource\(\{\n\s*name: "(\w+)"/g);
        deepEqual(defined.sort(), resources.map(({ name }) => name).sort());
    });

    it("every resource of the Quay provider is created with the real engine", () => {
        const tests = textOf("test/e2e/quay");
        const missing = resources.filter(({ name }) => !tests.includes(`new quay.${name}(`));
        deepEqual(missing, []);
    });

    it("every policy has a program that violates it (test/e2e/policy.test.ts)", () => {
        const policies = matches(textOf("policy/policies"), /^ {4}name: "([a-z-]+)"/gm);
        const test = read("test/e2e/policy.test.ts");
        deepEqual(
            policies.filter((name) => !test.includes(name)),
            [],
        );
    });

    it("every key is in its section's description in Pulumi.yaml", () => {
        const { config } = project.parse(parse(read("Pulumi.yaml")));
        const missing = stackConfig.options
            .flatMap((kind) => Object.entries(sections.parse(configOf(kind).properties)))
            .flatMap(([section, { properties }]) => {
                const { description = "" } = config[section.replace("mlops:", "")] ?? {};
                const keys = Object.entries(properties).filter(([, key]) => !isRefused(key));
                return keys.flatMap(([key]) =>
                    description.includes(key) ? [] : [`${section}.${key}`],
                );
            });
        deepEqual([...new Set(missing)], []);
    });

    it("every page is in docs/README.md and in README.md", () => {
        const pages = filesIn("docs")
            .filter(
                (file) =>
                    file.endsWith(".md") && file !== "docs/README.md" && !file.includes("-results"),
            )
            .map((file) => file.slice("docs/".length));
        const [overview, readme] = [read("docs/README.md"), read("README.md")];
        deepEqual(
            pages.filter(
                (page) => !overview.includes(`(${page})`) || !readme.includes(`(docs/${page}`),
            ),
            [],
        );
    });

    it("every file that a page names exists", () => {
        const folders =
            "bench|components|configuration|contract|docs|examples|operations|policy|quay";
        const path = new RegExp(
            String.raw`(?<![\w./-])((?:${folders}|sandbox|test|toolchain)/[\w./-]+\.(?:ts|md|sh|json))`,
            "g",
        );
        const named = files
            .filter((file) => file.endsWith(".md"))
            .flatMap((page) =>
                matches(read(page), path)
                    .filter((file) => ![file, join(dirname(page), file)].some(exists))
                    .map((file) => `${page}: ${file}`),
            );
        deepEqual(
            named.filter((one) => !one.includes("NAME")),
            [],
        );
    });
});
