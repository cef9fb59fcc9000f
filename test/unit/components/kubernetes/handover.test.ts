import { deepEqual, equal, rejects } from "node:assert/strict";
import { handOverReplicas } from "../../../../components/kubernetes/handover.ts";
import { type Kubectl, KubectlError } from "../../../../components/kubernetes/kubectl.ts";

/** An entry of managedFields, as the API server has it (Kubernetes 1.37). */
const entry = (manager: string, operation: string, spec: object) => ({
    manager,
    operation,
    apiVersion: "apps/v1",
    time: "2026-11-26T12:00:00Z",
    fieldsType: "FieldsV1",
    fieldsV1: { "f:metadata": { "f:labels": {} }, "f:spec": spec },
});
const program = "pulumi-kubernetes-293db634";
const owned = { "f:replicas": {}, "f:template": {} };
const status = {
    ...entry("kube-controller-manager", "Update", {}),
    subresource: "status",
};

/** A command of kubectl, and its standard input. */
interface Asked {
    readonly args: readonly string[];
    readonly input: string | undefined;
}

const scaled = { min: 2, max: 6 };
const owner = "shop-dev";

/** Runs the hand-over with these objects on the cluster. @returns what was asked after that. */
async function changes(
    items: object[],
    replicas: { min: number; max: number } = scaled,
): Promise<Asked[]> {
    const asked: Asked[] = [];
    const kubectl =
        (input?: string): Kubectl =>
        (...args) => {
            asked.push({ args, input });
            const list = items.length === 0 ? "" : JSON.stringify({ kind: "List", items });
            return Promise.resolve(args[0] === "get" ? list : "done");
        };
    await handOverReplicas(kubectl, "web-dev", owner, replicas);
    const [get, ...more] = asked;
    deepEqual(get?.args.slice(0, 3), [
        "get",
        "deployment.apps/web-dev",
        "horizontalpodautoscaler.autoscaling/web-dev",
    ]);
    equal(get.args.includes("--show-managed-fields"), true);
    return more;
}

const deployment = (managedFields: object[], replicas = 3): object => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web-dev", managedFields },
    spec: { replicas },
});
const autoscaler = (minReplicas: number, maxReplicas: number, label = owner): object => ({
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "web-dev", labels: { "mlops/owner": label } },
    spec: { minReplicas, maxReplicas },
});
/** What sets the number of pods. */
const applied = (replicas: number): Asked => ({
    args: [
        ...["apply", "--server-side", "--force-conflicts", "--field-manager=handover-to-hpa"],
        ...["--validate=false", "--filename=-"],
    ],
    input: JSON.stringify({
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web-dev" },
        spec: { replicas },
    }),
});
/** What sets the range of an autoscaler. */
const patched = (minReplicas: number, maxReplicas: number): Asked => ({
    args: [
        ...["patch", "horizontalpodautoscaler.autoscaling", "web-dev", "--type=merge"],
        `--patch=${JSON.stringify({ spec: { minReplicas, maxReplicas } })}`,
    ],
    input: undefined,
});

describe("the number of pods, when an autoscaler takes over", () => {
    it("gets another owner at its present value, where the program owns it", async () => {
        const asked = await changes([deployment([entry(program, "Apply", owned), status])]);
        deepEqual(asked, [applied(3)]);
    });

    const others: [string, object[]][] = [
        ["that the program leaves out", [entry(program, "Apply", { "f:template": {} }), status]],
        ["that a person set", [entry("kubectl", "Update", owned)]],
        ["that somebody else applied", [entry("argocd-controller", "Apply", owned)]],
        ["whose owners are not known", []],
        ["of fields without a name", [{ manager: program, operation: "Apply" }]],
    ];
    for (const [which, managedFields] of others)
        it(`stays as it is: one ${which}`, async () => {
            deepEqual(await changes([deployment(managedFields)]), []);
        });

    it("is the least one again where the service was scaled to 0", async () => {
        const byHand = [entry("kubectl", "Update", owned)];
        deepEqual(await changes([deployment(byHand, 0), autoscaler(2, 6)]), [applied(2)]);
        deepEqual(await changes([deployment(byHand, 0)], { min: 3, max: 3 }), [applied(3)]);
    });

    it("is not asked for again where there is no Deployment", async () => {
        deepEqual(await changes([]), []);
    });

    it("gives the autoscaler its range back, which a failed `up` had fixed", async () => {
        deepEqual(await changes([autoscaler(3, 3)]), [patched(2, 6)]);
    });

    it("leaves the autoscaler a range that somebody set", async () => {
        deepEqual(await changes([autoscaler(2, 20)]), []);
    });

    it("is an error where the cluster refuses", async () => {
        const error = new KubectlError("forbidden");
        await rejects(
            handOverReplicas(() => () => Promise.reject(error), "web-dev", owner, scaled),
            error,
        );
    });
});

describe("the number of pods, when the program takes over", () => {
    const fixed = { min: 4, max: 4 };

    it("is the only one that the autoscaler may set until it is deleted", async () => {
        const asked = await changes([deployment([status]), autoscaler(2, 6)], fixed);
        deepEqual(asked, [patched(4, 4)]);
    });

    it("is left to the autoscaler of somebody else", async () => {
        deepEqual(await changes([autoscaler(2, 6, "shop-prod")], fixed), []);
    });

    it("is not changed where there is no autoscaler, or it has that number", async () => {
        deepEqual(await changes([deployment([entry(program, "Apply", owned)])], fixed), []);
        deepEqual(await changes([deployment([entry("kubectl", "Update", owned)])], fixed), []);
        deepEqual(await changes([autoscaler(4, 4)], fixed), []);
    });
});
