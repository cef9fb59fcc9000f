import { deepEqual, equal } from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import * as docker from "@pulumi/docker";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation/index.js";
import fc from "fast-check";
import {
    type BuildContext,
    type ContextEntry,
    hashContext,
    listContext,
} from "../../components/docker/buildContext.ts";
import { prepareBuild } from "../../components/docker/buildFiles.ts";
import { run, temporary } from "../../sandbox/project.ts";

/** A file, a folder, a symlink or a socket. */
type Node =
    | { readonly kind: "file"; readonly text: string; readonly mode: number }
    | { readonly kind: "directory"; readonly mode: number }
    | { readonly kind: "symlink"; readonly target: string }
    | { readonly kind: "socket"; readonly mode: number };

interface Case {
    /** By path, each folder before its content. */
    readonly nodes: Readonly<Record<string, Node>>;
    readonly ignore: readonly string[];
    /**
     * The location of the rules: in `.dockerignore`, in the Dockerfile's own file, or behind a
     * link.
     */
    readonly rules?: "own" | "linked";
    /** Built from the folder itself, as by `docker build`. */
    readonly plain?: true;
}

const file = (text: string, mode = 0o644): Node => ({ kind: "file", text, mode });
const link = (target: string): Node => ({ kind: "symlink", target });

/** Files whose content is their path. */
function filesAt(...paths: string[]): Record<string, Node> {
    return Object.fromEntries(paths.map((path) => [path, file(path)]));
}

const nodes = filesAt(
    "a",
    "b.py",
    ".hidden",
    "src/a.py",
    "src/a.pyc",
    "src/deep/er/b.py",
    "src/deep/c.txt",
    "docs/x.md",
    "docs/.y",
);
const cases: Record<string, Case> = {
    "nothing ignored": { nodes, ignore: [] },
    "an allow list": { nodes, ignore: ["*", "!src", "!b.py"] },
    "an exception deep in an ignored folder": { nodes, ignore: ["src", "!src/deep/er"] },
    "an exception, then ignored again": { nodes, ignore: ["*", "!src", "src/deep"] },
    "an exception before what ignores": { nodes, ignore: ["!src", "**/src"] },
    "any depth": { nodes, ignore: ["**/*.py"] },
    "any depth below": { nodes, ignore: ["src/**"] },
    "hidden files": { nodes, ignore: [".*", "**/.*"] },
    "comments, blanks and spaces": { nodes, ignore: ["# a", "", "  docs  ", "/a"] },
    "a trailing slash and a dot": { nodes, ignore: ["src/", "./docs"] },
    "ranges and single characters": { nodes, ignore: ["[a-b]*", "?ocs"] },
    "the ignore file and the Dockerfile themselves": {
        nodes,
        ignore: [".dockerignore", "Dockerfile"],
    },
    "a parent": { nodes, ignore: ["src/../docs"] },
    links: {
        nodes: {
            ...filesAt("src/a"),
            link: link("src/a"),
            "src/ignored": link("a"),
            dangling: link("nowhere"),
            "to a folder": link("src"),
            absolute: link("/dev/stdout"),
            outside: link("../../etc/passwd"),
        },
        ignore: ["src/ignored"],
    },
    "an ignore file that is a link": {
        nodes: { ...nodes, ".env": file("SECRET=1") },
        ignore: [".*", "a", "!.hidden"],
        rules: "linked",
        plain: true,
    },
    "an ignore file of the Dockerfile's": { nodes, ignore: ["src"], rules: "own", plain: true },
    "an empty ignore file of the Dockerfile's": { nodes, ignore: [], rules: "own", plain: true },
    ".git, in folders too": {
        nodes: { ...nodes, ...filesAt(".git/HEAD", "src/.git", ".github/x.yml", "src/.gitignore") },
        ignore: [],
    },
    ".git, asked for": {
        nodes: { ...nodes, ...filesAt(".git/HEAD", ".git/refs/x", "src/.git") },
        ignore: ["!.git"],
    },
    "a part of .git, asked for": {
        nodes: { ...nodes, ...filesAt(".git/HEAD", ".git/refs/x") },
        ignore: ["!.git/HEAD"],
    },
    "a byte order mark, and no .git": {
        nodes: { ...nodes, ...filesAt(".git/HEAD") },
        ignore: ["\uFEFFa", "src"],
    },
    sockets: {
        nodes: {
            "a.sock": { kind: "socket", mode: 0o755 },
            "b.sock": { kind: "socket", mode: 0o600 },
            "ignored/c.sock": { kind: "socket", mode: 0o644 },
        },
        ignore: ["ignored"],
    },
    modes: {
        nodes: {
            ...Object.fromEntries(
                [0o644, 0o600, 0o640, 0o444, 0o666, 0o755, 0o700, 0o4755, 0o2755].map((mode) => [
                    mode.toString(8),
                    file("", mode),
                ]),
            ),
            shut: { kind: "directory", mode: 0o700 },
            "shut/a": file("a"),
            open: { kind: "directory", mode: 0o1777 },
            partly: { kind: "directory", mode: 0o711 },
            "partly/a": file("a"),
            "partly/b": file("b"),
        },
        ignore: ["partly", "!partly/b"],
    },
    "names that are not ASCII": {
        nodes: filesAt("é", "日本/語", "😀", "x😀", "日本/?", "e\u0301", "with space/ñ"),
        ignore: ["?", "日*/語", "!é", "with*/ñ"],
    },
};

