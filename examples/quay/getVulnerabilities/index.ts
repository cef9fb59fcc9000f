import * as quay from "pulumi-quay";

const candidate = quay.getTagOutput({ repository: "acme/shop_staging", tag: "1.4.0" });
const scan = quay.getVulnerabilitiesOutput({
    repository: "acme/shop_staging",
    digest: candidate.digest,
});
export const scanStatus = scan.status; // scanned
export const criticalFindings = scan.critical;
