import * as quay from "pulumi-quay";

const tested = quay.getTagOutput({ repository: "acme/website", tag: "2.0.0" });
new quay.FloatingTag("stable", {
    repository: "acme/website",
    tag: "stable",
    digest: tested.digest,
});
