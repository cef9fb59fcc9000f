/**
 * Runs dev, staging and prod end to end on this machine, without an account: with a Quay and a
 * GitHub that behave like the real ones.
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type PublishedOutputs, publishedOutputs } from "../../contract/outputs.ts";
import { removeImages } from "./images.ts";
import { filesIn, writeTinyService } from "./serviceFiles.ts";
import {
    initStack,
    type Operation,
    outputsIn,
    type Place,
    pulumi,
    type Ran,
    runPulumi,
    stateFile,
} from "../pulumiCommand.ts";
import { copyProject, pulumiHome } from "../project.ts";
import { type GitHub, startGitHub } from "../github/server.ts";
import { answerOf } from "../answer.ts";
import { createAccounts } from "../cluster/account.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { environmentFor } from "../cluster/project.ts";
import type { Files, RepositoryHandle } from "../github/repositoryHandle.ts";
import { type Quay, startQuay } from "../quay/server.ts";
import { type Run, runWorkflow } from "../runner/run.ts";

/** The owner of the repositories, on Quay and on GitHub. */
export const account = "alice";
/** The environments, in the order of a release. */
export const environments = ["dev", "staging", "prod"] as const;
export type EnvironmentName = (typeof environments)[number];

export interface ChainOptions {
    /** The folder of the service. Default: a tiny service that builds at once. */
    readonly service?: string;
    /** Whether the environments run the service on a cluster (sandbox/cluster). Default: false. */
    readonly onCluster?: boolean;
    /** Puts the project into its folder. Default: this checkout. */
    readonly copy?: (folder: string) => Promise<void>;
    /** Whether to fill in the example configuration. Default: true. */
    readonly filledIn?: boolean;
    /** Receives the output of the commands. */
    readonly onOutput?: (text: string) => void;
    /** Ends the running command: Pulumi like Ctrl-C, others at once. */
    readonly signal?: AbortSignal;
}

/** The branch of the service's repository that dev publishes. */
export const serviceBranch = "api/github_action";

/** The health path of the example service. */
const healthPath = "/health";

/** The namespace of an environment, and the context of the account that may use it. */
export function namespaceOf(environment: EnvironmentName): string {
    return `${account}-${environment}`;
}

