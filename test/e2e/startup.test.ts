import { equal, match } from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { Project } from "../../sandbox/project.ts";

/** Whether the resolver and the compiler are loaded: each is recognized by a file of its own. */
const loaded = `
import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";
const isLoaded = (part: string): boolean =>
    Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes(part));
const resolver = () => isLoaded("/@npmcli/arborist/lib/arborist/");
const compiler = () => isLoaded("/typescript/lib/");
`;

describe("the start of the program", () => {
    let project: Project;
    before(async () => {
        project = await Project.create({});
    });
    after(async () => {
        await project.destroy();
        project.remove();
    });

    const fails = async (program: string): Promise<string> => {
        project.program(program);
        const { failed, output } = await project.preview();
        equal(failed, true, output);
        return stripVTControlCharacters(output);
    };
    const outputs = async (program: string): Promise<string> => {
        project.program(program);
        const { failed, output } = await project.up();
        equal(failed, false, output);
        return project.output("result");
    };

    it("skips what a program like this does not need", async () => {
        equal(
            await outputs(`${loaded}export const result = [resolver(), compiler()].join();`),
            "false,false",
        );
    });

    it("loads it when a program does need it", async () => {
        const program = `
import * as pulumi from "@pulumi/pulumi";
import Arborist from "@npmcli/arborist";
import * as ts from "typescript";
const texts = await Promise.all([42, 43].map(async (n) =>
    (await pulumi.runtime.serializeFunction(() => n)).text.includes(String(n))));
const paths = await pulumi.runtime.computeCodePaths();
export const result = [
    ...texts, paths.size > 0,
    typeof new Arborist({ path: "." }).loadActual, typeof ts.default.createSourceFile,
].join();`;
        equal(await outputs(program), "true,true,true,function,function");
    });

    it("leaves the SDK unchanged with NODE_DEBUG=pulumi", async () => {
        project.setEnvironment("NODE_DEBUG", "pulumi");
        try {
            equal(
                await outputs(`${loaded}export const result = [resolver(), compiler()].join();`),
                "true,true",
            );
        } finally {
            project.setEnvironment("NODE_DEBUG", "");
        }
    });

    it("shows where an error in the program occurred", async () => {
        const output = await fails(`import { existsSync } from "node:fs";

function brokenHere(text: string): number {
    if (existsSync(".")) throw new TypeError(text);
    return 1;
}
export const result = brokenHere("not like this");`);
        match(
            output,
            /TypeError: not like this\n\s+at brokenHere \(.*index\.ts:4:32\)\n\s+at .*index\.ts:7:23/,
        );
    });

    it("shows where an error occurred that a value carries", async () => {
        const output = await fails(`import * as pulumi from "@pulumi/pulumi";
export const result = pulumi.output(1).apply(function later(): number {
    throw new RangeError("too late");
});`);
        match(output, /RangeError: too late\n\s+at .*later \(.*index\.ts:3:11\)/);
    });

    it("fails if something never ends", async () => {
        const output = await fails(`import * as random from "@pulumi/random";
new random.RandomPet("pet", { prefix: new Promise<string>(() => {}) });
export const result = 1;`);
        match(output, /promises? (?:was|were) still active/);
    });
});
