import { deepEqual, equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { z } from "zod";
import { version } from "../../../quay/api/version.ts";
import { packageSchema } from "../../../quay/provider/schema.ts";
import { root } from "../files.ts";

const versions = z.record(z.string(), z.string());
const manifest = z.object({
    version: z.string(),
    engines: versions,
    dependencies: versions,
    peerDependencies: versions.default({}),
    pulumi: z.object({ name: z.string(), version: z.string() }).optional(),
});
const read = (file: string) => manifest.parse(JSON.parse(readFileSync(join(root, file), "utf8")));

/** The packages that a file imports, and those of the files that it imports. */
function packagesOf(file: string, seen = new Set<string>()): string[] {
    if (seen.has(file)) return [];
    seen.add(file);
    const { importedFiles } = ts.preProcessFile(readFileSync(file, "utf8"));
    return importedFiles.flatMap(({ fileName: name }) => {
        if (name.startsWith(".")) return packagesOf(join(dirname(file), name), seen);
        return name.startsWith("node:") ? [] : (/^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? []);
    });
}

describe("the npm package of the Quay provider", () => {
    const program = read("package.json");
    const own = read("quay/package.json");

    it("has one version with the program, wherever it is written", () => {
        const schema = packageSchema();
        deepEqual(
            [own.version, own.pulumi?.version, version, schema.version],
            Array(4).fill(program.version),
        );
        equal(own.pulumi?.name, schema.name);
    });

    it("needs exactly what the provider and its SDK import", () => {
        const imported = ["quay/provider/main.ts", "quay/sdk/index.ts"].flatMap((file) =>
            packagesOf(join(root, file)),
        );
        deepEqual(
            Object.keys({ ...own.dependencies, ...own.peerDependencies }).sort(),
            [...new Set(imported)].sort(),
        );
    });

    it("needs the versions that it is tested with", () => {
        const tested = Object.keys(own.dependencies).map((name) => [
            name,
            program.dependencies[name],
        ]);
        deepEqual(own.dependencies, Object.fromEntries(tested));
        const sdk = "@pulumi/pulumi";
        deepEqual(own.peerDependencies, { [sdk]: `^${program.dependencies[sdk] ?? ""}` });
        deepEqual(own.engines, program.engines);
    });
});
