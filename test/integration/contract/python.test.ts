import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { checkOutputs } from "../../../contract/reader/checkOutputs.ts";
import { cacheFolder } from "../../../toolchain/cacheFolder.ts";
import { given, published } from "../../publishedOutputs.ts";
import { root } from "../../unit/files.ts";

/** What the package is made and tested with: toolchain/setup.sh tests. */
const packagesOfPython = join(cacheFolder(), "python");
const folder = join(root, "contract/python");
type Document = Readonly<Record<string, unknown>>;

const { digest } = given;
/** Every field that a stack may have. */
const complete: Document = {
    ...published,
    commit: "ab".repeat(20),
    pullRequest: "https://github.com/alice/digits/pull/1",
    serviceUrl: "http://digits.web.svc:8080",
    namespace: "web",
    replicas: { min: 1, max: 3 },
};
const local: Document = {
    schemaVersion: 1,
    environment: "local",
    kind: "local",
    version: "1.0.0",
    imageId: digest,
    serviceUrl: "http://localhost:8080",
};

/** Runs Python in the package's folder. */
function python(args: readonly string[], input = "", path = packagesOfPython) {
    return spawnSync("python3", args, {
        cwd: folder,
        input,
        encoding: "utf8",
        env: { ...process.env, PYTHONPATH: path, PYTHONDONTWRITEBYTECODE: "1" },
        maxBuffer: 1 << 28,
    });
}

interface Verdict {
    /** The outputs as they were read; absent if they were refused. */
    readonly outputs?: unknown;
    readonly message?: string;
}

/** What the Python reader says of each document. */
function verdictsOfPython(documents: readonly Document[]): Verdict[] {
    const program = `
import json, sys
from mlops_outputs import OutputsError, check_outputs
for line in sys.stdin:
    try:
        outputs = check_outputs("a/b/c", line).model_dump(by_alias=True, exclude_unset=True)
        print(json.dumps({"outputs": outputs}))
    except OutputsError as error:
        print(json.dumps({"message": str(error)}))
`;
    const lines = documents.map((document) => `${JSON.stringify(document)}\n`).join("");
    const { stdout, stderr } = python(["-c", program], lines);
    equal(stderr, "");
    return stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Verdict);
}

function verdictOfTypeScript(document: Document): Verdict {
    try {
        return { outputs: checkOutputs("a/b/c", document, []) };
    } catch (error) {
        return { message: (error as Error).message };
    }
}

/** Texts that look like an output, and nearly so. */
const texts = [
    ["", " ", "0", "web", "a\nb", "[secret]", "published", "local", "null", "ä", "😀"],
    [digest, `${digest}\n`, digest.toUpperCase(), `${digest}0`, digest.slice(0, -1)],
    [`quay.io/a/b@${digest}`, `a b@${digest}`, `a@b@${digest}`, `@${digest}`, `a\t@${digest}`],
    ["ab".repeat(20), "ab".repeat(32), "ab".repeat(33), "AB".repeat(20), `${"ab".repeat(20)}\n`],
    ["https://quay.io", "http://localhost:8080", " https://quay.io/a ", "quay.io/a", "/a", "a:b"],
    ["http://", "https://a b", "http://[::1]:80/", "http://[::1", "http://a:99999", "HTTP://A/?#"],
    ["mailto:a@b", "file:///a", "http://user:password@a/", "https://ä.example", "http:a"],
].flat();
const values: readonly unknown[] = [
    ...[null, true, false, 0, 1, 2, -1, 1.5, 1e21, 2 ** 53, 2 ** 53 - 1],
    ...[[], [""], ["a", "b"], [1], [null], [["a"]], {}],
    ...[
        { min: 1, max: 2 },
        { min: 0, max: 2 },
        { min: 1 },
        { min: 1.5, max: 2 },
        { min: "1", max: 2 },
    ],
    ...[
        { min: 1, max: 2, more: 3 },
        { min: true, max: 2 },
        { min: null, max: 2 },
    ],
];
const names = [...Object.keys(complete), "imageId", "tokenCommand", "sbom", "__proto"];

/** Outputs with up to three fields that are lost, new, or have another value. */
const documents = fc
    .tuple(
        fc.oneof({ weight: 9, arbitrary: fc.constant(complete) }, fc.constant(local)),
        fc.array(
            fc.tuple(fc.constantFrom(...names), fc.constantFrom(undefined, ...texts, ...values)),
            {
                maxLength: 3,
            },
        ),
    )
    .map(([document, changes]): Document => {
        const changed = { ...document, ...Object.fromEntries(changes) };
        return JSON.parse(JSON.stringify(changed)) as Document;
    });

