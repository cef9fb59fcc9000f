import * as pulumi from "@pulumi/pulumi";
import * as quay from "../quay/sdk/index.ts";

export interface PromotedServiceImageArgs {
    /** The repository to copy the image to: HOST/NAMESPACE/NAME. */
    readonly repository: pulumi.Input<string>;
    /** The version to promote: a tag of the source, and the tag that the copy gets. */
    readonly version: pulumi.Input<string>;
    /** The source, and what an image must fulfil to be promoted. */
    readonly from: {
        /** The repository to copy the image from: HOST/NAMESPACE/NAME. */
        readonly repository: pulumi.Input<string>;
        /**
         * Quay must have scanned the image and found no vulnerability of this severity or worse.
         * Default: scans are not checked.
         */
        readonly maxSeverity?: pulumi.Input<quay.Severity> | undefined;
        /**
         * Exempts one digest from `maxSeverity`: with a reason, and until a day (YYYY-MM-DD).
         * Default: none.
         */
        readonly severityException?: pulumi.Input<quay.SeverityException> | undefined;
        /**
         * Cosign must have signed the image's digest: with the private key of this public key
         * (PEM), or for this identity. Default: signatures are not checked.
         */
        readonly signature?: pulumi.Input<quay.ImageSignature> | undefined;
        /**
         * A workflow must have built the image on GitHub's own runners, and attested it. Default:
         * attestations are not checked.
         */
        readonly provenance?: pulumi.Input<quay.ImageProvenance> | undefined;
        /**
         * What provenance and identities are verified with: the text of Sigstore's
         * trusted_root.json, or several as JSON Lines. Default: Sigstore's public root.
         */
        readonly trustedRoot?: pulumi.Input<string> | undefined;
        /**
         * The image must run in the source's environment, or have run there: its tag `running`
         * names the image or has named it (see RunningTag). An image that was promoted before
         * passes. Default: false.
         */
        readonly requireRunning?: pulumi.Input<boolean> | undefined;
        /**
         * For how long the image must have run there without a break, as in `30m`, `1h`, `7d`.
         * Needs requireRunning. Default: any time.
         */
        readonly soak?: pulumi.Input<string> | undefined;
        /** The source's environment, for messages of requireRunning. Default: the repository. */
        readonly environment?: pulumi.Input<string> | undefined;
    };
    /**
     * Who will publish the version, for the preview of a change to both stacks: a version that the
     * source does not have yet is then a warning, and the digest is unknown; so is one that does
     * not run there, with requireRunning. Default: both are errors.
     */
    readonly publishedBy?: pulumi.Input<string> | undefined;
    /** Tags that always move to the image that was promoted last. Default: `latest`. */
    readonly floatingTags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
}

/**
 * The service's image in a stack that does not build it. Copies the image by its digest from the
 * repository of the stack before, and tags it with its version and the floating tags. Going back to
 * a version that was promoted before does not need the source.
 *
 * @example
 * const image = new PromotedServiceImage("model", {
 *     repository: "quay.io/acme/model-staging",
 *     version: "1.2.0",
 *     from: { repository: "quay.io/acme/model-dev", maxSeverity: "high" },
 * });
 * export const reference = image.reference;
 */
export class PromotedServiceImage extends pulumi.ComponentResource {
    /** The image to run: `<repository>@<digest>`. */
    declare readonly reference: pulumi.Output<string>;
    /** The image's digest. */
    declare readonly digest: pulumi.Output<string>;
    /** The commit that the image was built from; empty where the image does not say. */
    declare readonly commit: pulumi.Output<string>;

    constructor(
        name: string,
        args: PromotedServiceImageArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("mlops:quay:PromotedServiceImage", name, {}, opts);
        const { repository: source, ...gate } = args.from;
        const { repository: target, version, publishedBy, floatingTags = ["latest"] } = args;
        const promoted = new quay.PromotedImage(
            name,
            { source, target, version, ...gate, publishedBy, floatingTags },
            { parent: this },
        );
        this.reference = promoted.image;
        this.digest = promoted.digest;
        this.commit = promoted.commit;
        this.registerOutputs({
            reference: this.reference,
            digest: this.digest,
            commit: this.commit,
        });
    }
}
