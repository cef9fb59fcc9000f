import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { run, temporary } from "../../../sandbox/project.ts";
import { Commands } from "./commands.ts";

const root = join(import.meta.dirname, "../../..");
const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));

describe("make new", () => {
    let commands: Commands;
    let folder: string;
    beforeEach(() => {
        commands = new Commands();
        folder = temporary("new");
    });
    afterEach(() => {
        commands.remove();
        rmSync(folder, { recursive: true });
    });
    const make = (into: string) => commands.run("new.ts", "scores", into);

    it("fills in the name, and the version that this project has", async () => {
        equal((await make(folder)).code, 0);
        const text = (file: string): string => readFileSync(join(folder, file), "utf8");
        match(text("README.md"), /^# scores\n/);
        ok(text("package.json").includes(`"mlops": "${version}"`));
        for (const file of readdirSync(folder))
            equal(/\$\{[A-Z]+\}/.exec(text(file))?.[0], undefined, file);
    });

    it("installs no Pulumi, and takes a name with any character as it is", async () => {
        const [PULUMI_HOME, MLOPS_CACHE, MLOPS_STATE] = ["home", "cache", "state"].map((one) =>
            join(folder, one),
        );
        const env = {
            ...{ HOME: process.env["HOME"], PULUMI_HOME, MLOPS_CACHE, MLOPS_STATE },
            PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
        };
        const called = (name: string) =>
            run("make", ["--silent", "new", `NAME=${name}`, `DIR=${join(folder, "project")}`], {
                cwd: root,
                env,
            });
        await rejects(called("it's"), /NAME=it's: must be /);
        match((await called("scores")).stdout, /project is the project scores\./);
        deepEqual(readdirSync(join(folder, "home")), []);
        deepEqual(
            readdirSync(join(folder, "cache")).filter((made) => !made.startsWith("node")),
            [],
        );
    });

    it("without a name says how it is called, and writes nothing", async () => {
        const { code, stdout, stderr } = await commands.run("new.ts", "", folder);
        deepEqual([code, stdout], [1, ""]);
        equal(stderr, "The service has no name yet. Give it one: make new NAME=fraud-scores\n");
        deepEqual(readdirSync(folder), []);
    });

    it("is refused in one line where its folder is a file, or is within one", async () => {
        const file = join(folder, "file");
        writeFileSync(file, "mine");
        for (const into of [file, join(file, "project")]) {
            const { code, stderr } = await make(into);
            equal(code, 1);
            match(
                stderr,
                /^DIR=\S+: the folder cannot be made \(E[^\n]+\)\. Nothing was written: .+\n$/,
            );
        }
        equal(readFileSync(file, "utf8"), "mine");
    });

    it("is refused under a name that npm refuses", async () => {
        const { code, stderr } = await commands.run("new.ts", "node_modules", folder);
        equal(code, 1);
        match(stderr, /^NAME=node_modules: must be [^\n]+\n$/);
        deepEqual(readdirSync(folder), []);
    });

    it("is refused in one line where its folder takes no files", async () => {
        const { code, stderr } = await make("/proc");
        equal(code, 1);
        match(stderr, /^\/proc\/\S+ cannot be written: E[^\n]+\n$/);
    });

    it("writes nothing through a link in a file's place", async () => {
        const outside = join(commands.folder, "outside");
        symlinkSync(outside, join(folder, "index.ts"));
        const { code, stderr } = await make(folder);
        equal(code, 1);
        match(stderr, /^\S+ has files of its own: index\.ts\. Nothing was written: [^\n]+\n$/);
        equal(existsSync(outside), false);
        deepEqual(readdirSync(folder), ["index.ts"]);
    });
});