/** The following cases are random. The seed repeats them. */
const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);

const segment = fc.constantFrom("a", "b", "c", "ab", "é", "😀", "*", "?", "**", "a*", "[ab]");
const pattern = fc
    .tuple(fc.boolean(), fc.array(segment, { minLength: 1, maxLength: 3 }))
    .map(([exception, path]) => `${exception ? "!" : ""}${path.join("/")}`);
const patterns = fc.array(pattern, { minLength: 0, maxLength: 4 });

for (const ignore of fc.sample(patterns, { numRuns: 40, seed })) {
    cases[`any patterns (seed ${String(seed)}): ${ignore.join(" ")}`] = {
        nodes: filesAt("a", "b", "c/a", "c/b", "ab/a/b", "ab/a/c", "ba/c", "é/a", "😀"),
        ignore,
    };
}

const mode = fc.constantFrom(0o644, 0o664, 0o600, 0o640, 0o755, 0o775, 0o700, 0o444, 0o666);
const folderMode = fc.constantFrom(0o755, 0o775, 0o700, 0o777);
const node: fc.Arbitrary<Node> = fc.oneof(
    {
        weight: 5,
        arbitrary: fc.record({
            kind: fc.constant("file" as const),
            text: fc.constantFrom("", "x", "y"),
            mode,
        }),
    },
    {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant("directory" as const), mode: folderMode }),
    },
    {
        weight: 2,
        arbitrary: fc.record({
            kind: fc.constant("symlink" as const),
            target: fc.constantFrom("a", "../b", "nowhere", "/dev/stdout", "../../x", "."),
        }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("socket" as const), mode }) },
);
const name = fc.constantFrom("a", "b", "c", "ab", "é", "😀", ".git");
const tree = fc
    .array(fc.tuple(fc.array(name, { minLength: 1, maxLength: 3 }), node), { maxLength: 7 })
    .map((drawn) => {
        const tree: Record<string, Node> = {};
        for (const [path, node] of drawn) {
            const above = path.slice(0, -1).map((_, index) => path.slice(0, index + 1).join("/"));
            if (!above.every((folder) => (tree[folder]?.kind ?? "directory") === "directory"))
                continue;
            for (const folder of above) tree[folder] ??= { kind: "directory", mode: 0o755 };
            tree[path.join("/")] ??= node;
        }
        return tree;
    });

