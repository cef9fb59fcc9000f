/**
 * Asks a cluster before anything is declared on it. The provider takes over whatever exists,
 * and a later destroy of this stack would delete it.
 */
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { setCommand } from "../messages/shell.ts";
import { UserError } from "../messages/userError.ts";
import {
    hasKind,
    type Kubectl,
    KubectlError,
    kubectlIn,
    kubectlCommand,
    type Place,
} from "./kubectl.ts";
import { ownerLabel } from "./names.ts";
import { rightsProblem } from "./rights.ts";

/** Objects that a stack declares. */
export interface Declaration extends Place {
    /** The objects, as `kubectl` names them: `deployment.apps/NAME`. */
    readonly objects: readonly string[];
    /** The name of a ServiceMonitor, a kind that not every cluster has. Default: none. */
    readonly monitor?: string | undefined;
    /** The value of their owner label. */
    readonly owner: string;
}

/** What a cluster says to a declaration. */
export interface Finding {
    /** Why nothing may be declared. Default: it may. */
    readonly problem?: string;
    /** Why the cluster was not asked. Default: it was. */
    readonly warning?: string;
    /** Whether to declare the ServiceMonitor. Yes where the cluster was not asked. */
    readonly isMonitored: boolean;
}

const object = z.object({
    apiVersion: z.string(),
    kind: z.string(),
    metadata: z.object({
        name: z.string(),
        labels: z.record(z.string(), z.string()).default({}),
    }),
});
const list = z.object({ items: z.array(object) });

/**
 * Checks before anything is declared that a service can be: the kubeconfig has the context, and in
 * an `up` the cluster answers. A kubeconfig without any context passes a preview, as that of a pull
 * request has none.
 *
 * @param isPreview default: whether the program runs in one.
 * @param kubectl default: that of the context.
 * @throws UserError otherwise
 */
export async function checkCluster(
    context: string,
    isPreview = pulumi.runtime.isDryRun(),
    kubectl: Kubectl = kubectlIn({ context, namespace: "default" }),
): Promise<void> {
    const contexts = (await contextsOf(kubectl)) ?? [];
    if (contexts.length > 0 && !contexts.includes(context))
        throw new UserError(missingContext(context, contexts));
    if (isPreview) return;
    try {
        await kubectl("get", "--raw=/version");
    } catch (error) {
        if (!(error instanceof KubectlError)) throw error;
        throw new UserError(`The cluster does not answer: ${error.message}`);
    }
}

/**
 * Looks for objects of the declared names that this stack does not own.
 *
 * @returns a problem with the command that lets this stack have them; or with the contexts that
 * the kubeconfig has where it lacks the configured one, with the rights that are missing, or
 * without the namespace.
 */
export async function findForeignObjects(
    kubectl: Kubectl,
    declaration: Declaration,
): Promise<Finding> {
    const { objects, monitor, owner } = declaration;
    try {
        const isMonitored =
            monitor !== undefined &&
            (await hasKind(kubectl, "monitoring.coreos.com/v1", "ServiceMonitor"));
        const output = await kubectl(
            "get",
            ...objects,
            ...(isMonitored ? [`servicemonitor.monitoring.coreos.com/${monitor}`] : []),
            "--ignore-not-found",
            "--output=json",
        );
        if (output.trim() === "")
            return { isMonitored, ...(await missingNamespace(kubectl, declaration)) };
        const foreign = parse(output).filter(
            ({ metadata }) => metadata.labels[ownerLabel] !== owner,
        );
        return {
            isMonitored,
            ...(foreign.length > 0 && { problem: refusal(foreign, declaration) }),
        };
    } catch (error) {
        if (!(error instanceof KubectlError)) throw error;
        return {
            isMonitored: monitor !== undefined,
            ...(await whyNotAsked(kubectl, declaration, error)),
        };
    }
}

