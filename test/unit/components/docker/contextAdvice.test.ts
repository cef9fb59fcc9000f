import { deepEqual, equal, match } from "node:assert/strict";
import type { ContextEntry } from "../../../../components/docker/buildContext.ts";
import { contextAdvice } from "../../../../components/docker/contextAdvice.ts";

const gib = 2 ** 30;
const file = (path: string, size = 1, mode = 0o644): ContextEntry => ({
    path,
    kind: "file",
    mode,
    size,
});
const link = (path: string, target: string): ContextEntry => ({
    path,
    kind: "symlink",
    mode: 0o777,
    size: 0,
    target,
});

describe("advice on a build context", () => {
    const advise = (entries: readonly ContextEntry[], dockerfile = "FROM scratch"): string[] =>
        contextAdvice("service", entries, dockerfile);

    it("is silent about a usual one", () => {
        const entries = [
            file("a.py"),
            file("run.sh", 1, 0o755),
            { path: "src", kind: "directory", mode: 0o755, size: 0 } as const,
            link("access.log", "/dev/stdout"),
            link("src/a", "../a.py"),
        ];
        deepEqual(advise(entries, "FROM scratch\nCOPY .gitignore .github /\nRUN rm -rf .git"), []);
    });

    const cases: [what: string, entries: ContextEntry[], dockerfile: string, says: RegExp][] = [
        [
            "a large file, deep in folders",
            [file("data/raw/big.bin", 8 * gib), file("data/raw/b", gib), file("a.py")],
            "",
            /has 9\.0 GiB in 3 files.* largest: data\/raw\/big\.bin \(8\.0 GiB\), data\/raw\/b/,
        ],
        [
            "folders that are large together",
            [file("x/a", 2 * gib), file("y/a", gib), file("y/b", gib), file("z", 0.5 * gib)],
            "",
            /largest: y\/ \(2\.0 GiB in 2 files\), x\/ \(2\.0 GiB in 1 files\), z \(0\.5 GiB\)\./,
        ],
        [
            "many small files",
            Array.from({ length: 50_001 }, (_, index) => file(`venv/${String(index)}`)),
            "",
            /has 0\.0 GiB in 50001 files/,
        ],
        ["a file of the umask 077", [file("a.py", 1, 0o600)], "", /only root can read 1 .*a\+rX/],
        ["a link that climbs out", [link("a/b", "../../models")], "", /"a\/b" leads out of/],
        ["a link that climbs out later", [link("b", "a/../../models")], "", /"b" leads out of/],
        ["a Dockerfile that copies .git", [], "COPY --chown=1 .git /src/.git", /names \.git/],
        ["one that mounts it", [], "RUN --mount=type=bind,source=.git,target=/g x", /names \.git/],
    ];
    for (const [what, entries, dockerfile, says] of cases) {
        it(`speaks of ${what}`, () => {
            const [advice, ...more] = advise(entries, dockerfile);
            match(advice ?? "", says);
            equal(more.length, 0);
        });
    }

    it("is silent where the Dockerfile sets modes, or .git was asked for", () => {
        deepEqual(advise([file("a", 1, 0o600)], "COPY --chown=1000 . ."), []);
        deepEqual(advise([file(".git/HEAD")], "COPY .git ."), []);
    });
});
