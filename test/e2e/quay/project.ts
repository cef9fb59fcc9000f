import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";
import type { EngineEvent, PulumiFn, Stack } from "@pulumi/pulumi/automation/index.js";
import { readOutputs, resourcesIn, type StateResource } from "../../../sandbox/pulumiCommand.ts";
import { until } from "../../until.ts";

/** A resource of this package in the state, with its name in the program. */
type NamedResource = StateResource & { readonly name: string };

/** The output of a run, with the engine's logs at the highest verbosity if requested. */
export interface Printed {
    readonly stdout: string;
    readonly stderr: string;
}

/**
 * A Pulumi project in a temporary folder, with its own state and Pulumi home, run by the real CLI
 * and engine.
 */
export class Project {
    readonly stack: Stack;
    /** The output of all its runs. */
    readonly printed: string[] = [];
    readonly folder: string;

    private constructor(stack: Stack, folder: string) {
        this.stack = stack;
        this.folder = folder;
    }

    static async create(environment: Readonly<Record<string, string>>): Promise<Project> {
        const folder = await mkdtemp(join(tmpdir(), "quay-e2e-"));
        const settings = {
            name: "e2e",
            runtime: "nodejs",
            plugins: {
                providers: [{ name: "quay", path: join(import.meta.dirname, "../../../quay") }],
            },
        };
        await writeFile(join(folder, "Pulumi.yaml"), JSON.stringify(settings));
        const stack = await LocalWorkspace.createStack(
            { stackName: "test", projectName: "e2e", program: () => Promise.resolve() },
            {
                workDir: folder,
                envVars: {
                    PULUMI_HOME: join(folder, "home"),
                    PULUMI_BACKEND_URL: `file://${folder}`,
                    PULUMI_CONFIG_PASSPHRASE: "e2e",
                    PULUMI_SKIP_UPDATE_CHECK: "true",
                    NODE_COMPILE_CACHE: join(tmpdir(), "quay-e2e-compile-cache"),
                    ...environment,
                },
            },
        );
        // After an `up` the Automation API runs the CLI three more times, for the outputs and the
        // counts of changes: the first are in the state, the second in the engine's events.
        stack.outputs = () => Promise.resolve({});
        stack.info = () => Promise.resolve(undefined);
        return new Project(stack, folder);
    }

    /** Sets an environment variable for the following runs. */
    setEnvironment(name: string, value: string): void {
        this.stack.workspace.envVars[name] = value;
    }

    /** Sets the program of the following runs: files in the project's folder. */
    async files(files: Readonly<Record<string, string>>): Promise<this> {
        for (const [name, text] of Object.entries(files))
            await writeFile(join(this.folder, name), text);
        delete this.stack.workspace.program;
        return this;
    }

    /** Sets the program of the following runs. */
    program(program: PulumiFn): this {
        this.stack.workspace.program = program;
        return this;
    }

