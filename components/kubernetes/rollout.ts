/** Waits for a rollout. Where it fails, says why and, if asked to, rolls back. */
import { setTimeout as delay } from "node:timers/promises";
import { getStack } from "@pulumi/pulumi/metadata.js";
import { setCommand } from "../shell.ts";
import { type Kubectl, kubectlCommand, KubectlError, kubectlIn, type Place } from "./kubectl.ts";
import { explainDelay, findProblem } from "./rolloutProblem.ts";
import { readRollout, type RolloutState } from "./rolloutState.ts";

/** A rollout that is waited for. */
export interface Rollout extends Place {
    /** The Deployment's name. */
    readonly deployment: string;
    /** The image by its digest that the pods have to run. */
    readonly image: string;
    /** How many pods must serve at least: an autoscaler may still be raising the number. */
    readonly replicas: number;
    /** How long it may take until the next pod serves, in seconds. */
    readonly timeout: number;
    /** The configuration key of the time-out, for the message. Default: not configurable. */
    readonly timeoutSetting?: string | undefined;
    /** What happens to the Deployment if the rollout fails. */
    readonly onFailure: "keep" | "rollBack";
}

/** How many pods serve; or the problem, in plain words. */
export type RolloutResult = { readonly replicas: number } | { readonly problem: string };

/** The time, in milliseconds. */
export interface Clock {
    now(): number;
    sleep(time: number): Promise<unknown>;
}

/** The system's clock. */
export const systemClock: Clock = { now: () => Date.now(), sleep: (time) => delay(time) };

/** How often the cluster is asked, in milliseconds. */
const interval = 1_000;
/** How long a problem has to last, in milliseconds: a failed pull may succeed the next time. */
const patience = 10_000;

/**
 * Waits until all pods run the image and serve. Gives up when none more of them serves within the
 * time-out, and earlier for a problem that waiting does not solve.
 *
 * @param kubectl default: that of the rollout's place.
 * @param clock default: the system's.
 */
export async function waitForRollout(
    rollout: Rollout,
    kubectl: Kubectl = kubectlIn(rollout),
    clock: Clock = systemClock,
): Promise<RolloutResult> {
    let deadline = clock.now() + rollout.timeout * 1000;
    let available = 0;
    let problemSince: number | undefined;
    for (;;) {
        const { state, problem } = await observe(kubectl, rollout);
        if (state?.isComplete === true && state.replicas >= rollout.replicas)
            return { replicas: state.replicas };
        if (state !== undefined && (state.current?.available ?? 0) > available) {
            available = state.current?.available ?? 0;
            deadline = clock.now() + rollout.timeout * 1000;
        }
        problemSince = problem === undefined ? undefined : (problemSince ?? clock.now());
        const isLate = clock.now() >= deadline;
        const isStuck = problemSince !== undefined && clock.now() >= problemSince + patience;
        if (isLate || isStuck) return { problem: await giveUp(kubectl, rollout, state, problem) };
        await clock.sleep(interval);
    }
}

/** Reads the state of the rollout and what is wrong with it; without a state, why there is none. */
async function observe(
    kubectl: Kubectl,
    { deployment, image }: Rollout,
): Promise<{ readonly state?: RolloutState; readonly problem?: string | undefined }> {
    try {
        const state = await readRollout(kubectl, deployment);
        if (state.image === image) return { state, problem: await findProblem(kubectl, state) };
        return {
            problem:
                `The Deployment has another image, ${state.image}: it was rolled back, or ` +
                "changed by hand. To set the configured one again: " +
                `make refresh STACK=${getStack()}, then make up STACK=${getStack()}`,
        };
    } catch (error) {
        if (!(error instanceof KubectlError)) throw error;
        return { problem: `The cluster cannot be asked: ${error.message}` };
    }
}

/** Rolls back if asked to. @returns what to tell the user. */
async function giveUp(
    kubectl: Kubectl,
    rollout: Rollout,
    state: RolloutState | undefined,
    problem: string | undefined,
): Promise<string> {
    const { deployment, namespace } = rollout;
    const delayed =
        problem === undefined && state !== undefined ? await delayOf(kubectl, rollout, state) : [];
    const command = kubectlCommand(rollout);
    return [
        `The rollout of ${deployment} in the namespace ${namespace} failed.`,
        ...(problem === undefined ? delayed : [problem]),
        ...(state === undefined ? [] : [await formerVersion(kubectl, rollout, state)]),
        `More: ${command} describe deployment/${deployment}`,
        "Then fix the service or its configuration, and run `up` again.",
    ].join("\n");
}

/** Says why a rollout without a problem is not complete. */
async function delayOf(
    kubectl: Kubectl,
    { timeout, timeoutSetting, replicas }: Rollout,
    state: RolloutState,
): Promise<string[]> {
    const scaled = String(state.replicas);
    if (state.replicas < replicas) {
        return [
            `The Deployment is scaled to ${scaled}, fewer pods than the ${String(replicas)} that ` +
                "are configured: by hand, or by the cluster.",
            `To set it back: make refresh STACK=${getStack()}, then make up STACK=${getStack()}`,
        ];
    }
    return [
        `Not all pods served within ${String(timeout)} seconds. ` +
            (await explainDelay(kubectl, state)),
        ...(timeoutSetting === undefined
            ? []
            : [`If it only needs longer: ${setCommand(timeoutSetting, "SECONDS")}`]),
    ];
}

/** Says which version serves now, after rolling back to it if asked to. */
async function formerVersion(
    kubectl: Kubectl,
    { deployment, onFailure }: Rollout,
    { current, former }: RolloutState,
): Promise<string> {
    if (former === undefined) {
        return (current?.available ?? 0) > 0
            ? "The pods that serve go on serving."
            : "No version serves.";
    }
    const serving = `The former version goes on serving: ${former.image}`;
    if (onFailure === "keep") return serving;
    const target = `--to-revision=${former.number}`;
    try {
        await kubectl("rollout", "undo", `deployment/${deployment}`, target);
        return `Rolled back. ${serving}`;
    } catch (error) {
        if (!(error instanceof KubectlError)) throw error;
        return `${serving}\nIt could not be rolled back: ${error.message}`;
    }
}
