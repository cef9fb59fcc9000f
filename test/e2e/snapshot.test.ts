import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { type Preview, previewSchema } from "../../operations/review/preview.ts";
import { Project, run } from "../../sandbox/project.ts";

/** Has a secret of each kind: given, made by a provider, made of others, and made of these. */
const program = `
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

interface Settings {
    readonly length: number;
    readonly isSwapped: boolean;
    readonly isCoded: boolean;
}

const config = new pulumi.Config("mlops");
const { length, isSwapped, isCoded } = config.requireObject<Settings>("service");
const given = config.requireSecretObject<Record<string, string>>("env");
const base64 = (text: string) => Buffer.from(text).toString("base64");

const password = new random.RandomPassword("password", { length, special: false }).result;
const login = pulumi.interpolate\`user:\${password}\`.apply(base64);
const made = (name: string, keeper: pulumi.Input<string>) =>
    new random.RandomId(name, { byteLength: 4, keepers: { keeper } });
made("login", login);
made("nested", login.apply((text) => base64(JSON.stringify({ auth: text }))));
made("given", isSwapped ? password : given.apply(({ API = "" }) => (isCoded ? base64(API) : API)));
made("others", given.apply((all) => Object.keys(all).join()));
export const token = login;
export const kind = "test";
`;

/** What somebody would write who wants what the preview has. */
const thief = `
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";

const state = execFileSync("pulumi", ["stack", "export", "--show-secrets", "--stack", "local"]);
const config = JSON.stringify(pulumi.runtime.allConfig());
writeFileSync("stolen", [state, config, JSON.stringify(process.env)].join("\\n"));
`;

const stackFile = z.object({
    config: z.record(z.string(), z.record(z.string(), z.unknown())),
});
const settings = { length: 20, isSwapped: false, isCoded: false };
const canary = "canary-of-the-configuration";