    /**
     * Runs `pulumi up`. A resource that fails does not keep the others from being tried, so that a
     * test sees the message of each.
     *
     * @returns the outputs, and how many resources were created, updated, …
     */
    async up(verbose = false): Promise<{
        outputs: Record<string, unknown>;
        changes: Record<string, number>;
        printed: Printed;
    }> {
        const { changes, printed } = await this.#run(
            (options) => this.stack.up({ ...options, continueOnError: true }),
            verbose,
        );
        const environment = this.stack.workspace.envVars;
        const place = { folder: this.folder, stack: this.stack.name, environment };
        return { outputs: await readOutputs(place, await this.#stored()), changes, printed };
    }

    async preview(verbose = false): Promise<{ changes: Record<string, number>; printed: Printed }> {
        return this.#run((options) => this.stack.preview({ ...options, diff: true }), verbose);
    }

    async refresh(): Promise<Record<string, number>> {
        return (await this.#run((options) => this.stack.refresh(options))).changes;
    }

    /**
     * Runs `pulumi refresh --preview-only`: finds differences from the state, which stays the same.
     */
    async drift(): Promise<Record<string, number>> {
        return (await this.#run((options) => this.stack.previewRefresh(options))).changes;
    }

    /** Runs the CLI on the stack. @returns its output */
    async cli(args: string[], environment: Record<string, string> = {}): Promise<string> {
        const { stdout } = await promisify(execFile)(
            "pulumi",
            [...args, "--non-interactive", "--stack", this.stack.name],
            {
                cwd: this.folder,
                env: { ...process.env, ...this.stack.workspace.envVars, ...environment },
            },
        );
        this.printed.push(stdout);
        return stdout;
    }

    async destroy(): Promise<Record<string, number>> {
        return (await this.#run((options) => this.stack.destroy(options))).changes;
    }

    /** Runs `pulumi import` into the state, for all of them in one run. */
    async import(
        resources: { readonly type: string; readonly name: string; readonly id: string }[],
    ): Promise<void> {
        await this.#run((options) =>
            this.stack.import({ ...options, resources, protect: false, generateCode: false }),
        );
    }

    /** Returns all files of the backend: the state with its secrets encrypted, and its history. */
    async state(): Promise<string> {
        const folder = join(this.folder, ".pulumi");
        const entries = await readdir(folder, { recursive: true, withFileTypes: true });
        const files = entries.filter((entry) => entry.isFile());
        return (
            await Promise.all(
                files.map(({ parentPath, name }) => readFile(join(parentPath, name), "utf8")),
            )
        ).join("\n");
    }

    /** Runs commands of a shell in the project's folder, which ask for this input. */
    async shell(commands: string, input = ""): Promise<void> {
        const running = promisify(execFile)("bash", ["-euo", "pipefail", "-c", commands], {
            cwd: this.folder,
            env: { ...process.env, ...this.stack.workspace.envVars },
        });
        running.child.stdin?.end(input);
        const { stdout, stderr } = await running;
        this.printed.push(stdout, stderr);
    }

    /** Returns the state's resources of this package. */
    async resources(): Promise<NamedResource[]> {
        return resourcesIn(await this.#stored())
            .filter(({ type }) => type.startsWith("quay:index:"))
            .map((resource) => ({
                ...resource,
                name: resource.urn.split("::").slice(-1).join(""),
            }));
    }

    async remove(): Promise<void> {
        await rm(this.folder, { recursive: true, force: true });
    }

    /** Returns the stored state. */
    async #stored(): Promise<string> {
        return readFile(join(this.folder, ".pulumi/stacks/e2e/test.json"), "utf8");
    }

    /** Runs an operation. @returns its output, and how many resources it changes, and how */
    async #run(
        run: (options: {
            logFlow?: boolean;
            logToStdErr?: boolean;
            logVerbosity?: number;
            onOutput: (text: string) => void;
            onError: (text: string) => void;
            onEvent: (event: EngineEvent) => void;
        }) => Promise<Printed>,
        verbose = false,
    ): Promise<{ changes: Record<string, number>; printed: Printed }> {
        const keep = (text: string) => void this.printed.push(text);
        let changes: Record<string, number | undefined> = {};
        const listeners = process.listenerCount("uncaughtException");
        const printed = await run({
            onOutput: keep,
            onError: keep,
            onEvent: ({ summaryEvent }) => (changes = summaryEvent?.resourceChanges ?? changes),
            ...(verbose ? { logFlow: true, logToStdErr: true, logVerbosity: 9 } : {}),
        });
        // The SDK's server may still be closing its connection to the engine, which is one for the
        // whole process: it would close that of the next run, whose program then has no resources.
        // Its last step removes its listener (`run` in the SDK's automation/server.ts). A program
        // whose resources failed waits for them forever, and closes nothing.
        await until(
            () => process.listenerCount("uncaughtException") <= listeners,
            "the SDK has left the engine",
        );
        return { changes: without(changes), printed };
    }
}

/** Returns the counts of changes, without the resources that stay the same. */
function without(changes: Readonly<Record<string, number | undefined>>): Record<string, number> {
    return Object.fromEntries(
        Object.entries(changes).flatMap(([key, count]) =>
            count === undefined || key === "same" ? [] : [[key, count]],
        ),
    );
}
