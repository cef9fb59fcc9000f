/** How many pods of a service there are. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { UserError } from "../messages/userError.ts";
import type { ServiceObject } from "./serviceObject.ts";

/** The least and the largest number of pods; fixed where they are equal. */
export interface Replicas {
    readonly min: number;
    readonly max: number;
}

/** Returns the replicas. @throws UserError if they are not whole numbers from 1 on, in order. */
export function checkedReplicas({ min, max }: Replicas = { min: 1, max: 1 }): Replicas {
    const areWhole = Number.isInteger(min) && Number.isInteger(max);
    if (areWhole && min >= 1 && max >= min) return { min, max };
    throw new UserError(
        `A service cannot have ${String(min)} to ${String(max)} replicas: the smallest number ` +
            "has to be at least 1, and the largest at least as large.",
    );
}

/**
 * Declares an autoscaler.
 *
 * @param averageUtilization the CPU use that the number is scaled for, in percent.
 */
export function declareAutoscaler(
    { name, metadata }: ServiceObject,
    { min, max }: Replicas,
    averageUtilization: pulumi.Input<number>,
    options: pulumi.CustomResourceOptions,
): k8s.autoscaling.v2.HorizontalPodAutoscaler {
    return new k8s.autoscaling.v2.HorizontalPodAutoscaler(
        name,
        {
            metadata,
            spec: {
                scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: metadata.name },
                minReplicas: min,
                maxReplicas: max,
                metrics: [
                    {
                        type: "Resource",
                        resource: {
                            name: "cpu",
                            target: { type: "Utilization", averageUtilization },
                        },
                    },
                ],
            },
        },
        options,
    );
}

/** Has a node that is drained stop one pod at a time, and at once those that do not serve. */
export function declareDisruptionBudget(
    { name, metadata, selector }: ServiceObject,
    options: pulumi.CustomResourceOptions,
): void {
    new k8s.policy.v1.PodDisruptionBudget(
        name,
        {
            metadata,
            spec: {
                maxUnavailable: 1,
                selector: { matchLabels: selector },
                unhealthyPodEvictionPolicy: "AlwaysAllow",
            },
        },
        options,
    );
}
