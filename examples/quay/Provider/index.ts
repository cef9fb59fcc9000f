import * as pulumi from "@pulumi/pulumi";
import * as quay from "pulumi-quay";

const config = new pulumi.Config();
// A second Quay, or a second account. Its token is in PARTNER_QUAY_TOKEN.
const partner = new quay.Provider("partner", {
    url: config.require("partnerUrl"),
    tokenVariable: "PARTNER_QUAY_TOKEN",
});
new quay.Repository("exchange", { namespace: "partner", name: "exchange" }, { provider: partner });
