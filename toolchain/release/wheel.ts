import { copyFileSync, cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { z } from "zod";
import { UserError } from "../../components/messages/userError.ts";
import { cacheFolder } from "../cacheFolder.ts";
import { readmeFor } from "./readme.ts";
import { inTemporary, root, run } from "./run.ts";

/**
 * Makes the wheel of a Python package, by the pinned hatchling that the set-up has installed.
 *
 * @param readme its README, in this project.
 */
export async function makeWheel(
    source: string,
    readme: string,
    to: string,
    repository?: string,
): Promise<void> {
    const tools = join(cacheFolder(), "python");
    if (!existsSync(tools))
        throw new UserError("What makes the wheel is missing: toolchain/setup.sh release");
    await inTemporary(async (folder) => {
        cpSync(source, folder, { recursive: true });
        copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE")); // hatchling takes it along
        writeFileSync(join(folder, "README.md"), readmeFor(readme, repository));
        await run("python3", ["-m", "hatchling", "build", "--target", "wheel", "--directory", to], {
            cwd: folder,
            env: { PYTHONPATH: tools, PYTHONDONTWRITEBYTECODE: "1" },
        });
    });
}

/**
 * Makes the wheel of the Quay provider's classes for Python, which the Pulumi CLI generates from
 * the provider's schema: they have its version, and where the engine downloads the provider.
 */
export async function makePythonSdk(
    schema: string,
    to: string,
    repository?: string,
): Promise<void> {
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
        useHatchling(join(source, "pyproject.toml"));
        await makeWheel(source, "quay/README.md", to, repository);
    });
}

/** The builder that is generated, setuptools, is not pinned. */
function useHatchling(file: string): void {
    const text = readFileSync(file, "utf8")
        .replace(/^ *requires = .*$/m, 'requires = ["hatchling"]')
        .replace(/^ *build-backend = .*$/m, 'build-backend = "hatchling.build"');
    writeFileSync(file, text);
}
