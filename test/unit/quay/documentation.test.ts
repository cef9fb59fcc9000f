import { deepEqual, doesNotMatch, ok } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { scopes } from "../../../quay/api/client.ts";
import { readDocumentation, readExample } from "../../../quay/provider/documentation.ts";
import { generateSdk } from "../../../quay/provider/generate.ts";
import { registrySchema } from "../../../quay/provider/registrySchema.ts";
import { packageSchema } from "../../../quay/provider/schema.ts";
import { settings } from "../../../quay/provider/settings.ts";
import { resources as definitions } from "../../../quay/resources/index.ts";

const quay = join(import.meta.dirname, "../../../quay");
const page = (name: string): string => readFileSync(join(quay, name), "utf8");
const examples = readdirSync(join(quay, "../examples/quay"), { withFileTypes: true });
const folders = examples.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
const plain = packageSchema();
const documentation = readDocumentation();
const schema = registrySchema(plain, documentation);
const nameOf = (token: string): string => token.slice(token.lastIndexOf(":") + 1);
const resources = Object.keys(plain.resources).map(nameOf);
const functions = Object.keys(plain.functions).map(nameOf);
const snake = (name: string): string => name.replace(/[A-Z]/g, (one) => `_${one.toLowerCase()}`);

/** Returns the names that a YAML program uses and does not declare. */
function undeclared(yaml: string): string[] {
    const declared = [...yaml.matchAll(/^ {2}([\w-]+):/gm)].map(([, name]) => name);
    const used = [...yaml.matchAll(/\$\{([\w-]+)/g)].map(([, name = ""]) => name);
    return used.filter((name) => !declared.includes(name));
}

describe("the documentation of the Quay provider", () => {
    it("has a folder of examples for the overview, the provider, each resource and function", () => {
        const wanted = ["Provider", "overview", ...resources, ...functions];
        deepEqual([...folders].sort(), wanted.sort());
    });

    for (const name of resources)
        it(`creates a ${name} in each language`, () => {
            const { typescript, python, yaml } = readExample(name);
            ok(typescript.includes(`new quay.${name}("`), typescript);
            ok(python.includes(`quay.${name}(\n`), python);
            ok(yaml.includes(`type: quay:${name}\n`), yaml);
        });

    for (const name of functions)
        it(`calls ${name} in each language`, () => {
            const { typescript, python, yaml } = readExample(name);
            ok(typescript.includes(`quay.${name}Output({`), typescript);
            ok(python.includes(`quay.${snake(name)}_output(`), python);
            ok(yaml.includes(`function: quay:${name}\n`), yaml);
        });

    it("has examples that stand alone, with secrets from the configuration", () => {
        const secrets = Object.values(plain.resources)
            .flatMap(({ inputProperties }) => Object.entries(inputProperties))
            .flatMap(([key, { secret }]) => (secret === true ? [key] : []));
        const literal = new RegExp(`(${secrets.join("|")}|token)["']?[:=] ?["'\\w](?!onfig)`, "i");
        for (const name of folders) {
            const { typescript, python, yaml } = readExample(name);
            deepEqual(undeclared(yaml), [], name);
            for (const text of [typescript, python, yaml]) {
                const lines = text.split("\n").filter((line) => literal.test(line));
                deepEqual(
                    lines.filter((line) => !/output|export|config/i.test(line)),
                    [],
                    name,
                );
            }
        }
    });

    it("is in the schema, in the form of the Pulumi Registry", () => {
        const blocks = ["typescript", "python", "yaml"]
            .map((language) => `\`\`\`${language}\n[^\`]*(?:\`[^\`]+\`[^\`]*)*\n\`\`\`\n\n`)
            .join("");
        const head = "\n\n\\{\\{% examples %\\}\\}\n## Example Usage\n\\{\\{% example %\\}\\}\n\n";
        const tail = "\\{\\{% /example %\\}\\}\n\\{\\{% /examples %\\}\\}\n";
        const how = "\n## Import\n\nThe id is [^\n]+\n\n```sh\n\\$ pulumi import quay:index:";
        const unread = "(?:\nWhat neither an import nor a refresh sees, [^\n]+\n)?";
        const examples = `^[^{]+${head}${blocks}${tail}`;
        for (const { description = "" } of [schema.provider, ...Object.values(schema.functions)])
            ok(new RegExp(`${examples}$`).test(description), description);
        for (const [token, { description = "" }] of Object.entries(schema.resources))
            ok(
                new RegExp(`${examples}${how}${nameOf(token)} NAME \\S+\n\`\`\`\n${unread}$`).test(
                    description,
                ),
            );
    });

    it("leaves the schema and the SDK small", async () => {
        for (const [file, text] of await generateSdk())
            ok(text.length < 100_000, `${file} has ${String(text.length)} characters`);
    });

    it("has a page for each, which the index links, each with a sentence", () => {
        const names = [...resources, ...functions];
        const others = ["Provider.md", "compared.md", "installation-configuration.md"];
        const pages = [...names.map((name) => `${name}.md`), ...others];
        const found = readdirSync(join(quay, "docs")).sort();
        deepEqual(found, [...pages, "README.md", "_index.md"].sort());
        const index = page("docs/README.md");
        const linked = [...index.matchAll(/^- \[(\w+)\]\(\1\.md\): (?=[A-Z][^.]+\.$)/gm)];
        deepEqual(
            linked.map(([, name]) => name),
            names,
        );
        for (const name of others) ok(index.includes(`](${name})`), name);
        ok(page("README.md").includes("](docs/README.md)"));
    });

    it("shows no marks of the Registry, nor a link to them, to readers elsewhere", () => {
        const pages = readdirSync(join(quay, "docs")).filter((name) => name !== "_index.md");
        for (const name of ["README.md", ...pages.map((name) => `docs/${name}`)])
            doesNotMatch(page(name), /\{\{[<%]|_index\.md/, name);
    });

    it("says which inputs an import does not see, on the page, in the schema and in the SDK", () => {
        const sdk = page("sdk/index.ts");
        for (const { name, unread } of definitions) {
            const end = sdk.indexOf(`export class ${name} extends`);
            for (const text of [
                page(`docs/${name}.md`),
                schema.resources[`quay:index:${name}`]?.description ?? "",
                sdk.slice(sdk.lastIndexOf("/**", end), end),
            ]) {
                const [, list = ""] = /because Quay does not tell it: ([^.]*)\./.exec(text) ?? [];
                deepEqual(list.match(/\w+/g) ?? [], unread, name);
            }
        }
    });

    it("shows the overview's example on its first page", () => {
        const squeeze = (text: string): string => text.replace(/\s+/g, " ");
        const first = squeeze(page("docs/_index.md"));
        for (const [language, text] of Object.entries(readExample("overview")))
            ok(first.includes(squeeze(`\`\`\`${language}\n${String(text)}\`\`\``)), language);
    });

    it("explains each scope and setting", () => {
        const text = page("docs/installation-configuration.md");
        for (const [scope, label] of Object.entries(scopes))
            ok(text.includes(`- \`${scope}\` (_${label}_): `), scope);
        for (const key of Object.keys(settings)) ok(text.includes(`- \`quay:${key}\`: `), key);
    });
});
