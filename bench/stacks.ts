/**
 * The first up of many services in one stack or in several: ways to avoid that the engine writes a
 * stack's whole state after every step.
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, measure, type Measurement } from "./measure.ts";
import { terraform } from "./programs.ts";
import { ownStartup, PulumiProject } from "./pulumiProject.ts";
import { Servers } from "./servers.ts";
import { removeImages } from "../sandbox/demo/images.ts";
import { checkDelivered, newWorkspace } from "./workspace.ts";

/** A first up of all services. */
export interface FirstUp {
    readonly way: string;
    readonly services: number;
    /** Milliseconds. */
    readonly latency: number;
    readonly measured: Measurement;
}

interface Way {
    readonly name: string;
    /** The number of services in a stack. */
    readonly perStack: number;
    readonly environment: Readonly<Record<string, string>>;
}

/**
 * The number of stacks to update in parallel. Each takes 500 MiB and mostly waits for GitHub, whose
 * provider sends its requests one after the other.
 */
const atOnce = 5;
/** The way that docs/performance.md recommends. */
const tenAStack: Way = { name: "ten services a stack", perStack: 10, environment: {} };
const oneStack: Way = { name: "one stack", perStack: Infinity, environment: {} };
const others: readonly Way[] = [
    oneStack,
    {
        name: "one stack, PULUMI_DIY_BACKEND_ZSTD",
        perStack: Infinity,
        environment: { PULUMI_DIY_BACKEND_ZSTD: "true" },
    },
    {
        name: "one stack, PULUMI_SKIP_CHECKPOINTS",
        perStack: Infinity,
        environment: { PULUMI_SKIP_CHECKPOINTS: "true" },
    },
    { name: "one service a stack", perStack: 1, environment: {} },
];

/**
 * Measures the recommended way and Terraform in every round. The other ways run once, and only
 * without latency, which affects all of them equally.
 */
export async function measureWays(
    services: number,
    latency: number,
    rounds: number,
    done: (first: FirstUp) => void,
): Promise<void> {
    await withServers(latency, async (servers, root) => {
        for (let round = 0; round < rounds; round++) {
            const workspace = newWorkspace(servers, root, services, `terraform-${String(round)}`);
            const command = (await terraform.prepare(workspace)).command("first up");
            if (command !== undefined)
                done({ way: terraform.name, services, latency, measured: await measure(command) });
            await checkDelivered(workspace, servers);
            const ways = round === 0 && latency === 0 ? [tenAStack, ...others] : [tenAStack];
            for (const way of ways)
                done({ ...(await firstUp(servers, root, services, way)), latency });
        }
    });
}

/**
 * Measures whether the cost of a service grows with their number: the recommended way in every
 * round, one stack once.
 */
export async function measureGrowth(
    counts: readonly number[],
    rounds: number,
    done: (first: FirstUp) => void,
): Promise<void> {
    const latency = 0;
    await withServers(latency, async (servers, root) => {
        for (let round = 0; round < rounds; round++) {
            for (const services of counts) {
                const ways = round === 0 ? [tenAStack, oneStack] : [tenAStack];
                for (const way of ways)
                    done({ ...(await firstUp(servers, root, services, way)), latency });
            }
        }
    });
}

async function firstUp(
    servers: Servers,
    root: string,
    services: number,
    { name: way, perStack, environment }: Way,
): Promise<Omit<FirstUp, "latency">> {
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
        const project = await PulumiProject.create(
            folder,
            "components/services.ts",
            config,
            settings,
            ownStartup,
        );
        stacks.push(project.command("up", "--yes", "--skip-preview"));
    }
    const measured = await measure(allOf(stacks));
    await checkDelivered(workspace, servers);
    return { way, services, measured };
}

/** Combines commands that differ only in their folders into one. */
function allOf(commands: readonly Command[]): Command {
    const [first] = commands;
    if (first === undefined) throw new Error("there is nothing to do");
    const one = `sh -c 'cd "$0" && ${first.command.join(" ")}'`;
    const each = `printf '%s\\0' "$@" | xargs -0 -n 1 -P ${String(atOnce)} ${one}`;
    return { ...first, command: ["sh", "-c", each, "sh", ...commands.map(({ folder }) => folder)] };
}

async function withServers(
    latency: number,
    work: (servers: Servers, root: string) => Promise<void>,
): Promise<void> {
    const root = realpathSync(mkdtempSync(join(tmpdir(), "mlops-bench-")));
    const servers = await Servers.start(latency);
    try {
        await work(servers, root);
        servers.check();
    } finally {
        await servers.stop();
        await removeImages(servers.quay.registry);
        rmSync(root, { recursive: true, force: true });
    }
}
