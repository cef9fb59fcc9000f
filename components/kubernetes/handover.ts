/** Hands the number of a Deployment's pods over to an autoscaler and back, and back from 0. */
import { z } from "zod";
import type { Kubectl } from "./kubectl.ts";
import { ownerLabel } from "./names.ts";
import type { Replicas } from "./scaling.ts";

const replicasField = z.object({ "f:spec": z.object({ "f:replicas": z.unknown() }) });
const deploymentForm = z.object({
    kind: z.literal("Deployment"),
    metadata: z.object({
        managedFields: z
            .array(
                z.object({
                    manager: z.string(),
                    operation: z.string(),
                    fieldsV1: z.unknown().optional(),
                }),
            )
            .default([]),
    }),
    spec: z.object({ replicas: z.number() }),
});
const autoscalerForm = z.object({
    kind: z.literal("HorizontalPodAutoscaler"),
    metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
    spec: z.object({ minReplicas: z.number().default(1), maxReplicas: z.number() }),
});
const objects = z.object({
    items: z.array(z.discriminatedUnion("kind", [deploymentForm, autoscalerForm])),
});
type Deployment = z.output<typeof deploymentForm>;
type Autoscaler = z.output<typeof autoscalerForm>;

/**
 * Prepares a Deployment for an `up` after which an autoscaler decides on the number of its pods, or
 * no longer does. There are never fewer pods than both want. A service that was scaled to 0 gets
 * its pods back.
 *
 * @param kubectl makes the `kubectl` of the namespace, with this standard input.
 * @param name of the Deployment and its autoscaler. They need not exist.
 * @param owner the owner label of the stack: the autoscaler of another owner stays as it is.
 * @throws KubectlError if the cluster refuses.
 */
export async function handOverReplicas(
    kubectl: (input?: string) => Kubectl,
    name: string,
    owner: string,
    replicas: Replicas,
): Promise<void> {
    const output = await kubectl()(
        "get",
        `deployment.apps/${name}`,
        `horizontalpodautoscaler.autoscaling/${name}`,
        "--ignore-not-found",
        "--show-managed-fields",
        "--output=json",
    );
    if (output.trim() === "") return;
    const { items } = objects.parse(JSON.parse(output));
    for (const item of items) {
        if (item.kind === "Deployment") await keepNumber(kubectl, name, item, replicas);
        else if (item.metadata.labels[ownerLabel] === owner)
            await setRange(kubectl(), name, item, replicas);
    }
}

/**
 * Keeps the number when the program stops setting it. A field that its only owner leaves out is
 * removed, and the Deployment runs one pod until the autoscaler has seen it. So another owner sets
 * the present number first. From 0 it sets the least one: an autoscaler leaves such a Deployment
 * alone, and the program sets nothing while its own number is the same.
 *
 * @see https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership
 */
async function keepNumber(
    kubectl: (input?: string) => Kubectl,
    name: string,
    { metadata, spec }: Deployment,
    { min, max }: Replicas,
): Promise<void> {
    const isOwned = metadata.managedFields.some(
        ({ manager, operation, fieldsV1 }) =>
            manager.startsWith("pulumi-kubernetes") &&
            operation === "Apply" &&
            replicasField.safeParse(fieldsV1).success,
    );
    if (spec.replicas > 0 && !(max > min && isOwned)) return;
    const minimal = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name },
        spec: { replicas: spec.replicas === 0 ? min : spec.replicas },
    };
    await kubectl(JSON.stringify(minimal))(
        "apply",
        "--server-side",
        "--force-conflicts",
        "--field-manager=handover-to-hpa",
        "--validate=false",
        "--filename=-",
    );
}

/**
 * Sets the range of an autoscaler that the program no longer declares to the fixed number: until it
 * is deleted, at the end of the `up`, it would set another one. An `up` that failed in between left
 * it so; where the program declares it again, it gets its own range back.
 */
async function setRange(
    kubectl: Kubectl,
    name: string,
    { spec: { minReplicas, maxReplicas } }: Autoscaler,
    { min, max }: Replicas,
): Promise<void> {
    const isAsDeclared = minReplicas === min && maxReplicas === max;
    const isFixed = minReplicas === maxReplicas;
    if (isAsDeclared || (max > min && !isFixed)) return;
    const patch = { spec: { minReplicas: min, maxReplicas: max } };
    const change = ["patch", "horizontalpodautoscaler.autoscaling", name, "--type=merge"];
    await kubectl(...change, `--patch=${JSON.stringify(patch)}`);
}
