import { deepEqual } from "node:assert/strict";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as docker from "@pulumi/docker";
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";
import fc from "fast-check";
import { listContext } from "../../docker/buildContext.ts";
import { run, temporary } from "./project.ts";

interface Case {
    readonly files: readonly string[];
    readonly ignore: readonly string[];
    readonly links?: Readonly<Record<string, string>>;
}

const files = [
    "a",
    "b.py",
    ".hidden",
    "src/a.py",
    "src/a.pyc",
    "src/deep/er/b.py",
    "src/deep/c.txt",
    "docs/x.md",
    "docs/.y",
];
const cases: Record<string, Case> = {
    "nothing ignored": { files, ignore: [] },
    "an allow list": { files, ignore: ["*", "!src", "!b.py"] },
    "an exception deep in an ignored folder": { files, ignore: ["src", "!src/deep/er"] },
    "an exception, then ignored again": { files, ignore: ["*", "!src", "src/deep"] },
    "an exception before what ignores": { files, ignore: ["!src", "**/src"] },
    "any depth": { files, ignore: ["**/*.py"] },
    "any depth below": { files, ignore: ["src/**"] },
    "hidden files": { files, ignore: [".*", "**/.*"] },
    "comments, blanks and spaces": { files, ignore: ["# a", "", "  docs  ", "/a"] },
    "a trailing slash and a dot": { files, ignore: ["src/", "./docs"] },
    "ranges and single characters": { files, ignore: ["[a-b]*", "?ocs"] },
    "the ignore file and the Dockerfile themselves": {
        files,
        ignore: [".dockerignore", "Dockerfile"],
    },
    "a parent": { files, ignore: ["src/../docs"] },
    links: {
        files: ["src/a"],
        ignore: ["src/ignored"],
        links: { link: "src/a", "src/ignored": "a", dangling: "nowhere" },
    },
};

const seed = Date.now() % 1_000_000;
const segment = fc.constantFrom("a", "b", "c", "ab", "*", "?", "**", "a*", "[ab]");
const pattern = fc
    .tuple(fc.boolean(), fc.array(segment, { minLength: 1, maxLength: 3 }))
    .map(([exception, path]) => `${exception ? "!" : ""}${path.join("/")}`);
for (const ignore of fc.sample(fc.array(pattern, { minLength: 1, maxLength: 4 }), {
    numRuns: 60,
    seed,
})) {
    cases[`any patterns (seed ${String(seed)}): ${ignore.join(" ")}`] = {
        files: ["a", "b", "c/a", "c/b", "ab/a/b", "ab/a/c", "ba/c"],
        ignore,
    };
}

function write({ files, ignore, links = {} }: Case, folder: string): void {
    mkdirSync(folder);
    writeFileSync(join(folder, "Dockerfile"), "FROM scratch\nCOPY . /sent/\n");
    writeFileSync(join(folder, ".dockerignore"), ignore.join("\n"));
    for (const file of files) {
        mkdirSync(dirname(join(folder, file)), { recursive: true });
        writeFileSync(join(folder, file), file);
    }
    for (const [link, target] of Object.entries(links)) symlinkSync(target, join(folder, link));
}

/** The files and links in an image, below /sent. */
async function filesIn(image: string): Promise<string[]> {
    const container = (await run("docker", ["create", image, "none"])).stdout.trim();
    try {
        const { stdout } = await run("bash", ["-c", `docker export ${container} | tar -t`]);
        const below = stdout
            .split("\n")
            .filter((path) => path.startsWith("sent/") && !path.endsWith("/"));
        return below.map((path) => path.slice("sent/".length)).sort();
    } finally {
        await run("docker", ["rm", container]);
    }
}

describe("the build context is what the Docker provider sends", () => {
    const name = `context-${String(process.pid)}`;
    const folder = temporary("contexts");
    const state = temporary("state");
    const entries = Object.entries(cases);
    const built = LocalWorkspace.createStack(
        {
            stackName: "contexts",
            projectName: "contexts",
            program: () => {
                entries.forEach((_, index) => {
                    const id = String(index);
                    new docker.RemoteImage(id, {
                        name: `${name}:${id}`,
                        build: { context: join(folder, id) },
                    });
                });
                return Promise.resolve();
            },
        },
        {
            envVars: {
                PULUMI_BACKEND_URL: `file://${state}`,
                PULUMI_CONFIG_PASSPHRASE: "for the test",
            },
        },
    );
    before(async () => {
        entries.forEach(([, files], index) => {
            write(files, join(folder, String(index)));
        });
        await (await built).up();
    });
    after(async () => {
        await (await built).destroy();
        rmSync(folder, { recursive: true });
        rmSync(state, { recursive: true });
    });

    entries.forEach(([what], index) => {
        it(`with ${what}`, async () => {
            const listed = listContext({
                folder: join(folder, String(index)),
                dockerfile: "Dockerfile",
            });
            // Folders do not count: which empty ones are sent, where the ignore file leaves them out, depends on Docker's version.
            const paths = listed.filter(({ kind }) => kind !== "directory").map(({ path }) => path);
            deepEqual(paths, await filesIn(`${name}:${String(index)}`));
        });
    });
});
