import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
// The configuration and the review import that file, too, and not the provider's large SDK.
import { type Egress, networkPolicySpec } from "./network.ts";
import type { ServiceObject } from "./serviceObject.ts";

/** Declares what may connect to a service's pods, and what they may connect to. */
export function declareNetworkPolicy(
    { name, metadata, selector }: ServiceObject,
    port: pulumi.Input<number>,
    egress: readonly Egress[],
    options: pulumi.CustomResourceOptions,
): void {
    new k8s.networking.v1.NetworkPolicy(
        name,
        { metadata, spec: networkPolicySpec(selector, port, egress) },
        options,
    );
}
