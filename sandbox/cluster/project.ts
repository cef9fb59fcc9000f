import { Project } from "../project.ts";
import type { Cluster } from "./cluster.ts";

/** Returns the configuration of a stack whose default provider uses a context. */
export function settingsFor(context: string): Record<string, string> {
    return {
        "kubernetes:context": context,
        "kubernetes:clusterIdentifier": "sandbox",
        "kubernetes:enableSecretMutable": "true",
    };
}

/** Returns the variables with which a program reaches a cluster, as the kubeconfig's accounts. */
export function environmentFor(
    { bin, kubeconfig: administrators }: Cluster,
    kubeconfig = administrators,
): Record<string, string> {
    return { KUBECONFIG: kubeconfig, PATH: `${bin}:${process.env["PATH"] ?? ""}` };
}

/**
 * Creates a copy of this project whose stack is on a cluster.
 *
 * @param account a kubeconfig and its context. Default: the cluster's administrator.
 */
export async function createProject(
    cluster: Cluster,
    { kubeconfig, context }: { readonly kubeconfig: string; readonly context: string } = cluster,
): Promise<Project> {
    return Project.create(settingsFor(context), environmentFor(cluster, kubeconfig));
}
