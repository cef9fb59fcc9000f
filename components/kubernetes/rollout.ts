/** Waits for a rollout. Where it fails, says why and, if asked to, rolls back. */
import { getStack } from "@pulumi/pulumi/metadata.js";
import { setCommand } from "../messages/shell.ts";
import { type Clock, watchingClock, type WatchingClock } from "./clock.ts";
import { type Kubectl, kubectlCommand, KubectlError, kubectlIn, type Place } from "./kubectl.ts";
import { explainDelay, findProblem, type Problem } from "./rolloutProblem.ts";
import { readRollout, type RolloutState } from "./rolloutState.ts";

/** A rollout that is waited for. */
export interface Rollout extends Place {
    /** The Deployment's name. */
    readonly deployment: string;
    /** The image by its digest that the pods have to run. */
    readonly image: string;
    /** What tells the release from others, on the pods as an annotation. */
    readonly release: string;
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

/** How often the cluster is asked where the Deployment does not change, in milliseconds. */
const interval = 1_000;
/** How often the cluster is asked to create pods that it refused, in milliseconds. */
const retryInterval = 5_000;
/** How long the cluster may be out of reach, or have another release, in seconds. */
const patience = 10;

/**
 * Waits until all pods run the image and serve. Gives up when none more of them serves within the
 * time-out, and earlier for a problem that waiting does not solve.
 *
 * @param kubectl default: that of the rollout's place.
 * @param clock default: the system's, whose sleep ends early when the Deployment changes.
 */
export async function waitForRollout(
    rollout: Rollout,
    kubectl: Kubectl = kubectlIn(rollout),
    clock: WatchingClock = watchingClock(rollout, `deployment/${rollout.deployment}`),
): Promise<RolloutResult> {
    try {
        return await wait(rollout, kubectl, clock);
    } finally {
        clock.stop();
    }
}

async function wait(rollout: Rollout, kubectl: Kubectl, clock: Clock): Promise<RolloutResult> {
    let deadline = clock.now() + rollout.timeout * 1000;
    let available = 0;
    let problemSince: number | undefined;
    let retried = -Infinity;
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
        const lasts = problemSince === undefined ? 0 : clock.now() - problemSince;
        const isStuck = problem !== undefined && lasts >= problem.patience * 1000;
        if (isLate || isStuck)
            return { problem: await giveUp(kubectl, rollout, state, problem?.message) };
        if (state?.current?.refusal !== undefined && clock.now() >= retried + retryInterval) {
            retried = clock.now();
            await retry(kubectl, rollout, retried);
        }
        await clock.sleep(interval);
    }
}

/**
 * Has the cluster try again to create pods that it refused: it waits longer after each attempt, up
 * to a quarter of an hour. A changed annotation of the Deployment gets to the ReplicaSet, and every
 * change of that is an attempt.
 */
async function retry(kubectl: Kubectl, { deployment }: Rollout, now: number): Promise<void> {
    const time = new Date(now).toISOString();
    const change = ["annotate", "deployment", deployment, `mlops/tried-again=${time}`];
    try {
        await kubectl(...change, "--overwrite");
    } catch (error) {
        // The cluster goes on by itself.
        if (!(error instanceof KubectlError)) throw error;
    }
}

/** Reads the state of the rollout and what is wrong with it; without a state, why there is none. */
async function observe(
    kubectl: Kubectl,
    { deployment, image, release }: Rollout,
): Promise<{ readonly state?: RolloutState; readonly problem?: Problem | undefined }> {
    try {
        const state = await readRollout(kubectl, deployment);
        if (state.image === image && state.release === release)
            return { state, problem: await findProblem(kubectl, state) };
        const message =
            `The Deployment has another release, of the image ${state.image}: it was rolled ` +
            "back, or changed by hand. To set the configured one again: " +
            resetCommands();
        return { problem: { message, patience } };
    } catch (error) {
        if (!(error instanceof KubectlError)) throw error;
        const message = `The cluster cannot be asked: ${error.message}`;
        return { problem: { message, patience } };
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
            `To set it back: ${resetCommands()}`,
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
        // It restores all of the pods. The provider makes what `kubectl` set its own: the next `up`
        // removes what it does not declare.
        await kubectl("rollout", "undo", `deployment/${deployment}`, target);
        return `Rolled back. ${serving}`;
    } catch (error) {
        if (!(error instanceof KubectlError)) throw error;
        return `${serving}\nIt could not be rolled back: ${error.message}`;
    }
}

/** The commands that set back what was changed by hand. */
function resetCommands(): string {
    return `pulumi refresh --stack ${getStack()}, then pulumi up --stack ${getStack()}`;
}
