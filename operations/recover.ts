/**
 * Repairs a stack after an `up` was killed, so that `pulumi up` works again.
 *
 * A killed `up` leaves its lock. What it was creating may exist, but is not in the state: so the
 * recovery adds it to the state, and a refresh removes it again if it does not exist. (The CLI's
 * own `refresh --import-pending-creates` drops it.) The recovery may be interrupted and run again.
 */
import { execFile } from "node:child_process";
import { readdir, rm, stat } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { isDeepStrictEqual, promisify } from "node:util";
import { z } from "zod";
import { localImageTypes, pulumi, readConfig, requireStack } from "./pulumiCli.ts";
import { runCommand } from "./commandLine.ts";
import { contextOf } from "./services.ts";
import { type Kubectl, kubectlIn, KubectlError } from "../components/kubernetes/kubectl.ts";
import { UserError } from "../components/messages/userError.ts";
import { accountIn } from "../components/github/account.ts";
import { GitHubClient, readToken } from "../components/github/client.ts";
import { findExisting } from "../components/github/existing.ts";

const run = promisify(execFile);

const resource = z.looseObject({
    urn: z.string(),
    type: z.string(),
    id: z.string().optional(),
    provider: z.string().optional(),
    inputs: z.record(z.string(), z.unknown()).default({}),
    outputs: z.record(z.string(), z.unknown()).optional(),
});
type Resource = z.output<typeof resource>;

/** The output of `pulumi stack export`, unknown fields included. */
const exported = z.looseObject({
    deployment: z.looseObject({
        resources: z.array(resource).default([]),
        pending_operations: z.array(z.looseObject({ type: z.string(), resource })).default([]),
    }),
});
type Exported = z.output<typeof exported>;

/** What the inputs of every object on a cluster have. */
const object = z.object({
    apiVersion: z.string(),
    kind: z.string(),
    metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
});

/**
 * The ids of resources whose creation fails if they exist. Creating any other resource again adopts
 * the existing one or has the same effect.
 */
const idOf: Readonly<Record<string, (input: (name: string) => string) => string>> = {
    "quay:index:Repository": (input) => `${input("namespace")}/${input("name")}`,
    "quay:index:Robot": (input) => `${input("namespace")}+${input("name")}`,
    "quay:index:Organization": (input) => input("name"),
    "quay:index:Team": (input) => `${input("organization")}:${input("name")}`,
    "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable": (input) =>
        [
            input("repository"),
            input("environment").replaceAll(":", "??"),
            input("variableName"),
        ].join(":"),
    "github:index/branch:Branch": (input) => `${input("repository")}:${input("branch")}`,
    "github:index/repositoryFile:RepositoryFile": (input) =>
        `${input("repository")}:${input("file")}:${input("branch")}`,
};

/** Where the Kubernetes provider keeps the name under which it sets an object's fields. */
const fieldManager = "__fieldManager";

/**
 * The Docker command that removes a half-created resource by name: the next `up` uses another name.
 */
const removal: Readonly<Record<string, readonly string[]>> = {
    "docker:index/container:Container": ["container", "rm", "--force"],
    "docker:index/network:Network": ["network", "rm"],
};

const usage = `Repairs a stack after an \`up\` was killed, so that \`pulumi up\` works again.

  node operations/recover.ts STACK [--yes]

  --yes    removes the lock of a process on another machine without asking whether it still runs
  --help   this text`;

let isCertain = false;
await runCommand(
    { usage, options: { yes: { type: "boolean", default: false } }, arguments: [1, 1] },
    async ({ yes }, [stack = ""]) => {
        isCertain = yes;
        await removeEmptyAttributes();
        await requireStack(stack);
        await recover(stack);
    },
);

async function recover(stack: string): Promise<void> {
    const before = await exportState(stack);
    const pending = before.deployment.pending_operations;
    const found = new Map([
        ...(await findPolicyIds(stack, pending)),
        ...(await findObjects(before)),
    ]);
    const state = withPendingCreates(before, found);
    const lock = await importState(stack, state);
    if (lock !== undefined) await requireStale(stack, lock);
    for (const { type, resource } of pending)
        if (type === "creating") await removeHalfCreated(resource);
    if (lock !== undefined) {
        await pulumi(["cancel", "--yes", "--stack", stack]);
        if ((await importState(stack, state)) !== undefined)
            throw new UserError(`The stack "${stack}" was locked again: by another recovery?`);
    }
    const interrupted = new Set(pending.map(({ resource }) => resource.urn));
    const targets = state.deployment.resources.filter(
        (resource) => interrupted.has(resource.urn) || isUnverified(resource),
    );
    const refresh = targets
        .filter(({ type }) => !localImageTypes.includes(type))
        .flatMap(({ urn }) => ["--target", urn]);
    if (refresh.length > 0)
        await pulumi(["refresh", "--yes", "--skip-preview", "--stack", stack, ...refresh]);

    const existing = new Set((await exportState(stack)).deployment.resources.map(({ urn }) => urn));
    for (const urn of new Set([...interrupted, ...targets.map((target) => target.urn)])) {
        const result = existing.has(urn) ? "exists, and is in the state" : "pulumi up creates it";
        print(`  ${urn.split("::").slice(2).join(" ")}: ${result}`);
    }
    const nothing = lock === undefined && interrupted.size === 0 && targets.length === 0;
    print(
        nothing
            ? `There is nothing to recover in the stack "${stack}".`
            : `The stack "${stack}" is recovered: pulumi up -s ${stack}`,
    );
}