/** Changes of a tree, some of which do not matter to the builder. */
const changes: ((tree: Readonly<Record<string, Node>>) => Record<string, Node>)[] = [
    (tree) => ({ ...tree }),
    (tree) => ({
        ...removed(tree, ".git"),
        ".git": { kind: "directory", mode: 0o755 },
        ".git/HEAD": file("main"),
    }),
    (tree) =>
        mapNodes(tree, (node) => ("mode" in node ? { ...node, mode: node.mode ^ 0o020 } : node)),
    (tree) =>
        mapNodes(tree, (node) => ("mode" in node ? { ...node, mode: node.mode & 0o700 } : node)),
    (tree) =>
        mapNodes(tree, (node) => ("text" in node ? { ...node, text: `${node.text}x` } : node)),
    (tree) => mapNodes(tree, (node) => ("target" in node ? link(`${node.target}x`) : node)),
    (tree) => mapNodes(tree, (node) => (node.kind === "socket" ? file("", node.mode) : node)),
    (tree) => ({ ...removed(tree, "ab"), ab: file("more") }),
];
const change = fc.constantFrom(...changes);
const samples = fc.sample(fc.tuple(tree, patterns, change), { numRuns: 20, seed });
for (const [index, [nodes, ignore, change]] of samples.entries()) {
    const what = `any tree ${String(index)} (seed ${String(seed)}): ${ignore.join(" ")}`;
    cases[what] = { nodes, ignore };
    cases[`${what}, changed`] = { nodes: change(nodes), ignore };
}

/** Returns the tree without a path and all that lies below it. */
function removed(tree: Readonly<Record<string, Node>>, removed: string): Record<string, Node> {
    return Object.fromEntries(
        Object.entries(tree).filter(([path]) => !`${path}/`.startsWith(`${removed}/`)),
    );
}

function mapNodes(
    nodes: Readonly<Record<string, Node>>,
    map: (node: Node) => Node,
): Record<string, Node> {
    return Object.fromEntries(Object.entries(nodes).map(([path, node]) => [path, map(node)]));
}

const dockerfile = "FROM scratch\nCOPY . /sent/\n";
const servers: Server[] = [];

async function write({ nodes, ignore, rules }: Case, folder: string): Promise<void> {
    mkdirSync(folder);
    writeFileSync(join(folder, "Dockerfile"), dockerfile);
    const ignoreFile = {
        own: "Dockerfile.dockerignore",
        linked: "rules/shared",
        none: ".dockerignore",
    };
    const place = join(folder, ignoreFile[rules ?? "none"]);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, ignore.join("\n"));
    if (rules === "linked") symlinkSync("rules/shared", join(folder, ".dockerignore"));
    if (rules === "own") writeFileSync(join(folder, ".dockerignore"), "*");
    for (const [path, node] of Object.entries(nodes)) {
        const place = join(folder, path);
        mkdirSync(dirname(place), { recursive: true });
        if (node.kind === "file") writeFileSync(place, node.text);
        else if (node.kind === "directory") mkdirSync(place, { recursive: true });
        else if (node.kind === "symlink") symlinkSync(node.target, place);
        else await listen(place);
        if (node.kind !== "symlink") chmodSync(place, node.mode);
    }
}

/** A socket exists while somebody listens. */
function listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
        const server = createServer().once("error", reject);
        servers.push(server);
        server.listen(path, resolve);
    });
}

/** An entry of an image, without the attributes that {@link hashContext} excludes. */
interface Sent {
    readonly path: string;
    readonly kind: string;
    readonly mode?: string;
    readonly target?: string;
    readonly text?: string;
}

/** Returns the entries of an image below /sent, sorted by path. */
async function contentOf(image: string): Promise<Sent[]> {
    const container = (await run("docker", ["create", image, "none"])).stdout.trim();
    try {
        const { stdout } = await promisify(execFile)("docker", ["export", container], {
            encoding: "buffer",
            maxBuffer: 1 << 26,
        });
        return readTar(stdout)
            .filter(({ path }) => path.startsWith("sent/") && path !== "sent/")
            .map((entry) => ({
                ...entry,
                path: entry.path.slice("sent/".length).replace(/\/$/, ""),
            }))
            .sort((a, b) => (a.path < b.path ? -1 : 1));
    } finally {
        await run("docker", ["rm", container]);
    }
}

/**
 * Returns the entries of an archive in the formats USTAR and PAX, which the Docker engine writes.
 */
