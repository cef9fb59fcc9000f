/** Sets a Deployment back to a former release. */
import { z } from "zod";
import { applyAs, managedFields, ownsReplicas, programOf } from "./fieldOwners.ts";
import { type Kubectl, read } from "./kubectl.ts";

const texts = z.record(z.string(), z.string()).default({});
const deploymentForm = z.object({
    metadata: z.object({ labels: texts, managedFields }),
    spec: z.looseObject({ replicas: z.number() }),
});
const replicaSetForm = z.object({
    metadata: z.object({ annotations: texts }),
    spec: z.object({
        template: z.looseObject({ metadata: z.looseObject({ labels: texts }) }),
    }),
});

/**
 * Sets a Deployment's pods and annotations back to those of one of its ReplicaSets, in the name of
 * this program: as if it had declared them. So the next `up` removes what it does not declare.
 * `kubectl rollout undo` would own what it restores, and a variable of the former release would
 * stay for ever.
 *
 * @param kubectl makes the `kubectl` of the namespace, with this standard input.
 * @throws KubectlError if the cluster refuses.
 */
export async function rollBack(
    kubectl: (input?: string) => Kubectl,
    name: string,
    replicaSet: string,
): Promise<void> {
    const { metadata, spec } = await read(
        kubectl(),
        deploymentForm,
        "deployment.apps",
        name,
        "--show-managed-fields",
    );
    const former = await read(kubectl(), replicaSetForm, "replicaset.apps", replicaSet);
    const { template } = former.spec;
    const { replicas, ...kept } = spec;
    await applyAs(kubectl, programOf(metadata.managedFields) ?? "mlops", {
        metadata: {
            name,
            labels: metadata.labels,
            annotations: without(former.metadata.annotations, /^deployment\.kubernetes\.io\//),
        },
        spec: {
            ...kept,
            // Else it is somebody else's, such as an autoscaler's.
            ...(ownsReplicas(metadata.managedFields) && { replicas }),
            template: {
                ...template,
                metadata: {
                    ...template.metadata,
                    labels: without(template.metadata.labels, /^pod-template-hash$/),
                },
            },
        },
    });
}

function without(values: Readonly<Record<string, string>>, keys: RegExp): Record<string, string> {
    return Object.fromEntries(Object.entries(values).filter(([key]) => !keys.test(key)));
}
