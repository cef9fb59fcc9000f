/** What a pod may use of its node. */
import type * as pulumi from "@pulumi/pulumi";

/** What one pod may use. Quantities as Kubernetes writes them: `500m` CPU, `512Mi` memory. */
export interface Resources {
    /** The CPU that is reserved. Default: 250m. */
    readonly cpu?: pulumi.Input<string> | undefined;
    /** The memory that is reserved, and its limit. Default: 512Mi. */
    readonly memory?: pulumi.Input<string> | undefined;
    /** The limit of the CPU. Default: none, so that a service uses what is idle. */
    readonly cpuLimit?: pulumi.Input<string> | undefined;
}

/** Returns an amount of memory, `512Mi` or `2G`, in bytes. */
export function bytesOf(quantity: string): number {
    const units: Readonly<Record<string, number>> = { M: 1e6, G: 1e9, Mi: 2 ** 20, Gi: 2 ** 30 };
    const [, number, unit = ""] = /^(\d+)(\w*)$/.exec(quantity) ?? [];
    return Number(number) * (units[unit] ?? 1);
}

/** What a pod may use where nothing else is set. */
export const defaults = { cpu: "250m", memory: "512Mi" };

/** Says that more CPU is reserved than a pod may use, which no cluster accepts. */
export function cpuProblem({ cpu = defaults.cpu, cpuLimit }: pulumi.Unwrap<Resources>) {
    return cpuLimit !== undefined && coresOf(cpuLimit) < coresOf(cpu)
        ? `A pod cannot reserve more CPU than its limit: cpu is ${cpu}, cpuLimit is ${cpuLimit}. ` +
              "Lower cpu, or raise cpuLimit."
        : undefined;
}

/** Returns how many cores a quantity of Kubernetes is: `500m` or `1.5`. */
export function coresOf(quantity: string): number {
    return quantity.endsWith("m") ? Number(quantity.slice(0, -1)) / 1000 : Number(quantity);
}
