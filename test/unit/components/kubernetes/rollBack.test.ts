import { deepEqual, equal } from "node:assert/strict";
import type { Kubectl } from "../../../../components/kubernetes/kubectl.ts";
import { rollBack } from "../../../../components/kubernetes/rollBack.ts";

const labels = { "app.kubernetes.io/name": "web-dev" };
const revision = "deployment.kubernetes.io/revision";
const container = { name: "service", image: "new", env: [{ name: "A", value: "2" }] };
/** The new release, with an empty list of the owners of its fields. */
const deployment = {
    metadata: {
        name: "web-dev",
        uid: "1",
        labels,
        annotations: { [revision]: "3", "mlops/version": "2.0.0" },
        managedFields: [] as object[],
    },
    spec: {
        replicas: 4,
        progressDeadlineSeconds: 60,
        template: { metadata: { labels }, spec: { containers: [container] } },
    },
    status: { replicas: 4 },
};
const former = {
    metadata: { annotations: { [revision]: "2", "mlops/version": "1.0.0" } },
    spec: {
        replicas: 1,
        template: {
            metadata: {
                labels: { ...labels, "pod-template-hash": "5b9c8d7f44" },
                annotations: { "mlops/release": "old" },
            },
            spec: { containers: [{ name: "service", image: "old" }], volumes: [] },
        },
    },
};
const owner = (spec: object): object => ({
    manager: "pulumi-kubernetes-293db634",
    operation: "Apply",
    fieldsV1: { "f:spec": spec },
});

/** Rolls back, and returns the command and what it applies. */
async function applied(...managedFields: object[]) {
    let found: { readonly args: readonly string[]; readonly object: unknown } | undefined;
    const kubectl =
        (input?: string): Kubectl =>
        (...args) => {
            if (args[0] === "apply") found = { args, object: JSON.parse(input ?? "") };
            const metadata = { ...deployment.metadata, managedFields };
            const answers: Record<string, unknown> = {
                "web-dev": { ...deployment, metadata },
                "web-dev-5b9c8d7f44": former,
            };
            return Promise.resolve(JSON.stringify(answers[args[2] ?? ""] ?? {}));
        };
    await rollBack(kubectl, "web-dev", "web-dev-5b9c8d7f44");
    return found;
}

describe("a roll-back", () => {
    const template = {
        metadata: { labels, annotations: { "mlops/release": "old" } },
        spec: former.spec.template.spec,
    };

    it("restores all of the former pods, and what the Deployment said of them", async () => {
        const result = await applied(owner({ "f:replicas": {}, "f:template": {} }));
        deepEqual(result?.object, {
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata: { name: "web-dev", labels, annotations: { "mlops/version": "1.0.0" } },
            spec: { progressDeadlineSeconds: 60, replicas: 4, template },
        });
    });

    it("is the program's, so that the next `up` removes what it does not declare", async () => {
        const { args = [] } = (await applied(owner({}))) ?? {};
        equal(args.includes("--field-manager=pulumi-kubernetes-293db634"), true);
    });

    it("leaves the number of pods to an autoscaler", async () => {
        const result = await applied(owner({ "f:template": {} }));
        deepEqual((result?.object as typeof deployment).spec, {
            progressDeadlineSeconds: 60,
            template,
        });
    });
});