/** Removes the # of the lines of a stack's file that run its service on a cluster. */
function onCluster(file: string, environment: EnvironmentName): string {
    const [before = "", after = ""] = file.split(/^.*docs\/cluster\.md\.$/m);
    return (
        before +
        after
            .replaceAll(/^ {2}# /gm, "  ")
            .replaceAll(/YOUR-(CONTEXT|NAMESPACE)/g, namespaceOf(environment))
    );
}

/** The project with the example configuration of its environments, for the account above. */
export class Chain {
    readonly quay: Quay;
    readonly github: GitHub;
    /** The service's repository on GitHub. */
    readonly repository: RepositoryHandle;
    /** The copy of the project. */
    readonly folder: string;
    /** The service that dev builds. */
    readonly service: string;
    /** The cluster, if the environments run on one. */
    cluster: Cluster | undefined;
    readonly #root: string;
    readonly #options: ChainOptions;
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
        this.repository.createBranch(serviceBranch);
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
        if (options.copy === undefined) copyProject(chain.folder);
        else await options.copy(chain.folder);
        if (options.service === undefined) writeTinyService(chain.service);
        chain.repository.commit(filesIn(chain.service), {
            branch: serviceBranch,
            message: "The service",
        });
        if (options.onCluster === true) await chain.#startCluster();
        for (const environment of environments) {
            const file = join(chain.folder, `Pulumi.${environment}.yaml`);
            const example = readFileSync(file, "utf8");
            const filled = example
                .replaceAll("YOUR-ACCOUNT", options.filledIn === false ? "YOUR-ACCOUNT" : account)
                // No delay between writes: nobody else uses this GitHub.
                .replace(/^ {2}github:owner: .*$/m, "$&\n  github:writeDelayMs: 0")
                .replaceAll("quay.io/", `${chain.quay.registry}/`)
                .replace("context: service", `context: ${chain.service}`);
            writeFileSync(
                file,
                options.onCluster === true ? onCluster(filled, environment) : filled,
            );
        }
        return chain;
    }

    /** Starts a cluster whose node pulls from Quay; each stack has a namespace and an account. */
    async #startCluster(): Promise<void> {
        const folder = join(this.#root, "cluster");
        mkdirSync(folder);
        this.cluster = await startCluster(folder, {
            registries: { [this.quay.registry]: this.quay.url },
        });
        const kubeconfig = join(this.#root, "kubeconfig");
        const namespaces = environments.map(namespaceOf);
        await createAccounts(this.cluster, namespaces, kubeconfig, [namespaceOf("staging")]);
        Object.assign(this.#environment, environmentFor(this.cluster, kubeconfig));
    }

    /**
     * Returns where the service of an environment answers on this machine: a port of the node.
     *
     * @throws Error without a cluster, or where it does not answer
     */
    async serviceUrl(environment: EnvironmentName): Promise<string> {
        const { cluster } = this;
        if (cluster === undefined) throw new Error("The chain has no cluster.");
        const namespace = namespaceOf(environment);
        const service = {
            apiVersion: "v1",
            kind: "Service",
            metadata: { name: "node-port", namespace },
            spec: {
                type: "NodePort",
                selector: { "app.kubernetes.io/managed-by": "pulumi" },
                ports: [{ port: 80, targetPort: "http" }],
            },
        };
        const created = await cluster.kubectl(
            ["apply", "--filename", "-", "--output=jsonpath={.spec.ports[0].nodePort}"],
            JSON.stringify(service),
        );
        const url = `http://${cluster.nodeIp}:${created}`;
        await answerOf(url + healthPath);
        return url;
    }

    /** Runs kubectl in the namespace of an environment, as its account. */
    async kubectl(environment: EnvironmentName, ...args: string[]): Promise<string> {
        return this.run("kubectl", "--context", namespaceOf(environment), ...args);
    }

    /** The environment variables of the commands, including tokens. */
    get environment(): Readonly<Record<string, string>> {
        return this.#environment;
    }

    /** Sets an environment variable for the following commands. */
    setEnvironment(name: string, value: string): void {
        this.#environment[name] = value;
    }

    /** Runs `pulumi config set --path mlops:PATH VALUE`. */
    async set(environment: EnvironmentName, path: string, value: string): Promise<void> {
        const place = await this.#place(environment);
        const options = ["--plaintext", "--path", "--stack", environment];
        await pulumi(place, "config", "set", ...options, `mlops:${path}`, value);
    }

    async preview(environment: EnvironmentName): Promise<Ran> {
        return this.#run(environment, "preview");
    }

    async up(environment: EnvironmentName): Promise<Ran> {
        return this.#run(environment, "up");
    }

    /**
     * Runs `pulumi destroy --yes`, whose preview stops at protected resources.
     *
     * @throws Error with the output
     */
    async destroy(environment: EnvironmentName): Promise<void> {
        await this.#place(environment);
        const options = ["--yes", "--non-interactive", "--color", "never"];
        await this.run("pulumi", "destroy", ...options, "--stack", environment);
    }

    /**
     * Runs a command in the project's folder, with its tokens and its state.
     *
     * @returns its output
     * @throws Error with the output
     */
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

    /** Returns the outputs of an environment, which other teams read. */
    outputs(environment: EnvironmentName): PublishedOutputs {
        return publishedOutputs.parse(outputsIn(this.storedState(environment)));
    }

    /** Returns the digests of the tags in an environment's repository, by tag, from Quay's API. */
    async tags(environment: EnvironmentName): Promise<Record<string, string>> {
        const suffix = environment === "dev" ? "" : `_${environment}`;
        const repository = `${account}/mlops_python_2022_2023${suffix}`;
        const response = await fetch(
            `${this.quay.url}/api/v1/repository/${repository}/tag/?onlyActiveTags=true`,
            { headers: { authorization: `Bearer ${this.#environment["QUAY_TOKEN"] ?? ""}` } },
        );
        const { tags } = (await response.json()) as {
            tags: { name: string; manifest_digest: string }[];
        };
        return Object.fromEntries(tags.map(({ name, manifest_digest }) => [name, manifest_digest]));
    }

    /**
     * Runs docker, with its own logins.
     *
     * @throws Error with the output
     */
    async docker(...command: string[]): Promise<string> {
        const { stdout } = await promisify(execFile)("docker", command, {
            env: { ...process.env, ...this.#environment },
            signal: this.#options.signal,
        });
        return stdout.trim();
    }

    /** Logs in to Quay with the credentials in the secrets of an environment on GitHub. */
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

    /**
     * Makes a version in place of the workflow, which GitHub would run for a git tag: pushes dev's
     * present image with another SERVICE_VERSION, by the credentials that GitHub has. `latest`
     * moves to it, too.
     */
    async publish(version: string): Promise<void> {
        await this.logIn("dev");
        const { image } = this.outputs("dev");
        const [repository = ""] = image.split("@");
        const container = await this.docker("create", image, "not-started");
        const change = `ENV SERVICE_VERSION=${version}`;
        const made = await this.docker("commit", "--change", change, container);
        await this.docker("rm", container);
        for (const tag of [version, "latest"]) {
            await this.docker("tag", made, `${repository}:${tag}`);
            await this.docker("push", "--quiet", `${repository}:${tag}`);
        }
    }

    /** Pushes a change of the service to dev's branch. @returns the run of its workflow */
    async push(files: Files, message: string): Promise<Run> {
        this.repository.commit(files, { branch: serviceBranch, message });
        return this.runWorkflow(`refs/heads/${serviceBranch}`);
    }

    /** Pushes a git tag for the newest commit of dev's branch. @returns the run of its workflow */
    async pushTag(name: string): Promise<Run> {
        const [newest] = this.repository.commits(serviceBranch);
        this.repository.createTag(name, newest?.sha ?? "");
        return this.runWorkflow(`refs/tags/${name}`);
    }

    /**
     * Runs dev's workflow for a branch or tag of the service's repository.
     *
     * @param commit Default: the newest one of the ref.
     */
    async runWorkflow(ref: string, commit?: string): Promise<Run> {
        return runWorkflow({
            github: this.github,
            repository: `${account}/MLOpsPython`,
            path: ".github/workflows/quay-deploy.yml",
            ref,
            commit,
            untag: (image, tag) => this.#untag(image, tag),
            appToken: () => this.#environment["GITHUB_TOKEN"] ?? "",
        });
    }

    async #untag(image: string, tag: string): Promise<void> {
        const [, ...repository] = image.split("/");
        const { ok, status } = await fetch(
            `${this.quay.url}/api/v1/repository/${repository.join("/")}/tag/${tag}`,
            {
                method: "DELETE",
                headers: { authorization: `Bearer ${this.#environment["QUAY_TOKEN"] ?? ""}` },
            },
        );
        if (!ok) throw new Error(`${image}:${tag} cannot be removed: ${String(status)}`);
    }

    /** Returns the stored state, with its secrets encrypted. */
    storedState(environment: EnvironmentName): string {
        return readFileSync(stateFile(this.#root, environment), "utf8");
    }

    /** Deletes the state. Keeps everything on Quay and GitHub. */
    async loseState(): Promise<void> {
        rmSync(join(this.#root, ".pulumi"), { recursive: true });
        await Promise.all(environments.map((environment) => this.#place(environment)));
    }

    /** Removes everything, including images. */
    async remove(): Promise<void> {
        await this.cluster?.stop();
        await removeImages(this.quay.registry);
        await Promise.all([this.quay.stop(), this.github.stop()]);
        rmSync(this.#root, { recursive: true, force: true });
    }

    /** Creates the stack if it does not exist. @returns where the CLI runs for it */
    async #place(environment: EnvironmentName): Promise<Place> {
        const place = {
            folder: this.folder,
            stack: environment,
            environment: this.#environment,
            onOutput: this.#options.onOutput,
            signal: this.#options.signal,
        };
        await initStack(place, this.#root);
        return place;
    }

    async #run(environment: EnvironmentName, operation: Operation): Promise<Ran> {
        return runPulumi(await this.#place(environment), operation);
    }
}
