/** Waits for a rollout, and says in plain words what its pods lack where it does not succeed. */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { kubectl, KubectlError, type Place, read } from "./kubectl.ts";
import { ownerLabel } from "./names.ts";

/** A rollout that is to be waited for. */
export interface Rollout extends Place {
    /** The Deployment's name. */
    readonly deployment: string;
    /** The image by its digest that the pods shall run. */
    readonly image: string;
    /** How long it may take, in seconds. */
    readonly timeout: number;
    /** The configuration key of the time-out, for the message. */
    readonly timeoutSetting?: string | undefined;
}

/** What a rollout ended with. */
export type RolloutResult =
    | { readonly replicas: number }
    | { readonly problem: string; /** The image that still serves. */ readonly serving?: string };

const condition = z.object({
    type: z.string(),
    status: z.string(),
    reason: z.string().default(""),
    message: z.string().default(""),
});
const deploymentForm = z.object({
    metadata: z.object({ generation: z.number() }),
    spec: z.object({
        replicas: z.number().default(1),
        template: z.object({
            spec: z.object({ containers: z.array(z.object({ image: z.string() })).min(1) }),
        }),
        selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    }),
    status: z.object({
        observedGeneration: z.number().default(0),
        replicas: z.number().default(0),
        updatedReplicas: z.number().default(0),
        availableReplicas: z.number().default(0),
        conditions: z.array(condition).default([]),
    }),
});
type Deployment = z.output<typeof deploymentForm>;

const containerState = z.object({
    waiting: z.object({ reason: z.string().default(""), message: z.string().default("") }).nullish(),
    terminated: z.object({ exitCode: z.number(), reason: z.string().default("") }).nullish(),
});
const podForm = z.object({
    metadata: z.object({ name: z.string(), deletionTimestamp: z.string().nullish() }),
    spec: z.object({ containers: z.array(z.object({ image: z.string() })).min(1) }),
    status: z.object({
        conditions: z.array(condition).default([]),
        containerStatuses: z
            .array(
                z.object({
                    ready: z.boolean(),
                    restartCount: z.number(),
                    state: containerState,
                    lastState: containerState.default({}),
                }),
            )
            .default([]),
    }),
});
type Pod = z.output<typeof podForm>;
const podList = z.object({ items: z.array(podForm) });

/** How often the cluster is asked, in milliseconds. */
const interval = 1000;
/** How often a container may crash until the rollout is given up. */
const tolerableRestarts = 2;

/**
 * Waits until all pods are new and available. Gives up before the time-out where waiting cannot
 * help: a container that crashes again and again, an image that cannot be pulled, pods that the
 * cluster refuses.
 */
export async function waitForRollout(rollout: Rollout): Promise<RolloutResult> {
    const deadline = Date.now() + rollout.timeout * 1000;
    for (;;) {
        const deployment = await read(
            rollout,
            deploymentForm,
            "deployment",
            rollout.deployment,
        );
        if (isComplete(deployment)) return { replicas: deployment.spec.replicas };
        const pods = await newPodsOf(rollout, deployment);
        const late = Date.now() > deadline;
        const problem = refusalOf(deployment) ?? (await problemOf(rollout, pods, late));
        if (problem !== undefined) return { problem };
        if (late) return { problem: lateness(rollout, deployment) };
        await delay(interval);
    }
}

function isComplete({ metadata, spec, status }: Deployment): boolean {
    const { replicas, updatedReplicas, availableReplicas, observedGeneration } = status;
    return (
        observedGeneration >= metadata.generation &&
        updatedReplicas === spec.replicas &&
        availableReplicas === spec.replicas &&
        replicas === updatedReplicas
    );
}

/** Returns the pods that run the image that the Deployment has, and are not being stopped. */
async function newPodsOf(rollout: Rollout, { spec }: Deployment): Promise<Pod[]> {
    const labels = Object.entries(spec.selector.matchLabels).map((label) => label.join("="));
    const { items } = await read(rollout, podList, "pods", `--selector=${labels.join(",")}`);
    const image = spec.template.spec.containers[0]?.image;
    return items.filter(
        ({ spec: { containers }, metadata }) =>
            containers[0]?.image === image && !metadata.deletionTimestamp,
    );
}

/** What the cluster says where it does not even create the pods: a quota, or Pod Security. */
function refusalOf({ status }: Deployment): string | undefined {
    const failure = status.conditions.find(
        ({ type, status }) => type === "ReplicaFailure" && status === "True",
    );
    return failure && `The cluster refuses the pods (${failure.reason}): ${failure.message}`;
}

/** Returns what keeps the pods from getting ready, if waiting does not help or time is up. */
async function problemOf(
    rollout: Rollout,
    pods: readonly Pod[],
    late: boolean,
): Promise<string | undefined> {
    for (const pod of pods) {
        const [container] = pod.status.containerStatuses;
        const waiting = container?.state.waiting ?? undefined;
        if (waiting !== undefined && /^(Err)?ImagePull|^InvalidImageName$/.test(waiting.reason)) {
            if (!late && waiting.reason === "ErrImagePull") continue; // tried again once
            return `The pod ${pod.metadata.name} cannot pull its image: ${waiting.message}`;
        }
        if (waiting?.reason === "CreateContainerConfigError")
            return `The pod ${pod.metadata.name} cannot start: ${waiting.message}`;
        if (container !== undefined && container.restartCount >= tolerableRestarts)
            return crashOf(rollout, pod, container.restartCount);
        if (late) {
            const unscheduled = pod.status.conditions.find(
                ({ type, status }) => type === "PodScheduled" && status === "False",
            );
            if (unscheduled !== undefined)
                return `There is no room for the pod ${pod.metadata.name}: ${unscheduled.message}`;
        }
    }
    return undefined;
}
