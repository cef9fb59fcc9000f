import { deepEqual, equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { files, root } from "../files.ts";
import { findMovableBases } from "../../../policy/policies/baseImages.ts";

const digest = `sha256:${"a1".repeat(32)}`;

/** Each: a Dockerfile, what else the build has, and the images that can change. */
const builds: Record<
    string,
    readonly [text: string, build: Partial<Parameters<typeof findMovableBases>[1]>, string[]]
> = {
    "a tag": ["FROM python:3.11", {}, ["python:3.11"]],
    "no tag": ["FROM python", {}, ["python"]],
    "a tag and a digest": [`FROM python:3.11@${digest}`, {}, []],
    "a digest, with a platform": [`FROM --platform=linux/amd64 python@${digest} AS a`, {}, []],
    nothing: ["FROM scratch", {}, []],
    "a stage before": [`FROM a@${digest} AS base\nFROM base`, {}, []],
    "a stage that is not built": [`FROM python:3.11 AS old\nFROM a@${digest}`, {}, []],
    "a stage that is copied from": [
        `FROM python:3.11 AS build\nFROM a@${digest}\nCOPY --from=build /a /a`,
        {},
        ["python:3.11"],
    ],
    "an image that is copied from": [
        `FROM a@${digest}\nCOPY --from=docker.io/uv:1 /uv /uv`,
        {},
        ["docker.io/uv:1"],
    ],
    "an image that is mounted": [
        `FROM a@${digest}\nRUN --mount=type=bind,from=tools:2,target=/t /t/run`,
        {},
        ["tools:2"],
    ],
    "a build argument's default": ["ARG BASE=python:3.11\nFROM ${BASE}", {}, ["python:3.11"]],
    "a build argument by digest": [
        "ARG BASE=python:3.11\nFROM ${BASE}",
        { buildArgs: { BASE: `python:3.11@${digest}` } },
        [],
    ],
    "a build argument that is not known yet": ["ARG BASE\nFROM $BASE", {}, []],
    "a named context by tag": [
        "FROM base",
        { additionalContexts: ["base=docker-image://python:3.11"] },
        ["python:3.11"],
    ],
    "a named context by digest, and a folder": [
        "FROM base\nCOPY --from=files a a",
        { additionalContexts: [`base=docker-image://python@${digest}`, "files=../files"] },
        [],
    ],
};

describe("a build's base images that can change", () => {
    for (const [what, [text, build, movable]] of Object.entries(builds))
        it(`with ${what}: ${movable.join() || "none"}`, async () => {
            const settings = { buildArgs: {}, additionalContexts: [], ...build };
            deepEqual(await findMovableBases(text, settings), movable);
        });
});

describe("a Dockerfile of this project", () => {
    // Those in test/ are as other people write them.
    const own = files.filter((file) => /Dockerfile$/.test(file) && !file.startsWith("test/"));
    const none = { additionalContexts: [], buildArgs: {} };
    const read = (file: string): string => readFileSync(join(root, file), "utf8");
    const unpinned = (text: string): string => text.replaceAll(/@sha256:[0-9a-f]{64}/g, "");

    for (const file of own)
        it(`has pinned base images, in a form that Dependabot reads: ${file}`, async () => {
            const text = read(file);
            deepEqual(await findMovableBases(text, none), []);
            const bases = await findMovableBases(unpinned(text), none);
            equal(bases.length > 0, true);
            // Dependabot reads FROM lines, and no variables in them.
            for (const base of bases)
                equal(
                    new RegExp(`^FROM ${base}@sha256:[0-9a-f]{64}( AS \\w+)?$`, "m").test(text),
                    true,
                );
        });

    for (const file of own.filter((name) => !name.includes("/pins/")))
        it(`says so where it is built on a stand-in: ${file}`, async () => {
            const buildArgs = { MLOPS_BASE_IMAGE: "python:3.11.2-bullseye" };
            for (const target of [undefined, "test"])
                deepEqual(await findMovableBases(read(file), { ...none, target, buildArgs }), [
                    "python:3.11.2-bullseye",
                ]);
        });
});
