import { deepEqual, equal } from "node:assert/strict";
import { findBaseImages } from "../../../../components/docker/dockerfile.ts";
import { parseTagged } from "../../../../components/docker/reference.ts";

const digest = `sha256:${"a".repeat(64)}`;

describe("the base images of a Dockerfile", () => {
    const cases: [what: string, text: string, images: string[]][] = [
        ["one", "FROM python:3.13", ["python:3.13"]],
        ["in small letters, with a platform", "from --platform=linux/amd64 a:1 as b", ["a:1"]],
        ["once each", "FROM a\nFROM a\nCOPY --from=a / /", ["a"]],
        ["no earlier stage", "FROM a AS Base\nFROM base AS c\nFROM C", ["a"]],
        ["a stage of the image's own name", "FROM a AS a\nFROM a", ["a"]],
        ["not scratch", "FROM scratch", []],
        ["none that is pinned", `FROM a@${digest}\nCOPY --from=b:1@${digest} / /`, []],
        ["an argument's default", "ARG V=3.13\nFROM python:${V}-slim", ["python:3.13-slim"]],
        ["a default in place", "FROM python:${NONE:-3.12}", ["python:3.12"]],
        ["a default in quotes", 'ARG V="1"\nFROM "a:$V"', ["a:1"]],
        ["the build's argument", "ARG CHOSEN=1\nFROM a:$CHOSEN", ["a:2"]],
        ["no argument of a stage", "ARG V=1\nFROM a:$V\nARG V=2\nFROM b:$V", ["b:1"]],
        ["a variable without a value", "FROM a:$NONE", ["a:$NONE"]],
        [
            "those of COPY",
            "FROM a\nCOPY --chown=1 --from=ghcr.io/b/uv:1 /uv /",
            ["a", "ghcr.io/b/uv:1"],
        ],
        ["COPY from a stage by number", "FROM a\nFROM b\nCOPY --from=0 / /", ["b", "a"]],
        ["those of RUN", "FROM a\nRUN --mount=type=bind,from=b,target=/b true", ["a", "b"]],
        ["not a command's options", "FROM a\nRUN tool --from=b\nRUN x --mount=from=b", ["a"]],
        [
            "flags on lines of their own",
            "FROM a\nRUN --mount=type=cache,target=/c \\\n  --mount=from=b true",
            ["a", "b"],
        ],
        ["not in a here-document", "FROM a\nRUN <<EOF\nFROM b\nEOF", ["a"]],
        ["no comment", "# FROM b\nFROM a", ["a"]],
        ["no named context", "FROM model\nCOPY --from=model / /", []],
        ["no stage that is not needed", "FROM a AS dev\nFROM b AS c\nFROM c", ["b"]],
        ["nothing without a FROM", "RUN true", []],
    ];
    for (const [what, text, images] of cases) {
        it(`are ${what}`, () => {
            const build = { buildArgs: { CHOSEN: "2" }, contexts: ["model"] };
            deepEqual(findBaseImages(text, build), images);
        });
    }

    it("are those of the target", () => {
        const text = "FROM a AS one\nFROM b AS two\nFROM c AS Three\nCOPY --from=one / /\nFROM d";
        deepEqual(findBaseImages(text, { target: "three" }), ["c", "a"]);
        deepEqual(findBaseImages(text, { target: "1" }), ["b"]);
        deepEqual(findBaseImages(text, { target: "none" }), []);
    });
});

describe("a base image's name", () => {
    const cases: [name: string, host: string, path: string, tag: string][] = [
        ["python", "docker.io", "library/python", "latest"],
        ["python:3.13-slim", "docker.io", "library/python", "3.13-slim"],
        ["jupyter/base:1", "docker.io", "jupyter/base", "1"],
        ["docker.io/python", "docker.io", "library/python", "latest"],
        ["index.docker.io/a/b", "docker.io", "a/b", "latest"],
        ["quay.io/a/b:1", "quay.io", "a/b", "1"],
        ["HOST/a", "HOST", "a", "latest"],
        ["localhost/a", "localhost", "a", "latest"],
        ["localhost:5000/a", "localhost:5000", "a", "latest"],
        ["registry:5000/a/b:c", "registry:5000", "a/b", "c"],
    ];
    for (const [name, host, path, tag] of cases) {
        it(`${name} is completed as Docker does`, () => {
            deepEqual(parseTagged(name), { host, path, tag });
        });
    }
    for (const name of [
        "",
        "a/B",
        "Python",
        "a:",
        "a:$V",
        "a:1:2",
        `a@${digest}`,
        "https://a.b/c",
    ]) {
        it(`"${name.slice(0, 20)}" has no tag that can be looked up`, () => {
            equal(parseTagged(name), undefined);
        });
    }
});
