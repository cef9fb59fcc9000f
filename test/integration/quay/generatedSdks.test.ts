import { match, rejects } from "node:assert/strict";
import { execFile } from "node:child_process";
import {
    cpSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../../toolchain/cacheFolder.ts";
import { languagesPath } from "../../languages.ts";

const root = join(import.meta.dirname, "../../..");

describe("SDKs generated from the schema of the Quay provider", () => {
    let folder: string;
    const run = async (
        command: readonly [string, ...string[]],
        cwd = folder,
        env: NodeJS.ProcessEnv = {},
    ): Promise<string> => {
        const [program, ...args] = command;
        const own = { PATH: languagesPath(), PULUMI_HOME: join(folder, "home"), ...env };
        const options = { cwd, env: { ...process.env, ...own } };
        return (await promisify(execFile)(program, args, options)).stdout;
    };
    const generate = (language: string) =>
        run([
            ...(["pulumi", "package", "gen-sdk", join(root, "quay/sdk/schema.json")] as const),
            ...["--language", language, "--out", folder],
        ]);

    before(() => {
        folder = mkdtempSync(join(tmpdir(), "sdks-"));
    });
    after(() => {
        rmSync(folder, { recursive: true });
    });

    it("the TypeScript SDK passes the compiler's checks", async () => {
        await generate("nodejs");
        mkdirSync(join(folder, "nodejs/node_modules"));
        for (const scope of ["@pulumi", "@types"])
            symlinkSync(
                join(root, "node_modules", scope),
                join(folder, "nodejs/node_modules", scope),
            );
        await run([join(root, "node_modules/.bin/tsc"), "--noEmit", "-p", "nodejs"]);
    });

    it("the Python SDK has types, which find a mistake in a program", async () => {
        await generate("python");
        // Pulumi's own package is not installed: what it defines has any type.
        const withoutPulumi = ["--ignore-missing-imports", "--follow-imports=silent"];
        const check = (program: string) => {
            writeFileSync(join(folder, "program.py"), program);
            return run(
                ["python3", "-m", "mypy", "--cache-dir=/dev/null", ...withoutPulumi, "program.py"],
                folder,
                {
                    PYTHONPATH: join(cacheFolder(), "python"),
                    MYPYPATH: join(folder, "python"),
                },
            );
        };
        const program =
            'import pulumi_quay as quay\nquay.Repository("x", namespace="a", name="b")\n';
        match(await check(program), /Success/);
        await rejects(check(program.replace(" name=", " nam=")), {
            stdout: /Unexpected keyword argument "nam"/,
        });
    });

    it("the Go SDK compiles", async () => {
        await generate("go");
        // The versions that the language hosts are built with: most of them is compiled already.
        const main = join(root, "toolchain/offline/languages");
        const requirements = readFileSync(join(main, "go.mod"), "utf8");
        const module = "module example.com/pulumi-quay/sdk/go";
        writeFileSync(join(folder, "go/go.mod"), requirements.replace(/^module .*$/m, module));
        cpSync(join(main, "go.sum"), join(folder, "go/go.sum"));
        await run(["go", "build", "-trimpath", "./..."], join(folder, "go"), { CGO_ENABLED: "0" });
    });
});