describe("the snapshot of a stack", () => {
    let project: Project;
    let password: string;

    /** Runs the review's command, by default with the state. */
    const review = async (
        args: readonly string[],
        environment: Readonly<Record<string, string>> = {},
    ): Promise<{ readonly code: number; readonly output: string }> => {
        const env = { ...process.env, ...project.environment, ...environment };
        return run("node", ["operations/review/main.ts", ...args], {
            cwd: project.folder,
            env,
        }).then(
            ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
            (error: unknown) =>
                z
                    .object({ code: z.int(), stdout: z.string(), stderr: z.string() })
                    .transform(({ code, stdout, stderr }) => ({ code, output: stdout + stderr }))
                    .parse(error),
        );
    };
    /** What the preview of a pull request has. */
    const nothing = { PULUMI_CONFIG_PASSPHRASE: "", PULUMI_BACKEND_URL: "file:///nowhere" };
    const onSnapshot = async (folder = "snapshots"): Promise<Preview> =>
        previewIn("on-snapshot", ["--snapshots", folder], nothing);
    const previewIn = async (
        folder: string,
        options: readonly string[],
        environment: Readonly<Record<string, string>> = {},
    ): Promise<Preview> => {
        const args = ["preview", "local", ...options, "--to", folder];
        const { code, output } = await review(args, environment);
        equal(code, 0, output);
        const file = join(project.folder, folder, "local.json");
        return previewSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    };
    /** Leaves out what only one of them has: hashes of marks, and the order of the rest. */
    const comparable = ({ changes, unchanged, ...others }: Preview) => ({
        ...others,
        changes: changes.map((change) => ({ ...change, secrets: undefined })),
        unchanged: unchanged.toSorted((one, other) => (one.urn < other.urn ? -1 : 1)),
    });
    const configure = (changes: Partial<typeof settings> = {}, env: object = {}): void => {
        project.configure({ service: { ...settings, ...changes }, env });
    };
    const setSecret = (name: string, value: string) =>
        project.configureSecret(`env.${name}`, value);
    const file = () => join(project.folder, "Pulumi.local.yaml");
    /** What was deployed. */
    let deployed: z.output<typeof stackFile>["config"];
    /** The secrets in it, encrypted: encrypted again, they would be other texts. */
    const encrypted = () => deployed["mlops:env"] ?? {};
    const git = (...args: string[]) =>
        execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.org", ...args], {
            cwd: project.folder,
            stdio: "pipe",
        });

    before(async () => {
        project = await Project.create({}, {}, undefined, program);
        configure();
        await setSecret("API", canary);
        const { failed, output } = await project.up();
        equal(failed, false, output);
        ({ config: deployed } = stackFile.parse(parseYaml(readFileSync(file(), "utf8"))));
        const encoded = await project.output("token");
        password = Buffer.from(encoded, "base64").toString().slice("user:".length);
        const written = await review(["snapshot", "local", "--to", "snapshots"]);
        equal(written.code, 0, written.output);
        doesNotMatch(written.output, new RegExp(canary));
        git("init", "--quiet");
        git("add", "--all");
        git("commit", "--quiet", "--message", "What is deployed");
    });
    afterEach(() => {
        git("checkout", "--quiet", "--", "index.ts", "Pulumi.local.yaml");
    });
    after(() => {
        project.remove();
    });

    /** The secrets, as they are and as they are coded in others. */
    const secrets = (): string[] => {
        const login = Buffer.from(`user:${password}`).toString("base64");
        const nested = Buffer.from(JSON.stringify({ auth: login })).toString("base64");
        return [canary, password, login, nested];
    };
    const exported = async (environment: Readonly<Record<string, string>>): Promise<string> => {
        const args = ["stack", "export", "--show-secrets", "--stack", "local"];
        const env = { ...process.env, ...project.environment, ...environment };
        return (await run("pulumi", args, { cwd: project.folder, env })).stdout;
    };

    it("has none of its secrets, also for those who decrypt it", async () => {
        const folder = join(project.folder, "snapshots/local");
        const state = await exported({});
        const snapshot = await exported({
            PULUMI_BACKEND_URL: `file://${folder}`,
            PULUMI_CONFIG_PASSPHRASE: "snapshot",
        });
        const files = readdirSync(folder, { recursive: true, withFileTypes: true })
            .filter((entry) => entry.isFile())
            .map(({ parentPath, name }) => readFileSync(join(parentPath, name), "utf8"));
        ok(files.length > 3);
        for (const secret of secrets()) {
            ok(state.includes(secret), "the state has it");
            for (const text of [snapshot, ...files]) ok(!text.includes(secret), text);
        }
        match(snapshot, /mlops-secret-[0-9a-f]{20}/);
    });

    it("gives nothing to a program that takes what the preview has", async () => {
        project.program(thief);
        const stolen = join(project.folder, "stolen");
        await previewIn("with-state", []);
        const withState = readFileSync(stolen, "utf8");
        rmSync(stolen);
        await onSnapshot();
        const withSnapshot = readFileSync(stolen, "utf8");
        for (const secret of secrets()) {
            ok(withState.includes(secret), "where it has the state, it gets it");
            ok(!withSnapshot.includes(secret));
        }
        ok(!withSnapshot.includes(project.environment["PULUMI_CONFIG_PASSPHRASE"] ?? "none"));
    });

    it("shows no change where there is none", async () => {
        const { changes, warnings } = await onSnapshot();
        deepEqual([changes, warnings], [[], []]);
    });

    const cases: readonly (readonly [string, () => unknown])[] = [
        [
            "a secret that a provider makes",
            () => {
                configure({ length: 21 }, encrypted());
            },
        ],
        ["a secret with another value", () => setSecret("API", "another value")],
        ["one more secret", () => setSecret("MORE", "more")],
        [
            "a secret that is gone",
            () => {
                configure();
            },
        ],
        [
            "a secret in the place of another",
            () => {
                configure({ isSwapped: true }, encrypted());
            },
        ],
        [
            "a secret in another form",
            () => {
                configure({ isCoded: true }, encrypted());
            },
        ],
    ];
    for (const [what, change] of cases)
        it(`shows what the state shows: ${what}`, async () => {
            await change();
            const [snapshot, state] = [await onSnapshot(), await previewIn("with-state", [])];
            ok(state.changes.length > 0);
            deepEqual(comparable(snapshot), comparable(state));
        });

    it("shows a stack without one as new, and says so", async () => {
        deepEqual(await onSnapshot("none"), await onSnapshot("none"), "the preview leaves none");
        const { changes, warnings } = await onSnapshot("none");
        ok(changes.length > 4);
        const operations = new Set(changes.map(({ operation }) => operation));
        deepEqual([...operations].sort(), ["create", "update"], "outputs are updated");
        match(warnings.join(), /^There is no snapshot of the state of local, .* workflow Drift/);
    });

    it("tells which secret is new, where both show as [secret]", async () => {
        const record = ["on-snapshot/local.json", "--to", "reviewed"];
        const verify = ["verify", "on-snapshot/local.json", "--reviewed", "reviewed"];
        await setSecret("API", "another value");
        git("commit", "--quiet", "--all", "--message", "Another value");
        const reviewed = await onSnapshot();
        equal((await review(["record", ...record])).code, 0);
        await onSnapshot();
        equal((await review(verify)).code, 0, "the same again");

        const { length } = reviewed.changes;
        configure({ isSwapped: true }, encrypted());
        equal((await onSnapshot()).changes.length, length);
        const { code, output } = await review(verify);
        equal(code, 1);
        match(output, /RandomId::given: its new secrets are others than reviewed$/m);
        git("reset", "--quiet", "--hard", "HEAD^");
    });

    it("has a stack's file as the CLI reads it", async () => {
        const { secure } = z.object({ secure: z.string() }).parse(encrypted()["API"]);
        const lines = [
            "# The CLI adds mlops: to a key, and 024 is 20 to it.",
            "config:",
            "  service: { length: 024, isSwapped: false, isCoded: false }",
            "  env:",
            "    API:",
            "      secure: >-",
            `        ${secure}`,
            "  github:token:",
            `    secure: ${secure}`,
            "",
        ];
        writeFileSync(file(), lines.join("\r\n"));
        const { code, output } = await review(["snapshot", "local", "--to", "others"]);
        equal(code, 0, output);
        deepEqual((await previewIn("with-state", [])).changes, []);
        deepEqual((await onSnapshot("others")).changes, []);
        const read = readFileSync(join(project.folder, "others/local/preview.yaml"), "utf8");
        match(read, /mlops|service/);
        doesNotMatch(read, /github:token/, "a preview has a token of its own");
    });

    it("does not replace a folder that is none", async () => {
        mkdirSync(join(project.folder, "work/local"), { recursive: true });
        writeFileSync(join(project.folder, "work/local/notes"), "");
        const { code, output } = await review(["snapshot", "local", "--to", "work"]);
        equal(code, 1);
        match(output, /local is not the folder of a snapshot: remove it first\.$/m);
        ok(existsSync(join(project.folder, "work/local/notes")));
    });

    it("is refused where the program fails on it", async () => {
        const picky =
            'given.apply(({ API = "" }) => { if (/^mlops-/.test(API)) throw Error("no"); });';
        project.program(`${program}\n${picky}`);
        const { code, output } = await review(["snapshot", "local", "--to", "others"]);
        equal(code, 1);
        match(output, /^The program fails on the snapshot of local, /m);
    });

    it("stays as it was where the preview of the state fails", async () => {
        project.program("throw new Error('broken');");
        const { code, output } = await review(["snapshot", "local", "--to", "snapshots"]);
        equal(code, 1);
        match(output, /^No snapshot was written\.$/m);
        ok(existsSync(join(project.folder, "snapshots/local/Pulumi.local.yaml")));
        git("checkout", "--quiet", "--", "index.ts");
        deepEqual((await onSnapshot()).changes, []);
    });

    it("has no secret that the program reads elsewhere", async () => {
        const read = (text: string) => `pulumi.secret(Buffer.from("${text}", "base64").toString())`;
        const made = [canary, password].map((secret, at) => {
            const text = Buffer.from(secret).toString("base64");
            return `made("read-${String(at)}", ${read(text)});`;
        });
        // A login that a deployment has, and a preview has not.
        const vault = "canary-of-the-vault";
        project.setEnvironment("VAULT_ADDR", vault);
        made.push('made("vault", pulumi.secret(process.env["VAULT_ADDR"] ?? "none"));');
        project.program([program, ...made].join("\n"));
        const { failed, output } = await project.up();
        equal(failed, false, output);
        const { code, output: written } = await review(["snapshot", "local", "--to", "others"]);
        equal(code, 0, written);
        const snapshot = await exported({
            PULUMI_BACKEND_URL: `file://${join(project.folder, "others/local")}`,
            PULUMI_CONFIG_PASSPHRASE: "snapshot",
        });
        match(snapshot, /::read-1"/);
        for (const secret of [...secrets(), vault]) ok(!snapshot.includes(secret));
        ok((await exported({})).includes(vault), "the state has it");
    });
});
