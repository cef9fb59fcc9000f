import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { files, root } from "./files.ts";

/** The project's own files that a file imports. */
function importsOf(file: string): string[] {
    return modulesOf(file)
        .filter((name) => name.startsWith("."))
        .map((name) => join(dirname(file), name));
}

/** The modules that a file imports, as it names them. */
function modulesOf(file: string): string[] {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), "utf8"));
    return importedFiles.map(({ fileName }) => fileName);
}

const imports = new Map(
    files.filter((file) => file.endsWith(".ts")).map((file) => [file, importsOf(file)]),
);

/** The folder at the top that a file lies in; a file at the top is a room of its own. */
const roomOf = (file: string): string => file.split("/", 1).join();

const separator = " → ";
const arrow = (from: string, to: string): string => `${from}${separator}${to}`;

/** The arrow between two folders where their paths part; none where one contains the other. */
function branch(from: string, to: string): string | undefined {
    const [ours, theirs] = [from.split("/"), to.split("/")];
    const at = ours.findIndex((step, index) => step !== theirs[index]);
    if (from === "." || to === "." || at < 0 || at >= theirs.length) return undefined;
    return arrow(ours.slice(0, at + 1).join("/"), theirs.slice(0, at + 1).join("/"));
}

/** The files of a circle of imports that begins at this file. */
function circleFrom(file: string, path: readonly string[] = []): readonly string[] | undefined {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (checked.has(file)) return undefined;
    for (const next of imports.get(file) ?? []) {
        const circle = circleFrom(next, [...path, file]);
        if (circle !== undefined) return circle;
    }
    checked.add(file);
    return undefined;
}
const checked = new Set<string>();

describe("the folders", () => {
    it("are fourteen at most", () => {
        const folders = new Set(
            files.filter((file) => file.includes("/") && !file.startsWith(".")).map(roomOf),
        );
        ok(folders.size <= 14, [...folders].join(", "));
    });

    it("import down the list of docs/architecture.md, never up", () => {
        const map = readFileSync(join(root, "docs/architecture.md"), "utf8");
        const list = [...map.matchAll(/^- `(\w+)\//gm)].map(([, folder = ""]) => folder);
        const isUp = (from: string, to: string): boolean =>
            to.includes("/") && list.indexOf(roomOf(to)) < list.indexOf(roomOf(from));
        const up = [...imports].flatMap(([file, imported]) =>
            imported.filter((other) => isUp(file, other)).map((other) => arrow(file, other)),
        );
        deepEqual(up, []);
    });

    it("do not import each other in both directions, but for a folder and what it contains", () => {
        const arrows = new Set(
            [...imports].flatMap(([file, imported]) =>
                imported.flatMap((other) => branch(dirname(file), dirname(other)) ?? []),
            ),
        );
        const both = [...arrows].filter((one) => {
            const [from = "", to = ""] = one.split(separator);
            return from < to && arrows.has(arrow(to, from));
        });
        deepEqual(both, []);
    });

    it("that components stand on import no component", () => {
        const isBelow = /^components\/(docker|github|kubernetes|messages|quay|workflow)\//;
        const isComponent = /^components\/[^/]+$/;
        const up = [...imports]
            .filter(([file]) => isBelow.test(file))
            .flatMap(([file, imported]) =>
                imported.filter((other) => isComponent.test(other)).map((to) => arrow(file, to)),
            );
        deepEqual(up, []);
    });

    it("have no circle of imports among their files", () => {
        const circles = [...imports.keys()].map((file) => circleFrom(file)?.join(" → "));
        equal(
            circles.find((circle) => circle !== undefined),
            undefined,
        );
    });
});

describe("the unit tests", () => {
    const tests = [...imports.keys()].filter((file) => file.startsWith("test/unit/"));
    const listing = "test/unit/files.ts"; // asks Git for the files

    it("start neither a server nor a process, nor a stand-in: test/integration/ does", () => {
        const starts = /^node:(child_process|cluster|http2?|https|net|tls|worker_threads)$/;
        const start = (file: string): boolean =>
            modulesOf(file).some((name) => starts.test(name)) ||
            (imports.get(file) ?? []).some((other) => /^(sandbox|test\/integration)\//.test(other));
        deepEqual(
            tests.filter((file) => file !== listing && start(file)),
            [],
        );
    });

    it("mirror the tree", () => {
        const folders = new Set(files.map(dirname));
        const rooms = new Set(tests.map((file) => relative("test/unit", dirname(file)) || "."));
        deepEqual(
            [...rooms].filter((room) => !folders.has(room)),
            [],
        );
    });
});
