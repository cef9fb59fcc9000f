import { deepEqual, equal, match, ok } from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
    appendFileSync,
    cpSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";

const root = join(import.meta.dirname, "../../..");
const server = "https://get.pulumi.com/releases/";

/** The archives that the pinned versions need, on every platform. */
function archivesOf(): readonly string[] {
    const { packages } = z
        .object({ packages: z.record(z.string(), z.object({ version: z.string().optional() })) })
        .parse(JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")));
    const version = (name: string): string =>
        packages[`node_modules/@pulumi/${name}`]?.version ?? "";
    return ["linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"].flatMap((platform) => [
        `sdk/pulumi-v${version("pulumi")}-${platform.replace("amd64", "x64")}.tar.gz`,
        ...["docker", "github", "kubernetes", "random"].map(
            (name) => `plugins/pulumi-resource-${name}-v${version(name)}-${platform}.tar.gz`,
        ),
    ]);
}
const archives = archivesOf();

describe("what is downloaded", () => {
    /** A copy of the set-up on a machine that has nothing, and the server's files. */
    let machine: string, served: string;
    const cache = (): string => join(machine, "cache");
    const plugins = (): readonly string[] =>
        existsSync(join(machine, "home/plugins")) ? readdirSync(join(machine, "home/plugins")) : [];

    function setUp(command: string) {
        const path = (process.env["PATH"] ?? "").split(":").filter((folder) => {
            return !existsSync(join(folder, "pulumi"));
        });
        const { status, stdout, stderr } = spawnSync("toolchain/setup.sh", [command], {
            cwd: machine,
            encoding: "utf8",
            env: {
                ...process.env,
                PATH: [join(machine, "bin"), ...path].join(":"),
                MLOPS_CACHE: cache(),
                PULUMI_HOME: join(machine, "home"),
            },
        });
        return { status, stdout, output: stdout + stderr };
    }

    beforeEach(() => {
        machine = mkdtempSync(join(tmpdir(), "downloads-"));
        served = join(machine, "served");
        for (const path of ["toolchain", "package-lock.json", "service/Dockerfile"]) {
            mkdirSync(dirname(join(machine, path)), { recursive: true });
            cpSync(join(root, path), join(machine, path), { recursive: true });
        }
        // The packages are there.
        const stamp = 'echo "$(cksum <package-lock.json) $(node --version)" >node_modules/.stamp';
        mkdirSync(join(machine, "node_modules"));
        execFileSync("bash", ["-c", `. toolchain/env.sh; ${stamp}`], { cwd: machine });
        mkdirSync(served);
        for (const archive of archives) {
            const [, plugin] = /(resource-[a-z]+)/.exec(archive) ?? [];
            const files = join(machine, "files");
            const program = plugin === undefined ? "pulumi/pulumi" : `pulumi-${plugin}`;
            mkdirSync(dirname(join(files, program)), { recursive: true });
            writeFileSync(join(files, program), "#!/bin/sh\n", { mode: 0o755 });
            const file = join(served, archive.replace(/.*\//, ""));
            execFileSync("tar", ["-czf", file, "-C", files, ...readdirSync(files)]);
            rmSync(files, { recursive: true });
        }
        const command = (name: string, script: string): void => {
            writeFileSync(join(machine, "bin", name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
        };
        mkdirSync(join(machine, "bin"));
        command("go", `echo "$*" >>"${machine}/built"; exit 1`);
        command(
            "curl",
            `address=\${*: -1} to=/dev/stdout
            while (($# > 0)); do [[ $1 != -o ]] || to=$2; shift; done
            [[ $address == *get.pulumi.com ]] || cat "${served}/\${address##*/}" >"$to"`,
        );
        writeFileSync(join(machine, "toolchain/downloads.txt"), setUp("checksums").stdout);
    });
    afterEach(() => {
        rmSync(machine, { recursive: true });
    });

    const archive = (name: string): string => {
        const platform = process.arch === "x64" ? /-(x64|amd64)\./ : /-arm64\./;
        const files = readdirSync(served).filter(
            (file) => file.includes(name) && file.includes(process.platform) && platform.test(file),
        );
        equal(files.length, 1);
        return join(served, files[0] ?? "");
    };

    it("is what the list of checksums names, for every platform", () => {
        const lines = readFileSync(join(machine, "toolchain/downloads.txt"), "utf8").trim();
        deepEqual(
            lines.split("\n").map((line) => line.replace(/^[0-9a-f]{64} {2}/, "")),
            archives.map((path) => server + path),
        );
    });

    it("is installed where its checksum is right, and nothing is built", () => {
        const { status, output } = setUp("tools");
        equal(status, 0, output);
        equal(plugins().length, 4, output);
        equal(existsSync(join(machine, "built")), false);
        deepEqual(
            readdirSync(cache()).filter((name) => name.startsWith(".part")),
            [],
        );
    });

    for (const [what, name] of [
        ["the CLI", "pulumi-v"],
        ["a plugin", "random"],
    ] as const)
        it(`is refused where one byte of ${what} is another, and is not built instead`, () => {
            const bytes = readFileSync(archive(name));
            bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
            writeFileSync(archive(name), bytes);
            const { status, output } = setUp("tools");
            equal(status, 1);
            match(output, /^\w+ +https:\S+ has another checksum than toolchain\/downloads\.txt$/m);
            ok(!plugins().some((plugin) => plugin.includes(name)));
            equal(
                readdirSync(cache()).some((file) => file.startsWith("pulumi-")),
                what !== "the CLI",
            );
            equal(existsSync(join(machine, "built")), false);
        });

    for (const [why, change] of [
        [
            "has no checksum",
            () => {
                writeFileSync(join(machine, "toolchain/downloads.txt"), "");
            },
        ],
        [
            "cannot be downloaded",
            () => {
                rmSync(archive("pulumi-v"));
            },
        ],
        [
            "is of a server that does not answer",
            () => {
                appendFileSync(join(machine, "bin/curl"), "[[ $address != *get.pulumi.com ]]\n");
            },
        ],
    ] as const)
        it(`is built from source where it ${why}`, () => {
            change();
            const { output } = setUp("tools");
            match(output, /^cli +Pulumi CLI [\d.]+, built from its Go modules …$/m);
            ok(existsSync(join(machine, "built")));
        });
});

describe("the list of checksums", () => {
    it("names archives of the pinned versions alone, each once", () => {
        const lines = readFileSync(join(root, "toolchain/downloads.txt"), "utf8")
            .trim()
            .split("\n");
        const addresses = lines.map((line) => {
            match(line, /^[0-9a-f]{64} {2}https:\/\/get\.pulumi\.com\/releases\/\S+$/);
            return line.slice(66);
        });
        const known = archives.map((path) => server + path);
        deepEqual(
            addresses.filter((address) => !known.includes(address)),
            [],
        );
        equal(new Set(addresses).size, addresses.length);
    });
});
