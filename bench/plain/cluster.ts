/** The objects of ../components/cluster.ts, given as configuration, as a plain Pulumi program. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

new k8s.core.v1.ServiceAccount("web", config.requireObject("ServiceAccount"));
new k8s.core.v1.Service("web", config.requireObject("Service"));
new k8s.networking.v1.NetworkPolicy("web", config.requireObject("NetworkPolicy"));
new k8s.apps.v1.Deployment("web", config.requireObject("Deployment"));
new k8s.policy.v1.PodDisruptionBudget("web", config.requireObject("PodDisruptionBudget"));
