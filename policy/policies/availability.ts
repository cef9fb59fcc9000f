import type { StackValidationPolicy } from "@pulumi/policy";
import type { KnownValue } from "../knownValue.ts";
import { type ClusterObject, clusterObjects } from "../workloads.ts";

/** A violation, and the resource that it is about. */
interface Violation {
    readonly urn: string;
    readonly message: string;
}

export const replicatedServices: StackValidationPolicy = {
    name: "replicated-services",
    description: "A Deployment has at least two pods, so that one may fail.",
    enforcementLevel: "disabled",
    validateStack: ({ resources }, report) => {
        for (const { urn, message } of findSingle(clusterObjects(resources))) report(message, urn);
    },
};

export const disruptionBudgets: StackValidationPolicy = {
    name: "disruption-budgets",
    description: "A drained node stops the pods of a Deployment one after the other.",
    enforcementLevel: "disabled",
    validateStack: ({ resources }, report) => {
        for (const { urn, message } of findUnbudgeted(clusterObjects(resources)))
            report(message, urn);
    },
};

const isAutoscaler = /^kubernetes:autoscaling\/v\w+:HorizontalPodAutoscaler$/;

/** Finds Deployments that may be down to one pod, or none. */
export function findSingle(objects: readonly ClusterObject[]): Violation[] {
    const scalers = objects.filter(({ type }) => isAutoscaler.test(type));
    return deploymentsOf(objects).flatMap(({ urn, object }) => {
        const scaler = scalers.find(
            (one) =>
                isSame(one.object.at("metadata.namespace"), object.at("metadata.namespace")) &&
                isSame(one.object.at("spec.scaleTargetRef.name"), object.at("metadata.name")) &&
                one.object.at("spec.scaleTargetRef.kind").isOneOf("Deployment"),
        );
        const [count, setting] =
            scaler === undefined
                ? [object.at("spec.replicas"), "`replicas`"]
                : [scaler.object.at("spec.minReplicas"), "`minReplicas` of its autoscaler"];
        if (count.passes((replicas) => Number(replicas ?? 1) >= 2)) return [];
        const name = nameOf(object);
        return [
            {
                urn,
                message:
                    `The Deployment ${name} may be down to one pod, or none: when that fails, or ` +
                    `its node, the service is gone. Set ${setting} to 2 or more ` +
                    "(`mlops:cluster.replicas.min`).",
            },
        ];
    });
}

/** Finds Deployments whose pods no PodDisruptionBudget selects. */
export function findUnbudgeted(objects: readonly ClusterObject[]): Violation[] {
    const budgets = objects.filter(
        ({ type }) => type === "kubernetes:policy/v1:PodDisruptionBudget",
    );
    return deploymentsOf(objects).flatMap(({ urn, object }) => {
        const labels = object.at("spec.template.metadata.labels");
        const isBudgeted = budgets.some(
            (budget) =>
                isSame(budget.object.at("metadata.namespace"), object.at("metadata.namespace")) &&
                selects(budget.object.at("spec.selector"), labels),
        );
        if (isBudgeted) return [];
        return [
            {
                urn,
                message:
                    `A drained node may stop all pods of the Deployment ${nameOf(object)} at ` +
                    "once. Add a PodDisruptionBudget that selects them; ClusterService has one " +
                    "from two replicas on.",
            },
        ];
    });
}

function deploymentsOf(objects: readonly ClusterObject[]): ClusterObject[] {
    return objects.filter(({ type }) => type === "kubernetes:apps/v1:Deployment");
}

function nameOf(object: KnownValue): string {
    return object.at("metadata.name").text ?? "";
}

/** Whether two texts are equal, or one of them is unknown. */
function isSame(one: KnownValue, other: KnownValue): boolean {
    return one.passes((value) => other.isOneOf(value));
}

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors */
function selects(selector: KnownValue, labels: KnownValue): boolean {
    const hasLabels = selector
        .at("matchLabels")
        .entries()
        .every(([name, value]) => labels.property(name).isOneOf(value));
    const meetsExpressions = selector
        .at("matchExpressions")
        .items()
        .every((expression) => {
            const key = expression.at("key").text;
            const values = expression.at("values");
            const isListed = (label: unknown): boolean =>
                values.passes((list) => Array.isArray(list) && list.includes(label));
            const tests: Readonly<Record<string, (label: unknown) => boolean>> = {
                In: isListed,
                NotIn: (label) => !isListed(label) || !values.isKnown,
                Exists: (label) => label !== undefined,
                DoesNotExist: (label) => label === undefined,
            };
            const test = tests[expression.at("operator").text ?? ""];
            return key === undefined || test === undefined || labels.property(key).passes(test);
        });
    return selector.isPresent && hasLabels && meetsExpressions;
}
