/** Waits until a service on a cluster is gone, and says what keeps its objects. */
import { z } from "zod";
import {
    type Kubectl,
    kubectlIn,
    KubectlError,
    kubectlCommand,
    read,
} from "../components/kubernetes/kubectl.ts";
import { nameLabel } from "../components/kubernetes/names.ts";
import { type Clock, systemClock } from "../components/kubernetes/clock.ts";
import { shellWord } from "../components/messages/shell.ts";
import { foreign } from "../quay/api/text.ts";
import { UserError } from "../components/messages/userError.ts";
import type { ClusterDeployment } from "./services.ts";

/** How long the pods may take to stop, in milliseconds: longer than the longest drain. */
const patience = 10 * 60_000;
/** How often the cluster is asked, in milliseconds. */
const interval = 1_000;

const objects = z.object({
    items: z.array(
        z.object({
            kind: z.string(),
            metadata: z.object({
                name: z.string(),
                deletionTimestamp: z.string().optional(),
                finalizers: z.array(z.string()).default([]),
            }),
            spec: z.object({ nodeName: z.string().optional() }).default({}),
        }),
    ),
});
type Left = z.output<typeof objects>["items"];

/**
 * Waits until the Deployment, its ReplicaSets and its pods are gone: the provider has only had them
 * deleted. Where the cluster cannot be asked, a warning says so.
 *
 * @throws UserError that lists what is left if that takes too long
 */
export async function waitUntilGone(
    service: ClusterDeployment,
    kubectl: Kubectl = kubectlIn(service),
    clock: Clock = systemClock,
): Promise<void> {
    const { name } = service;
    const deadline = clock.now() + patience;
    let isTold = false;
    for (;;) {
        const left = await leftOf(name, kubectl);
        if (typeof left === "string") {
            console.warn(`Whether the pods of ${name} are gone is not known: ${left}`);
            return;
        }
        if (left.length === 0) return;
        if (clock.now() >= deadline) throw new UserError(leftMessage(service, left));
        if (!isTold) console.log(`Waiting until the pods of ${name} have stopped.`);
        isTold = true;
        await clock.sleep(interval);
    }
}

/** The objects that are left; or why the cluster cannot be asked. */
async function leftOf(name: string, kubectl: Kubectl): Promise<Left | string> {
    const selector = `--selector=${nameLabel}=${name}`;
    try {
        return (await read(kubectl, objects, "deployments,replicasets,pods", selector)).items;
    } catch (error) {
        if (error instanceof KubectlError) return error.message;
        throw error;
    }
}

function leftMessage(service: ClusterDeployment, left: Left): string {
    const { name, namespace, context } = service;
    const command = kubectlCommand(service);
    const pod = left.find(({ kind }) => kind === "Pod")?.metadata.name ?? "POD";
    return [
        `After ${String(patience / 60_000)} minutes, these objects of ${name} in the namespace ` +
            `${namespace} (${context}) are still there:`,
        ...left.map((object) => `    ${object.kind} ${object.metadata.name}: ${reasonOf(object)}`),
        "A pod stays while its node cannot be reached. If the node is gone for good:",
        `    ${command} delete ${shellWord(`pod/${pod}`)} --force --grace-period=0`,
        "A finalizer stays until the program that set it removes it. " +
            "`make down` again does the rest.",
    ].join("\n");
}

function reasonOf({ metadata, spec }: Left[number]): string {
    const { deletionTimestamp, finalizers } = metadata;
    // Kubernetes' own one waits for the other objects of this list.
    const foreign = finalizers.filter((one) => one !== "foregroundDeletion");
    if (deletionTimestamp === undefined) return "not deleted yet";
    const node = spec.nodeName === undefined ? "" : `, on the node ${spec.nodeName}`;
    const held = foreign.length === 0 ? "" : `, finalizers: ${foreign.join(", ")}`;
    return `being deleted since ${deletionTimestamp}${node}${held}`;
}

const namespaceForm = z.object({
    status: z.object({
        phase: z.string(),
        conditions: z.array(z.object({ status: z.string(), message: z.string() })).default([]),
    }),
});

/**
 * Says why a namespace is not deleted, if it is being deleted: it has objects that others made, or
 * that a finalizer holds.
 */
export async function explainNamespace(
    { namespace }: ClusterDeployment,
    kubectl: Kubectl,
): Promise<string | undefined> {
    try {
        const { status } = await read(kubectl, namespaceForm, "namespace", namespace);
        const reasons = status.conditions.filter((one) => one.status === "True");
        if (status.phase !== "Terminating" || reasons.length === 0) return undefined;
        return [
            `The namespace ${namespace} is being deleted, but objects in it remain:`,
            ...reasons.map(({ message }) => `    ${foreign(message)}`),
            "They go once the programs that set these finalizers remove them. Then run " +
                "`make down` again.",
        ].join("\n");
    } catch (error) {
        if (error instanceof KubectlError) return undefined;
        throw error;
    }
}
