import { equal } from "node:assert/strict";
import { isRepository, isTag } from "../../../../components/docker/reference.ts";

describe("image names", () => {
    for (const name of [
        "a",
        "mlops_python_2022_2023",
        "quay.io/account/name",
        "localhost:5000/a/b",
        "a__b",
        "a--b",
        "a.b",
        "127.0.0.1:5000/x",
    ]) {
        it(`take ${name}`, () => {
            equal(isRepository(name), true);
        });
    }
    for (const name of [
        "",
        "A",
        "a:1",
        "a@sha256:0",
        "-a",
        "a-",
        "a..b",
        "a___b",
        "/a",
        "a/",
        "a b",
        "quay.io/A/b",
        "a".repeat(256),
    ]) {
        it(`refuse "${name.slice(0, 20)}"`, () => {
            equal(isRepository(name), false);
        });
    }
});

describe("tags", () => {
    for (const tag of ["1.0.0", "latest", "_x", "ctx-0a", "A", "a".repeat(128)]) {
        it(`take ${tag.slice(0, 20)}`, () => {
            equal(isTag(tag), true);
        });
    }
    for (const tag of ["", ".a", "-a", "a/b", "a:b", "a b", "1.0+build", "a\n", "a".repeat(129)]) {
        it(`refuse ${JSON.stringify(tag.slice(0, 20))}`, () => {
            equal(isTag(tag), false);
        });
    }
});
