import { deepEqual, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { files, root } from "./files.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const { updates } = z
    .object({
        updates: z.array(
            z.object({
                "package-ecosystem": z.string(),
                directories: z.array(z.string()),
                cooldown: z.object({ "default-days": z.int().min(7) }),
            }),
        ),
    })
    .parse(parse(read(".github/dependabot.yml")));

/** The files that name dependencies, by Dependabot's names for their kinds. */
const manifests: Readonly<Record<string, (file: string) => boolean>> = {
    npm: (file) => /(^|\/)package\.json$/.test(file) && hasDependencies(file),
    gomod: (file) => /(^|\/)go\.mod$/.test(file),
    pip: (file) => /(^|\/)requirements[\w-]*\.txt$/.test(file),
    docker: (file) => /(^|\/)Dockerfile$/.test(file),
    "github-actions": (file) => /(^|\/)action\.yml$|^\.github\/workflows\//.test(file),
};
const packageFile = z.object({
    workspaces: z.array(z.string()).default([]),
    dependencies: z.record(z.string(), z.string()).default({}),
    optionalDependencies: z.record(z.string(), z.string()).default({}),
});
const packageOf = (file: string) => packageFile.parse(JSON.parse(read(file)));
function hasDependencies(file: string): boolean {
    const { dependencies, optionalDependencies } = packageOf(file);
    return Object.keys({ ...dependencies, ...optionalDependencies }).length > 0;
}

/** Folders that Dependabot need not know. */
const leftOut = [
    ...["templates/", "examples/platform/"], // this project's own package alone
    "test/services/", // services as other people write them, old versions and all
    ...packageOf("package.json").workspaces.map((folder) => `${folder}/package.json`), // the root's
];

describe("Dependabot", () => {
    it("knows each kind of manifest once, and waits a week", () => {
        deepEqual(
            updates.map((update) => update["package-ecosystem"]).toSorted(),
            Object.keys(manifests).toSorted(),
        );
    });

    for (const [kind, isManifest] of Object.entries(manifests))
        it(`knows every folder that has dependencies of ${kind}, and no other`, () => {
            const found = files
                .filter(
                    (file) => isManifest(file) && !leftOut.some((start) => file.startsWith(start)),
                )
                .map((file) => (file.startsWith(".github/workflows/") ? "." : dirname(file)))
                .map((folder) => (folder === "." ? "/" : `/${folder}`));
            const known = updates.find((update) => update["package-ecosystem"] === kind);
            ok(found.length > 0);
            deepEqual(known?.directories.toSorted(), [...new Set(found)].toSorted());
        });
});

describe("a lock file of npm's", () => {
    const npm = "https://registry.npmjs.org/";
    for (const file of files.filter((name) => name.endsWith("package-lock.json")))
        it(`has the checksum of every package: ${file}`, () => {
            const { packages } = z
                .object({
                    packages: z.record(
                        z.string(),
                        z.object({
                            link: z.boolean().default(false),
                            resolved: z.string().optional(),
                            integrity: z.string().optional(),
                        }),
                    ),
                })
                .parse(JSON.parse(read(file)));
            const installed = Object.entries(packages).filter(
                ([folder, { link }]) => folder.includes("node_modules/") && !link,
            );
            ok(installed.length > 0);
            for (const [folder, { integrity, resolved }] of installed) {
                ok(integrity?.startsWith("sha512-"), folder);
                // By name from the registry that is configured, or from npm's own.
                match(resolved ?? npm, new RegExp(`^${npm}`), folder);
            }
        });
});
