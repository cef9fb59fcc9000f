import * as pulumi from "@pulumi/pulumi";
import * as quay from "pulumi-quay";

const config = new pulumi.Config();
const hub = new quay.Organization("hub", { name: "acme-hub" });
// `docker pull quay.io/acme-hub/library/python` pulls from Docker Hub, and keeps the image.
new quay.ProxyCache("hub", {
    organization: hub.name,
    upstreamRegistry: "docker.io",
    username: config.require("hubUsername"),
    password: config.requireSecret("hubToken"),
});
