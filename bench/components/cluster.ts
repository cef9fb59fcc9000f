/** A service on a cluster. */
import * as pulumi from "@pulumi/pulumi";
import { ClusterService } from "../../components/clusterService.ts";

const config = new pulumi.Config();

new ClusterService("web", {
    image: config.require("image"),
    version: "1.0.0",
    namespace: config.require("namespace"),
    port: 8080,
    healthPath: "/static/answer",
    replicas: { min: 2, max: 2 },
    // One node runs the pods of all rounds.
    resources: { cpu: "10m", memory: "64Mi" },
});
