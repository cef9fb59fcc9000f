import { equal, match } from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { Project } from "./project.ts";

/** A program that says which of the modules that it may not need are loaded. */
const loaded = `
import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";
const heavy = /node_modules.(?:typescript.lib|@npmcli.arborist.lib|@pulumi.pulumi.automation.stack)/;
const { cache } = createRequire(import.meta.url);
const count = () => Object.entries(cache).filter(([file, module]) => heavy.test(file) && Object.keys(module?.children ?? {}).length > 0).length;
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

    it("leaves out what a program like this does not need, and has it where one does", async () => {
        const program = `${loaded}
const before = count();
const text = await pulumi.runtime.serializeFunction(() => 42);
const workspace = typeof pulumi.automation.LocalWorkspace;
export const result = [before, count() > 0, text.text.includes("42"), workspace].join();`;
        equal(await outputs(program), "0,true,true,function");
    });

    it("is the SDK's own with NODE_DEBUG=pulumi", async () => {
        project.setEnvironment("NODE_DEBUG", "pulumi");
        equal(await outputs(`${loaded}export const result = count() > 0;`), "true");
        project.setEnvironment("NODE_DEBUG", "");
    });

    it("shows where an error of the program comes from", async () => {
        const output = await fails(`import { existsSync } from "node:fs";

function brokenHere(text: string): number {
    if (existsSync(".")) throw new TypeError(text);
    return 1;
}
export const result = brokenHere("not like this");`);
        match(output, /TypeError: not like this\n\s+at brokenHere \(.*index\.ts:4:32\)\n\s+at .*index\.ts:7:23/);
    });

    it("shows where an error comes from that a value carries", async () => {
        const output = await fails(`import * as pulumi from "@pulumi/pulumi";
export const result = pulumi.output(1).apply(function later(): number {
    throw new RangeError("too late");
});`);
        match(output, /RangeError: too late\n\s+at .*later \(.*index\.ts:3:11\)/);
    });

    it("fails where something never ends", async () => {
        const output = await fails(`import * as random from "@pulumi/random";
new random.RandomPet("pet", { prefix: new Promise<string>(() => {}) });
export const result = 1;`);
        match(output, /promises? (?:was|were) still active/);
    });
});
