/**
 * Asks a cluster whether it would create a service's pods. The dry run of a Deployment, which the
 * provider makes in a preview, does not see what pods alone are refused for.
 */
import * as pulumi from "@pulumi/pulumi";
import { KubectlError, kubectlIn, type Place } from "./kubectl.ts";
import { type PodArgs, podSpec } from "./pod.ts";
import { explainRefusal } from "./rolloutProblem.ts";

/** The values that Kubernetes decides by, as it gets them. */
interface TrialPod {
    readonly labels: Readonly<Record<string, string>>;
    readonly spec: object;
}

/**
 * Warns of what the namespace would not let a service's pods be created for. Tries a pod without
 * what a preview may not know yet, which no such rule is about.
 *
 * @param service the resource that the warning belongs to.
 * @param place where to try it; undefined: it is not tried.
 * @returns an output that resolves once that is done.
 */
export function warnOfRefusal(
    service: pulumi.Resource,
    place: pulumi.Output<Place | undefined>,
    labels: Readonly<Record<string, string>>,
    pod: PodArgs,
): pulumi.Output<unknown> {
    const spec = podSpec({
        ...pod,
        image: "not-built-yet",
        serviceAccount: "default",
        secretEnv: undefined,
        pullSecret: undefined,
    });
    return pulumi.all([place, spec]).apply(async ([known, checkedSpec]) => {
        if (known === undefined) return;
        const refusal = await tryPod(known, { labels, spec: checkedSpec });
        if (refusal !== undefined)
            await pulumi.log.warn(`New pods would be refused. ${refusal}`, service);
    });
}

/**
 * Has the cluster check a pod without creating it.
 *
 * @returns why the namespace would not let it be created, in plain words; undefined if it would, or
 * if that is not known, as without the right to create pods.
 */
async function tryPod(place: Place, { labels, spec }: TrialPod): Promise<string | undefined> {
    const metadata = { generateName: "trial-", labels };
    const pod = { apiVersion: "v1", kind: "Pod", metadata, spec };
    const kubectl = kubectlIn(place, { input: JSON.stringify(pod) });
    try {
        await kubectl("create", "--dry-run=server", "--validate=false", "--filename=-");
        return undefined;
    } catch (error) {
        if (!(error instanceof KubectlError)) throw error;
        return explainRefusal(error.message);
    }
}
