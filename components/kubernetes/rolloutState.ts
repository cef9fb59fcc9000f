/** The state of a Deployment's rollout, as the cluster reports it. */
import { z } from "zod";
import { type Kubectl, read } from "./kubectl.ts";
import { nameLabel, ownContainer, releaseAnnotation } from "./names.ts";

const condition = z.object({
    type: z.string(),
    status: z.string(),
    reason: z.string().default(""),
    message: z.string().default(""),
    lastUpdateTime: z.string().optional(),
});
const annotations = z.record(z.string(), z.string()).default({});
const labels = annotations;
const podTemplate = z.object({
    metadata: z.object({ annotations }),
    spec: z.object({ containers: z.array(z.object({ name: z.string(), image: z.string() })) }),
});

const deploymentForm = z.object({
    metadata: z.object({ generation: z.number(), annotations }),
    spec: z.object({ replicas: z.number().default(1), template: podTemplate }),
    status: z.object({
        observedGeneration: z.number().default(0),
        replicas: z.number().default(0),
        updatedReplicas: z.number().default(0),
        availableReplicas: z.number().default(0),
        conditions: z.array(condition).default([]),
    }),
});
const replicaSetForm = z.object({
    kind: z.literal("ReplicaSet"),
    metadata: z.object({ annotations, labels }),
    spec: z.object({ template: podTemplate }),
    status: z.object({
        availableReplicas: z.number().default(0),
        conditions: z.array(condition).default([]),
    }),
});
const containerState = z.object({
    waiting: z
        .object({ reason: z.string().default(""), message: z.string().default("") })
        .optional(),
    terminated: z.object({ exitCode: z.number(), reason: z.string().default("") }).optional(),
});
const podForm = z.object({
    kind: z.literal("Pod"),
    metadata: z.object({ name: z.string(), labels, deletionTimestamp: z.string().optional() }),
    status: z.object({
        conditions: z.array(condition).default([]),
        containerStatuses: z
            .array(
                z.object({
                    name: z.string(),
                    ready: z.boolean(),
                    restartCount: z.number(),
                    state: containerState.default({}),
                    lastState: containerState.default({}),
                }),
            )
            .default([]),
    }),
});
const objects = z.object({
    items: z.array(z.discriminatedUnion("kind", [replicaSetForm, podForm])),
});

/** A pod of a Deployment. */
export type Pod = z.output<typeof podForm>;

/** One version of a Deployment's pods. */
export interface Revision {
    /** Its number, as `kubectl rollout history` has it. */
    readonly number: string;
    readonly image: string;
    /** How many of its pods serve. */
    readonly available: number;
    /** Why the cluster does not create its pods; undefined if it does. */
    readonly refusal: string | undefined;
}

/** The state of a Deployment's rollout. */
export interface RolloutState {
    /** Whether all pods are of the new revision and available. */
    readonly isComplete: boolean;
    /** How many pods the Deployment wants. */
    readonly replicas: number;
    /** How many of its pods serve, of all revisions. */
    readonly available: number;
    /** When the newest rollout was complete (RFC 3339); undefined while it is under way. */
    readonly since: string | undefined;
    /** The image that the Deployment has now. */
    readonly image: string;
    /** What tells its release from others; undefined where a program of before made it. */
    readonly release: string | undefined;
    /** The newest revision; undefined before the cluster has made it. */
    readonly current: Revision | undefined;
    /** The pods of the newest revision, without those that are being stopped. */
    readonly pods: readonly Pod[];
    /** The newest of the former revisions that serves; undefined if none does. */
    readonly former: Revision | undefined;
}

const revisionAnnotation = "deployment.kubernetes.io/revision";
const hashLabel = "pod-template-hash";

/** Reads the state of a Deployment's rollout. */
export async function readRollout(kubectl: Kubectl, deployment: string): Promise<RolloutState> {
    const { metadata, spec, status } = await read(
        kubectl,
        deploymentForm,
        "deployment",
        deployment,
    );
    const { items } = await read(
        kubectl,
        objects,
        "replicasets,pods",
        `--selector=${nameLabel}=${deployment}`,
    );
    const sets = items.filter((item) => item.kind === "ReplicaSet");
    const isObserved = status.observedGeneration >= metadata.generation;
    const revision = metadata.annotations[revisionAnnotation];
    const isCurrent = (set: z.output<typeof replicaSetForm>): boolean =>
        isObserved && set.metadata.annotations[revisionAnnotation] === revision;
    const current = sets.find(isCurrent);
    const hash = current?.metadata.labels[hashLabel];
    return {
        isComplete:
            isObserved &&
            status.updatedReplicas === spec.replicas &&
            status.availableReplicas === spec.replicas &&
            status.replicas === spec.replicas,
        replicas: spec.replicas,
        available: status.availableReplicas,
        // Scaling keeps this condition as it is.
        since: status.conditions.find(
            ({ type, reason }) => type === "Progressing" && reason === "NewReplicaSetAvailable",
        )?.lastUpdateTime,
        image: imageOf(spec.template),
        release: spec.template.metadata.annotations[releaseAnnotation],
        current: current && revisionOf(current),
        pods: items
            .filter((item) => item.kind === "Pod")
            .filter(
                (pod) =>
                    hash !== undefined &&
                    pod.metadata.labels[hashLabel] === hash &&
                    pod.metadata.deletionTimestamp === undefined,
            ),
        former: sets
            .filter((set) => !isCurrent(set))
            .map(revisionOf)
            .filter(({ available }) => available > 0)
            .sort((one, other) => Number(other.number) - Number(one.number))[0],
    };
}

function revisionOf({ metadata, spec, status }: z.output<typeof replicaSetForm>): Revision {
    const failure = status.conditions.find(
        ({ type, status }) => type === "ReplicaFailure" && status === "True",
    );
    return {
        number: metadata.annotations[revisionAnnotation] ?? "",
        image: imageOf(spec.template),
        available: status.availableReplicas,
        refusal: failure?.message,
    };
}

function imageOf({ spec }: z.output<typeof podTemplate>): string {
    return findOwn(spec.containers)?.image ?? "";
}

/** Finds the service's own container; the first one in pods that somebody's hand made. */
export function findOwn<T extends { readonly name: string }>(
    containers: readonly T[],
): T | undefined {
    return containers.find(({ name }) => name === ownContainer) ?? containers[0];
}
