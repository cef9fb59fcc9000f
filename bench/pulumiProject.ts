import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { pulumiHome } from "../sandbox/project.ts";
import { type Command, run } from "./measure.ts";

/** The number of resources that every program handles in parallel. */
export const atOnce = 32;

const root = join(import.meta.dirname, "..");

/**
 * A Pulumi program as a project in its own folder, with its state and one stack, run with the real
 * CLI.
 */
export class PulumiProject {
    readonly #folder: string;
    readonly #environment: Readonly<Record<string, string>>;

    private constructor(folder: string, environment: Readonly<Record<string, string>>) {
        this.#folder = folder;
        this.#environment = environment;
    }

    /**
     * Creates the project and its stack.
     * @param program the file, below this one's folder
     * @param config the program's configuration
     * @param nodeArguments as in Pulumi.yaml
     */
    static async create(
        folder: string,
        program: string,
        config: Readonly<Record<string, unknown>>,
        environment: Readonly<Record<string, string>>,
        nodeArguments = "",
    ): Promise<PulumiProject> {
        mkdirSync(join(folder, "state"), { recursive: true });
        const settings = {
            name: "bench",
            runtime: { name: "nodejs", options: { typescript: false, nodeargs: nodeArguments } },
            main: "index.ts",
            plugins: { providers: [{ name: "quay", path: join(root, "quay") }] },
            config: Object.fromEntries(
                Object.entries(config).map(([key, value]) => [key, { value }]),
            ),
        };
        writeFileSync(join(folder, "Pulumi.yaml"), JSON.stringify(settings));
        symlinkSync(join(import.meta.dirname, program), join(folder, "index.ts"));
        symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
        const project = new PulumiProject(folder, {
            ...environment,
            PULUMI_HOME: pulumiHome(folder),
            PULUMI_PARALLEL: String(atOnce),
            PULUMI_PARALLEL_DIFF: "true",
            PULUMI_BACKEND_URL: "file://./state",
            PULUMI_CONFIG_PASSPHRASE: "of the benchmark",
            PULUMI_SKIP_UPDATE_CHECK: "true",
            PULUMI_STACK: "bench",
        });
        await run(project.command("stack", "init", "bench"));
        return project;
    }

    command(...options: readonly string[]): Command {
        return {
            command: ["pulumi", ...options, "--non-interactive", "--color", "never"],
            folder: this.#folder,
            environment: this.#environment,
        };
    }
}

/** The Node.js arguments in the project's own Pulumi.yaml, for a project in another folder. */
export const ownStartup = z
    .object({ runtime: z.object({ options: z.object({ nodeargs: z.string() }) }) })
    .parse(parse(readFileSync(join(root, "Pulumi.yaml"), "utf8")))
    .runtime.options.nodeargs.replace(
        "./toolchain/startup.ts",
        `'${join(root, "toolchain/startup.ts")}'`,
    );
