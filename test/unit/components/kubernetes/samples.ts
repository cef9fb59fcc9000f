/** Objects of a cluster as `kubectl get --output=json` prints them (Kubernetes 1.33). */

export const newImage = `quay.io/acme/web@sha256:${"b".repeat(64)}`;
export const oldImage = `quay.io/acme/web@sha256:${"a".repeat(64)}`;

/** What a cluster has, and how it answers. */
export interface Cluster {
    readonly deployment?: object;
    readonly sets?: readonly object[];
    readonly pods?: readonly object[];
    readonly events?: readonly object[];
    /** What a pod's container prints, and printed before it restarted. */
    readonly logs?: { readonly current?: string; readonly previous?: string };
    /** The error of every command. */
    readonly error?: string;
    /** The error of a roll-back. */
    readonly undoError?: string;
}

/** What tells the release of an image from others. */
export const releaseOf = (image: string): string => (image === newImage ? "new" : "old");

const namespace = "alice-dev";
const labels = { "app.kubernetes.io/name": "web-dev", "mlops/owner": "shop-dev" };
const creationTimestamp = "2026-11-26T12:00:00Z";
const revisionOf = (revision: number) => ({
    "deployment.kubernetes.io/revision": String(revision),
});
const template = (image: string, release = releaseOf(image)) => ({
    metadata: { labels, annotations: { "mlops/release": release } },
    spec: {
        containers: [{ name: "service", image, ports: [{ containerPort: 8080, name: "http" }] }],
        serviceAccountName: "web-dev",
        terminationGracePeriodSeconds: 15,
    },
});

/** Returns conditions that are true, by their type, with their message. */
export function conditions(messages: Record<string, string>): object[] {
    return Object.entries(messages).map(([type, message]) => ({
        type,
        status: "True",
        reason: "FailedCreate",
        message,
        lastTransitionTime: creationTimestamp,
    }));
}

/** A Deployment of two replicas in generation 4, revision 3. */
export function deployment({
    image = newImage,
    release = releaseOf(image),
    observedGeneration = 4,
    wanted = 2,
    ...status
}: {
    image?: string;
    release?: string;
    observedGeneration?: number;
    wanted?: number;
    replicas: number;
    updatedReplicas: number;
    availableReplicas: number;
}): object {
    return {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: {
            name: "web-dev",
            namespace,
            generation: 4,
            labels,
            annotations: revisionOf(3),
            creationTimestamp,
        },
        spec: {
            replicas: wanted,
            selector: { matchLabels: labels },
            template: template(image, release),
        },
        status: {
            observedGeneration,
            ...status,
            readyReplicas: status.availableReplicas,
            conditions: [
                {
                    type: "Progressing",
                    status: "True",
                    reason: "ReplicaSetUpdated",
                    message: 'ReplicaSet "web-dev-6d4cf56db6" is progressing.',
                    lastTransitionTime: creationTimestamp,
                    lastUpdateTime: creationTimestamp,
                },
            ],
        },
    };
}

export function replicaSet({
    revision,
    image,
    hash,
    available,
    conditions = [],
}: {
    revision: number;
    image: string;
    hash: string;
    available: number;
    conditions?: object[];
}): object {
    return {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        metadata: {
            name: `web-dev-${hash}`,
            namespace,
            labels: { ...labels, "pod-template-hash": hash },
            annotations: {
                ...revisionOf(revision),
                "deployment.kubernetes.io/desired-replicas": "2",
            },
        },
        spec: { replicas: 2, template: template(image) },
        // The API leaves out what is zero.
        status: {
            replicas: available,
            ...(available > 0 && { availableReplicas: available, readyReplicas: available }),
            ...(conditions.length > 0 && { conditions }),
            observedGeneration: 1,
        },
    };
}

/** A pod; of the new version unless stated otherwise. */
export function pod({
    hash = "6d4cf56db6",
    image = newImage,
    ready = false,
    restarts = 0,
    waiting,
    last,
    unscheduled,
    sidecar = false,
}: {
    hash?: string;
    image?: string;
    ready?: boolean;
    restarts?: number;
    waiting?: { reason: string; message?: string };
    last?: { exitCode: number; reason?: string };
    /** Why no node takes it. */
    unscheduled?: string;
    /** Whether the cluster has added a container, which is ready. */
    sidecar?: boolean;
}): object {
    const metadata = {
        name: `web-dev-${hash}-x2x4k`,
        namespace,
        labels: { ...labels, "pod-template-hash": hash },
        creationTimestamp,
    };
    const common = { apiVersion: "v1", kind: "Pod", metadata, spec: template(image).spec };
    if (unscheduled !== undefined) {
        const condition = {
            type: "PodScheduled",
            status: "False",
            reason: "Unschedulable",
            message: unscheduled,
            lastProbeTime: null,
            lastTransitionTime: creationTimestamp,
        };
        return { ...common, status: { phase: "Pending", conditions: [condition] } };
    }
    return {
        ...common,
        status: {
            phase: waiting === undefined ? "Running" : "Pending",
            conditions: [
                { type: "PodScheduled", status: "True", lastProbeTime: null },
                { type: "Ready", status: ready ? "True" : "False", reason: "ContainersNotReady" },
            ],
            containerStatuses: [
                ...(sidecar ? [{ name: "proxy", ready: true, restartCount: 0 }] : []),
                {
                    name: "service",
                    image,
                    imageID: "",
                    ready,
                    started: ready,
                    restartCount: restarts,
                    state: waiting ? { waiting } : { running: { startedAt: creationTimestamp } },
                    lastState: last
                        ? { terminated: { ...last, finishedAt: creationTimestamp } }
                        : {},
                },
            ],
        },
    };
}

/** A warning about a pod. */
export function event(message: string): object {
    return {
        apiVersion: "v1",
        kind: "Event",
        type: "Warning",
        reason: "Unhealthy",
        message,
        count: 3,
        lastTimestamp: creationTimestamp,
        involvedObject: { kind: "Pod", name: "web-dev-6d4cf56db6-x2x4k", namespace },
    };
}
