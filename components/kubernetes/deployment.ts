/** The Deployment of a service. */
import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { digestOf } from "../docker/reference.ts";
import { releaseAnnotation } from "./names.ts";
import { type PodArgs, podSpec } from "./pod.ts";
import type { Replicas } from "./scaling.ts";
import { type ServiceObject, skipAwait } from "./serviceObject.ts";

/** What a Deployment consists of. */
export interface DeploymentArgs {
    readonly pod: PodArgs;
    readonly replicas: Replicas;
    /** The version of the service, for an annotation. */
    readonly version: pulumi.Input<string>;
    /** The commit that the image was built from, for an annotation. Default: none is known. */
    readonly commit?: pulumi.Input<string> | undefined;
}

/** Declares a Deployment whose rolling update never has fewer pods than it should. */
export function declareDeployment(
    { name, metadata, selector }: ServiceObject,
    { pod, replicas: { min, max }, version, commit }: DeploymentArgs,
    options: pulumi.CustomResourceOptions,
): k8s.apps.v1.Deployment {
    const spec = podSpec(pod);
    return new k8s.apps.v1.Deployment(
        name,
        {
            metadata: {
                ...metadata,
                annotations: {
                    ...metadata.annotations,
                    ...skipAwait,
                    "mlops/version": version,
                    "mlops/digest": pulumi.output(pod.image).apply(digestOf),
                    ...(commit !== undefined && {
                        "mlops/commit": pulumi.output(commit).apply((known) => known || "unknown"),
                    }),
                },
            },
            spec: {
                // The autoscaler owns the number where there is one.
                ...(max === min && { replicas: min }),
                selector: { matchLabels: selector },
                // A new pod has to be ready before an old one is stopped.
                strategy: {
                    type: "RollingUpdate",
                    rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 },
                },
                progressDeadlineSeconds: pod.startTimeout,
                revisionHistoryLimit: 5,
                template: {
                    metadata: {
                        labels: metadata.labels,
                        annotations: { [releaseAnnotation]: pulumi.output(spec).apply(hashOf) },
                    },
                    spec,
                },
            },
        },
        options,
    );
}

/** Tells the pods of one release from those of others. A pod's spec only names Secrets. */
function hashOf(spec: unknown): string {
    return createHash("sha256").update(JSON.stringify(spec)).digest("hex").slice(0, 12);
}
