/** What is looked up on a cluster, and prepared there, before a service's objects are declared. */
import * as pulumi from "@pulumi/pulumi";
import { failOnProblem } from "../messages/failProgram.ts";
import { handOverReplicas } from "./handover.ts";
import { type Kubectl, kubectlIn, KubectlError, type Place } from "./kubectl.ts";
import { type Finding, findForeignObjects } from "./preflight.ts";
import { findLackingRights, rightsProblem } from "./rights.ts";
import type { Replicas } from "./scaling.ts";

/** What a service is about to declare on a cluster. */
export interface Preparation {
    /** The kubeconfig's context of the cluster. */
    readonly context: string;
    readonly namespace: pulumi.Input<string>;
    /** Returns the objects that are declared, as `kubectl` takes them: `KIND/NAME`. */
    readonly objectsIn: (namespace: string) => readonly string[];
    /** Whether there are Secrets besides, whose names are random. */
    readonly hasRandomSecrets: boolean;
    /** The name of the ServiceMonitor; undefined where none is wanted. */
    readonly monitor: string | undefined;
    /** The owner label of the stack. */
    readonly owner: string;
    /** The name of the Deployment and its autoscaler. */
    readonly deployment: string;
    readonly replicas: Replicas;
}

/** A cluster on which a service may be declared. */
export interface PreparedCluster {
    /** The name of the namespace. */
    readonly namespace: string;
    /** Whether to declare the ServiceMonitor. */
    readonly isMonitored: boolean;
    /** Where a preview tries a pod. Default: it does not, or there is no preview. */
    readonly place: Place | undefined;
}

/**
 * Looks for objects of the same names that another stack made, or a person. An `up` then prepares
 * the number of pods for an autoscaler that comes or goes.
 *
 * @param service the resource that warnings belong to.
 * @returns the cluster once no such object was found. Otherwise the program fails.
 */
export function prepareCluster(
    service: pulumi.Resource,
    { context, namespace, objectsIn, hasRandomSecrets, ...wanted }: Preparation,
): pulumi.Output<PreparedCluster> {
    const isPreview = pulumi.runtime.isDryRun();
    const found = pulumi.output(namespace).apply(async (namespace) => {
        const place = { context, namespace };
        const objects = objectsIn(namespace);
        const kinds = objects.map((object) => object.split("/", 1).join());
        const [finding, lacking] = await Promise.all([
            findForeignObjects(kubectlIn(place), { ...place, ...wanted, objects }),
            findLackingRights(
                (input) => kubectlIn(place, { input }),
                place,
                hasRandomSecrets ? [...kinds, "secret"] : kinds,
            ),
        ]);
        const problem =
            (await problemOf(service, finding)) ??
            (await rightsProblemOf(service, place, lacking)) ??
            (isPreview ? undefined : await handOver(place, wanted));
        const isTried = isPreview && finding.warning === undefined;
        const { isMonitored } = finding;
        return { problem, namespace, isMonitored, place: isTried ? place : undefined };
    });
    return pulumi.all([found, failOnProblem(found.problem)]).apply(([known]) => known);
}

/** Logs a preview's warning. An `up` needs the cluster, so there it is a problem. */
async function problemOf(
    service: pulumi.Resource,
    { problem, warning }: Finding,
): Promise<string | undefined> {
    if (warning === undefined) return problem;
    if (!pulumi.runtime.isDryRun()) return `${warning}\nLog in to it, and run \`up\` again.`;

    await pulumi.log.warn(warning, service);
    return undefined;
}

/** Logs the rights that are missing as a preview's warning: a preview needs none of them. */
async function rightsProblemOf(
    service: pulumi.Resource,
    place: Place,
    lacking: readonly string[],
): Promise<string | undefined> {
    if (lacking.length === 0) return undefined;
    const problem = rightsProblem(place, lacking);
    if (!pulumi.runtime.isDryRun()) return problem;

    await pulumi.log.warn(`\`up\` would be refused. ${problem}`, service);
    return undefined;
}

/** Prepares the number of pods. @returns why the cluster refuses, if it does. */
async function handOver(
    place: Place,
    { deployment, owner, replicas }: Pick<Preparation, "deployment" | "owner" | "replicas">,
): Promise<string | undefined> {
    try {
        const kubectl = (input?: string): Kubectl => kubectlIn(place, { input });
        await handOverReplicas(kubectl, deployment, owner, replicas);
        return undefined;
    } catch (error) {
        if (!(error instanceof KubectlError)) throw error;
        return `The number of pods of ${deployment} cannot be handed over: ${error.message}`;
    }
}
