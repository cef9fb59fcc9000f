/** Runs one job of a workflow on this machine, as GitHub's runner does. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Action, ActionCall } from "./actions.ts";
import { type Contexts, fill, fillAll, holds, type Status } from "./expressions.ts";
import type { Job, Step } from "./workflowFile.ts";

/** Where a job runs. */
export interface Machine {
    /** A folder of the job alone. */
    readonly folder: string;
    /** The environment variables that every step has. */
    readonly env: Readonly<Record<string, string>>;
    readonly actions: ReadonlyMap<string, Action>;
    /** Receives what the steps print. */
    readonly onOutput: (text: string) => void;
}

/** What became of a job. */
export interface Ended {
    readonly result: Status | "skipped";
    readonly outputs: Readonly<Record<string, string>>;
    /** The URL of its environment. */
    readonly url?: string | undefined;
}

interface StepState {
    readonly outputs: Record<string, string>;
    readonly outcome: Status | "skipped";
    readonly conclusion: Status | "skipped";
}

/** Runs the steps of a job, one after the other. */
export async function runJob(job: Job, contexts: Contexts, machine: Machine): Promise<Ended> {
    const files = {
        output: join(machine.folder, "output"),
        script: join(machine.folder, "script"),
    };
    const workspace = join(machine.folder, "workspace");
    mkdirSync(workspace);
    const steps: Record<string, StepState> = {};
    const posts: (() => Promise<void>)[] = [];
    let status: Status = "success";
    const known = () => ({ ...contexts, steps: stepsContext(steps), job: { status } });

    for (const step of job.steps) {
        let state: StepState = { outputs: {}, outcome: "skipped", conclusion: "skipped" };
        if (holds(step.if, known(), status)) {
            machine.onOutput(`\n── ${step.name}\n`);
            const env = { ...machine.env, ...fillAll(step.env, known()) };
            const atEnd = (post: () => Promise<void>): void => void posts.push(post);
            const call = { env, workspace, atEnd };
            const ran = await runStep(step, { call, files, machine, contexts: known() });
            const conclusion = step["continue-on-error"] === true ? "success" : ran.outcome;
            state = { ...ran, conclusion };
            if (conclusion === "failure") status = "failure";
        }
        if (step.id !== undefined) steps[step.id] = state;
    }
    for (const post of posts.reverse()) await post();
    const url = job.environment?.url;
    return {
        result: status,
        outputs: fillAll(job.outputs, known()),
        url: url === undefined ? undefined : fill(url, known()),
    };
}

async function runStep(
    step: Step,
    {
        call,
        files,
        machine,
        contexts,
    }: {
        readonly call: Omit<ActionCall, "inputs">;
        readonly files: { readonly output: string; readonly script: string };
        readonly machine: Machine;
        readonly contexts: Contexts;
    },
): Promise<Pick<StepState, "outputs" | "outcome">> {
    if (step.uses !== undefined) {
        const [name = ""] = step.uses.split("@");
        const action = machine.actions.get(name);
        if (action === undefined) throw new Error(`No action stands in for ${name}.`);
        try {
            const inputs = fillAll(step.with, contexts);
            return {
                outputs: { ...(await action({ ...call, inputs })) },
                outcome: "success",
            };
        } catch (error) {
            machine.onOutput(`##[error]${String(error)}\n`);
            return { outputs: {}, outcome: "failure" };
        }
    }
    writeFileSync(files.output, "");
    writeFileSync(files.script, fill(step.run ?? "", contexts));
    const child = spawn("bash", ["--noprofile", "--norc", "-eo", "pipefail", files.script], {
        cwd: call.workspace,
        env: { ...call.env, GITHUB_OUTPUT: files.output },
        stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", machine.onOutput);
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return {
        outputs: readOutputs(readFileSync(files.output, "utf8")),
        outcome: code === 0 ? "success" : "failure",
    };
}

/** Reads `NAME=value` lines, and `NAME<<END` with the lines up to END. */
function readOutputs(text: string): Record<string, string> {
    const outputs: Record<string, string> = {};
    const lines = text.split("\n");
    for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
        const [, long, end] = /^(\w+)<<(.+)$/.exec(line) ?? [];
        if (long !== undefined && end !== undefined)
            outputs[long] = lines
                .splice(0, lines.indexOf(end) + 1)
                .slice(0, -1)
                .join("\n");
        else if (line.includes("="))
            outputs[line.slice(0, line.indexOf("="))] = line.slice(line.indexOf("=") + 1);
    }
    return outputs;
}

function stepsContext(steps: Readonly<Record<string, StepState>>): Contexts {
    return Object.fromEntries(
        Object.entries(steps).map(([id, { outputs, outcome, conclusion }]) => [
            id,
            { outputs, outcome, conclusion },
        ]),
    );
}
