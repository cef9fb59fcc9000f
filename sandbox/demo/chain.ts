/** dev, staging and prod end to end, on this machine and without an account: against a Quay and a GitHub that behave like the real ones. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { LocalWorkspace, type OutputMap, type Stack } from "@pulumi/pulumi/automation/index.js";
import { type PublishedOutputs, publishedOutputs } from "../../contract/outputs.ts";
import { removeImages } from "./images.ts";
import { type Operation, type Ran, runPulumi } from "../pulumiCommand.ts";
import { copyProject, pulumiHome } from "../project.ts";
import { type GitHub, startGitHub } from "../github/server.ts";
import type { RepositoryHandle } from "../github/repositoryHandle.ts";
import { type Quay, startQuay } from "../quay/server.ts";

/** Whose repositories they are, on Quay and on GitHub. */
export const account = "alice";
/** The environments, in the order in which a version passes through them. */
export const environments = ["dev", "staging", "prod"] as const;
export type EnvironmentName = (typeof environments)[number];

export interface ChainOptions {
    /** The service's folder. Default: a tiny one, that is built in no time. */
    readonly service?: string;
    /** Whether the example configuration is filled in. Default: true. */
    readonly filledIn?: boolean;
    /** Called with each piece of the commands' output. */
    readonly onOutput?: (text: string) => void;
    /** Ends the command that is running: Pulumi as Ctrl-C does, others at once. */
    readonly signal?: AbortSignal;
}

/** A service that is built in no time: an image with nothing but its version. */
function writeTinyService(folder: string): void {
    mkdirSync(folder);
    writeFileSync(
        join(folder, "Dockerfile"),
        "FROM scratch\nARG VERSION\nENV VERSION=$VERSION\nCOPY content /content\nUSER 10001\n",
    );
    writeFileSync(join(folder, "content"), "one");
}

/** The project with the example configuration of its environments, the account filled in. */
export class Chain {
    readonly quay: Quay;
    readonly github: GitHub;
    /** The service's repository on GitHub. */
    readonly repository: RepositoryHandle;
    /** The project's copy. */
    readonly folder: string;
    /** The service that dev builds. */
    readonly service: string;
    readonly #root: string;
    readonly #options: ChainOptions;
    readonly #stacks = new Map<string, Promise<Stack>>();
    readonly #environment: Record<string, string>;

