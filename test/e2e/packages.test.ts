/** The packages of a release, made twice, and used with the real engine as other people do. */
import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
    createReadStream,
    mkdirSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import { createSecureServer, type Http2SecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { basename, delimiter, join } from "node:path";
import { generate } from "selfsigned";
import { version } from "../../quay/api/version.ts";
import { temporary } from "../../sandbox/project.ts";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { installPacked } from "../packed.ts";
import { root } from "../unit/files.ts";

const platform = `linux-${process.arch === "x64" ? "amd64" : process.arch}`;
const archive = `pulumi-resource-quay-v${version}-${platform}.tar.gz`;
const program = `
import * as quay from "pulumi-quay";

const app = new quay.Repository("app", { namespace: "alice", name: "app" });
const robot = new quay.Robot("deploy", { namespace: "alice", name: "deploy" });
new quay.RepositoryPermission("push", {
    repository: app.fullName,
    robot: robot.username,
    role: "write",
});
export const image = app.image;
`;

interface Answer {
    readonly ok: boolean;
    readonly text: string;
}

function answer(
    command: string,
    args: readonly string[],
    cwd: string,
    env: NodeJS.ProcessEnv,
): Promise<Answer> {
    return new Promise((resolve) => {
        execFile(command, args, { cwd, env }, (error, stdout, stderr) => {
            resolve({ ok: error === null, text: stdout + stderr });
        });
    });
}

/** Starts a provider. @returns what that took, until its first answer: ms of CPU, MiB at most */
async function start(command: string, env: NodeJS.ProcessEnv) {
    const provider = spawn(command, ["127.0.0.1:1"], { stdio: ["pipe", "pipe", "inherit"], env });
    await once(provider.stdout, "data");
    const read = (file: string) => readFileSync(`/proc/${String(provider.pid)}/${file}`, "utf8");
    const [user = 0, system = 0] =
        read("stat").split(") ")[1]?.split(" ").slice(11).map(Number) ?? [];
    const memory = Number(/VmHWM:\s+(\d+)/.exec(read("status"))?.[1]) / 1024;
    // On this signal it stores what it has compiled.
    provider.kill("SIGINT");
    await once(provider, "exit");
    return { cpu: (user + system) * 10, memory };
}

describe("the packages of a release", () => {
    let folder: string;
    let release: string;
    let quay: Quay;
    let server: Http2SecureServer;
    let asked: string[];
    const address = () => `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

    async function make(to: string): Promise<Record<string, string>> {
        const args = ["--repository", "acme/platform", "--platform", platform, to];
        const made = await answer(
            process.execPath,
            ["toolchain/release/main.ts", ...args],
            root,
            process.env,
        );
        ok(made.ok, made.text);
        const sums = readFileSync(join(to, "SHA256SUMS"), "utf8").trim().split("\n");
        return Object.fromEntries(
            sums.map((line) => line.split("  ").reverse() as [string, string]),
        );
    }

    /** Makes a program in an empty folder, with its own state and home. */
    async function create(name: string, plugins?: object) {
        const place = join(folder, name);
        mkdirSync(place);
        await installPacked(place, join(release, `pulumi-quay-${version}.tgz`), "quay");
        // As docs/packages.md has it: without options.
        writeFileSync(
            join(place, "Pulumi.yaml"),
            JSON.stringify({ name, runtime: "nodejs", plugins }),
        );
        writeFileSync(join(place, "index.ts"), program);
        // `npm run` puts the provider of this checkout on PATH, and the engine takes it from there.
        const path = (process.env["PATH"] ?? "").split(delimiter);
        const env = {
            ...process.env,
            PATH: path.filter((one) => !one.endsWith("node_modules/.bin")).join(delimiter),
            PULUMI_HOME: join(place, "home"),
            PULUMI_BACKEND_URL: `file://${place}`,
            PULUMI_CONFIG_PASSPHRASE: "for the test",
            SSL_CERT_FILE: join(folder, "authority.pem"),
            QUAY_URL: quay.url,
            QUAY_TOKEN: quay.createToken({ user: "alice" }),
        };
        const pulumi = (args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
            answer("pulumi", [...args, "--non-interactive", "--color=never"], place, {
                ...env,
                ...more,
            });
        return { place, pulumi };
    }

    /** Runs a program's usual life. */
    async function live(
        pulumi: (args: readonly string[], more?: NodeJS.ProcessEnv) => Promise<Answer>,
        more: NodeJS.ProcessEnv = {},
    ): Promise<void> {
        for (const [args, expected] of [
            [["stack", "init", "test"], /Created stack/],
            [["up", "--yes", "--skip-preview"], /\+ 4 created/],
            [["preview", "--expect-no-changes"], /4 unchanged/],
            [["destroy", "--yes", "--skip-preview"], /- 4 deleted/],
        ] as const) {
            const { ok: worked, text } = await pulumi(args, more);
            ok(worked, text);
            match(text, expected);
        }
    }

    let sums: Record<string, string>;
    before(async () => {
        folder = temporary("packages");
        release = join(folder, "release");
        sums = await make(release);
        quay = await startQuay();
        quay.createUser("alice");
        asked = [];
        const ip = { type: 7, ip: "127.0.0.1" } as const;
        const { private: key, cert } = await generate([{ name: "commonName", value: "release" }], {
            keySize: 2048,
            algorithm: "sha256",
            extensions: [{ name: "subjectAltName", altNames: [ip] }],
        });
        writeFileSync(join(folder, "authority.pem"), cert);
        // HTTP/2, as GitHub's servers: the engine's checksum leaves out the end of another answer.
        server = createSecureServer({ key, cert }, ({ url }, response) => {
            asked.push(url);
            const file = join(release, basename(url));
            response.writeHead(200, { "content-length": statSync(file).size });
            createReadStream(file).pipe(response);
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    after(async () => {
        server.close();
        await quay.stop();
        rmSync(folder, { recursive: true });
    });

    it("are these, each with its checksum, and the same bytes when they are made again", async () => {
        deepEqual(
            Object.keys(sums),
            readdirSync(release).filter((name) => name !== "SHA256SUMS"),
        );
        deepEqual(
            Object.keys(sums).map((name) => name.replace(/(\d+\.){2}\d+/, "VERSION")),
            [
                "mlops-VERSION.tgz",
                "mlops-reader-VERSION.tgz",
                "mlops_outputs-VERSION-py3-none-any.whl",
                "pulumi-quay-VERSION.tgz",
                `pulumi-resource-quay-vVERSION-${platform}.tar.gz`,
                "pulumi_quay-VERSION-py3-none-any.whl",
            ],
        );
        deepEqual(await make(join(folder, "again")), sums);
        const checked = await answer("sha256sum", ["--check", "SHA256SUMS"], release, process.env);
        ok(checked.ok, checked.text);
    });

    it("have the Python classes, which say what the engine downloads, and where", async () => {
        const wheel = join(release, `pulumi_quay-${version}-py3-none-any.whl`);
        const file = "pulumi_quay/pulumi-plugin.json";
        const program =
            "import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]).decode())";
        const { text } = await answer("python3", ["-c", program, wheel, file], root, process.env);
        deepEqual(JSON.parse(text), {
            resource: true,
            name: "quay",
            version,
            server: "github://api.github.com/acme/platform",
        });
    });

    it("have links on PyPI that lead to the repository", async () => {
        const wheels = Object.keys(sums).filter((name) => name.endsWith(".whl"));
        equal(wheels.length, 2);
        for (const name of wheels) {
            const program =
                "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); " +
                "print(*(z.read(n).decode() for n in z.namelist() if n.endswith('/METADATA')))";
            const file = join(release, name);
            const { text } = await answer("python3", ["-c", program, file], root, process.env);
            match(text, /\]\(https:\/\/github\.com\/acme\/platform\/blob\/HEAD\//);
            doesNotMatch(text, /\]\((?!https?:|#)/);
        }
    });

    it("have the license", async () => {
        for (const name of Object.keys(sums)) {
            const file = join(release, name);
            const files = name.endsWith(".whl")
                ? await answer("python3", ["-m", "zipfile", "-l", file], root, process.env)
                : await answer("tar", ["-tzf", file], root, process.env);
            match(files.text, /^\S*LICENSE(\s|$)/m, name);
        }
    });

    it("are tried on each platform before they are published", async () => {
        const attempt = (file: string) =>
            answer(join(root, "toolchain/release/try.sh"), [file], root, process.env);
        const tried = await attempt(join(release, archive));
        ok(tried.ok && tried.text.endsWith("starts.\n"), tried.text);
        equal((await attempt(join(release, `pulumi-quay-${version}.tgz`))).ok, false);
    });

    it("run a TypeScript program in an empty folder, with the provider of the npm package", async () => {
        const path = "node_modules/pulumi-quay";
        const { pulumi } = await create("npm", { providers: [{ name: "quay", path }] });
        await live(pulumi);
        deepEqual(asked, []);
    });

    it("have an executable that needs no Node.js, and nothing else of this machine", async () => {
        const { place, pulumi } = await create("alone");
        const args = ["plugin", "install", "resource", "quay", version];
        const installed = await pulumi([...args, "--file", join(release, archive)]);
        ok(installed.ok, installed.text);
        const plugin = join(place, `home/plugins/resource-quay-v${version}`);
        const provider = spawn(join(plugin, "pulumi-resource-quay"), ["127.0.0.1:1"], {
            stdio: ["pipe", "pipe", "inherit"],
            env: {},
        });
        const [port] = (await once(provider.stdout, "data")) as [Buffer];
        match(String(port), /^\d+\n$/);
        equal(
            (await answer("readlink", [`/proc/${String(provider.pid)}/exe`], "/", {})).text.trim(),
            join(plugin, "node"),
        );
        provider.stdin.end();
        deepEqual(await once(provider, "exit"), [0, null]);
        await live(pulumi);
    });

    it("have an executable that starts with less CPU time and memory than Node.js on PATH takes", async () => {
        const executable = join(folder, "alone/home/plugins", `resource-quay-v${version}`);
        const commands = [
            executable,
            join(folder, "npm/node_modules/pulumi-quay"),
            join(root, "quay"),
        ];
        const env = { PATH: process.env["PATH"], NODE_COMPILE_CACHE: join(folder, "compiled") };
        const taken = await Promise.all(
            commands.map(async (place) => {
                const all = [];
                for (let run = 0; run < 6; run++)
                    all.push(await start(join(place, "pulumi-resource-quay"), env));
                const warm = all.slice(1);
                const least = (of: "cpu" | "memory") => Math.min(...warm.map((one) => one[of]));
                return { cpu: least("cpu"), memory: least("memory") };
            }),
        );
        const [own, ...others] = taken;
        ok(own);
        for (const other of others) {
            ok(own.memory < other.memory * 0.95, JSON.stringify(taken));
            ok(own.cpu < other.cpu, JSON.stringify(taken));
        }
    });

    it("are installed from a server only with the right checksum", async () => {
        const { pulumi } = await create("checksum");
        const install = (checksum = "") =>
            pulumi([
                ...["plugin", "install", "resource", "quay", version],
                ...["--server", address(), "--checksum", checksum],
            ]);
        const refused = await install("0".repeat(64));
        equal(refused.ok, false);
        match(refused.text, /invalid checksum, expected 0000/);
        const installed = await install(sums[archive]);
        ok(installed.ok, installed.text);
        asked = [];
        await live(pulumi);
        deepEqual(asked, []);
    });

    it("have the engine download the executable from the release of their repository", async () => {
        const { pulumi } = await create("download");
        const overrides = `^github://api.github.com/acme/platform=${address()}`;
        asked = [];
        await live(pulumi, {
            PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "false",
            PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES: overrides,
        });
        deepEqual(asked, [`/${archive}`]);
    });
});