/**
 * Removes empty attribute files from a backend in a local folder. The CLI writes one beside each
 * file; if it is killed meanwhile, that one is empty and every command fails with "failed to load
 * checkpoint: EOF". The state can be read without it.
 */
async function removeEmptyAttributes(): Promise<void> {
    const { url } = z
        .object({ url: z.string() })
        .parse(JSON.parse(await pulumi(["whoami", "--json"])));
    if (!url.startsWith("file://")) return;
    const folder = join(
        decodeURI(url.slice("file://".length).replace(/\?.*/, "").replace(/^~/, homedir())),
        ".pulumi",
    );
    for (const file of await readdir(folder, { recursive: true })) {
        const path = join(folder, file);
        if (file.endsWith(".attrs") && (await stat(path).catch(() => undefined))?.size === 0)
            await rm(path, { force: true });
    }
}

/** A resource that exists: its id, and what its outputs need besides its inputs. */
interface Existing {
    readonly id: string;
    readonly outputs?: Readonly<Record<string, unknown>>;
}

/** Returns the state with the pending creations that cannot be repeated added as existing. */
function withPendingCreates(state: Exported, found: ReadonlyMap<string, Existing>): Exported {
    const { resources, pending_operations: pending } = state.deployment;
    const known = new Set(resources.map(({ urn }) => urn));
    const made = pending.flatMap(({ type, resource }) => {
        const id = idOf[resource.type]?.((name) => inputOf(resource, name));
        const existing = found.get(resource.urn) ?? (id === undefined ? undefined : { id });
        if (type !== "creating" || existing === undefined || known.has(resource.urn)) return [];
        const outputs = { ...resource.inputs, ...existing.outputs };
        return [{ ...resource, id: existing.id, outputs }];
    });
    return { ...state, deployment: { ...state.deployment, resources: [...resources, ...made] } };
}

/** Whether an earlier recovery added it to the state but did not check that it exists. */
function isUnverified({ type, inputs, outputs = {} }: Resource): boolean {
    if (Object.hasOwn(idOf, type)) return isDeepStrictEqual(inputs, outputs);
    const added = { ...inputs, [fieldManager]: outputs[fieldManager] };
    return type.startsWith("kubernetes:") && isDeepStrictEqual(added, outputs);
}

/**
 * Returns, by URN, the pending objects that exist on a cluster. Creating one of them again would
 * give its fields a second manager, and their next change would be refused as a conflict with the
 * first one.
 *
 * @throws UserError if the cluster cannot be asked
 */
async function findObjects({ deployment }: Exported): Promise<ReadonlyMap<string, Existing>> {
    const pending = deployment.pending_operations.filter(
        ({ type, resource }) => type === "creating" && resource.type.startsWith("kubernetes:"),
    );
    const found = await Promise.all(
        pending.map(async ({ resource: { urn, inputs, provider } }) => {
            const { apiVersion, kind, metadata } = object.parse(inputs);
            const { name, namespace } = metadata;
            const context = contextOf(deployment.resources, provider);
            const [group] = apiVersion.includes("/") ? apiVersion.split("/") : [];
            const path = `${kind}${group === undefined ? "" : `.${group}`}/${name}`;
            const kubectl = kubectlIn({ context, namespace: namespace ?? "default" });
            const managers = await managersOf(kubectl, path);
            const manager = managers.findLast((one) => one.startsWith("pulumi-kubernetes"));
            const id = namespace === undefined ? name : `${namespace}/${name}`;
            return manager === undefined
                ? []
                : [[urn, { id, outputs: { [fieldManager]: manager } }] as const];
        }),
    );
    return new Map(found.flat());
}

/** Returns the programs that have set fields of an object; none if it does not exist. */
async function managersOf(kubectl: Kubectl, path: string): Promise<string[]> {
    const output = "--output=jsonpath={.metadata.managedFields[*].manager}";
    try {
        return (await kubectl("get", path, "--ignore-not-found", output)).trim().split(" ");
    } catch (error) {
        if (!(error instanceof KubectlError)) throw error;
        throw new UserError(
            `Whether ${path} was created is not known: the cluster cannot be asked. ` +
                `${error.message}\nNothing was changed.`,
        );
    }
}

