import * as pulumi from "@pulumi/pulumi";
import { runningTag } from "../quay/api/running.ts";
import * as quay from "../quay/sdk/index.ts";

/** What runs, and where its image is. */
export interface RunningTagArgs {
    /** The environment's own repository: NAMESPACE/NAME. */
    readonly repository: pulumi.Input<string>;
    /** The digest of the image that runs, `sha256:…`. The repository has it. */
    readonly digest: pulumi.Input<string>;
    /**
     * An output that resolves once the rollout of this digest is healthy, and never if it fails:
     * the `deploymentName` of a ClusterService. Its value does not matter.
     */
    readonly healthy: pulumi.Input<unknown>;
}

/**
 * The tag `running` of an environment's repository, on the image that serves there. Quay's tag
 * history then says what ran when, to all who may read the repository, and PromotedServiceImage
 * can require it (`from.requireRunning`).
 *
 * The tag moves after a healthy rollout only. After a failed one it stays on the former image,
 * which serves on. A roll-back moves it back. The next `up` after a refresh sets it back if it was
 * moved or removed by hand. Without the service, or after `destroy`, the tag is gone and its
 * history stays. The tag does not say that the service is still healthy.
 *
 * @example
 * const digest = "sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b";
 * const service = new ClusterService("model", {
 *     image: `quay.io/acme/model@${digest}`,
 *     version: "1.2.0",
 *     namespace: "model",
 *     port: 8080,
 * });
 * new RunningTag("model", {
 *     repository: "acme/model",
 *     digest,
 *     healthy: service.deploymentName,
 * });
 */
export class RunningTag extends pulumi.ComponentResource {
    constructor(name: string, args: RunningTagArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:quay:RunningTag", name, {}, opts);
        const { repository, digest, healthy } = args;
        new quay.FloatingTag(
            name,
            {
                repository,
                tag: runningTag,
                digest: pulumi.all([digest, healthy]).apply(([found]) => found),
            },
            { parent: this },
        );
        this.registerOutputs();
    }
}
