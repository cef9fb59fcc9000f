/** How much CPU the pods of a service use. */
import { z } from "zod";
import { type Kubectl, KubectlError, read } from "../components/kubernetes/kubectl.ts";
import { nameLabel } from "../components/kubernetes/names.ts";

/** The CPU use of the pod that uses most, in thousandths of a core. */
export interface CpuUse {
    readonly used: number;
    /** What the pod may use; absent where it has no limit. */
    readonly limit?: number;
    /** Whether it uses all that it may: it then waits for its next share. */
    readonly isThrottled: boolean;
}

/** The share of the limit from which on a pod counts as throttled: the use is an average. */
const throttledFrom = 0.95;

const podsForm = z.object({
    items: z.array(
        z.object({
            metadata: z.object({ name: z.string() }),
            spec: z.object({
                containers: z.array(
                    z.object({
                        resources: z
                            .object({ limits: z.object({ cpu: z.string().optional() }).optional() })
                            .optional(),
                    }),
                ),
            }),
        }),
    ),
});

/**
 * Asks the cluster's metrics for the CPU use of a Deployment's pods.
 *
 * @returns undefined where there are no metrics, or none yet.
 */
export async function readCpuUse(
    kubectl: Kubectl,
    deployment: string,
): Promise<CpuUse | undefined> {
    const selector = `--selector=${nameLabel}=${deployment}`;
    try {
        const [top, { items }] = await Promise.all([
            kubectl("top", "pods", selector, "--no-headers"),
            read(kubectl, podsForm, "pods", selector),
        ]);
        const [most] = [...top.matchAll(/^(\S+) +(\d+)m /gm)]
            .map(([, name = "", used = ""]) => ({ name, used: Number(used) }))
            .sort((one, other) => other.used - one.used);
        if (most === undefined) return undefined;
        const pod = items.find(({ metadata }) => metadata.name === most.name);
        const cpu = pod?.spec.containers[0]?.resources?.limits?.cpu;
        return useOf(most.used, cpu === undefined ? undefined : thousandths(cpu));
    } catch (error) {
        if (error instanceof KubectlError) return undefined;
        throw error;
    }
}

function useOf(used: number, limit: number | undefined): CpuUse {
    if (limit === undefined) return { used, isThrottled: false };
    return { used, limit, isThrottled: used >= limit * throttledFrom };
}

/** Converts a quantity of Kubernetes, `500m` or `1.5`. */
function thousandths(quantity: string): number {
    return quantity.endsWith("m") ? Number(quantity.slice(0, -1)) : Number(quantity) * 1000;
}
