import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { z } from "zod";
import { UserError } from "../../components/userError.ts";
import { cacheFolder } from "../cacheFolder.ts";
import { inTemporary, root, run } from "./run.ts";

/** Makes the wheel of a Python package, by the pinned hatchling that the set-up has installed. */
export async function makeWheel(source: string, to: string): Promise<void> {
    const tools = join(cacheFolder(), "python");
    if (!existsSync(tools))
        throw new UserError("What makes the wheel is missing: toolchain/setup.sh release");
    copyFileSync(join(root, "LICENSE"), join(source, "LICENSE")); // hatchling takes it along
    await run("python3", ["-m", "hatchling", "build", "--target", "wheel", "--directory", to], {
        cwd: source,
        env: { PYTHONPATH: tools, PYTHONDONTWRITEBYTECODE: "1" },
    });
}

/**
 * Makes the wheel of the Quay provider's classes for Python, which the Pulumi CLI generates from
 * the provider's schema: they have its version, and where the engine downloads the provider.
 */
export async function makePythonSdk(schema: string, to: string): Promise<void> {
    await inTemporary(async (folder) => {
        const file = join(folder, "schema.json");
        const python = { respectSchemaVersion: true, pyproject: { enabled: true } };
        const content = z.looseObject({}).parse(JSON.parse(schema));
        writeFileSync(file, JSON.stringify({ ...content, language: { python } }));
        const args = ["package", "gen-sdk", file, "--language", "python", "--out", folder];
        // The language host that came with the CLI, else the one that the set-up has made.
        const path = [process.env["PATH"], join(cacheFolder(), "languages/bin")].join(delimiter);
        await run("pulumi", args, { env: { PATH: path, PULUMI_HOME: join(folder, "home") } });
        const source = join(folder, "python");
        copyFileSync(join(root, "quay/README.md"), join(source, "README.md"));
        useHatchling(join(source, "pyproject.toml"));
        await makeWheel(source, to);
    });
}

/** The builder that is generated, setuptools, is not pinned. */
function useHatchling(file: string): void {
    const text = readFileSync(file, "utf8")
        .replace(/^ *requires = .*$/m, 'requires = ["hatchling"]')
        .replace(/^ *build-backend = .*$/m, 'build-backend = "hatchling.build"');
    writeFileSync(file, text);
}
