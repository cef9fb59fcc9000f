/**
 * Previews of the project's own stacks, compared with a plain program that has one resource of each
 * plugin that the stack uses.
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { account, Chain, environments } from "../sandbox/demo/chain.ts";
import { freePort, Project } from "../sandbox/project.ts";
import { measure, type Measurement, run } from "./measure.ts";
import { PulumiProject } from "./pulumiProject.ts";

/**
 * A preview of a stack without changes, and one of the plain program directly before or after it.
 */
export interface PreviewPair {
    readonly stack: string;
    readonly plugins: readonly string[];
    readonly own: Measurement;
    readonly plain: Measurement;
}

export async function measureEnvironments(
    pairs: number,
    done: (pair: PreviewPair) => void,
): Promise<void> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "mlops-bench-")));
    const chain = await Chain.create();
    try {
        for (const environment of environments) await chain.up(environment);
        for (const stack of ["dev", "staging", "prod"] as const) {
            const environment = { ...chain.environment, GITHUB_OWNER: account };
            await measurePairs({ stack, at: chain, environment, folder, pairs }, done);
        }
        await measureLocal((local) =>
            measurePairs(
                { stack: "local", at: local, environment: chain.environment, folder, pairs },
                done,
            ),
        );
    } finally {
        await chain.remove();
        rmSync(folder, { recursive: true });
    }
}

/** Creates the local stack, runs the work, and destroys the stack. */
async function measureLocal(work: (local: Project) => Promise<void>): Promise<void> {
    const name = `bench-${randomUUID().slice(0, 8)}`;
    const local = await Project.create({
        service: { name, version: "1.0.0", context: "service" },
        local: { port: await freePort() },
    });
    try {
        const { failed, output } = await local.up();
        if (failed) throw new Error(output);
        await work(local);
    } finally {
        const { failed, output } = await local.destroy();
        if (failed)
            process.stderr.write(
                `${name} could not be removed from the Docker engine:\n${output}\n`,
            );
        local.remove();
    }
}

interface Pairs {
    readonly stack: keyof typeof plugins;
    /** The project with the stack. */
    readonly at: {
        readonly folder: string;
        readonly environment: Readonly<Record<string, string>>;
    };
    /** The plain program's access to Quay and GitHub. */
    readonly environment: Readonly<Record<string, string>>;
    readonly folder: string;
    readonly pairs: number;
}

async function measurePairs(
    { stack, at, environment, folder, pairs }: Pairs,
    done: (pair: PreviewPair) => void,
): Promise<void> {
    const used = plugins[stack];
    const options = [
        "preview",
        "--stack",
        stack,
        "--expect-no-changes",
        "--non-interactive",
        "--color",
        "never",
    ];
    const own = { command: ["pulumi", ...options], folder: at.folder, environment: at.environment };
    const config = {
        namespace: account,
        network: `bench-${randomUUID().slice(0, 8)}`,
        plugins: used,
    };
    const floor = await PulumiProject.create(
        join(folder, stack),
        "plain/oneOfEach.ts",
        config,
        environment,
    );
    try {
        await run(floor.command("up", "--yes", "--skip-preview"));
        const plain = floor.command("preview", "--expect-no-changes");
        for (let pair = 0; pair < pairs; pair++) {
            // Alternate the order: the second preview benefits from the caches that the first has
            // filled.
            const ownFirst = pair % 2 === 0;
            const [a, b] = [
                await measure(ownFirst ? own : plain),
                await measure(ownFirst ? plain : own),
            ];
            done({ stack, plugins: used, own: ownFirst ? a : b, plain: ownFirst ? b : a });
        }
    } finally {
        await run(floor.command("destroy", "--yes", "--skip-preview"));
    }
}

/** The plugins of each stack. */
const plugins = {
    local: ["docker", "random"],
    dev: ["docker", "github", "quay"],
    staging: ["github", "quay"],
    prod: ["github", "quay"],
};