/** Returns a problem where the namespace is missing, and nothing where that is not known. */
async function missingNamespace(
    kubectl: Kubectl,
    { context, namespace, objects }: Declaration,
): Promise<Pick<Finding, "problem">> {
    const name = `namespace/${namespace}`;
    if (objects.includes(name)) return {};
    try {
        const found = await kubectl("get", name, "--ignore-not-found", "--output=name");
        if (found.trim() !== "") return {};
    } catch (error) {
        if (error instanceof KubectlError) return {};
        throw error;
    }
    return {
        problem:
            `The cluster "${context}" has no namespace ${namespace}. Have it created, or let the ` +
            `stack create it: ${setCommand("mlops:cluster.createNamespace", "true")}`,
    };
}

/** Names the rights that an account lacks, from what a cluster said. undefined: it said no such. */
function missingRights(message: string, place: Place): string | undefined {
    const refused = /cannot (\S+) resource "([^"]+)" in API group "([^"]*)"/g;
    const rights = [...message.matchAll(refused)].map(
        ([, verb = "", resource = "", group = ""]) =>
            `${verb} ${resource}${group === "" ? "" : `.${group}`}`,
    );
    return rights.length === 0 ? undefined : rightsProblem(place, rights);
}

/** Tells a context that is missing by mistake from a cluster that is out of reach. */
async function whyNotAsked(
    kubectl: Kubectl,
    place: Place,
    { message }: KubectlError,
): Promise<Pick<Finding, "problem" | "warning">> {
    const { context } = place;
    const lacking = missingRights(message, place);
    if (lacking !== undefined) return { problem: lacking };
    const kind = /doesn't have a resource type "([^"]+)"/.exec(message)?.[1];
    if (kind !== undefined) {
        return {
            problem:
                `The cluster "${context}" has no objects of the kind ${kind}: another ` +
                "mlops:cluster.expose.kind is needed.",
        };
    }
    const contexts = await contextsOf(kubectl);
    if (contexts === undefined || contexts.includes(context))
        return { warning: `The cluster was not asked: ${message}` };
    if (contexts.length === 0)
        return { warning: `The cluster was not asked: no kubeconfig has a context "${context}"` };
    return { problem: missingContext(context, contexts) };
}

function missingContext(context: string, contexts: readonly string[]): string {
    return (
        `The kubeconfig has no context "${context}". It has: ${contexts.join(", ")}. ` +
        `Choose one: ${setCommand("kubernetes:context", "CONTEXT")}`
    );
}

/** Returns the contexts of the kubeconfig, none without one; undefined without kubectl. */
async function contextsOf(kubectl: Kubectl): Promise<string[] | undefined> {
    try {
        const names = await kubectl("config", "get-contexts", "--output=name");
        return names.split("\n").filter((name) => name !== "");
    } catch (error) {
        if (error instanceof KubectlError) return undefined;
        throw error;
    }
}

/** Parses the output of `kubectl get`: nothing, one object, or a list. */
function parse(output: string): z.output<typeof object>[] {
    if (output.trim() === "") return [];
    const value: unknown = JSON.parse(output);
    const several = list.safeParse(value);
    return several.success ? several.data.items : [object.parse(value)];
}

/** The kind with its group, as `kubectl` takes it: other groups may have a kind of that name. */
function qualified({ apiVersion, kind }: z.output<typeof object>): string {
    const [group = ""] = /^[^/]+(?=\/)/.exec(apiVersion) ?? [];
    return `${kind.toLowerCase()}${group === "" ? "" : `.${group}`}`;
}

function refusal(foreign: z.output<typeof object>[], declaration: Declaration): string {
    const command = `${kubectlCommand(declaration)} label --overwrite`;
    return [
        `These objects exist in ${declaration.namespace} (${declaration.context}), and this ` +
            "stack did not make them:",
        ...foreign.map(({ kind, metadata: { name, labels } }) => {
            const owner = labels[ownerLabel];
            return `    ${kind} ${name}${owner === undefined ? "" : `, which ${owner} owns`}`;
        }),
        "Delete them or give the service another name. To import them, so that this stack " +
            "changes and later deletes them, run these commands, then `up` again:",
        ...foreign.map(
            (one) =>
                `    ${command} ${qualified(one)}/${one.metadata.name} ` +
                `${ownerLabel}=${declaration.owner}`,
        ),
    ].join("\n");
}
