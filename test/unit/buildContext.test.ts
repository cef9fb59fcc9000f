import { deepEqual, equal, match, notEqual, throws } from "node:assert/strict";
import {
    chmodSync,
    cpSync,
    mkdirSync,
    mkdtempSync,
    rmSync,
    symlinkSync,
    utimesSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { hashContext, listContext } from "../../docker/buildContext.ts";

/** Files by path; a path that ends with a slash is an empty folder. */
type Tree = Record<string, string>;

describe("build context", () => {
    let root: string;
    beforeEach(() => {
        root = mkdtempSync(join(tmpdir(), "context-"));
    });
    afterEach(() => {
        rmSync(root, { recursive: true });
    });

    function write(tree: Tree, folder = join(root, "service")): string {
        for (const [path, text] of Object.entries({ Dockerfile: "FROM scratch", ...tree })) {
            const file = join(folder, path);
            mkdirSync(path.endsWith("/") ? file : dirname(file), { recursive: true });
            if (!path.endsWith("/")) writeFileSync(file, text);
        }
        return folder;
    }
    const hash = (folder: string, dockerfile = "Dockerfile"): string =>
        hashContext({ folder, dockerfile });
    const paths = (folder: string, dockerfile = "Dockerfile"): string[] =>
        listContext({ folder, dockerfile }).map((entry) => entry.path);

    describe("hash", () => {
        it("is the same wherever the context lies, whenever it was written, whatever the umask", () => {
            const one = write({ "a/b.py": "print(1)", "run.sh": "true" });
            chmodSync(join(one, "run.sh"), 0o755);
            const two = join(root, "elsewhere", "checkout");
            cpSync(one, two, { recursive: true });
            chmodSync(join(two, "run.sh"), 0o700);
            chmodSync(join(two, "a/b.py"), 0o600);
            chmodSync(join(two, "a"), 0o700);
            utimesSync(join(two, "a/b.py"), 0, 0);
            equal(hash(two), hash(one));
        });

        it("does not depend on the order in which files were written", () => {
            equal(
                hash(write({ "1": "x", "2": "y" })),
                hash(write({ "2": "y", "1": "x" }, join(root, "other"))),
            );
        });

        const base: Tree = { "a.py": "a", "folder/b.py": "b" };
        const changes: Record<string, (folder: string) => void> = {
            "a file's content": (folder) => {
                writeFileSync(join(folder, "a.py"), "A");
            },
            "a file more": (folder) => {
                writeFileSync(join(folder, "c.py"), "");
            },
            "a file less": (folder) => {
                rmSync(join(folder, "a.py"));
            },
            "a file's name": (folder) => {
                cpSync(join(folder, "a.py"), join(folder, "aa.py"));
                rmSync(join(folder, "a.py"));
            },
            "the executable bit": (folder) => {
                chmodSync(join(folder, "a.py"), 0o755);
            },
            "an empty folder": (folder) => {
                mkdirSync(join(folder, "empty"));
            },
            "a file that becomes a link to an equal one": (folder) => {
                cpSync(join(folder, "a.py"), join(folder, "folder/a.py"));
                rmSync(join(folder, "a.py"));
                symlinkSync("folder/a.py", join(folder, "a.py"));
            },
            "the Dockerfile": (folder) => {
                writeFileSync(join(folder, "Dockerfile"), "FROM other");
            },
        };
        for (const [name, change] of Object.entries(changes)) {
            it(`changes with ${name}`, () => {
                const folder = write(base);
                const before = hash(folder);
                change(folder);
                notEqual(hash(folder), before);
            });
        }

        it("does not change with what is ignored, but with the Dockerfile even then", () => {
            const folder = write({
                ".dockerignore": "*.log\nDockerfile\n.dockerignore",
                "a.py": "a",
            });
            const before = hash(folder);
            writeFileSync(join(folder, "debug.log"), "noise");
            equal(hash(folder), before);
            writeFileSync(join(folder, "Dockerfile"), "FROM other");
            notEqual(hash(folder), before);
        });

        it("tells any two different trees apart, and only those", () => {
            const tree = fc.dictionary(
                fc.stringMatching(/^[a-c]{1,2}(\/[a-c]{1,2})?$/),
                fc.string({ maxLength: 5 }),
                { maxKeys: 4 },
            );
            let folders = 0;
            const written = (files: Tree): string => write(files, join(root, String(folders++)));
            const isTree = (files: Tree): boolean =>
                Object.keys(files).every((path) => !(dirname(path) in files));
            fc.assert(
                fc.property(tree.filter(isTree), tree.filter(isTree), (one, two) => {
                    const sorted = (files: Tree): string =>
                        JSON.stringify(Object.entries(files).sort());
                    equal(hash(written(one)) === hash(written(two)), sorted(one) === sorted(two));
                }),
                { numRuns: 100 },
            );
        });
    });

    describe("list", () => {
        it("honours .dockerignore with its exceptions", () => {
            const folder = write({
                ".dockerignore": "*\n!src\nsrc/**/*.pyc\n",
                "src/a.py": "",
                "src/x/a.pyc": "",
                "notes.md": "",
            });
            deepEqual(paths(folder), ["src", "src/a.py", "src/x"]);
        });

        it("takes the Dockerfile's own ignore file instead, where there is one", () => {
            const folder = write({
                ".dockerignore": "a",
                "prod.Dockerfile": "FROM scratch",
                "prod.Dockerfile.dockerignore": "b",
                a: "",
                b: "",
            });
            const listed = paths(folder, "prod.Dockerfile");
            deepEqual([listed.includes("a"), listed.includes("b")], [true, false]);
        });
    });

    describe("refuses", () => {
        const refuse = (folder: string, message: RegExp, dockerfile?: string): void => {
            throws(() => hash(folder, dockerfile), { name: "Error", message });
        };
        it("a folder that is not there", () => {
            refuse(join(root, "nowhere"), /The build context ".*nowhere" is not a folder/);
        });
        it("a Dockerfile that is not there", () => {
            refuse(
                write({}),
                /There is no Dockerfile "prod.Dockerfile" in the build context/,
                "prod.Dockerfile",
            );
        });
        it("a Dockerfile outside of the context", () => {
            refuse(
                write({ "../Dockerfile": "FROM scratch" }),
                /The Dockerfile "\.\.\/Dockerfile" is outside of the build context/,
                "../Dockerfile",
            );
        });
        it("a file whose name is not text", () => {
            const folder = write({});
            writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]), "");
            refuse(folder, /in the build context cannot be read \(ENOENT\)/);
        });
        for (const target of ["/etc/passwd", "../secret", "folder/../../secret"]) {
            it(`a link to ${target}, and says how to mend it`, () => {
                const folder = write({ "folder/a": "" });
                symlinkSync(target, join(folder, "link"));
                refuse(
                    folder,
                    /The symbolic link "link" in the build context leaves it .*\.dockerignore/s,
                );
                writeFileSync(join(folder, ".dockerignore"), "link");
                match(hash(folder), /^[0-9a-f]{64}$/);
            });
        }
    });
});
