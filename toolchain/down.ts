/** Removes everything that `make up` made. toolchain/down.sh runs it. */
import { execFile, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { exportStack, requireStack } from "../cli.ts";
import { runCommand } from "../commandLine.ts";
import { UserError } from "../errors.ts";

const run = promisify(execFile);

const usage = `Removes everything that \`make up\` made: resources, stack, images, what builds left.

  node toolchain/down.ts STACK

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

await runCommand({ usage, options: {}, arguments: [1, 1] }, async (_, [stack = ""]) => {
    await requireStack(stack);
    const resources = await resourcesOf(stack);
    if (resources === undefined) {
        console.log(`There is no stack "${stack}": nothing to remove.`);
        return;
    }
    requireUnprotected(stack, resources);
    // With its preview: that one stops at whatever else is protected before anything is removed.
    await runPulumi("destroy", "--stack", stack, "--yes", "--non-interactive");
    const remove = ["--stack", stack, "--yes", "--preserve-config", "--non-interactive"];
    await runPulumi("stack", "rm", ...remove);
    // Its build logs and context links; each stack has a folder of its own.
    await rm(join(".build", stack.split("/").at(-1) ?? stack), { recursive: true, force: true });
    await removeImages(resources);
});

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
 * Runs the Pulumi CLI with its output to the terminal. A signal is passed on as the SIGINT that ends
 * it in good order; Ctrl-C reaches it from the terminal.
 * @throws UserError where it fails; it has said why
 */
async function runPulumi(...args: string[]): Promise<void> {
    const child = spawn("pulumi", args, { stdio: "inherit" });
    const passOn = (signal: NodeJS.Signals): void => {
        process.exitCode = 128 + constants.signals[signal];
        if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill("SIGINT");
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    for (const signal of signals) process.on(signal, passOn);
    const status = await new Promise((resolve) => child.once("close", resolve));
    for (const signal of signals) process.off(signal, passOn);
    if (status !== 0) throw new UserError(`pulumi ${args[0] ?? ""} failed: see above.`);
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
