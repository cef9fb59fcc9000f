/** The services that a stack runs, from its state. */
import { z } from "zod";
import type { Kubectl, Place } from "../components/kubernetes/kubectl.ts";
import { explainDelay, findProblem } from "../components/kubernetes/rolloutProblem.ts";
import { readRollout, type RolloutState } from "../components/kubernetes/rolloutState.ts";
import type { CpuUse } from "./cpuUse.ts";

/** A service on a cluster. */
export interface ClusterDeployment extends Place {
    /** The name of the Deployment, which its pods have as a label. */
    readonly name: string;
    /** The image by its digest. */
    readonly image: string;
    /** Where it answers; undefined if no `up` of it has succeeded. */
    readonly url: string | undefined;
}

/** The services of a stack. */
export interface Services {
    readonly onCluster: readonly ClusterDeployment[];
    /** The names of the containers that run the service on a Docker engine. */
    readonly containers: readonly string[];
}

const resource = z.object({
    urn: z.string(),
    type: z.string(),
    id: z.string().default(""),
    parent: z.string().optional(),
    provider: z.string().optional(),
    /** Whether it is to be deleted after its replacement was created. */
    delete: z.boolean().default(false),
    inputs: z.unknown().optional(),
    outputs: z.unknown().optional(),
});
const exported = z.object({
    deployment: z.object({ resources: z.array(resource).default([]) }),
});
const deployment = z.object({
    metadata: z.object({ name: z.string(), namespace: z.string() }),
    spec: z.object({
        template: z.object({
            spec: z.object({ containers: z.tuple([z.object({ image: z.string() })]) }),
        }),
    }),
});
const provider = z.object({ context: z.string() });
const component = z.object({ serviceUrl: z.string().optional() }).default({});
const container = z.object({ name: z.string() });

/** Finds the services in a stack's state, as `pulumi stack export` prints it. */
export function servicesIn(state: string): Services {
    const all = exported.parse(JSON.parse(state)).deployment.resources;
    const resources = all.filter((one) => !one.delete);
    const childrenOf = (parentType: string, type: string) =>
        resources.flatMap((child) => {
            const parent = resources.find(({ urn }) => urn === child.parent);
            return child.type === type && parent?.type === parentType ? [{ child, parent }] : [];
        });
    const onCluster = childrenOf(
        "mlops:kubernetes:ClusterService",
        "kubernetes:apps/v1:Deployment",
    ).map(({ child, parent }) => {
        const { metadata, spec } = deployment.parse(child.inputs);
        return {
            context: contextOf(resources, child.provider),
            namespace: metadata.namespace,
            name: metadata.name,
            image: spec.template.spec.containers[0].image,
            url: component.parse(parent.outputs).serviceUrl,
        };
    });
    // The identity provider's container belongs to a component of another one.
    const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.urn;
    const containers = childrenOf("mlops:docker:LocalService", "docker:index/container:Container")
        .filter(({ parent }) => parent.parent === stack)
        .map(({ child }) => container.parse(child.outputs).name);
    return { onCluster, containers };
}

/** A provider in a state. */
interface ProviderState {
    readonly urn: string;
    readonly id?: string | undefined;
    readonly inputs?: unknown;
}

/**
 * Returns the context of the kubeconfig that a Kubernetes provider in a state uses.
 *
 * @param reference what a resource has as its provider: `URN::ID`.
 */
export function contextOf(
    resources: readonly ProviderState[],
    reference: string | undefined,
): string {
    const used = resources.find(({ urn, id }) => `${urn}::${id ?? ""}` === reference);
    return provider.parse(used?.inputs).context;
}

/** What runs of a service on a cluster. */
export interface RunningService {
    /** The name of the Deployment. */
    readonly name: string;
    readonly namespace: string;
    readonly context: string;
    readonly url?: string | undefined;
    /** How many pods serve. */
    readonly ready: number;
    /** How many pods the Deployment wants. */
    readonly wanted: number;
    /** When the newest rollout was complete (RFC 3339); absent while it is under way. */
    readonly since?: string | undefined;
    /** How often the containers of the pods were restarted. */
    readonly restarts: number;
    /** The CPU use; absent where the cluster has no metrics, or was not asked for them. */
    readonly cpu?: CpuUse | undefined;
    /** The image of the Deployment. */
    readonly image: string;
    /** Whether that is the image of the state, and all pods that serve run it. */
    readonly isCurrent: boolean;
    /** What keeps pods from serving, in one sentence; absent if all serve. */
    readonly problem?: string | undefined;
}

/**
 * Asks the cluster what runs of a service.
 *
 * @throws KubectlError if the cluster cannot be asked
 */
export async function readService(
    { name, namespace, context, image, url }: ClusterDeployment,
    kubectl: Kubectl,
): Promise<RunningService> {
    const state = await readRollout(kubectl, name);
    const { available: ready, replicas: wanted, since, pods, former } = state;
    const restarts = pods
        .flatMap(({ status }) => status.containerStatuses)
        .reduce((sum, { restartCount }) => sum + restartCount, 0);
    return {
        ...{ name, namespace, context, url, ready, wanted, since, restarts },
        image: state.image,
        isCurrent: state.image === image && former === undefined,
        problem: await findPodProblem(kubectl, state),
    };
}

/** Says in one sentence why not all pods of a Deployment serve; undefined if they do. */
async function findPodProblem(kubectl: Kubectl, state: RolloutState): Promise<string | undefined> {
    if (state.replicas === 0) return "It is scaled to 0, by hand or by the cluster: no pod serves.";
    if (state.isComplete) return undefined;
    const problem = await findProblem(kubectl, state);
    return (problem?.message ?? (await explainDelay(kubectl, state))).split("\n", 1).join();
}
