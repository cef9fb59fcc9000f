import { deepEqual } from "node:assert/strict";
import { KnownValue } from "../../../policy/knownValue.ts";
import { findSingle, findUnbudgeted } from "../../../policy/policies/availability.ts";
import type { ClusterObject } from "../../../policy/workloads.ts";

/** What stands for a value that a preview does not know. */
const unknown = Symbol("unknown");

const object = (type: string, value: object): ClusterObject => ({
    urn: `urn:${type}`,
    type: `kubernetes:${type}`,
    object: new KnownValue(value, unknown),
});
const metadata = { name: "web", namespace: "digits" };
const labels = { app: "web", tier: "front" };
const deployment = (spec: object = {}, place: object = metadata): ClusterObject =>
    object("apps/v1:Deployment", {
        metadata: place,
        spec: { template: { metadata: { labels } }, ...spec },
    });
const scaler = (spec: object, place: object = metadata): ClusterObject =>
    object("autoscaling/v2:HorizontalPodAutoscaler", {
        metadata: place,
        spec: { scaleTargetRef: { kind: "Deployment", name: "web" }, ...spec },
    });
const budget = (selector: unknown, place: object = metadata): ClusterObject =>
    object("policy/v1:PodDisruptionBudget", { metadata: place, spec: { selector } });

describe("a Deployment in production", () => {
    const single = (...objects: ClusterObject[]): string[] =>
        findSingle(objects).map(({ message }) => message);
    const says = (setting: string): string[] => [
        "The Deployment web may be down to one pod, or none: when that fails, or its node, the " +
            `service is gone. Set ${setting} to 2 or more (\`mlops:cluster.replicas.min\`).`,
    ];

    it("has two pods", () => {
        deepEqual(single(deployment({ replicas: 2 })), []);
        for (const replicas of [undefined, 0, 1])
            deepEqual(single(deployment({ replicas })), says("`replicas`"));
    });

    it("keeps two pods where it is scaled", () => {
        deepEqual(single(deployment(), scaler({ minReplicas: 2 })), []);
        for (const minReplicas of [undefined, 1])
            deepEqual(
                single(deployment({ replicas: 4 }), scaler({ minReplicas })),
                says("`minReplicas` of its autoscaler"),
            );
    });

    it("is not scaled by the autoscaler of another one", () => {
        const others = [
            scaler({ minReplicas: 2, scaleTargetRef: { kind: "Deployment", name: "other" } }),
            scaler({ minReplicas: 2, scaleTargetRef: { kind: "StatefulSet", name: "web" } }),
            scaler({ minReplicas: 2 }, { ...metadata, namespace: "other" }),
        ];
        for (const other of others) deepEqual(single(deployment(), other), says("`replicas`"));
    });

    it("may have as many pods as a preview does not know", () => {
        deepEqual(single(deployment({ replicas: unknown })), []);
        deepEqual(single(object("apps/v1:Deployment", { metadata, spec: unknown })), []);
        deepEqual(single(deployment(), scaler({ minReplicas: unknown })), []);
        deepEqual(single(deployment(), scaler({ minReplicas: 2, scaleTargetRef: unknown })), []);
        deepEqual(
            single(deployment(), scaler({ minReplicas: 2 }, { name: "web", namespace: unknown })),
            [],
        );
    });
});

describe("the pods of a Deployment in production", () => {
    const unbudgeted = (...objects: ClusterObject[]): string[] =>
        findUnbudgeted(objects).map(({ message }) => message);
    const says = [
        "A drained node may stop all pods of the Deployment web at once. Add a " +
            "PodDisruptionBudget that selects them; ClusterService has one from two replicas on.",
    ];
    const expression = (key: string, operator: string, values?: unknown): object => ({
        matchExpressions: [{ key, operator, ...(values !== undefined && { values }) }],
    });

    it("have a PodDisruptionBudget that selects them", () => {
        deepEqual(unbudgeted(deployment()), says);
        for (const selector of [
            {},
            { matchLabels: { app: "web" } },
            expression("app", "In", ["web", "other"]),
            expression("app", "NotIn", ["other"]),
            expression("none", "NotIn", ["web"]),
            expression("tier", "Exists"),
            expression("none", "DoesNotExist"),
        ])
            deepEqual(unbudgeted(deployment(), budget(selector)), [], JSON.stringify(selector));
    });

    it("are not selected by the budget of others", () => {
        for (const selector of [
            undefined,
            { matchLabels: { app: "web", tier: "back" } },
            { matchLabels: { "app.kubernetes.io/name": "web" } },
            expression("app", "In", ["other"]),
            expression("app", "NotIn", ["web"]),
            expression("none", "Exists"),
            expression("tier", "DoesNotExist"),
        ])
            deepEqual(unbudgeted(deployment(), budget(selector)), says, JSON.stringify(selector));
        const elsewhere = budget({}, { ...metadata, namespace: "other" });
        deepEqual(unbudgeted(deployment(), elsewhere), says);
    });

    it("may be selected by what a preview does not know", () => {
        for (const selector of [
            unknown,
            { matchLabels: unknown },
            { matchLabels: { app: unknown } },
            expression("app", "In", unknown),
            expression("app", "In", [unknown]),
            expression("app", "NotIn", ["web", unknown]),
            { matchExpressions: [unknown] },
        ])
            deepEqual(unbudgeted(deployment(), budget(selector)), []);
        const place = { ...metadata, namespace: unknown };
        deepEqual(unbudgeted(deployment(), budget({}, place)), []);
        deepEqual(unbudgeted(deployment({}, place), budget({})), []);
        const template = { metadata: { labels: unknown } };
        deepEqual(unbudgeted(deployment({ template }), budget({ matchLabels: { app: "x" } })), []);
    });
});
