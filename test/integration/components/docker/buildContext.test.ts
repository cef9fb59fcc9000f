import { equal, throws } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { hashContext, listContext } from "../../../../components/docker/buildContext.ts";

/** What only the system can make: a socket, a pipe. */
describe("build context", () => {
    let root: string;
    beforeEach(() => {
        root = mkdtempSync(join(tmpdir(), "context-"));
    });
    afterEach(() => {
        rmSync(root, { recursive: true });
    });

    /** Writes files, by their paths, and a Dockerfile. @returns their folder. */
    function write(files: Record<string, string>): string {
        const folder = join(root, "service");
        for (const [path, text] of Object.entries({ Dockerfile: "FROM scratch", ...files })) {
            mkdirSync(dirname(join(folder, path)), { recursive: true });
            writeFileSync(join(folder, path), text);
        }
        return folder;
    }
    const hash = (folder: string): string => hashContext({ folder, dockerfile: "Dockerfile" });
    const paths = (folder: string, dockerfile: string): string[] =>
        listContext({ folder, dockerfile }).map((entry) => entry.path);

    it("takes a socket for the empty file that the builder gets", async () => {
        const folder = write({ "a.sock": "" });
        chmodSync(join(folder, "a.sock"), 0o755);
        const before = hash(folder);
        rmSync(join(folder, "a.sock"));
        const server = createServer();
        await new Promise<void>((done) => server.listen(join(folder, "a.sock"), done));
        chmodSync(join(folder, "a.sock"), 0o755);
        try {
            equal(hash(folder), before);
        } finally {
            server.close();
        }
    });

    it("does not need to read what is ignored, or wait at a pipe", () => {
        const folder = write({
            ".data/db/x": "",
            "README.md": "",
            a: "FROM scratch",
            "a.dockerignore": ".data\n!README.md",
            b: "FROM scratch",
            "b.dockerignore": ".data\n!**/*.md",
            c: "FROM scratch",
            "c.dockerignore": ".data\n!.data/db/x",
        });
        execFileSync("mkfifo", [join(folder, "pipe")]);
        chmodSync(join(folder, ".data/db"), 0o000);
        // Root may read everything.
        const isRoot = process.geteuid?.() === 0;
        if (isRoot) for (const path of [root, folder]) chmodSync(path, 0o755);
        if (isRoot) process.seteuid?.("nobody");
        try {
            for (const dockerfile of ["a", "b", "c"])
                equal(
                    paths(folder, dockerfile).some((path) => path.startsWith(".data")),
                    false,
                );
            throws(
                () => hash(folder),
                /"\.data\/db" in the build context cannot be read \(EACCES\)/,
            );
        } finally {
            if (isRoot) process.seteuid?.(0);
            chmodSync(join(folder, ".data/db"), 0o755);
        }
    });
});