function readTar(archive: Buffer): Sent[] {
    const kinds: Record<string, string> = {
        "0": "file",
        "2": "symlink",
        "5": "directory",
        "6": "fifo",
    };
    const entries: Sent[] = [];
    let extended = new Map<string, string>();
    let next = 0;
    while (next + 512 <= archive.length && archive[next] !== 0) {
        const at = next;
        const field = (from: number, to: number): string =>
            archive
                .subarray(at + from, at + to)
                .toString("utf8")
                .replace(/\0.*$/s, "");
        const size = parseInt(field(124, 136), 8) || 0;
        const content = archive.subarray(at + 512, at + 512 + size);
        const type = field(156, 157);
        next += 512 + Math.ceil(size / 512) * 512;
        if (type === "x") {
            const records = content.toString("utf8").matchAll(/\d+ ([^=\n]+)=([^\n]*)\n/g);
            extended = new Map([...records].map(([, key = "", value = ""]) => [key, value]));
            continue;
        }
        const prefix = field(345, 500);
        const kind = kinds[type] ?? type;
        entries.push({
            path: extended.get("path") ?? (prefix === "" ? "" : `${prefix}/`) + field(0, 100),
            kind,
            ...(kind === "symlink"
                ? { target: extended.get("linkpath") ?? field(157, 257) }
                : { mode: countedMode(parseInt(field(100, 108), 8)) }),
            ...(kind === "file" ? { text: content.toString() } : {}),
        });
        extended = new Map();
    }
    return entries;
}

const countedMode = (mode: number): string => (mode & 0o7757).toString(8);

function listed({ path, kind, mode, target }: ContextEntry): Sent {
    const sent = { path, kind: kind === "socket" ? "file" : kind };
    return kind === "symlink"
        ? { ...sent, target: target ?? "" }
        : { ...sent, mode: countedMode(mode) };
}

// Named pipes are left out here: a Docker engine before version 23 receives them, and COPY skips
// them.
describe("the build context is what the Docker provider sends", () => {
    const prefix = `context-${String(process.pid)}`;
    const folder = temporary("contexts");
    const state = temporary("state");
    const entries = Object.entries(cases);
    const contexts = entries.map((_, index): BuildContext => ({
        folder: join(folder, String(index)),
        dockerfile: "Dockerfile",
    }));
    const contents: Sent[][] = [];
    const built = LocalWorkspace.createStack(
        {
            stackName: "contexts",
            projectName: "contexts",
            program: () => {
                entries.forEach(([, { plain }], index) => {
                    const [id, context] = [String(index), contexts[index]];
                    if (context === undefined) return;
                    // The program's own folder is its working directory.
                    const home = process.cwd();
                    process.chdir(folder);
                    const files = prepareBuild("contexts", id, context, true);
                    process.chdir(home);
                    new docker.RemoteImage(id, {
                        name: `${prefix}:${id}`,
                        build: {
                            // The cache does not tell the modes of ignored folders apart.
                            noCache: true,
                            ...(plain === true
                                ? { context: context.folder }
                                : {
                                      context: join(folder, files.context),
                                      dockerfile: files.dockerfile,
                                  }),
                        },
                    });
                });
                return Promise.resolve();
            },
        },
        {
            envVars: {
                PULUMI_BACKEND_URL: `file://${state}`,
                PULUMI_CONFIG_PASSPHRASE: "for the test",
            },
        },
    );
    before(async () => {
        for (const [index, [, files]] of entries.entries())
            await write(files, join(folder, String(index)));
        await (await built).up();
        for (const index of entries.keys())
            contents.push(await contentOf(`${prefix}:${String(index)}`));
    });
    after(async () => {
        for (const server of servers) server.close();
        await (await built).destroy();
        rmSync(folder, { recursive: true });
        rmSync(state, { recursive: true });
    });

    contexts.forEach((context, index) => {
        it(`with ${entries[index]?.[0] ?? ""}`, () => {
            const sent = contents[index]?.map((entry) => ({ ...entry, text: undefined }));
            deepEqual(
                listContext(context).map((entry) => ({ ...listed(entry), text: undefined })),
                sent,
            );
        });
    });

    it("gives two contexts the same hash exactly if the builder receives the same", () => {
        const hashes = contexts.map((context) => hashContext(context));
        const sent = contents.map((content) =>
            createHash("sha256").update(JSON.stringify(content)).digest("hex"),
        );
        let same = 0;
        for (const one of hashes.keys()) {
            for (const two of [...hashes.keys()].slice(0, one)) {
                if (sent[one] === sent[two]) same++;
                equal(
                    hashes[one] === hashes[two],
                    sent[one] === sent[two],
                    `${entries[one]?.[0] ?? ""} and ${entries[two]?.[0] ?? ""}`,
                );
            }
        }
        equal(same > 0, true);
    });
});

