import { deepEqual, equal, notEqual, throws } from "node:assert/strict";
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
import {
    type BuildContext,
    hashContext,
    hashNamedContext,
    hashSource,
    ignoreText,
    listContext,
    readDockerfile,
} from "../../../../components/docker/buildContext.ts";
import { readDockerfileText } from "../../../../components/docker/dockerfile.ts";
import { IgnoreRules } from "../../../../components/docker/ignoreFile.ts";

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
    const paths = (folder: string, more: Partial<BuildContext> = {}): string[] =>
        listContext({ folder, dockerfile: "Dockerfile", ...more }).map((entry) => entry.path);

    describe("hash", () => {
        it("is the same wherever the context lies, whenever it was written", () => {
            const one = write({ "a/b.py": "print(1)" });
            const two = join(root, "elsewhere", "checkout");
            cpSync(one, two, { recursive: true });
            utimesSync(join(two, "a/b.py"), 0, 0);
            equal(hash(two), hash(one));
        });

        it("is the same for the umasks 022 and 002, and another for 077", () => {
            const [usual, group, own] = [0o022, 0o002, 0o077].map((mask) => {
                const before = process.umask(mask);
                try {
                    const tree = { "a/b.py": "print(1)", "a/c/": "" };
                    return hash(write(tree, join(root, mask.toString(8))));
                } finally {
                    process.umask(before);
                }
            });
            equal(group, usual);
            notEqual(own, usual);
        });

        it("is the same for two clones of a commit, whatever Git did in them", () => {
            const one = write({ "a.py": "a", ".git/HEAD": "main", "lib/.git": "gitdir: /one" });
            const before = hash(one);
            writeFileSync(join(one, ".git/FETCH_HEAD"), "branch");
            writeFileSync(join(one, "lib/.git"), "gitdir: /two");
            equal(hash(one), before);
            writeFileSync(join(one, ".dockerignore"), "!.git");
            const asked = hash(one);
            writeFileSync(join(one, ".git/FETCH_HEAD"), "another");
            notEqual(hash(one), asked);
        });

        it("does not change with what the program itself writes", () => {
            const folder = write({ "infra/.build/": "", "infra/index.ts": "" });
            const workFolder = join(folder, "infra/.build");
            for (const ignore of ["", "*\n!**", "!infra/.build/**"]) {
                writeFileSync(join(folder, ".dockerignore"), ignore);
                const context = { folder, dockerfile: "Dockerfile", workFolder };
                const before = hashContext(context);
                writeFileSync(join(workFolder, `${String(ignore.length)}.log`), "step 1");
                symlinkSync(folder, join(workFolder, `link${String(ignore.length)}`));
                equal(hashContext(context), before);
            }
        });

        it("does not depend on the order in which files were written", () => {
            equal(
                hash(write({ "1": "x", "2": "y" })),
                hash(write({ "2": "y", "1": "x" }, join(root, "other"))),
            );
        });

        const base: Tree = {
            ".dockerignore": "partly\n!partly/c.py",
            "a.py": "a",
            "folder/b.py": "b",
            "partly/c.py": "c",
        };
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
            "a file that others may not read": (folder) => {
                chmodSync(join(folder, "a.py"), 0o600);
            },
            "a folder that others may write to": (folder) => {
                chmodSync(join(folder, "folder"), 0o777);
            },
            "the mode of an ignored folder that something is sent from": (folder) => {
                chmodSync(join(folder, "partly"), 0o700);
            },
            "a link's target": (folder) => {
                rmSync(join(folder, "link"));
                symlinkSync("/dev/stderr", join(folder, "link"));
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
                symlinkSync("/dev/stdout", join(folder, "link"));
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
            const listed = paths(folder, { dockerfile: "prod.Dockerfile" });
            deepEqual([listed.includes("a"), listed.includes("b")], [true, false]);
        });

        it("has links as links, wherever they point to", () => {
            const folder = write({ "a/b": "" });
            for (const [index, target] of ["/dev/stdout", "../../x", "nowhere", "a"].entries())
                symlinkSync(target, join(folder, `l${String(index)}`));
            deepEqual(
                listContext({ folder, dockerfile: "Dockerfile" })
                    .filter(({ kind }) => kind === "symlink")
                    .map(({ target }) => target),
                ["/dev/stdout", "../../x", "nowhere", "a"],
            );
        });

        it("follows an ignore file that is a link to another in the context", () => {
            const folder = write({ shared: "a\n.*", a: "", b: "", ".env": "" });
            symlinkSync("shared", join(folder, ".dockerignore"));
            deepEqual(paths(folder), ["Dockerfile", "b", "shared"]);
        });

        it("finds a work folder whose name has the characters of a pattern", () => {
            const folder = write({ "#in[f]ra*/.build/log": "", "#in[f]ra*/a": "", "#infra/a": "" });
            const workFolder = join(folder, "#in[f]ra*/.build");
            deepEqual(paths(folder, { workFolder }), [
                "#in[f]ra*",
                "#in[f]ra*/a",
                "#infra",
                "#infra/a",
                "Dockerfile",
            ]);
        });

        const entered: [ignore: string, entered: boolean][] = [
            [".data\n!README.md", false],
            [".data/*\n!.data", false],
            [".data\n!.data/db/keep", true],
            [".data\n!.data/db/*", true],
            [".data\n!.data/db/**", true],
            [".data\n!.data/db2", false],
            [".data\n!**/*.md", true],
            [".data\n!*", true],
        ];
        for (const [ignore, enters] of entered) {
            it(`${enters ? "enters" : "does not enter"} .data/db for ${JSON.stringify(ignore)}`, () => {
                const rules = new IgnoreRules(ignore);
                const { ignored } = rules.decide(".data/db", rules.decide(".data", []).matched);
                equal(!ignored || rules.entersIgnored(".data/db"), enters);
            });
        }
    });

    describe("source", () => {
        it("is a folder without what its ignore file leaves out, or a file", () => {
            const folder = write({ ".dockerignore": "*.log", "a.py": "a", ".git/HEAD": "x" });
            const [all, one] = [hashSource(folder), hashSource(join(folder, "a.py"))];
            writeFileSync(join(folder, "b.log"), "");
            writeFileSync(join(folder, ".git/HEAD"), "y");
            deepEqual([hashSource(folder), hashSource(join(folder, "a.py"))], [all, one]);
            writeFileSync(join(folder, "a.py"), "b");
            notEqual(hashSource(folder), all);
            notEqual(hashSource(join(folder, "a.py")), one);
        });

        it("is a folder without the one that the program writes to", () => {
            const folder = write({ ".dockerignore": "!infra/.build", "infra/.build/log": "1" });
            const all = hashSource(folder, join(folder, "infra/.build"));
            write({ "infra/.build/log": "2" });
            equal(hashSource(folder, join(folder, "infra/.build")), all);
        });

        it("is refused where it does not exist", () => {
            throws(
                () => hashSource(join(root, "nowhere")),
                /The source ".*nowhere" of the build does/,
            );
        });
    });

    describe("named context", () => {
        const work = ".build";
        const changes: [ignore: string, path: string, counts: boolean][] = [
            ["", ".git/HEAD", true],
            ["", "lib/.git/HEAD", true],
            ["", "a.py", true],
            [".git", ".git/HEAD", false],
            [".git", "lib/.git/HEAD", true],
            ["**/.git", "lib/.git/HEAD", false],
            ["*.log", "b.log", false],
        ];
        for (const [ignore, path, counts] of changes) {
            it(`${counts ? "counts" : "leaves out"} ${path} with "${ignore}" ignored`, () => {
                const folder = write({ ".dockerignore": ignore, [path]: "1" });
                const before = hashNamedContext(folder, work);
                write({ [path]: "2" });
                equal(hashNamedContext(folder, work) !== before, counts);
            });
        }

        it("reads no other ignore file than its own .dockerignore", () => {
            const folder = write({ "Dockerfile.dockerignore": "a.py", "a.py": "1" });
            const before = hashNamedContext(folder, work);
            write({ "a.py": "2" });
            notEqual(hashNamedContext(folder, work), before);
        });

        const own = /has the program's own folder "infra\/\.build" in it.*\.dockerignore/;
        const ignores: [ignore: string, isRefused: boolean][] = [
            ["", true],
            ["a.py", true],
            ["infra/.build", false],
            ["infra", false],
            ["**/.build", false],
            ["*\n!a.py", false],
            ["infra\n!infra/.build", true],
            ["infra/.build\n!infra/.build/dev.log", true],
        ];
        for (const [ignore, isRefused] of ignores) {
            for (const isThere of ignore.includes("dev.log") ? [true] : [true, false]) {
                const state = isThere ? "that is there" : "that is still to come";
                const verb = isRefused ? "refuses" : "takes";
                it(`${verb} a work folder ${state} with ${JSON.stringify(ignore)} ignored`, () => {
                    const folder = write({ ".dockerignore": ignore, "a.py": "", "infra/": "" });
                    if (isThere) write({ "infra/.build/dev.log": "" });
                    const hash = (): string =>
                        hashNamedContext(folder, join(folder, "infra/.build"));
                    if (isRefused) throws(hash, { name: "Error", message: own });
                    else equal(hash().length, 64);
                });
            }
        }

        it("is refused where it is a file, or does not exist", () => {
            const folder = write({ "a.py": "" });
            for (const path of [join(folder, "a.py"), join(folder, "nowhere")])
                throws(() => hashNamedContext(path, work), /is not a folder/);
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
        it("a Dockerfile that a link in its path takes from outside of the context", () => {
            const folder = write({ "../secret/key": "PRIVATE", ".dockerignore": "d" });
            symlinkSync("../secret", join(folder, "d"));
            symlinkSync("../secret/key", join(folder, "linked"));
            refuse(folder, /The Dockerfile "d\/key" is reached by a symbolic link/, "d/key");
            refuse(folder, /The Dockerfile "linked" is reached by a symbolic link/, "linked");
        });
        it("a link beside the context that leads to a file of this machine", () => {
            const folder = write({ "../deploy/": "", "../secret/key": "PRIVATE" });
            symlinkSync("../secret/key", join(root, "deploy/Dockerfile"));
            refuse(folder, /is reached by a symbolic link/, "../deploy/Dockerfile");
        });
        it("a linked folder beside the context that leads to a folder of this machine", () => {
            const files = { "../real/Dockerfile": "FROM a", "../../secret/key": "FROM secret" };
            const folder = write(files, join(root, "app/service"));
            symlinkSync("../secret", join(root, "app/linked"));
            refuse(folder, /is reached by a symbolic link that leads out/, "../linked/key");
            symlinkSync("real", join(root, "app/beside"));
            equal(String(readDockerfile({ folder, dockerfile: "../beside/Dockerfile" })), "FROM a");
        });
        it("to look for base images and weaknesses in a Dockerfile of another place", () => {
            const folder = write({ "../secret/key": "FROM secret", ".dockerignore": "d" });
            symlinkSync("../secret", join(folder, "d"));
            equal(readDockerfileText({ context: folder, dockerfile: "d/key" }), undefined);
            equal(
                readDockerfileText({ context: folder, dockerfile: "Dockerfile" }),
                "FROM scratch",
            );
        });
        it("an ignore file that is a link out of the context, or to nothing", () => {
            const folder = write({ "../shared": ".*\na" });
            symlinkSync("../shared", join(folder, ".dockerignore"));
            refuse(folder, /The ignore file ".*\.dockerignore" is reached by a symbolic link/);
            rmSync(join(folder, ".dockerignore"));
            symlinkSync("nothing", join(folder, ".dockerignore"));
            refuse(folder, /The ignore file ".*\.dockerignore" is a symbolic link to nothing/);
        });
        it("a file whose name is not text", () => {
            const folder = write({});
            writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]), "");
            refuse(folder, /in the build context cannot be read \(ENOENT\)/);
        });
    });

    it("takes a Dockerfile from outside of the context, with its own ignore file", () => {
        const folder = write({
            "../deploy/Dockerfile": "FROM outside",
            "../deploy/Dockerfile.dockerignore": "b",
            ".dockerignore": "a",
            a: "",
            b: "",
        });
        const context = { folder, dockerfile: "../deploy/Dockerfile" };
        equal(String(readDockerfile(context)), "FROM outside");
        equal(ignoreText(context), "**/.git\nb\n");
        const before = hashContext(context);
        writeFileSync(join(root, "deploy/Dockerfile"), "FROM elsewhere");
        notEqual(hashContext(context), before);
    });
});
