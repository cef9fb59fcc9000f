/**
 * Brings a stack back to where `pulumi up` works, after one was killed.
 *
 * A killed `up` leaves its lock; and what it was just making is in no state: it may be there or not. So that is put into the state, and a
 * refresh finds out whether it is there. (The CLI's own `refresh --import-pending-creates` forgets it.) It may be interrupted itself, and
 * run again.
 */
import { execFile } from "node:child_process";
import { readdir, rm, stat } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { isDeepStrictEqual, promisify } from "node:util";
import { z } from "zod";
import { pulumi, readConfig, requireStack } from "./pulumiCli.ts";
import { runCommand } from "./commandLine.ts";
import { UserError } from "../components/userError.ts";
import { accountIn } from "../components/github/account.ts";
import { GitHubClient, readToken } from "../components/github/client.ts";
import { findExisting } from "../components/github/existing.ts";

const run = promisify(execFile);

const resource = z.looseObject({
    urn: z.string(),
    type: z.string(),
    id: z.string().optional(),
    inputs: z.record(z.string(), z.unknown()).default({}),
    outputs: z.record(z.string(), z.unknown()).optional(),
});
type Resource = z.output<typeof resource>;

/** What `pulumi stack export` prints: all of it is kept. */
const exported = z.looseObject({
    deployment: z.looseObject({
        resources: z.array(resource).default([]),
        pending_operations: z.array(z.looseObject({ type: z.string(), resource })).default([]),
    }),
});
type Exported = z.output<typeof exported>;

/** The ids of what cannot be made twice. All else is taken over, or made again to the same effect, when it is made. */
const idOf: Readonly<Record<string, (input: (name: string) => string) => string>> = {
    "quay:index:Repository": (input) => `${input("namespace")}/${input("name")}`,
    "quay:index:Robot": (input) => `${input("namespace")}+${input("name")}`,
    "quay:index:Organization": (input) => input("name"),
    "quay:index:Team": (input) => `${input("organization")}:${input("name")}`,
    "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable": (input) =>
        `${input("repository")}:${input("environment").replaceAll(":", "??")}:${input("variableName")}`,
    "github:index/branch:Branch": (input) => `${input("repository")}:${input("branch")}`,
    "github:index/repositoryFile:RepositoryFile": (input) =>
        `${input("repository")}:${input("file")}:${input("branch")}`,
};

/** What is of no use half-made, and will be made under another name: the Docker command that removes it by its name. */
const removal: Readonly<Record<string, readonly string[]>> = {
    "docker:index/container:Container": ["container", "rm", "--force"],
    "docker:index/network:Network": ["network", "rm"],
};

/** What tells about this machine's Docker engine, not about what is in the registry: it is left as it is. */
const ofThisMachine = new Set([
    "docker:index/remoteImage:RemoteImage",
    "docker:index/registryImage:RegistryImage",
]);

