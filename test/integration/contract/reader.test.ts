import { deepEqual, equal, match } from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { published } from "../../publishedOutputs.ts";
import { root } from "../../unit/files.ts";

const run = promisify(execFile);

/** A program in JavaScript, for an engine that answers with these outputs. */
const program = (outputs: object): string => `
import * as pulumi from "@pulumi/pulumi";
import { deployment } from "mlops-reader";

const mocks = {
    newResource: () => ({ id: "", state: {} }),
    call: () => ({ outputs: ${JSON.stringify(outputs)}, secretOutputNames: [] }),
};
await pulumi.runtime.setMocks(mocks, "consumer", "test", true, "acme");
console.log(await new Promise((resolve) => deployment("prod").image.apply(resolve)));
`;

describe("the package of the reader", () => {
    let folder: string;
    let files: readonly string[];
    const inFolder = (command: string, ...args: string[]) => run(command, args, { cwd: folder });
    const failure = (answer: Promise<unknown>): Promise<string> =>
        answer.then(
            () => "it worked",
            (error: unknown) => Object.values(error as { stdout: string; stderr: string }).join(""),
        );

    before(async () => {
        folder = mkdtempSync(join(tmpdir(), "reader-"));
        const { stdout } = await run(
            "npm",
            [
                ...["pack", "--json", "--ignore-scripts=false", "--foreground-scripts=false"],
                ...["--pack-destination", folder, "./contract/reader"],
            ],
            { cwd: root },
        );
        const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
        files = packed.files.map(({ path }) => path);
        writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }');
        // What the package needs comes from this checkout, and nothing from a registry.
        const needed = ["@pulumi/pulumi", "zod", "@types/node"];
        const links = needed.map((name) => join(root, "node_modules", name));
        await inFolder(
            ...(["npm", "install", "--offline", "--no-audit", "--no-fund"] as const),
            ...[`./${packed.filename}`, ...links],
        );
    });
    after(() => {
        rmSync(folder, { recursive: true });
    });

    it("has JavaScript and types, and no sources that Node.js refuses to run", () => {
        deepEqual(
            files.filter((file) => !/^dist\/.*(\.js|\.d\.ts)$/.test(file)),
            ["LICENSE", "README.md", "package.json"],
        );
        deepEqual(
            files.filter((file) => file.includes("contract/reader/index")),
            ["dist/contract/reader/index.d.ts", "dist/contract/reader/index.js"],
        );
    });

    it("runs in an empty folder, without a registry", async () => {
        writeFileSync(join(folder, "index.js"), program(published));
        const { stdout } = await inFolder("node", "index.js");
        equal(stdout.trim(), published.image);
    });

    it("checks the outputs there", async () => {
        writeFileSync(join(folder, "wrong.js"), program({ ...published, image: "digits:1.0.0" }));
        match(
            await failure(inFolder("node", "wrong.js")),
            /The outputs of the stack "acme\/mlops\/prod" are not those of a deployment/,
        );
    });

    it("gives its types to a program", async () => {
        const options = ["--noEmit", "--strict", "--module", "nodenext", "--skipLibCheck"];
        const check = (name: string, output: string) => {
            const text = `import { deployment } from "mlops-reader";\ndeployment("prod").${output};\n`;
            writeFileSync(join(folder, name), text);
            return inFolder(join(root, "node_modules/.bin/tsc"), ...options, name);
        };
        await check("right.ts", "image");
        match(await failure(check("wrong.ts", "imag")), /error TS2551: Property 'imag' does not/);
    });
});