    private constructor(quay: Quay, github: GitHub, options: ChainOptions) {
        this.quay = quay;
        this.github = github;
        this.#options = options;
        this.#root = realpathSync(mkdtempSync(join(tmpdir(), "mlops-chain-")));
        this.folder = join(this.#root, "project");
        this.service = options.service ?? join(this.#root, "service");
        quay.createUser(account);
        github.createUser(account);
        this.repository = github.createRepository({
            owner: account,
            name: "MLOpsPython",
            private: false,
        });
        this.repository.createBranch("api/github_action");
        this.#environment = {
            PULUMI_HOME: pulumiHome(this.#root),
            PULUMI_BACKEND_URL: `file://${this.#root}`,
            PULUMI_CONFIG_PASSPHRASE: "of the demonstration",
            PULUMI_SKIP_UPDATE_CHECK: "true",
            QUAY_URL: quay.url,
            QUAY_TOKEN: quay.createToken({ user: account }),
            GITHUB_BASE_URL: github.baseUrl,
            GITHUB_TOKEN: github.createToken({ user: account }),
            DOCKER_CONFIG: join(this.#root, "docker"),
        };
    }

    static async create(options: ChainOptions = {}): Promise<Chain> {
        const chain = new Chain(await startQuay(), await startGitHub(), options);
        copyProject(chain.folder);
        if (options.service === undefined) writeTinyService(chain.service);
        for (const environment of environments) {
            const file = join(chain.folder, `Pulumi.${environment}.yaml`);
            const example = readFileSync(file, "utf8");
            const filled = example
                .replaceAll("YOUR-ACCOUNT", options.filledIn === false ? "YOUR-ACCOUNT" : account)
                .replace(/^ {2}github:owner: .*$/m, "$&\n  github:writeDelayMs: 0") // this GitHub is nobody else's
                .replaceAll("quay.io/", `${chain.quay.registry}/`)
                .replace("context: service", `context: ${chain.service}`);
            writeFileSync(file, filled);
        }
        return chain;
    }

    /** The environment variables that the commands get, tokens and all. */
    get environment(): Readonly<Record<string, string>> {
        return this.#environment;
    }

    /** Sets an environment variable for the commands that follow. */
    setEnvironment(name: string, value: string): void {
        this.#environment[name] = value;
        this.#stacks.clear();
    }

    /** `pulumi config set --path mlops:PATH VALUE` */
    async set(environment: EnvironmentName, path: string, value: string): Promise<void> {
        await (await this.stack(environment)).setConfig(`mlops:${path}`, { value }, true);
    }

    async preview(environment: EnvironmentName): Promise<Ran> {
        return this.#run(environment, "preview");
    }

    async up(environment: EnvironmentName): Promise<Ran> {
        return this.#run(environment, "up");
    }

    /** `pulumi destroy --yes`: with the preview that stops at what is protected. @throws Error with what it printed */
    async destroy(environment: EnvironmentName): Promise<void> {
        await this.stack(environment);
        await this.run(
            "pulumi",
            "destroy",
            "--yes",
            "--non-interactive",
            "--color",
            "never",
            "--stack",
            environment,
        );
    }

    /** A command in the project's folder, with its tokens and its state. @returns what it printed @throws Error with what it printed */
    async run(command: string, ...options: string[]): Promise<string> {
        try {
            const { stdout } = await promisify(execFile)(command, options, {
                cwd: this.folder,
                env: { ...process.env, ...this.#environment },
                maxBuffer: 1 << 26,
                signal: this.#options.signal,
            });
            return stdout;
        } catch (error) {
            const printed =
                typeof error === "object" && error !== null && "stdout" in error
                    ? String(error.stdout)
                    : "";
            throw new Error(`${String(error)}\n${printed}`);
        }
    }

    /** What the environment tells other teams. */
    async outputs(environment: EnvironmentName): Promise<PublishedOutputs> {
        const outputs: OutputMap = await (await this.stack(environment)).outputs();
        return publishedOutputs.parse(
            Object.fromEntries(
                Object.entries(outputs).map(([name, { value }]) => [name, value as unknown]),
            ),
        );
    }

    /** What a tag of an environment's repository points at, as Quay's API has it. */
    async tags(environment: EnvironmentName): Promise<Record<string, string>> {
        const suffix = environment === "dev" ? "" : `_${environment}`;
        const response = await fetch(
            `${this.quay.url}/api/v1/repository/${account}/mlops_python_2022_2023${suffix}/tag/?onlyActiveTags=true`,
            { headers: { authorization: `Bearer ${this.#environment["QUAY_TOKEN"] ?? ""}` } },
        );
        const { tags } = (await response.json()) as {
            tags: { name: string; manifest_digest: string }[];
        };
        return Object.fromEntries(tags.map(({ name, manifest_digest }) => [name, manifest_digest]));
    }

    /** The docker client, with logins of its own. @throws Error with what it said */
    async docker(...command: string[]): Promise<string> {
        const { stdout } = await promisify(execFile)("docker", command, {
            env: { ...process.env, ...this.#environment },
            signal: this.#options.signal,
        });
        return stdout.trim();
    }

    /** Logs in to Quay with what GitHub holds as the secrets of an environment. */
    async logIn(environment: EnvironmentName): Promise<void> {
        const { QUAY_USER = "", QUAY_PWD = "" } = this.repository.secrets(environment);
        const login = execFile(
            "docker",
            ["login", this.quay.registry, "--username", QUAY_USER, "--password-stdin"],
            {
                env: { ...process.env, ...this.#environment },
            },
        );
        login.stdin?.end(QUAY_PWD);
        await new Promise<void>((resolve, reject) => {
            login.once("close", (code) => {
                if (code === 0) resolve();
                else reject(new Error(`docker login as ${QUAY_USER} failed`));
            });
        });
    }

    /** The state as it is stored: with its secrets encrypted. */
    storedState(environment: EnvironmentName): string {
        return readFileSync(join(this.#root, `.pulumi/stacks/mlops/${environment}.json`), "utf8");
    }

    /** The state is gone, with all it knew; what is on Quay and GitHub stays. */
    async loseState(): Promise<void> {
        rmSync(join(this.#root, ".pulumi"), { recursive: true });
        this.#stacks.clear();
        await Promise.all(environments.map((environment) => this.stack(environment)));
    }

    /** Removes all that there is, images too. */
    async remove(): Promise<void> {
        await removeImages(this.quay.registry);
        await Promise.all([this.quay.stop(), this.github.stop()]);
        rmSync(this.#root, { recursive: true, force: true });
    }

    stack(environment: EnvironmentName): Promise<Stack> {
        const open =
            this.#stacks.get(environment) ??
            LocalWorkspace.createOrSelectStack(
                { stackName: environment, workDir: this.folder },
                { envVars: this.#environment },
            );
        this.#stacks.set(environment, open);
        return open;
    }

    async #run(environment: EnvironmentName, operation: Operation): Promise<Ran> {
        await this.stack(environment);
        return runPulumi(
            {
                folder: this.folder,
                stack: environment,
                environment: this.#environment,
                onOutput: this.#options.onOutput,
                signal: this.#options.signal,
            },
            operation,
        );
    }
}
