/** Has Prometheus read a service's metrics. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/**
 * Declares a ServiceMonitor of the Prometheus Operator, for the metrics on `/metrics`.
 *
 * @param selector the labels of the Service.
 * @see https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.ServiceMonitor
 */
export function declareMonitor(
    name: string,
    metadata: k8s.types.input.meta.v1.ObjectMeta,
    selector: Readonly<Record<string, string>>,
    options: pulumi.CustomResourceOptions,
): void {
    new k8s.apiextensions.CustomResource(
        name,
        {
            apiVersion: "monitoring.coreos.com/v1",
            kind: "ServiceMonitor",
            metadata,
            spec: {
                selector: { matchLabels: selector },
                endpoints: [{ port: "http", path: "/metrics" }],
            },
        },
        options,
    );
}
