import * as quay from "pulumi-quay";

const ci = new quay.Robot("ci", {
    namespace: "acme",
    name: "ci",
    description: "Pushes images from the pipeline.",
});
export const ciUsername = ci.username; // acme+ci
export const ciToken = ci.token; // a secret
