/**
 * Makes the packages of a release: for npm, for Python, and the executables of the Quay provider.
 * Two runs on the same commit, with the same tools, give the same bytes.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { foreign } from "../../quay/api/text.ts";
import { UserError } from "../../components/messages/userError.ts";
import { runCommand, UsageError } from "../../operations/commandLine.ts";
import { makeExecutable, platforms } from "./executable.ts";
import { packNpm, packProgram, schemaOf } from "./npm.ts";
import { root } from "./run.ts";
import { makePythonSdk, makeWheel } from "./wheel.ts";

const usage = `Makes the packages of a release in FOLDER, and removes those of a run before:

  pulumi-quay-, mlops- and mlops-reader-VERSION.tgz           for npm
  pulumi_quay- and mlops_outputs-VERSION-py3-none-any.whl     for Python
  pulumi-resource-quay-vVERSION-PLATFORM.tar.gz               for the Pulumi engine, without Node.js
  SHA256SUMS                                                  the checksums of all

  node toolchain/release/main.ts [OPTIONS] FOLDER

  --repository OWNER/NAME   the repository on GitHub that releases them. The engine downloads the
                            provider's executable from its releases. Default: none
  --platform PLATFORM       only this executable, may be repeated:
                            linux-amd64, linux-arm64, darwin-amd64, darwin-arm64,
                            windows-amd64 or windows-arm64. Default: all
  --help                    this text`;

const options = {
    repository: { type: "string" },
    platform: { type: "string", multiple: true },
} as const;

/** The names of what a run makes. */
const ownFile = new RegExp(
    [
        String.raw`^(pulumi-quay|mlops|mlops-reader)-\d.*\.tgz$`,
        String.raw`^(pulumi_quay|mlops_outputs)-\d.*\.whl$`,
        String.raw`^pulumi-resource-quay-v\d.*\.tar\.gz$`,
        "^SHA256SUMS$",
    ].join("|"),
);

await runCommand({ usage, options, arguments: [1, 1] }, async (given, [name = ""]) => {
    const { repository, platform = platforms } = given;
    if (repository !== undefined && !/^[\w.-]+\/[\w.-]+$/.test(repository))
        throw new UsageError(`--repository ${repository}: must be OWNER/NAME.`);
    const unknown = platform.find((one) => !platforms.includes(one));
    if (unknown !== undefined)
        throw new UsageError(`--platform ${unknown}: must be one of ${platforms.join(", ")}.`);
    const folder = resolve(name);
    clear(folder);
    for (const source of ["./quay", "./contract/reader"]) await packNpm(source, folder, repository);
    await packProgram(folder, repository);
    const python = "contract/python";
    await makeWheel(join(root, python), `${python}/README.md`, folder, repository);
    const schema = await schemaOf(folder);
    await makePythonSdk(schema, folder, repository);
    for (const one of platform) await makeExecutable(one, schema, folder);
    writeFileSync(join(folder, "SHA256SUMS"), checksums(folder));
});

/** Removes what a run before has made in a folder. @throws UserError if it has other files */
function clear(folder: string): void {
    mkdirSync(folder, { recursive: true });
    const files = readdirSync(folder);
    const other = files.find((file) => !ownFile.test(file));
    if (other !== undefined)
        throw new UserError(
            `${folder} has other files, as ${foreign(other)}. Nothing was removed: ` +
                "name an empty folder, or a new one.",
        );
    for (const file of files) rmSync(join(folder, file));
}

/** Lists the files' checksums in the form of sha256sum. */
function checksums(folder: string): string {
    return readdirSync(folder)
        .sort()
        .map((name) => {
            const content = readFileSync(join(folder, name));
            return `${createHash("sha256").update(content).digest("hex")}  ${name}\n`;
        })
        .join("");
}
