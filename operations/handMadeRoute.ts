/** The Route that somebody made by hand, which `make adopt` hands over to a stack. */
import { z } from "zod";
import {
    type Kubectl,
    kubectlCommand,
    type Place,
    read,
} from "../components/kubernetes/kubectl.ts";
import { ownerLabel } from "../components/kubernetes/names.ts";
import { shellWord } from "../components/messages/shell.ts";
import { UserError } from "../components/messages/userError.ts";

/** What a stack wants of a Route. */
export interface Wanted extends Place {
    /** The Route's name. */
    readonly name: string;
    /** The host that the stack configures. Default: none. */
    readonly host: string | undefined;
    /** The value of the stack's owner label. */
    readonly owner: string;
}

/** A Route that is the stack's now. */
export interface HandMadeRoute {
    /** Its id in a state: NAMESPACE/NAME. */
    readonly id: string;
    readonly host: string;
    /**
     * The command that deletes the objects made by hand which the Route leads to; undefined where
     * there are none.
     */
    readonly deletion: string | undefined;
}

const labels = z.record(z.string(), z.string()).default({});
const routeForm = z.object({
    metadata: z.object({ labels }),
    spec: z.object({ host: z.string(), to: z.object({ name: z.string() }) }),
});
const serviceForm = z.object({
    metadata: z.object({ labels }),
    spec: z.object({ selector: labels }),
});
const deploymentList = z.object({
    items: z.array(
        z.object({
            metadata: z.object({ name: z.string() }),
            spec: z.object({ template: z.object({ metadata: z.object({ labels }) }) }),
        }),
    ),
});

/**
 * Labels a Route as the stack's, so that the next `up` changes it. Changes nothing else of it.
 *
 * @returns undefined if there is no such Route.
 * @throws UserError if it is another stack's, or has another host: a host cannot change.
 * @throws KubectlError if the cluster cannot be asked.
 */
export async function takeRoute(
    kubectl: Kubectl,
    wanted: Wanted,
): Promise<HandMadeRoute | undefined> {
    const { name, namespace, host, owner } = wanted;
    const object = `route.route.openshift.io/${name}`;
    const route = await find(kubectl, routeForm, object);
    if (route === undefined) return undefined;
    const former = route.metadata.labels[ownerLabel];
    if (former !== undefined && former !== owner)
        throw new UserError(`The Route ${name} in the namespace ${namespace} is ${former}'s.`);
    if (host !== undefined && host !== route.spec.host) {
        throw new UserError(
            `The Route ${name} in the namespace ${namespace} has the host ${route.spec.host}, ` +
                `which cannot change. mlops:cluster.expose.host is ${host}: set it to that one, ` +
                "or remove it.",
        );
    }
    await kubectl("label", "--overwrite", object, `${ownerLabel}=${owner}`);
    const old = await handMade(kubectl, route.spec.to.name);
    return {
        id: `${namespace}/${name}`,
        host: route.spec.host,
        deletion:
            old.length === 0
                ? undefined
                : [kubectlCommand(wanted), "delete", ...old.map(shellWord)].join(" "),
    };
}

/** Returns a Service and its Deployments; none where a stack made them, or there are none. */
async function handMade(kubectl: Kubectl, service: string): Promise<string[]> {
    const found = await find(kubectl, serviceForm, `service/${service}`);
    if (found === undefined || found.metadata.labels[ownerLabel] !== undefined) return [];
    // A Service without a selector leads to no Deployment.
    const selector = Object.entries(found.spec.selector);
    const { items } = await read(kubectl, deploymentList, "deployments.apps");
    const selected = items.filter(
        ({ spec: { template } }) =>
            selector.length > 0 &&
            selector.every(([key, value]) => template.metadata.labels[key] === value),
    );
    return [...selected.map(({ metadata }) => `deployment/${metadata.name}`), `service/${service}`];
}

async function find<T>(
    kubectl: Kubectl,
    schema: z.ZodType<T>,
    what: string,
): Promise<T | undefined> {
    const found = await kubectl("get", what, "--ignore-not-found", "--output=json");
    return found.trim() === "" ? undefined : schema.parse(JSON.parse(found));
}