describe("an image of the folder that contains the program", () => {
    const repository = temporary("repository");
    const infra = join(repository, "infra");
    const state = temporary("state");
    const image = `context-own-${String(process.pid)}`;
    const root = join(import.meta.dirname, "../..");
    const program = `
        import { ServiceImage } from ${JSON.stringify(join(root, "components/serviceImage.ts"))};
        for (const [name, context, dockerfile] of [
            ["whole", ".."],
            ["own", "."],
            ["outside", ".", "../elsewhere/Dockerfile"],
        ])
            new ServiceImage(name, { repository: "${image}-" + name, context, dockerfile });`;
    const settings = "{ name: own, runtime: { name: nodejs, options: { typescript: false } } }";
    const stack = async (): Promise<Stack> =>
        LocalWorkspace.createOrSelectStack(
            { stackName: "any", workDir: infra },
            {
                envVars: {
                    PULUMI_BACKEND_URL: `file://${state}`,
                    PULUMI_CONFIG_PASSPHRASE: "for the test",
                },
            },
        );
    const images = async (): Promise<Record<string, string>> => {
        const built = (await (await stack()).exportStack()).deployment as Deployment;
        return Object.fromEntries(
            built.resources
                .filter(({ type }) => type === "docker:index/remoteImage:RemoteImage")
                .map(({ urn, outputs }) => [urn.split("::").at(-1) ?? "", outputs.name]),
        );
    };
    interface Deployment {
        readonly resources: {
            readonly type: string;
            readonly urn: string;
            readonly outputs: { readonly name: string };
        }[];
    }
    const dockerfile = "FROM scratch\nCOPY . /sent/\n";
    before(async () => {
        mkdirSync(infra);
        mkdirSync(join(repository, ".git"));
        mkdirSync(join(repository, "elsewhere"));
        for (const [path, text] of [
            ["Dockerfile", dockerfile],
            ["main.py", "print()"],
            ["elsewhere/Dockerfile", "FROM scratch\nCOPY package.json /sent/\n"],
            [".git/HEAD", "main"],
            ["infra/Dockerfile", dockerfile],
            ["infra/Pulumi.yaml", settings],
            ["infra/package.json", '{ "type": "module" }'],
            ["infra/index.ts", program],
        ] as const)
            writeFileSync(join(repository, path), text);
        symlinkSync(join(root, "node_modules"), join(infra, "node_modules"));
        await (await stack()).up();
    });
    after(async () => {
        await (await stack()).destroy();
        // ServiceImage keeps its images.
        const { stdout } = await run("docker", [
            "images",
            "-q",
            "--filter",
            `reference=${image}-*`,
        ]);
        await run("docker", ["rmi", "--force", ...new Set(stdout.trim().split("\n"))]);
        rmSync(repository, { recursive: true });
        rmSync(state, { recursive: true });
    });

    it("contains neither .git nor build output", async () => {
        const sent = await contentOf((await images())["whole"] ?? "");
        deepEqual(
            sent.map(({ path }) => path).filter((path) => /\.git|\.build/.test(path)),
            [],
        );
        equal(
            sent.some(({ path }) => path === "infra/index.ts"),
            true,
        );
    });

    it("can be built with a Dockerfile outside of it, which is not sent", async () => {
        const sent = await contentOf((await images())["outside"] ?? "");
        deepEqual(
            sent.map(({ path }) => path),
            ["package.json"],
        );
    });

    it("is replaced neither by the next up nor by Git operations", async () => {
        const before = await images();
        writeFileSync(join(repository, ".git/FETCH_HEAD"), "main");
        const { summary } = await (await stack()).up();
        deepEqual(Object.keys(summary.resourceChanges ?? {}), ["same"]);
        deepEqual(await images(), before);
    });

    it("is replaced when a mode changes", async () => {
        chmodSync(join(repository, "main.py"), 0o600);
        await (await stack()).up();
        chmodSync(join(repository, "main.py"), 0o644);
        await (await stack()).up();
        const sent = await contentOf((await images())["whole"] ?? "");
        equal(sent.find(({ path }) => path === "main.py")?.mode, "644");
    });
});
