/** How much CPU the pods of a service use. */
import { z } from "zod";
import { type Kubectl, KubectlError, read } from "../components/kubernetes/kubectl.ts";
import { nameLabel, ownContainer } from "../components/kubernetes/names.ts";
import { coresOf } from "../components/kubernetes/resources.ts";

/**
 * The CPU use of the pod that uses most, in thousandths of a core. Containers that a cluster adds
 * do not count: the limit is that of the service's own.
 */
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
                        name: z.string(),
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
            kubectl("top", "pods", selector, "--containers", "--no-headers"),
            read(kubectl, podsForm, "pods", selector),
        ]);
        const [most] = [...top.matchAll(/^(\S+) +(\S+) +(\d+)m /gm)]
            .map(([, name = "", container, used = ""]) => ({ name, container, used: Number(used) }))
            .filter(({ container }) => container === ownContainer)
            .sort((one, other) => other.used - one.used);
        if (most === undefined) return undefined;
        const pod = items.find(({ metadata }) => metadata.name === most.name);
        const own = pod?.spec.containers.find(({ name }) => name === ownContainer);
        const cpu = own?.resources?.limits?.cpu;
        return useOf(most.used, cpu === undefined ? undefined : coresOf(cpu) * 1000);
    } catch (error) {
        if (error instanceof KubectlError) return undefined;
        throw error;
    }
}

function useOf(used: number, limit: number | undefined): CpuUse {
    if (limit === undefined) return { used, isThrottled: false };
    return { used, limit, isThrottled: used >= limit * throttledFrom };
}
