import * as pulumi from "@pulumi/pulumi";
import * as quay from "../quay/sdk/index.ts";

export interface PromotedServiceImageArgs {
    /** The repository that gets it, with its registry: HOST/NAMESPACE/NAME. */
    readonly repository: pulumi.Input<string>;
    /** The version to promote: a tag of the source, and then of this repository. */
    readonly version: string;
    /** Where it comes from. */
    readonly from: {
        /** The repository that has it, with its registry. */
        readonly repository: string;
        /** Only an image that Quay has scanned, and found nothing of this severity or worse in, is promoted. Default: scans do not matter. */
        readonly maxSeverity?: quay.Severity | undefined;
        /** Lets one digest pass all the same: why, and until which day (YYYY-MM-DD). Default: none. */
        readonly severityException?: quay.SeverityException | undefined;
        /** Only an image whose digest cosign has signed with this public key (PEM) is promoted. Default: signatures do not matter. */
        readonly signature?: quay.ImageSignature | undefined;
    };
    /**
     * Who is about to publish the version, in a preview of a change to both: one that the source has not got yet is then a warning, and its
     * digest not known. Default: nobody, it is an error.
     */
    readonly publishedBy?: string | undefined;
    /** Tags that always name the image that was promoted last. Default: `latest`. */
    readonly floatingTags?: readonly string[] | undefined;
}

/**
 * The service's image in an environment that does not build it: copied by its digest from the repository of the environment before, and
 * named by its version and the floating tags. Going back to a version that was there before works without the source too.
 */
export class PromotedServiceImage extends pulumi.ComponentResource {
    /** What to run: `<repository>@<digest>`. */
    declare readonly reference: pulumi.Output<string>;
    /** The image's digest. */
    declare readonly digest: pulumi.Output<string>;

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
            { source, target, version, ...gate, publishedBy, floatingTags: [...floatingTags] },
            { parent: this },
        );
        this.reference = promoted.image;
        this.digest = promoted.digest;
        this.registerOutputs({ reference: this.reference, digest: this.digest });
    }
}
