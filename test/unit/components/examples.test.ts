import { deepEqual, ok } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const root = join(import.meta.dirname, "../../..");
const folder = join(root, "components");

/** A class that other programs may use, and the example of its docstring. */
interface Component {
    readonly name: string;
    readonly file: string;
    readonly example: string | undefined;
}

/** Returns the exported components of a file. */
function componentsOf(file: string): Component[] {
    const text = readFileSync(join(folder, file), "utf8");
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    return source.statements.filter(ts.isClassDeclaration).flatMap((node) => {
        const isExported = node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
        const base = node.heritageClauses?.map((clause) => clause.getText()).join();
        if (isExported !== true || base !== "extends pulumi.ComponentResource") return [];
        const tag = ts.getJSDocTags(node).find(({ tagName }) => tagName.text === "example");
        const example = ts.getTextOfJSDocComment(tag?.comment);
        return [{ name: node.name?.text ?? "", file, example }];
    });
}

const components = readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .flatMap(componentsOf);

const imports = [
    'import * as docker from "@pulumi/docker";',
    ...components.map(({ name, file }) => `import { ${name} } from "./${file}";`),
].join("\n");

/** What an example may use without declaring it. */
const globals = "declare global { const repository: QuayRepository; }";

const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2024,
    module: ts.ModuleKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
    types: ["node"],
};

/** Returns the compiler's errors, by the component's name, of examples as files in components/. */
function check(examples: ReadonlyMap<string, string>): Record<string, string[]> {
    const files = new Map(
        [...examples, ["globals", globals] as const].map(([name, text]) => [
            join(folder, `${name}.example.ts`),
            { name, text: [imports, text].join("\n") },
        ]),
    );
    const disk = ts.createCompilerHost(options);
    const host: ts.CompilerHost = {
        ...disk,
        fileExists: (path) => files.has(path) || disk.fileExists(path),
        getSourceFile: (path, version, ...rest) => {
            const text = files.get(path)?.text;
            return text === undefined
                ? disk.getSourceFile(path, version, ...rest)
                : ts.createSourceFile(path, text, version);
        },
    };
    const program = ts.createProgram([...files.keys()], options, host);
    return Object.fromEntries(
        [...files].map(([path, { name }]) => {
            const source = program.getSourceFile(path);
            return [
                name,
                [
                    ...program.getSyntacticDiagnostics(source),
                    ...program.getSemanticDiagnostics(source),
                ].map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
            ];
        }),
    );
}

describe("the examples of the components", () => {
    it("are in the docstring of every component", () => {
        ok(components.length >= 8, components.map(({ name }) => name).join());
        deepEqual(
            components.filter(({ example }) => example === undefined).map(({ name }) => name),
            [],
        );
    });

    it("compile", () => {
        const {
            mistake: found,
            globals: own,
            ...errors
        } = check(
            new Map([
                ...components.map(({ name, example = "" }) => [name, example] as const),
                ["mistake", "new QuayRepository('digits', {});"] as const,
            ]),
        );
        deepEqual(own, []);
        ok(found !== undefined && found.length > 0, "a mistake was not found");
        deepEqual(errors, Object.fromEntries(components.map(({ name }) => [name, []])));
    });
});
