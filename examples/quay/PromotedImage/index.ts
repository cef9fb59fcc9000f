import * as quay from "pulumi-quay";

const staging = quay.getRepositoryOutput({ repository: "acme/shop_staging" });
const production = new quay.Repository("shop", { namespace: "acme", name: "shop" });
const release = new quay.PromotedImage("shop", {
    source: staging.image,
    target: production.image,
    version: "1.4.0",
    floatingTags: ["latest"],
    maxSeverity: "critical", // refuses an image with a critical finding
});
export const shopImage = release.image; // with its digest: what to deploy
