/** Removes everything that `make up` made. operations/down.sh runs it. */
import { execFile, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { exportStack, requireStack } from "./pulumiCli.ts";
import { runCommand } from "./commandLine.ts";
import { UserError } from "../components/userError.ts";

const run = promisify(execFile);

const usage = `Removes everything that \`make up\` made: resources, stack, images, what builds left.

  node operations/down.ts STACK

  --help   this text`;

const resource = z.object({
    type: z.string(),
    id: z.string().optional(),
    protect: z.boolean().default(false),
    inputs: z.record(z.string(), z.unknown()).default({}),
});
type Resource = z.output<typeof resource>;

const exported = z.object({
    deployment: z.object({
        resources: z.array(resource).default([]),
        pending_operations: z.array(z.object({ resource })).default([]),
    }),
});

/** The signal that this program was told to end with, if it was. */
let interruption: NodeJS.Signals | undefined;

await runCommand({ usage, options: {}, arguments: [1, 1] }, async (_, [stack = ""]) => {
    await requireStack(stack);
    const resources = await resourcesOf(stack);
    if (resources === undefined) {
        console.log(`There is no stack "${stack}": nothing to remove.`);
        return;
    }
    requireUnprotected(stack, resources);
    // With its preview: that one stops at whatever else is protected before anything is removed.
    await runPulumi(stack, "destroy");
    await runPulumi(stack, "stack", "rm", "--preserve-config");
    // Its build logs and context links; each stack has a folder of its own.
    await rm(join(".build", stack.split("/").at(-1) ?? stack), { recursive: true, force: true });
    await removeImages(resources);
});
if (interruption !== undefined) process.exitCode = 128 + constants.signals[interruption];

/** What the state has of a stack, also what is just being made; undefined where there is no state. */
async function resourcesOf(stack: string): Promise<Resource[] | undefined> {
    const state = await exportStack(stack);
    if (state === undefined) return undefined;
    const { resources, pending_operations: pending } = exported.parse(JSON.parse(state)).deployment;
    return [...resources, ...pending.map(({ resource }) => resource)];
}

/** Pulumi's own advice would be to change the state; the next `up` would undo that. */
function requireUnprotected(stack: string, resources: readonly Resource[]): void {
    const found = resources.find(
        ({ type, protect }) => protect && type === "quay:index:Repository",
    );
    if (found === undefined) return;
    throw new UserError(
        `The repository ${found.id ?? ""} of the stack "${stack}" is protected: nothing was removed. ` +
            `If you mean it:\n\n` +
            `  pulumi config set --path mlops:quay.protect false -s ${stack}\n` +
            `  make up STACK=${stack}\n` +
            `  make down STACK=${stack}`,
    );
}

/**
 * Runs the Pulumi CLI with its output to the terminal. It has a process group of its own, so that a
 * signal to this one's group reaches it once: as the SIGINT that ends it in good order. Its second one
 * ends it at once, and leaves a lock. One end may send several signals (make passes on a SIGTERM that
 * its group has had), so only another Ctrl-C, or a SIGTERM after one, is meant as the second.
 * @throws UserError where it fails; it has said why
 */
async function runPulumi(stack: string, ...command: string[]): Promise<void> {
    const args = [...command, "--stack", stack, "--yes", "--non-interactive"];
    const child = spawn("pulumi", args, {
        stdio: ["ignore", "inherit", "inherit"],
        detached: true,
    });
    const passOn = (signal: NodeJS.Signals): void => {
        const second = interruption !== undefined;
        if (second && signal !== "SIGINT" && interruption !== "SIGINT") return;
        interruption = signal;
        child.kill("SIGINT");
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    for (const signal of signals) process.on(signal, passOn);
    const status = await new Promise((resolve) => child.once("close", resolve));
    for (const signal of signals) process.off(signal, passOn);
    if (status === 0) return;
    if (interruption !== undefined) {
        // Pulumi takes the stack's lock before it handles signals: killed in between, it leaves the lock.
        if (child.signalCode !== null) {
            const recovery = spawn(process.execPath, ["operations/recover.ts", stack], {
                stdio: "inherit",
                detached: true,
            });
            await new Promise((resolve) => recovery.once("close", resolve));
        }
        throw new UserError("Interrupted: make down removes the rest.");
    }
    throw new UserError(`pulumi ${command.join(" ")} failed: see above.`);
}

/** Removes all contents of the stack's images from the Docker engine, but those that are in use. */
async function removeImages(resources: readonly Resource[]): Promise<void> {
    const repositories = resources.flatMap(({ type, inputs: { name } }) =>
        type.startsWith("docker:") && typeof name === "string"
            ? (/^(.+):ctx-[0-9a-f]+$/.exec(name)?.slice(1) ?? [])
            : [],
    );
    for (const repository of new Set(repositories)) {
        const format = "{{.Repository}}:{{.Tag}}";
        const list = run("docker", ["images", "--format", format, repository]);
        // Without an engine there is nothing of them on this machine.
        const { stdout } = await list.catch(() => ({ stdout: "" }));
        for (const image of stdout.split("\n").filter((name) => name.includes(":ctx-"))) {
            await run("docker", ["rmi", image]).catch(() => {
                console.log(`kept, because it is in use: ${image}`);
            });
        }
    }
}
