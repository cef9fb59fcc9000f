import * as pulumi from "@pulumi/pulumi";
import * as quay from "pulumi-quay";

const config = new pulumi.Config();
new quay.Notification("findings", {
    repository: "acme/shop_staging",
    event: "vulnerability_found",
    eventConfig: { level: 1 }, // high and above
    method: "slack",
    config: { url: config.requireSecret("slackUrl") },
    title: "Findings of the scanner",
});
