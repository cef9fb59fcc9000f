import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cacheFolder } from "../toolchain/cacheFolder.ts";

/**
 * Returns a PATH on which Pulumi finds its language hosts: those that came with the CLI, else the
 * stand-ins that the step `languages` of toolchain/setup.sh makes.
 */
export function languagesPath(): string {
    const path = process.env["PATH"] ?? "";
    const isOnPath = (program: string): boolean =>
        path.split(delimiter).some((folder) => existsSync(join(folder, program)));
    return ["pulumi-language-python", "pulumi-language-yaml"].every(isOnPath)
        ? path
        : join(cacheFolder(), "languages/bin") + delimiter + path;
}
