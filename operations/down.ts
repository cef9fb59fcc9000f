/** Removes everything that `make up` created. operations/down.sh runs it. */
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { exportStack, requireStack, runPulumi } from "./pulumiCli.ts";
import { runCommand } from "./commandLine.ts";
import { servicesIn } from "./services.ts";
import { explainNamespace, waitUntilGone } from "./waitUntilGone.ts";
import { kubectlIn } from "../components/kubernetes/kubectl.ts";
import { UserError } from "../components/messages/userError.ts";

const run = promisify(execFile);

const usage = `Removes everything that \`make up\` created: resources, stack, images, build files.

  node operations/down.ts STACK

Waits until the pods of a service on a cluster have stopped.

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
    const state = await exportStack(stack);
    if (state === undefined) {
        console.log(`There is no stack "${stack}": nothing to remove.`);
        return;
    }
    const resources = resourcesIn(state);
    requireUnprotected(stack, resources);
    // The preview of `destroy` fails on any other protected resource before anything is removed.
    const advice = "make down removes the rest";
    const { onCluster } = servicesIn(state);
    try {
        await runPulumi(stack, ["destroy"], advice);
    } catch (error) {
        for (const service of onCluster) {
            const reason = await explainNamespace(service, kubectlIn(service));
            if (reason !== undefined) process.stderr.write(`${reason}\n`);
        }
        throw error;
    }
    await Promise.all(onCluster.map((service) => waitUntilGone(service)));
    await runPulumi(stack, ["stack", "rm", "--preserve-config"], advice);
    // The stack's build logs and context links.
    await rm(join(".build", stack.split("/").at(-1) ?? stack), { recursive: true, force: true });
    await removeImages(resources);
});

/** The resources in a stack's state, pending ones included. */
function resourcesIn(state: string): Resource[] {
    const { resources, pending_operations: pending } = exported.parse(JSON.parse(state)).deployment;
    return [...resources, ...pending.map(({ resource }) => resource)];
}

/**
 * Pulumi's own message advises `pulumi state unprotect`, which the next `up` would undo.
 *
 * @throws UserError if the Quay repository is protected
 */
function requireUnprotected(stack: string, resources: readonly Resource[]): void {
    const found = resources.find(
        ({ type, protect }) => protect && type === "quay:index:Repository",
    );
    if (found === undefined) return;
    throw new UserError(
        `The repository ${found.id ?? ""} of the stack "${stack}" is protected: ` +
            `nothing was removed. If you mean it:\n\n` +
            `  pulumi config set --path mlops:quay.protect false -s ${stack}\n` +
            `  make up STACK=${stack}\n` +
            `  make down STACK=${stack}`,
    );
}

/** Removes the stack's images from the Docker engine, except those in use. */
async function removeImages(resources: readonly Resource[]): Promise<void> {
    const repositories = resources.flatMap(({ type, inputs: { name } }) =>
        type.startsWith("docker:") && typeof name === "string"
            ? (/^(.+):ctx-[0-9a-f]+$/.exec(name)?.slice(1) ?? [])
            : [],
    );
    for (const repository of new Set(repositories)) {
        const format = "{{.Repository}}:{{.Tag}}";
        const list = run("docker", ["images", "--format", format, repository]);
        // Without an engine this machine has no images.
        const { stdout } = await list.catch(() => ({ stdout: "" }));
        for (const image of stdout.split("\n").filter((name) => name.includes(":ctx-"))) {
            await run("docker", ["rmi", image]).catch(() => {
                console.log(`kept, because it is in use: ${image}`);
            });
        }
    }
}
