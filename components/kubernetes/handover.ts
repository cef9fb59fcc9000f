/** Hands the number of a Deployment's pods over to an autoscaler. */
import { z } from "zod";
import type { Kubectl } from "./kubectl.ts";

const replicasField = z.object({ "f:spec": z.object({ "f:replicas": z.unknown() }) });
const deploymentForm = z.object({
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

/**
 * Keeps the number of a Deployment's pods when the program stops setting it. A field that its only
 * owner leaves out is removed, and the Deployment runs one pod until the autoscaler has seen it. So
 * another field manager owns the present number first. Does nothing where the program does not own
 * it.
 *
 * @param kubectl makes the `kubectl` of the namespace, with this standard input.
 * @throws KubectlError if the cluster refuses.
 * @see https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership
 */
export async function handOverReplicas(
    kubectl: (input?: string) => Kubectl,
    name: string,
): Promise<void> {
    const found = await kubectl()(
        "get",
        "deployment.apps",
        name,
        "--ignore-not-found",
        "--show-managed-fields",
        "--output=json",
    );
    if (found.trim() === "") return;
    const { metadata, spec } = deploymentForm.parse(JSON.parse(found));
    const isOwned = metadata.managedFields.some(
        ({ manager, operation, fieldsV1 }) =>
            manager.startsWith("pulumi-kubernetes") &&
            operation === "Apply" &&
            replicasField.safeParse(fieldsV1).success,
    );
    if (!isOwned) return;
    const minimal = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name },
        spec: { replicas: spec.replicas },
    };
    await kubectl(JSON.stringify(minimal))(
        "apply",
        "--server-side",
        "--field-manager=handover-to-hpa",
        "--validate=false",
        "--filename=-",
    );
}