describe("the Python reader", () => {
    it("has models that are up to date: npm run generate", () => {
        const copy = mkdtempSync(join(tmpdir(), "models-"));
        const parts = ["contract/outputs.schema.json", "contract/python", "toolchain/env.sh"];
        for (const part of [...parts, "package-lock.json"])
            cpSync(join(root, part), join(copy, part), { recursive: true });
        const models = "contract/python/mlops_outputs/models.py";
        rmSync(join(copy, models));
        const { status, stderr } = spawnSync(join(copy, "contract/python/generate.sh"), {
            encoding: "utf8",
        });
        equal(status, 0, stderr);
        const generated = readFileSync(join(copy, models), "utf8");
        rmSync(copy, { recursive: true });
        equal(readFileSync(join(root, models), "utf8"), generated);
    });

    it("is what ruff and mypy accept", () => {
        for (const args of [
            ["ruff", "check", "--no-cache", "."],
            ["ruff", "format", "--no-cache", "--check", "."],
            ["mypy", "--cache-dir", "/dev/null", "mlops_outputs"],
        ]) {
            const { status, stdout, stderr } = python(["-m", ...args]);
            equal(status, 0, stdout + stderr);
        }
    });

    it("gives its types to a program", () => {
        const temporary = mkdtempSync(join(tmpdir(), "typed-"));
        const file = join(temporary, "wrong.py");
        writeFileSync(file, 'from mlops_outputs import deployment\ndeployment("prod").imag\n');
        const { stdout } = python(["-m", "mypy", "--cache-dir", "/dev/null", file]);
        rmSync(temporary, { recursive: true });
        match(stdout, /"PublishedOutputs" has no attribute "imag"/);
    });

    it("accepts and refuses each wrong value of each field as the TypeScript reader does", () => {
        const all = [
            complete,
            ...names.flatMap((name) =>
                [undefined, ...texts, ...values].map((value) => {
                    const changed = { ...complete, [name]: value };
                    return JSON.parse(JSON.stringify(changed)) as Document;
                }),
            ),
        ];
        compare(all);
    });

    it("accepts and refuses whatever has several of them as the TypeScript reader does", () => {
        compare(fc.sample(documents, 3000));
    });

    /** Compares what both readers make of documents, some of which are right and some wrong. */
    function compare(all: readonly Document[]): void {
        const found = verdictsOfPython(all);
        equal(found.length, all.length);
        const count = { accepted: 0, refused: 0 };
        for (const [index, document] of all.entries()) {
            const { outputs } = verdictOfTypeScript(document);
            count[outputs === undefined ? "refused" : "accepted"] += 1;
            deepEqual(found[index]?.outputs, outputs, JSON.stringify([document, found[index]]));
        }
        for (const number of Object.values(count)) notEqual(number, 0);
    }

    const others: Record<string, Document> = {
        "a stack without outputs": {},
        "another project's stack": { image: "a" },
        "a later contract": { ...complete, schemaVersion: 2 },
        "a contract of another type": { ...complete, schemaVersion: "1" },
        "a local stack": local,
    };
    for (const [what, document] of Object.entries(others)) {
        it(`says of ${what} what the TypeScript reader says`, () => {
            const [found] = verdictsOfPython([document]);
            const { message = "" } = verdictOfTypeScript(document);
            equal(found?.message, message.replace("mlops-reader", "mlops-outputs"));
        });
    }

    it("prints one output of what it reads from the standard input, or what is wrong with it", () => {
        const input = JSON.stringify(complete);
        equal(python(["-m", "mlops_outputs", "image"], input).stdout.trim(), complete["image"]);
        const wrong = python(
            ["-m", "mlops_outputs", "image"],
            JSON.stringify({ ...complete, image: "a:1" }),
        );
        equal(wrong.status, 1);
        equal(wrong.stdout, "");
        match(wrong.stderr, /are not those of a deployment.*\n {2}image = "a:1": /);
        equal(wrong.stderr.includes("Traceback"), false);
        for (const text of ["", "[1]", "{"])
            match(
                python(["-m", "mlops_outputs", "image"], text).stderr,
                /^The outputs of the stack /,
            );
    });

    it("is a package that pip installs, with its types", () => {
        const target = mkdtempSync(join(tmpdir(), "installed-"));
        const options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index"];
        const install = python(["-m", "pip", "install", ...options, "--target", target, folder]);
        equal(install.status, 0, install.stderr);
        const program = "import mlops_outputs as m; print(m.__file__, m.deployment.__name__)";
        const { stdout } = spawnSync("python3", ["-c", program], {
            cwd: tmpdir(),
            encoding: "utf8",
            env: { ...process.env, PYTHONPATH: `${target}:${packagesOfPython}` },
        });
        equal(stdout.trim(), `${target}/mlops_outputs/__init__.py deployment`);
        equal(readFileSync(join(target, "mlops_outputs/py.typed"), "utf8"), "");
        rmSync(target, { recursive: true });
    });
});
