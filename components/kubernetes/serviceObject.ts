/** What the objects of a service have in common. */
import type * as pulumi from "@pulumi/pulumi";

/** The Pulumi name of a service's objects, their metadata, and what selects its pods. */
export interface ServiceObject {
    readonly name: string;
    readonly metadata: {
        readonly name: string;
        readonly namespace: pulumi.Output<string>;
        readonly labels: Readonly<Record<string, string>>;
        readonly annotations: Readonly<Record<string, string>>;
    };
    readonly selector: Readonly<Record<string, string>>;
}

/** An annotation: after a change by hand, or a roll-back, the next `up` sets its own values. */
export const ownValues = { "pulumi.com/patchForce": "true" };

/**
 * An annotation: the provider does not wait for an object. It waits for addresses that some
 * clusters never report, and for Endpoints, which are deprecated. The rollout is waited for
 * instead.
 */
export const skipAwait = { "pulumi.com/skipAwait": "true" };
