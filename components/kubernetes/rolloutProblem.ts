/** What keeps a rollout from succeeding, in plain words. */
import { z } from "zod";
import { foreign } from "../../quay/api/text.ts";
import { type Kubectl, KubectlError, read } from "./kubectl.ts";
import { findOwn, type Pod, type RolloutState } from "./rolloutState.ts";

/** What keeps a rollout from succeeding. */
export interface Problem {
    /** A sentence, with the end of a crashed container's output. */
    readonly message: string;
    /** How long it has to last until the rollout is given up, in seconds. */
    readonly patience: number;
}

/** How long a problem has to last that only a change of the release or the cluster solves. */
const short = 10;
/** How long one has to last that often ends by itself: a registry's error, a full quota. */
const long = 45;

/** How often a container may crash before the rollout is given up. */
const tolerableRestarts = 2;
/** How many lines of a container's output a message shows. */
const shownLines = 15;

/**
 * Finds what keeps a rollout from succeeding that waiting hardly changes: pods that the cluster
 * refuses, an image that cannot be pulled, a container that cannot start or crashes again and
 * again.
 *
 * @returns undefined if there is none.
 */
export async function findProblem(
    kubectl: Kubectl,
    { current, pods }: RolloutState,
): Promise<Problem | undefined> {
    if (current?.refusal !== undefined) return refused(current.refusal);
    for (const pod of pods) {
        const problem = waitingProblem(pod) ?? (await crashProblem(kubectl, pod));
        if (problem !== undefined) return problem;
    }
    return undefined;
}

/** Says why a rollout is not complete although no problem was found, once its time is up. */
export async function explainDelay(
    kubectl: Kubectl,
    { pods, current, replicas }: RolloutState,
): Promise<string> {
    for (const pod of pods) {
        const { name } = pod.metadata;
        const scheduled = pod.status.conditions.find(({ type }) => type === "PodScheduled");
        if (scheduled?.status === "False")
            return `No node has room for the pod ${name}: ${foreign(scheduled.message)}`;
        const container = findOwn(pod.status.containerStatuses);
        if (container?.ready === false) {
            return [
                `The pod ${name} is not ready: ${await lastWarning(kubectl, name)}`,
                ...(await outputOf(kubectl, name, container.name)),
            ].join("\n");
        }
    }
    return `${String(current?.available ?? 0)} of ${String(replicas)} new pods serve.`;
}

/** Says why the cluster does not create the pods, from the message of its API. */
function refused(message: string): Problem {
    return {
        message: explainRefusal(message) ?? `The cluster refuses the pods: ${foreign(message)}`,
        patience: message.includes("exceeded quota") ? long : short,
    };
}

/**
 * Says why a namespace does not let pods be created: its quota, its limits, its Pod Security.
 *
 * @param message of the cluster's API, or of `kubectl` with it.
 * @returns undefined for any other message.
 */
export function explainRefusal(message: string): string | undefined {
    const [, text = message] = /pods "[^"]*" is forbidden: (.*)/s.exec(message) ?? [];
    const reason = foreign(text);
    if (message.includes("exceeded quota")) {
        return (
            `There is no room for the pods in the namespace's quota: ${reason}. ` +
            "Lower mlops:cluster.cpu, memory, cpuLimit or replicas, or have the quota raised."
        );
    }
    if (message.includes("failed quota")) {
        return (
            `The namespace's quota asks for more settings: ${reason}. ` +
            "For limits.cpu, set mlops:cluster.cpuLimit."
        );
    }
    if (message.includes("violates PodSecurity")) {
        return (
            `The namespace's Pod Security forbids the pods: ${reason}. ` +
            "Run the container strict, or in a namespace of another level."
        );
    }
    if (message.includes("any security context constraint")) {
        return (
            `OpenShift's security context constraints forbid the pods: ${reason}. ` +
            "Run the container strict, and leave mlops:container.user out."
        );
    }
    if (/(minimum|maximum|max limit) .* per (Container|Pod)/.test(message)) {
        return (
            `The namespace's LimitRange forbids the pods: ${reason}. ` +
            "Change mlops:cluster.cpu, memory or cpuLimit."
        );
    }
    return undefined;
}

/** Says why a container does not start, where its image or its configuration is the reason. */
function waitingProblem({ metadata, status }: Pod): Problem | undefined {
    const waiting = findOwn(status.containerStatuses)?.state.waiting;
    if (waiting === undefined) return undefined;
    const { reason } = waiting;
    const message = foreign(waiting.message);
    if (/^(ErrImagePull|ImagePullBackOff|InvalidImageName)$/.test(reason)) {
        return {
            message: `The pod ${metadata.name} cannot pull its image: ${message}`,
            patience: reason === "InvalidImageName" ? short : long,
        };
    }
    if (/^(CreateContainerConfigError|CreateContainerError|RunContainerError)$/.test(reason)) {
        return {
            message: `The container of the pod ${metadata.name} cannot start: ${message}`,
            patience: short,
        };
    }
    return undefined;
}

async function crashProblem(kubectl: Kubectl, pod: Pod): Promise<Problem | undefined> {
    const { name } = pod.metadata;
    const container = findOwn(pod.status.containerStatuses);
    // A pod that serves may have restarted weeks ago.
    if (container === undefined || container.ready) return undefined;
    if (container.restartCount < tolerableRestarts) return undefined;
    const { terminated = container.state.terminated } = container.lastState;
    const how =
        terminated?.reason === "OOMKilled"
            ? "it used more memory than its limit"
            : `exit code ${String(terminated?.exitCode ?? "unknown")}`;
    const times = String(container.restartCount);
    const message = [
        `The service crashes in the pod ${name} (${times} times): ${how}.`,
        ...(await outputOf(kubectl, name, container.name, "--previous")),
    ].join("\n");
    return { message, patience: short };
}

/** Returns the end of a container's output; nothing where there is none. */
async function outputOf(
    kubectl: Kubectl,
    pod: string,
    container: string,
    ...options: string[]
): Promise<string[]> {
    const place = ["logs", pod, `--container=${container}`, `--tail=${String(shownLines)}`];
    const output = await kubectl(...place, ...options).catch(ignoreKubectl);
    const lines = (output ?? "").trimEnd();
    if (lines === "") return [];
    return ["The end of its output:", ...lines.split("\n").map((line) => `    ${foreign(line)}`)];
}

const events = z.object({
    items: z.array(z.object({ message: z.string().default("") })),
});

/** Returns the last warning about a pod, such as the answer of its probe. */
async function lastWarning(kubectl: Kubectl, pod: string): Promise<string> {
    const found = await read(
        kubectl,
        events,
        "events",
        `--field-selector=involvedObject.name=${pod},type=Warning`,
        "--sort-by=.lastTimestamp",
    ).catch(ignoreKubectl);
    return foreign(found?.items.at(-1)?.message.trim() ?? "its probes have not succeeded yet");
}

/** What only adds to a message may be missing. */
function ignoreKubectl(error: unknown): undefined {
    if (!(error instanceof KubectlError)) throw error;
}
