/** The pods that resources of @pulumi/kubernetes declare. */
import type { PolicyResource, ResourceValidation } from "@pulumi/policy";
import { plainObject, unknown } from "../quay/definition/values.ts";
import { KnownValue } from "./knownValue.ts";
import { inputsOf } from "./requests.ts";

/** Where a resource has the template of its pods, by its type; a pod is its own. */
const templates: Readonly<Record<string, string>> = {
    "kubernetes:apps/v1:DaemonSet": "spec.template",
    "kubernetes:apps/v1:Deployment": "spec.template",
    "kubernetes:apps/v1:ReplicaSet": "spec.template",
    "kubernetes:apps/v1:StatefulSet": "spec.template",
    "kubernetes:batch/v1:CronJob": "spec.jobTemplate.spec.template",
    "kubernetes:batch/v1:Job": "spec.template",
    "kubernetes:core/v1:Pod": "",
    "kubernetes:core/v1:ReplicationController": "spec.template",
};

/**
 * Makes a check of all pods that the program declares.
 *
 * @param find returns the violations of a pod, from its template: `metadata` and `spec`.
 */
export function ofPods(find: (template: KnownValue) => readonly string[]): ResourceValidation {
    return ({ type, urn }, report) => {
        const path = templates[type];
        const object = declared(urn);
        if (path === undefined || object === undefined) return;
        for (const violation of find(path === "" ? object : object.at(path))) report(violation);
    };
}

/** An object of a cluster, as the program declares it. */
export interface ClusterObject {
    readonly urn: string;
    readonly type: string;
    readonly object: KnownValue;
}

/** Returns the objects of a cluster among resources. */
export function clusterObjects(resources: readonly PolicyResource[]): ClusterObject[] {
    return resources
        .filter(({ type }) => type.startsWith("kubernetes:"))
        .flatMap(({ type, urn }) => {
            const object = declared(urn);
            return object === undefined ? [] : [{ urn, type, object }];
        });
}

/**
 * Returns a resource as the program declares it; undefined if it does not. The properties that the
 * SDK hands on do not say what is unknown.
 */
function declared(urn: string): KnownValue | undefined {
    const inputs = inputsOf(urn);
    return inputs && new KnownValue(plainObject(inputs), unknown);
}
