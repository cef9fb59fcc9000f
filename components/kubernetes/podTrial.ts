/**
 * Asks a cluster whether it would create a service's pods. The dry run of a Deployment, which the
 * provider makes in a preview, does not see what pods alone are refused for.
 */
import { KubectlError, kubectlIn, type Place } from "./kubectl.ts";
import { explainRefusal } from "./rolloutProblem.ts";

/** The values that Kubernetes decides by, as it gets them. */
interface TrialPod {
    readonly labels: Readonly<Record<string, string>>;
    readonly spec: object;
}

/**
 * Has the cluster check a pod without creating it.
 *
 * @returns why the namespace would not let it be created, in plain words; undefined if it would, or
 * if that is not known, as without the right to create pods.
 */
export async function tryPod(
    place: Place,
    { labels, spec }: TrialPod,
): Promise<string | undefined> {
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
