import { deepEqual } from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import fc from "fast-check";
import { listContext } from "../../docker/buildContext.ts";
import { run, temporary } from "./project.ts";

/** The files and links that Docker itself sends of a context: it copies all of it into an image, which comes out as a folder. */
async function sentByDocker(folder: string): Promise<string[]> {
    const out = temporary("sent");
    try {
        const env = { ...process.env, DOCKER_BUILDKIT: "1" };
        await run("docker", ["build", "--quiet", "--output", `type=local,dest=${out}`, folder], { env });
        const entries = readdirSync(out, { recursive: true, withFileTypes: true });
        return entries
            .filter((entry) => !entry.isDirectory())
            .map((entry) => relative(out, join(entry.parentPath, entry.name)))
            .sort();
    } finally {
        rmSync(out, { recursive: true });
    }
}

function write(files: readonly string[], ignore: readonly string[]): string {
    const folder = temporary("context");
    writeFileSync(join(folder, "Dockerfile"), "FROM scratch\nCOPY . /\n");
    writeFileSync(join(folder, ".dockerignore"), ignore.join("\n"));
    for (const file of files) {
        mkdirSync(dirname(join(folder, file)), { recursive: true });
        writeFileSync(join(folder, file), file);
    }
    return folder;
}

/** Folders do not count: which empty ones Docker sends depends on its version, where the ignore file leaves them out. */
function listed(folder: string): string[] {
    const entries = listContext({ folder, dockerfile: "Dockerfile" });
    return entries.filter((entry) => entry.kind !== "directory").map((entry) => entry.path);
}

describe("the build context is what Docker sends", () => {
    const same = async (files: readonly string[], ignore: readonly string[]): Promise<void> => {
        const folder = write(files, ignore);
        try {
            deepEqual(listed(folder), await sentByDocker(folder), `.dockerignore: ${JSON.stringify(ignore)}`);
        } finally {
            rmSync(folder, { recursive: true });
        }
    };

    const files = ["a", "b.py", ".hidden", "src/a.py", "src/a.pyc", "src/deep/er/b.py", "src/deep/c.txt", "docs/x.md", "docs/.y"];
    const cases: Record<string, string[]> = {
        "nothing ignored": [],
        "an allow list": ["*", "!src", "!b.py"],
        "an exception deep in an ignored folder": ["src", "!src/deep/er"],
        "an exception, then ignored again": ["*", "!src", "src/deep"],
        "any depth": ["**/*.py"],
        "any depth below": ["src/**"],
        "hidden files": [".*", "**/.*"],
        "comments, blanks and spaces": ["# a", "", "  docs  ", "/a"],
        "a trailing slash and a dot": ["src/", "./docs"],
        "ranges and single characters": ["[a-b]*", "?ocs"],
        "the ignore file and the Dockerfile themselves": [".dockerignore", "Dockerfile"],
        "a parent": ["src/../docs"],
    };
    for (const [what, ignore] of Object.entries(cases)) {
        it(`with ${what}`, async () => same(files, ignore));
    }

    it("with links", async () => {
        const folder = write(["src/a"], ["src/ignored"]);
        symlinkSync("src/a", join(folder, "link"));
        symlinkSync("a", join(folder, "src/ignored"));
        symlinkSync("nowhere", join(folder, "dangling"));
        deepEqual(listed(folder), await sentByDocker(folder));
        rmSync(folder, { recursive: true });
    });

    it("with any patterns", async () => {
        const literal = fc.constantFrom("a", "b", "c", "ab");
        const wildcard = fc.oneof(literal, fc.constantFrom("*", "?", "**", "a*", "[ab]"));
        const path = (segment: fc.Arbitrary<string>) =>
            fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join("/"));
        // Exceptions are literal: with a wildcard, whether one reaches into an ignored folder depends on Docker's version (from 23 on it
        // does, and so it does in the hash: before, that is a build too many at worst).
        const pattern = fc.oneof(
            path(wildcard),
            path(literal).map((exception) => `!${exception}`),
        );
        const tree = ["a", "b", "c/a", "c/b", "ab/a/b", "ab/a/c", "ba/c"];
        await fc.assert(
            fc.asyncProperty(fc.array(pattern, { maxLength: 4 }), (ignore) => same(tree, ignore)),
            { numRuns: 40 },
        );
    });
});
