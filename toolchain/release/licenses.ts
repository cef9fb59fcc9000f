import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { root } from "./run.ts";

const manifest = z.object({
    name: z.string(),
    version: z.string(),
    license: z.string().default("unknown"),
});

/** Returns the licenses of the npm packages that files in node_modules/ belong to. */
export function licensesOf(files: readonly string[]): string {
    const folders = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []);
    return [...new Set(folders)]
        .sort()
        .map(licenseOf)
        .join(`\n${"-".repeat(80)}\n\n`);
}

function licenseOf(folder: string): string {
    const path = join(root, folder);
    const { name, version, license } = manifest.parse(
        JSON.parse(readFileSync(join(path, "package.json"), "utf8")),
    );
    const texts = readdirSync(path)
        .filter((file) => /^(licen[cs]e|notice)/i.test(file))
        .map((file) => readFileSync(join(path, file), "utf8"));
    // Most packages have the text; one that says only the name has the project's own license.
    const own = license === "Apache-2.0" ? [readFileSync(join(root, "LICENSE"), "utf8")] : [];
    const found = texts.length > 0 ? texts : own;
    if (found.length === 0) throw new Error(`${name} has no text of its license, ${license}.`);
    return [`${name} ${version}, license ${license}\n`, ...found].join("\n");
}
