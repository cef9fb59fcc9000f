/** A copy of this project in its own folder, with its own state, run with the real Pulumi CLI. */
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import {
    cpSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    realpathSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import {
    type Changes,
    initStack,
    type Operation,
    type Place,
    pulumi,
    readOutputs,
    runPulumi,
    stateFile,
} from "./pulumiCommand.ts";

export const run = promisify(execFile);

const root = join(import.meta.dirname, "..");

export interface Config {
    readonly [section: string]: unknown;
}

/** The output of a command, and whether it failed. */
export interface Result {
    readonly failed: boolean;
    readonly output: string;
    /** The number of resources by operation (`create`, `same`, …); empty if the command failed. */
    readonly changes: Changes;
}

interface StoredResource {
    readonly type: string;
    readonly [property: string]: unknown;
}

/** A stack's state as stored by a local backend. */
export interface StoredState {
    readonly checkpoint: {
        readonly latest: {
            resources: StoredResource[];
            pending_operations?: { type: string; resource: object }[];
        };
    };
}

/** A running command. */
export class Running {
    readonly #child: ChildProcess;
    /** The output so far. */
    output = "";
    /** The exit code after the end; null if a signal ended the command. */
    readonly ended: Promise<number | null>;

    constructor(child: ChildProcess) {
        this.#child = child;
        for (const stream of [child.stdout, child.stderr]) {
            stream?.setEncoding("utf8").on("data", (text: string) => {
                this.output += text;
                child.emit("output");
            });
        }
        this.ended = new Promise((resolve) => child.once("close", resolve));
    }

    signal(signal: NodeJS.Signals): void {
        this.#child.kill(signal);
    }

    /** Waits until the output contains this text, with at most five minutes of silence. */
    async prints(pattern: RegExp): Promise<void> {
        while (!pattern.test(this.output))
            await once(this.#child, "output", { signal: AbortSignal.timeout(300_000) });
    }
}

export class Project {
    readonly folder: string;
    /**
     * The folder of the state backend. Several copies of the project can use it, one after the
     * other.
     */
    readonly state: string;
    readonly #environment: Record<string, string>;
    #policies: readonly string[] = [];

    private constructor(folder: string, state: string, environment: Record<string, string>) {
        this.folder = folder;
        this.state = state;
        this.#environment = environment;
    }

    /**
     * @param state the state backend of another copy of the project, to continue with its stack.
     * @param program replaces index.ts; it may import the project's components.
     */
    static async create(
        config: Config,
        env: Record<string, string> = {},
        state = temporary("state"),
        program?: string,
    ): Promise<Project> {
        const folder = temporary("project");
        copyProject(folder);
        writeConfig(folder, config);
        const project = new Project(folder, state, {
            PULUMI_HOME: pulumiHome(state),
            PULUMI_BACKEND_URL: `file://${state}`,
            PULUMI_CONFIG_PASSPHRASE: "for the test",
            PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true",
            ...env,
        });
        await initStack(project.#place, state);
        if (program !== undefined) project.program(program);
        return project;
    }

    /** Changes the stack's configuration. The salt of the passphrase is in the state. */
    configure(config: Config): void {
        writeConfig(this.folder, config);
    }

    /** Runs `pulumi config set --secret --path mlops:PATH VALUE`; `configure` undoes it. */
    async configureSecret(path: string, value: string): Promise<void> {
        const key = ["--secret", "--path", `mlops:${path}`, value];
        await pulumi(this.#place, "config", "set", ...key, "--stack", "local");
    }

    /**
     * Makes the policy pack check every following `up` and preview.
     *
     * @param config the content of a file for --policy-pack-config.
     */
    checkPolicies(config: Config = {}): void {
        const file = join(this.folder, "policy-config.json");
        writeFileSync(file, JSON.stringify(config));
        const pack = join(this.folder, "policy/pulumi-analyzer-mlops");
        this.#policies = ["--policy-pack", pack, "--policy-pack-config", file];
    }

    /** Replaces the program. */
    program(text: string): void {
        writeFileSync(join(this.folder, "index.ts"), text);
    }

    /** @param options further options of `pulumi up`. */
    async up(options: readonly string[] = []): Promise<Result> {
        return this.#run("up", ...this.#policies, ...options);
    }

    async preview(): Promise<Result> {
        return this.#run("preview", ...this.#policies);
    }

    /** @param exclude the URNs, with wildcards, of resources to skip. */
    async refresh(exclude: string[] = []): Promise<Result> {
        return this.#run("refresh", ...exclude.flatMap((urn) => ["--exclude", urn]));
    }

    /** Starts a command in the project's folder and environment, to interrupt it. */
    start(command: string, ...args: string[]): Running {
        return new Running(
            spawn(command, args, {
                cwd: this.folder,
                env: { ...process.env, ...this.#environment },
            }),
        );
    }

    /** The environment variables of the commands. */
    get environment(): Readonly<Record<string, string>> {
        return this.#environment;
    }

    /** Sets an environment variable for the following commands. */
    setEnvironment(name: string, value: string): void {
        this.#environment[name] = value;
    }

    /** Returns the outputs, decrypted. */
    async outputs(): Promise<Readonly<Record<string, unknown>>> {
        return readOutputs(this.#place, this.storedState());
    }

    async output(name: string): Promise<string> {
        return String((await this.outputs())[name]);
    }

    /** Returns the stored state, with its secrets encrypted. */
    storedState(): string {
        return readFileSync(stateFile(this.state, "local"), "utf8");
    }

    /** Changes the stored state. */
    editState(edit: (state: StoredState) => void): void {
        const file = stateFile(this.state, "local");
        const state = JSON.parse(readFileSync(file, "utf8")) as StoredState;
        edit(state);
        writeFileSync(file, JSON.stringify(state));
    }

    async destroy(): Promise<Result> {
        return this.#run("destroy");
    }

    remove(): void {
        rmSync(this.folder, { recursive: true, force: true });
        rmSync(this.state, { recursive: true, force: true });
    }

    get #place(): Place {
        return { folder: this.folder, stack: "local", environment: this.#environment };
    }

    async #run(operation: Operation, ...options: string[]): Promise<Result> {
        try {
            return { failed: false, ...(await runPulumi(this.#place, operation, ...options)) };
        } catch (error) {
            return { failed: true, output: String(error), changes: {} };
        }
    }
}

/**
 * Copies the working tree like a clone, without the tests.
 *
 * @param withPackages whether to link the packages of this checkout.
 */
export function copyProject(folder: string, withPackages = true): void {
    const files = execFileSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], {
        cwd: root,
        encoding: "utf8",
    });
    for (const file of files
        .split("\0")
        .filter(
            (path) => path !== "" && !path.startsWith("test/") && existsSync(join(root, path)),
        )) {
        mkdirSync(dirname(join(folder, file)), { recursive: true });
        cpSync(join(root, file), join(folder, file), { verbatimSymlinks: true });
        // The salt of this checkout's own stack would not be in a clone either.
        if (/^Pulumi\.\w+\.yaml$/.test(file)) {
            writeFileSync(
                join(folder, file),
                readFileSync(join(root, file), "utf8").replace(/^encryptionsalt:.*\n/m, ""),
            );
        }
    }
    if (withPackages) symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
}

/**
 * Creates a home folder for the Pulumi CLI, with this machine's plugins. The CLI logs every command
 * there and reads these logs each time: all these tests would write a hundred megabytes into one.
 */
export function pulumiHome(folder: string): string {
    const home = join(folder, "home");
    if (!existsSync(home)) {
        mkdirSync(home);
        symlinkSync(
            join(process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi"), "plugins"),
            join(home, "plugins"),
        );
    }
    return home;
}

/**
 * Returns an unused port, outside the range from which the system assigns ports: another process
 * could be given such a port between two steps of a test.
 */
export async function freePort(): Promise<number> {
    const port = randomInt(20_000, 30_000);
    const server = createServer();
    return new Promise((resolve) => {
        server.once("error", () => {
            resolve(freePort());
        });
        server.listen(port, "127.0.0.1", () => {
            server.close(() => {
                resolve(port);
            });
        });
    });
}

/**
 * Writes JSON, which is valid YAML. A section with a colon is a key of another package, as in
 * `github:owner`.
 */
function writeConfig(folder: string, config: Config): void {
    const keyed = Object.fromEntries(
        Object.entries(config).map(([section, value]) => [
            section.includes(":") ? section : `mlops:${section}`,
            value,
        ]),
    );
    writeFileSync(join(folder, "Pulumi.local.yaml"), JSON.stringify({ config: keyed }));
}

export function temporary(name: string): string {
    return realpathSync(mkdtempSync(join(tmpdir(), `mlops-${name}-`)));
}
