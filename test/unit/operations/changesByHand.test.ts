import { deepEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { changesByHand } from "../../../operations/changesByHand.ts";

/** The real CLI's output before and after a refresh, without what nobody reads. */
const recorded = (name: string): string =>
    readFileSync(join(import.meta.dirname, `fixtures/${name}.json`), "utf8");
const before = recorded("cluster");

interface Managed {
    manager: string;
    operation: string;
    time?: string;
    fieldsV1: object;
}
interface State {
    deployment: {
        resources: { type: string; outputs?: { metadata: { managedFields: Managed[] } } }[];
    };
}
/** Changes who manages the fields of the recorded Service. */
function changed(change: (managers: Managed[]) => Managed[]): string {
    const state = JSON.parse(before) as State;
    for (const { type, outputs } of state.deployment.resources) {
        if (type === "kubernetes:core/v1:Service" && outputs !== undefined)
            outputs.metadata.managedFields = change(outputs.metadata.managedFields);
    }
    return JSON.stringify(state);
}

describe("what was changed by hand on a cluster", () => {
    it("is nothing where the stack's fields are its own", () => {
        deepEqual(changesByHand(before, before), []);
    });

    it("is each field with the program that set it, and what was removed or deleted", () => {
        deepEqual(changesByHand(before, recorded("clusterChangedByHand")).sort(), [
            "Deployment digits-local: spec.replicas, by kubectl scale",
            "Deployment digits-local: spec.template.spec.containers[service].env[OAUTH2_ISSUER].value, by kubectl set, 2026-11-26T17:01:44Z",
            "NetworkPolicy digits-local: metadata.labels.mlops/owner, removed. Kubernetes does not record by whom.",
            "Secret digits-env-local: data.SECRET, by kubectl patch, 2026-11-26T17:01:45Z",
            "Service digits-local: deleted. Kubernetes does not record by whom.",
        ]);
    });

    it("is nothing where others set fields that the stack does not", () => {
        const after = changed((managers) => [
            ...managers,
            {
                manager: "argocd-controller",
                operation: "Update",
                fieldsV1: { "f:metadata": { "f:annotations": { "f:a": {} } } },
            },
        ]);
        deepEqual(changesByHand(before, after), []);
    });

    for (const [manager, program] of [
        ["kubectl-client-side-apply", "kubectl apply"],
        ["oc-edit", "oc edit"],
        ["argocd-controller", "argocd-controller"],
    ] as const) {
        it(`names ${manager}, and not every field of an object that was replaced`, () => {
            const after = changed((managers) =>
                managers.map((managed) => ({ ...managed, manager, time: "2026-11-26T18:00:00Z" })),
            );
            deepEqual(changesByHand(before, after), [
                "Service digits-local: metadata.annotations.pulumi.com/skipAwait, " +
                    "metadata.labels.app.kubernetes.io/managed-by, " +
                    "metadata.labels.app.kubernetes.io/name, metadata.labels.mlops/owner, " +
                    `spec.ports[80 TCP].name and 3 more, by ${program}, 2026-11-26T18:00:00Z`,
            ]);
        });
    }
});
