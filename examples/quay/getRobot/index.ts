import * as quay from "pulumi-quay";

const puller = quay.getRobotOutput({ username: "acme+puller" });
export const pullerUsername = puller.username;
export const pullerToken = puller.token; // a secret
