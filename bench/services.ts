/** Measures N services, step by step, with each program in turn. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measure, type Measurement, run } from "./measure.ts";
import { type Program, type Step, steps } from "./programs.ts";
import { type Requests, Servers } from "./servers.ts";
import { removeImages } from "../sandbox/demo/images.ts";
import { serviceName } from "./names.ts";
import {
    checkDelivered,
    checkPromoted,
    pushedDigests,
    newWorkspace,
    type Workspace,
    writeContext,
} from "./workspace.ts";

/** One run of a step. */
export interface Row {
    readonly program: string;
    readonly step: Step;
    readonly services: number;
    /** Milliseconds. */
    readonly latency: number;
    readonly measured: Measurement;
    readonly requests: Requests;
}

export interface Plan {
    readonly services: number;
    /** The delay of each request to Quay or GitHub, in milliseconds. */
    readonly latency: number;
    readonly programs: readonly Program[];
    /** How often to run all steps, each time from an empty state. */
    readonly rounds: number;
    /** How often to run a step without changes in each round. */
    readonly repeats: number;
}

const changingNothing: readonly Step[] = ["preview", "up"];

/**
 * Runs the steps. The programs take turns, and each round begins with another one, so that a
 * machine that slows down affects all of them.
 */
export async function measureServices(plan: Plan, done: (row: Row) => void): Promise<void> {
    const root = realpathSync(mkdtempSync(join(tmpdir(), "mlops-bench-")));
    const servers = await Servers.start(plan.latency);
    try {
        for (let round = 0; round < plan.rounds; round++) {
            const first = round % plan.programs.length;
            for (const program of [
                ...plan.programs.slice(first),
                ...plan.programs.slice(0, first),
            ]) {
                const namespace = [...program.name.toLowerCase().matchAll(/[a-z]+/g), round].join(
                    "-",
                );
                await doSteps(
                    program,
                    newWorkspace(servers, root, plan.services, namespace),
                    plan,
                    servers,
                    done,
                );
            }
        }
        servers.check();
    } finally {
        await servers.stop();
        await removeImages(servers.quay.registry);
        rmSync(root, { recursive: true, force: true });
    }
}

async function doSteps(
    program: Program,
    workspace: Workspace,
    plan: Plan,
    servers: Servers,
    done: (row: Row) => void,
): Promise<void> {
    const { services, latency } = plan;
    const changed = serviceName(1);
    let delivered: ReadonlySet<string> = new Set();
    const prepared = await program.prepare(workspace);
    for (const step of steps) {
        const command = prepared.command(step);
        if (command === undefined) continue;
        if (step === "change")
            writeContext(workspace.contexts, changed, `${workspace.namespace} changed`, "1.0.1");
        // A machine that promotes has not built the images.
        if (step === "promote") await removeImages(workspace.registry);
        for (
            let repeat = 0;
            repeat < (changingNothing.includes(step) ? plan.repeats : 1);
            repeat++
        ) {
            servers.clearRequests();
            const measured = await measure(command);
            const requests = servers.requests();
            if (step === "first up") {
                await checkDelivered(workspace, servers);
                delivered = await pushedDigests(workspace, servers, changed);
            }
            if (
                step === "change" &&
                [...(await pushedDigests(workspace, servers, changed))].every((digest) =>
                    delivered.has(digest),
                )
            ) {
                throw new Error(`${program.name} pushed nothing new`);
            }
            if (step === "promote") await checkPromoted(workspace, servers);
            done({ program: program.name, step, services, latency, measured, requests });
        }
        if (step === "promote" && prepared.undoPromotion !== undefined)
            await run(prepared.undoPromotion);
    }
}
