import { z } from "zod";
import { configIn } from "../../configuration/delivery.ts";
import { kubectlIn, KubectlError } from "../../components/kubernetes/kubectl.ts";
import { objectName } from "../../components/kubernetes/names.ts";
import { readService, type RunningService } from "../services.ts";

/** What a stack's file says of where its service runs. */
const place = z.object({
    "mlops:service": z.object({ name: z.string() }),
    "mlops:cluster": z.object({ namespace: z.string() }),
    "kubernetes:context": z.string(),
});

/** How long a command that asks a cluster may take, in seconds. */
const limit = 5;

/**
 * Asks the cluster of a stack how its service runs. Needs no state, but a kubeconfig that may read
 * pods, Deployments and ReplicaSets.
 *
 * @param image the image that it should run, by its digest.
 * @returns undefined where the stack has no cluster, or the cluster cannot be asked.
 */
export async function readHealth(
    stack: string,
    image: string,
): Promise<RunningService | undefined> {
    const { data } = place.safeParse(configIn(stack));
    if (data === undefined) return undefined;
    const name = objectName(data["mlops:service"].name, stack);
    const { namespace } = data["mlops:cluster"];
    const context = data["kubernetes:context"];
    const kubectl = kubectlIn({ context, namespace }, { limit });
    try {
        return await readService({ context, namespace, name, image, url: undefined }, kubectl);
    } catch (error) {
        if (error instanceof KubectlError) return undefined;
        throw error;
    }
}
