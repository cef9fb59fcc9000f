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

/** Hands over a Deployment with these owners of fields, and returns what was asked. */
async function handOver(...managedFields: object[]): Promise<Asked[]> {
    return run(
        JSON.stringify({
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata: { name: "web-dev", managedFields },
            spec: { replicas: 3 },
        }),
    );
}

async function run(deployment: string): Promise<Asked[]> {
    const asked: Asked[] = [];
    const kubectl =
        (input?: string): Kubectl =>
        (...args) => {
            asked.push({ args, input });
            return Promise.resolve(args[0] === "get" ? deployment : "serverside-applied");
        };
    await handOverReplicas(kubectl, "web-dev");
    return asked;
}

describe("the number of pods, when an autoscaler takes over", () => {
    it("gets another owner at its present value, where the program owns it", async () => {
        const [get, apply, ...more] = await handOver(entry(program, "Apply", owned), status);
        deepEqual(get?.args.slice(0, 3), ["get", "deployment.apps", "web-dev"]);
        equal(get.args.includes("--show-managed-fields"), true);
        deepEqual(apply?.args.slice(0, 3), [
            "apply",
            "--server-side",
            "--field-manager=handover-to-hpa",
        ]);
        deepEqual(JSON.parse(apply.input ?? ""), {
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata: { name: "web-dev" },
            spec: { replicas: 3 },
        });
        deepEqual(more, []);
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
            equal((await handOver(...managedFields)).length, 1);
        });

    it("is not asked for again where there is no Deployment", async () => {
        equal((await run("")).length, 1);
    });

    it("is an error where the cluster refuses", async () => {
        const error = new KubectlError("forbidden");
        await rejects(
            handOverReplicas(() => () => Promise.reject(error), "web-dev"),
            error,
        );
    });
});
