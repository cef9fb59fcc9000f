import { deepEqual, equal, match, ok } from "node:assert/strict";
import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import pLimit from "p-limit";

const root = join(import.meta.dirname, "../..");

/**
 * Not programs of their own: the engine starts a provider with its own argument; the others run
 * programs.
 */
const noPrograms = [
    "quay/provider/main.ts",
    "components/plugin/main.ts",
    "toolchain/docker/main.ts",
    "operations/commandLine.ts",
    "operations/pulumiCli.ts",
    "operations/review/inspect.ts",
    "sandbox/fail.ts",
];

/** All files that are run as programs, from the project's folder. */
function findPrograms(): string[] {
    // A shell script without this line is sourced by others.
    const scripts = globSync(["{bench,operations}/*.sh", "toolchain/**/*.sh"], {
        cwd: root,
    }).filter((file) => readFileSync(join(root, file), "utf8").startsWith("#!"));
    const modules = globSync("*/**/*.ts", {
        cwd: root,
        exclude: ["node_modules", "**/node_modules/**", "**/*.test.ts"],
    }).filter((file) => isProgram(readFileSync(join(root, file), "utf8")));
    return [...scripts, ...modules].filter((file) => !noPrograms.includes(file)).sort();
}

/** Returns whether a module runs something when it is started, by the functions that it uses. */
function isProgram(text: string): boolean {
    return /^await runCommands?\(|import\.meta\.main|process\.argv\.slice|process\.exitCode = /m.test(
        text,
    );
}

interface Ended {
    readonly code: number;
    readonly out: string;
    readonly err: string;
}

function start(program: string, argument: string): Promise<Ended> {
    const [command, args] = program.endsWith(".sh")
        ? [join(root, program), []]
        : [process.execPath, [program]];
    return new Promise((resolve) => {
        const child = execFile(
            command,
            [...args, argument],
            { cwd: root, timeout: 60_000 },
            (_, out, err) => {
                resolve({ code: child.exitCode ?? -1, out, err });
            },
        );
    });
}

describe("command lines", () => {
    const programs = findPrograms();
    const atOnce = pLimit(4);
    const started = new Map<string, Promise<Ended>>();
    const run = (program: string, argument: string): Promise<Ended> => {
        const ended = started.get(`${program} ${argument}`);
        if (ended === undefined) throw new Error(`${program} was not started`);
        return ended;
    };
    before(() => {
        for (const program of programs)
            for (const argument of ["--help", "--nope"])
                started.set(
                    `${program} ${argument}`,
                    atOnce(() => start(program, argument)),
                );
    });

    it("cover every program", () => {
        const named = [
            "bench/setup.sh",
            ..."up down token deliver".split(" ").map((name) => `operations/${name}.sh`),
            ..."adopt recover refresh log-in logs down"
                .split(" ")
                .map((name) => `operations/${name}.ts`),
            ..."board review".split(" ").map((name) => `operations/${name}/main.ts`),
            ..."setup stack offline/base-image".split(" ").map((name) => `toolchain/${name}.sh`),
            ..."check-files generate".split(" ").map((name) => `toolchain/${name}.ts`),
            ...["bench/main.ts", "sandbox/demo/main.ts", "test/run.ts"],
        ];
        deepEqual(
            named.filter((name) => !programs.includes(name)),
            [],
        );
    });

    for (const program of programs) {
        it(`print the usage of ${program}, and refuse an unknown option`, async () => {
            const help = await run(program, "--help");
            equal(help.code, 0, help.err);
            equal(help.err, "");
            // Some have a name that is shorter than the file's.
            const names = [basename(program), "npm run ", "  mlops "];
            ok(
                names.some((name) => help.out.includes(name)),
                help.out,
            );
            const wrong = await run(program, "--nope");
            equal(wrong.code, 2, wrong.err);
            equal(wrong.out, "");
            match(wrong.err, /^Unknown .*--nope/);
            equal(wrong.err.endsWith(help.out), true, wrong.err);
        });
    }
});