/** Returns, by URN, the ids that GitHub gave to pending branch and tag policies of environments. */
async function findPolicyIds(
    stack: string,
    pending: Exported["deployment"]["pending_operations"],
): Promise<ReadonlyMap<string, Existing>> {
    const rules = pending.filter(
        ({ type, resource }) =>
            type === "creating" && resource.type.endsWith(":RepositoryEnvironmentDeploymentPolicy"),
    );
    if (rules.length === 0) return new Map();
    const config = await readConfig(stack);
    const account = accountIn((key) => config[`github:${key}`], stack);
    const client = new GitHubClient(account, readToken(account));
    const found = await Promise.all(
        rules.map(async ({ resource }) => {
            const [branch, tag] = [
                inputOf(resource, "branchPattern"),
                inputOf(resource, "tagPattern"),
            ];
            const existing = await findExisting(
                client,
                account.owner,
                inputOf(resource, "repository"),
                inputOf(resource, "environment"),
            );
            return [
                resource.urn,
                existing.rules.get(branch === "" ? `tag-${tag}` : `branch-${branch}`),
            ] as const;
        }),
    );
    return new Map(
        found.flatMap(([urn, id]) => (id === undefined ? [] : [[urn, { id }] as const])),
    );
}

/** Returns an input's value; empty if it is absent or not a string. */
function inputOf({ inputs }: Resource, name: string): string {
    return z.string().catch("").parse(inputs[name]);
}

/** Removes what a killed `up` left half-created in this machine's Docker engine. */
async function removeHalfCreated({ type, inputs }: Resource): Promise<void> {
    const command = removal[type];
    const { name } = inputs;
    if (command === undefined || typeof name !== "string") return;
    await run("docker", [...command, name]).catch((error: unknown) => {
        const said = outputOf(error);
        if (!/No such|not found/i.test(said))
            throw new UserError(
                `A half-created resource could not be removed: ` +
                    `docker ${command.join(" ")} ${name}\n${said}`,
            );
    });
}

/** @throws UserError if the process that holds the lock may still run */
async function requireStale(stack: string, lock: string): Promise<void> {
    const holders = [...lock.matchAll(/created by (\S+)@(\S+) \(pid (\d+)\) at (\S+)/g)];
    for (const [, user = "", host = "", pid = "", since = ""] of holders) {
        const who = `the process ${pid} of ${user} on ${host}, since ${since}`;
        if (host === hostname()) {
            if (await isPulumi(pid)) {
                throw new UserError(
                    `The stack "${stack}" is at work: ${who}. ` +
                        `Wait for it, or end it in good order: kill -INT ${pid}`,
                );
            }
            print(`${who}, was killed: removing its lock.`);
        } else
            await requireYes(
                `The stack "${stack}" is locked by ${who}. ` +
                    "Is it certain that it does not run any more?",
            );
    }
    if (holders.length === 0)
        await requireYes(
            `The stack "${stack}" is locked:\n${lock}\n` +
                "Is it certain that no update of it runs any more?",
        );
}

/** Whether the process exists and is Pulumi: another process may have got its id since. */
async function isPulumi(pid: string): Promise<boolean> {
    try {
        return (await run("ps", ["-o", "comm=", "-p", pid])).stdout.includes("pulumi");
    } catch (error) {
        // There is no such process.
        if (error instanceof Error && "code" in error && error.code === 1) return false;
        throw new UserError(
            `Cannot check whether the process ${pid} still runs: the command ps is missing.`,
        );
    }
}

async function requireYes(question: string): Promise<void> {
    if (isCertain) return;
    const refusal = new UserError(
        `${question}\nNothing was changed. If it is: make recover with YES=--yes`,
    );
    if (!process.stdin.isTTY) throw refusal;
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    const answer = await terminal.question(`${question} [y/N] `);
    terminal.close();
    if (!/^y(es)?$/i.test(answer.trim())) throw refusal;
}

async function exportState(stack: string): Promise<Exported> {
    return exported.parse(JSON.parse(await pulumi(["stack", "export", "--stack", stack])));
}

/**
 * Imports the state; the CLI drops pending operations.
 *
 * @returns its message if the stack is locked
 */
async function importState(stack: string, state: Exported): Promise<string | undefined> {
    try {
        await pulumi(["stack", "import", "--stack", stack], JSON.stringify(state));
        return undefined;
    } catch (error) {
        if (
            error instanceof UserError &&
            /currently locked|Another update is currently in progress/.test(error.message)
        )
            return error.message;
        throw error;
    }
}

/** Returns the output of a failed command. */
function outputOf(error: unknown): string {
    const { stdout, stderr } = z.object({ stdout: z.string(), stderr: z.string() }).parse(error);
    return `${stderr}${stdout}`.trim();
}

function print(line: string): void {
    process.stdout.write(`${line}\n`);
}
