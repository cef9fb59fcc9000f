import * as quay from "pulumi-quay";

const tag = quay.getTagOutput({ repository: "acme/shop_staging", tag: "1.4.0" });
export const shopDigest = tag.digest; // sha256:…
export const shopIsIndex = tag.isManifestList; // for several platforms
