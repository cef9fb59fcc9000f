/** The first up of many services, by one stack or by several: ways round the engine's writing of a stack's whole state after every step. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, measure, type Measurement } from "./measure.ts";
import { terraform } from "./programs.ts";
import { ownStartup, PulumiProject } from "./pulumiProject.ts";
import { Servers } from "./servers.ts";
import { removeImages } from "../demo/images.ts";
import { checkDelivered, newWorkspace } from "./workspace.ts";

/** A first up of all services. */
export interface FirstUp {
    readonly way: string;
    readonly services: number;
    readonly measured: Measurement;
}

interface Way {
    readonly name: string;
    /** How many services a stack has. */
    readonly perStack: number;
    readonly environment: Readonly<Record<string, string>>;
}

/** How many stacks are brought up at a time: one a core. */
const atOnce = availableParallelism();
const oneStack: Way = { name: "one stack", perStack: Infinity, environment: {} };
const tenAStack: Way = { name: "ten services a stack", perStack: 10, environment: {} };
const oneAStack: Way = { name: "one service a stack", perStack: 1, environment: {} };
const withoutCheckpoints: Way = {
    name: "one stack, PULUMI_SKIP_CHECKPOINTS (a crash loses what was made)",
    perStack: Infinity,
    environment: { PULUMI_SKIP_CHECKPOINTS: "true" },
};

/** Every way for so many services, in turn, and Terraform's. */
export async function measureWays(services: number, rounds: number, done: (first: FirstUp) => void): Promise<void> {
    await withServers(async (servers, root) => {
        for (let round = 0; round < rounds; round++) {
            const workspace = newWorkspace(servers, root, services, `terraform-${String(round)}`);
            const command = (await terraform.prepare(workspace)).command("first up");
            if (command !== undefined) done({ way: terraform.name, services, measured: await measure(command) });
            await checkDelivered(workspace, servers);
            for (const way of [oneStack, withoutCheckpoints, tenAStack, oneAStack]) done(await firstUp(servers, root, services, way));
        }
    });
}

/** Whether each service costs as much when there are many. */
export async function measureGrowth(counts: readonly number[], rounds: number, done: (first: FirstUp) => void): Promise<void> {
    await withServers(async (servers, root) => {
        for (let round = 0; round < rounds; round++) {
            for (const services of counts) {
                for (const way of [oneStack, tenAStack]) done(await firstUp(servers, root, services, way));
            }
        }
    });
}

async function firstUp(servers: Servers, root: string, services: number, { name: way, perStack, environment }: Way): Promise<FirstUp> {
    const workspace = newWorkspace(servers, root, services, `way-${String(servers.accounts)}`);
    const { contexts, registry, namespace } = workspace;
    const stacks: Command[] = [];
    for (let first = 1; first <= services; first += perStack) {
        const config = {
            first,
            services: Math.min(perStack, services - first + 1),
            contexts,
            registry,
            namespace,
            "github:writeDelayMs": 1,
        };
        const folder = join(workspace.folder, String(first));
        const settings = { ...workspace.environment, ...environment };
        const project = await PulumiProject.create(folder, "components/services.ts", config, settings, ownStartup);
        stacks.push(project.command("up", "--yes", "--skip-preview"));
    }
    const measured = await measure(allOf(stacks));
    await checkDelivered(workspace, servers);
    return { way, services, measured };
}

/** One command for several that do the same, each in its folder. */
function allOf(commands: readonly Command[]): Command {
    const [first] = commands;
    if (first === undefined) throw new Error("there is nothing to do");
    const each = `printf '%s\\0' "$@" | xargs -0 -n 1 -P ${String(atOnce)} sh -c 'cd "$0" && ${first.command.join(" ")}'`;
    return { ...first, command: ["sh", "-c", each, "sh", ...commands.map(({ folder }) => folder)] };
}

async function withServers(work: (servers: Servers, root: string) => Promise<void>): Promise<void> {
    const root = realpathSync(mkdtempSync(join(tmpdir(), "mlops-bench-")));
    const servers = await Servers.start(0);
    try {
        await work(servers, root);
        servers.check();
    } finally {
        await servers.stop();
        await removeImages(servers.quay.registry);
        rmSync(root, { recursive: true, force: true });
    }
}