const usage = `Brings a stack back to where \`pulumi up\` works, after one was killed.

  node operations/recover.ts STACK [--yes]

  --yes    removes the lock of another machine's process without asking whether that still runs
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
    const state = withPendingCreates(before, await findNumbered(stack, pending));
    const lock = await importState(stack, state);
    if (lock !== undefined) await requireStale(stack, lock);
    for (const { type, resource } of pending)
        if (type === "creating") await removeHalfMade(resource);
    if (lock !== undefined) {
        await pulumi(["cancel", "--yes", "--stack", stack]);
        if ((await importState(stack, state)) !== undefined)
            throw new UserError(`The stack "${stack}" was locked again: by another recovery?`);
    }
    const interrupted = new Set(pending.map(({ resource }) => resource.urn));
    const targets = state.deployment.resources.filter(
        (resource) => interrupted.has(resource.urn) || isInQuestion(resource),
    );
    const refresh = targets
        .filter(({ type }) => !ofThisMachine.has(type))
        .flatMap(({ urn }) => ["--target", urn]);
    if (refresh.length > 0)
        await pulumi(["refresh", "--yes", "--skip-preview", "--stack", stack, ...refresh]);

    const there = new Set((await exportState(stack)).deployment.resources.map(({ urn }) => urn));
    for (const urn of new Set([...interrupted, ...targets.map((target) => target.urn)])) {
        say(
            `  ${urn.split("::").slice(2).join(" ")}: ${there.has(urn) ? "is there, and in the state" : "pulumi up makes it"}`,
        );
    }
    const nothing = lock === undefined && interrupted.size === 0 && targets.length === 0;
    say(
        nothing
            ? `There is nothing to recover in the stack "${stack}".`
            : `The stack "${stack}" is recovered: pulumi up -s ${stack}`,
    );
}

/**
 * Beside each file of a backend in a local folder the CLI writes another with its attributes. One that it was killed over is empty, and then
 * every command fails with "failed to load checkpoint: EOF". They say nothing that is needed: without it the state reads as ever.
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

/** The state, and in it what was being made and cannot be made twice, as if it were there. */
function withPendingCreates(state: Exported, numbered: ReadonlyMap<string, string>): Exported {
    const { resources, pending_operations: pending } = state.deployment;
    const known = new Set(resources.map(({ urn }) => urn));
    const made = pending.flatMap(({ type, resource }) => {
        const id =
            numbered.get(resource.urn) ?? idOf[resource.type]?.((name) => inputOf(resource, name));
        return type !== "creating" || id === undefined || known.has(resource.urn)
            ? []
            : [{ ...resource, id, outputs: resource.inputs }];
    });
    return { ...state, deployment: { ...state.deployment, resources: [...resources, ...made] } };
}

/** Whether an earlier recovery put it into the state, and did not get to know whether it is there. */
function isInQuestion({ type, inputs, outputs }: Resource): boolean {
    return Object.hasOwn(idOf, type) && isDeepStrictEqual(inputs, outputs);
}

/** The ids of what was being made and has a number that GitHub gave it, by URN: which branches and tags an environment admits. */
async function findNumbered(
    stack: string,
    pending: Exported["deployment"]["pending_operations"],
): Promise<ReadonlyMap<string, string>> {
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
    return new Map(found.flatMap(([urn, id]) => (id === undefined ? [] : [[urn, id] as const])));
}

/** An input's value; empty where it is none, or no text. */
function inputOf({ inputs }: Resource, name: string): string {
    return z.string().catch("").parse(inputs[name]);
}

/** What a killed `up` left half-made on this machine's Docker engine. */
async function removeHalfMade({ type, inputs }: Resource): Promise<void> {
    const command = removal[type];
    const { name } = inputs;
    if (command === undefined || typeof name !== "string") return;
    await run("docker", [...command, name]).catch((error: unknown) => {
        const said = outputOf(error);
        if (!/No such|not found/i.test(said))
            throw new UserError(
                `What is half-made could not be removed: docker ${command.join(" ")} ${name}\n${said}`,
            );
    });
}

/** @throws UserError where whoever holds the lock may still be at work. */
async function requireStale(stack: string, lock: string): Promise<void> {
    const holders = [...lock.matchAll(/created by (\S+)@(\S+) \(pid (\d+)\) at (\S+)/g)];
    for (const [, user = "", host = "", pid = "", since = ""] of holders) {
        const who = `the process ${pid} of ${user} on ${host}, since ${since}`;
        if (host === hostname()) {
            if (await isPulumi(pid)) {
                throw new UserError(
                    `The stack "${stack}" is at work: ${who}. Wait for it, or end it in good order: kill -INT ${pid}`,
                );
            }
            say(`${who}, was killed: its lock goes.`);
        } else
            await requireYes(
                `The stack "${stack}" is locked by ${who}. Is it certain that it does not run any more?`,
            );
    }
    if (holders.length === 0)
        await requireYes(
            `The stack "${stack}" is locked:\n${lock}\nIs it certain that no update of it runs any more?`,
        );
}

/** Whether the process is there, and is Pulumi: a number is given to another process sooner or later. */
async function isPulumi(pid: string): Promise<boolean> {
    try {
        return (await run("ps", ["-o", "comm=", "-p", pid])).stdout.includes("pulumi");
    } catch (error) {
        if (error instanceof Error && "code" in error && error.code === 1) return false; // there is no such process
        throw new UserError(
            `Whether the process ${pid} still runs cannot be told: the command ps is missing.`,
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

/** Sets the state; the CLI drops what is pending in it. @returns what the CLI says about the stack's lock, where it has one. */
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

/** What a command that failed has said. */
function outputOf(error: unknown): string {
    const { stdout, stderr } = z.object({ stdout: z.string(), stderr: z.string() }).parse(error);
    return `${stderr}${stdout}`.trim();
}

function say(line: string): void {
    process.stdout.write(`${line}\n`);
}
