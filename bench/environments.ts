/** The previews of the project's own stacks, each next to a plain program with one resource of each plugin that the stack uses. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { account, Chain, environments } from "../demo/chain.ts";
import { freePort, Project } from "../test/e2e/project.ts";
import { measure, type Measurement, run } from "./measure.ts";
import { PulumiProject } from "./pulumiProject.ts";

/** A preview without changes of a stack and, right before or after it, of the plain program. */
export interface PreviewPair {
    readonly stack: string;
    readonly plugins: readonly string[];
    readonly own: Measurement;
    readonly plain: Measurement;
}

export async function measureEnvironments(pairs: number, done: (pair: PreviewPair) => void): Promise<void> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "mlops-bench-")));
    const name = `bench-${randomUUID().slice(0, 8)}`;
    const chain = await Chain.create();
    const local = await Project.create({ service: { name, version: "1.0.0", context: "service" }, local: { port: await freePort() } });
    try {
        for (const environment of environments) await chain.up(environment);
        const { failed, output } = await local.up();
        if (failed) throw new Error(output);
        for (const { stack, plugins } of stacks) {
            const { folder: at, environment } = stack === "local" ? local : chain;
            const own = { ...previewOf(stack), folder: at, environment };
            const config = { namespace: account, network: name, plugins };
            const floor = await PulumiProject.create(join(folder, stack), "plain/oneOfEach.ts", config, {
                ...chain.environment,
                GITHUB_OWNER: account,
            });
            await run(floor.command("up", "--yes", "--skip-preview"));
            for (let pair = 0; pair < pairs; pair++) {
                const plain = floor.command("preview", "--expect-no-changes");
                // Now one, now the other is first: what the first leaves in caches, the second finds.
                const [first, second] = pair % 2 === 0 ? [own, plain] : [plain, own];
                const [a, b] = [await measure(first), await measure(second)];
                done(pair % 2 === 0 ? { stack, plugins, own: a, plain: b } : { stack, plugins, own: b, plain: a });
            }
            await run(floor.command("destroy", "--yes", "--skip-preview"));
        }
    } finally {
        await local.destroy();
        local.remove();
        await chain.remove();
        rmSync(folder, { recursive: true });
    }
}

const stacks = [
    { stack: "local", plugins: ["docker", "random"] },
    { stack: "dev", plugins: ["docker", "github", "quay"] },
    { stack: "staging", plugins: ["github", "quay"] },
    { stack: "prod", plugins: ["github", "quay"] },
];

function previewOf(stack: string): { readonly command: readonly string[] } {
    return { command: ["pulumi", "preview", "--stack", stack, "--expect-no-changes", "--non-interactive", "--color", "never"] };
}
