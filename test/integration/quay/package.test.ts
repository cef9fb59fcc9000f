import { deepEqual, equal, match, ok } from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { version } from "../../../quay/api/version.ts";
import { packNpm } from "../../../toolchain/release/npm.ts";
import { installPacked } from "../../packed.ts";
import { root } from "../../unit/files.ts";

const run = promisify(execFile);

describe("the npm package of the Quay provider", function () {
    this.timeout(120_000);
    let folder: string;
    let tarball: string;
    const installed = (file: string) => join(folder, "node_modules/pulumi-quay", file);

    before(async () => {
        folder = mkdtempSync(join(tmpdir(), "quay-package-"));
        await packNpm("./quay", folder);
        tarball = `./pulumi-quay-${version}.tgz`;
        await installPacked(folder, tarball, "quay");
    });
    after(() => {
        rmSync(folder, { recursive: true });
    });

    it("has JavaScript, the types of the SDK, the schema and the license, and nothing else", async () => {
        const { stdout } = await run("tar", ["-tzf", tarball], { cwd: folder });
        const files = stdout.trim().split("\n");
        const expected =
            /^package\/(LICENSE|README\.md|package\.json|pulumi-resource-quay(\.cmd)?|dist\/(api|definition|functions|provider|resources)\/\w+\.js|dist\/sdk\/(index\.js|index\.d\.ts|schema\.json))$/;
        deepEqual(
            files.filter((file) => !expected.test(file)),
            [],
        );
        for (const file of ["LICENSE", "dist/provider/main.js", "dist/sdk/index.d.ts"])
            ok(files.includes(`package/${file}`), file);
    });

    it("starts the provider by its name, which ends with the engine", async () => {
        const command = join(folder, "node_modules/.bin/pulumi-resource-quay");
        const provider = spawn(command, ["127.0.0.1:1"], { stdio: ["pipe", "pipe", "inherit"] });
        const [port] = (await once(provider.stdout, "data")) as [Buffer];
        match(String(port), /^\d+\n$/);
        const ended = once(provider, "exit");
        provider.stdin.end();
        deepEqual(await ended, [0, null]);
    });

    it("shows the schema of the checkout to the Pulumi CLI", async () => {
        const { stdout } = await run(
            "pulumi",
            ["package", "get-schema", installed("pulumi-resource-quay")],
            { maxBuffer: 2 ** 24 },
        );
        const shown = JSON.parse(stdout) as Record<string, unknown>;
        const written = JSON.parse(
            readFileSync(join(root, "quay/sdk/schema.json"), "utf8"),
        ) as Record<string, unknown>;
        for (const part of ["name", "version", "resources", "functions", "types"])
            deepEqual(shown[part], written[part], part);
    });

    it("gives its types, with what the properties mean, to a program", async () => {
        const options = ["--noEmit", "--strict", "--types", "node"];
        const check = (name: string, argument: string, ...module: string[]) => {
            const text =
                'import { Repository } from "pulumi-quay";\n' +
                `new Repository("app", { namespace: "alice", ${argument} });\n`;
            writeFileSync(join(folder, name), text);
            return run(join(root, "node_modules/.bin/tsc"), [...options, ...module, name], {
                cwd: folder,
            });
        };
        await check("right.ts", 'name: "app"', "--module", "nodenext");
        // As in a program without a tsconfig.json, and in older ones.
        await check(
            "right.ts",
            'name: "app"',
            "--module",
            "commonjs",
            "--moduleResolution",
            "node",
        );
        const wrong = await check("wrong.ts", "nam: 1", "--module", "nodenext").catch(
            (error: unknown) => error,
        );
        match(
            (wrong as { stdout: string }).stdout,
            /'nam' does not exist in type 'RepositoryArgs'\. Did you mean to write 'name'\?/,
        );
        match(
            readFileSync(installed("dist/sdk/index.d.ts"), "utf8"),
            /\/\*\* The name for docker pull and push: HOST\/NAMESPACE\/NAME, without a tag\. \*\//,
        );
    });

    it("says where the engine downloads the provider, if a repository on GitHub releases it", async () => {
        const to = mkdtempSync(join(folder, "released-"));
        await packNpm("./quay", to, "acme/platform");
        await run("tar", ["-xzf", join(to, `pulumi-quay-${version}.tgz`), "-C", to]);
        const read = (file: string) =>
            JSON.parse(readFileSync(join(to, "package", file), "utf8")) as Record<string, unknown>;
        const server = "github://api.github.com/acme/platform";
        const { repository, pulumi } = read("package.json");
        deepEqual(pulumi, { resource: true, name: "quay", version, server });
        deepEqual(repository, {
            type: "git",
            url: "git+https://github.com/acme/platform.git",
            directory: "quay",
        });
        equal(read("dist/sdk/schema.json")["pluginDownloadURL"], server);
    });
});
