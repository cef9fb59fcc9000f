/**
 * Who owns which fields of an object, and changes of them under an owner's name.
 *
 * @see https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
import { z } from "zod";
import type { Kubectl } from "./kubectl.ts";

/** The `managedFields` of an object. */
export const managedFields = z
    .array(
        z.object({
            manager: z.string(),
            operation: z.string(),
            fieldsV1: z.unknown().optional(),
        }),
    )
    .default([]);
const replicasField = z.object({ "f:spec": z.object({ "f:replicas": z.unknown() }) });

/** Returns the name that this program owns fields by; undefined where it owns none. */
export function programOf(owners: z.output<typeof managedFields>): string | undefined {
    return owners.find(isProgram)?.manager;
}

/** Returns whether this program sets the number of a Deployment's pods. */
export function ownsReplicas(owners: z.output<typeof managedFields>): boolean {
    return owners.some(
        (owner) => isProgram(owner) && replicasField.safeParse(owner.fieldsV1).success,
    );
}

function isProgram({ manager, operation }: z.output<typeof managedFields>[number]): boolean {
    return manager.startsWith("pulumi-kubernetes") && operation === "Apply";
}

/** Fields of a Deployment. */
export interface Fields {
    readonly metadata: {
        readonly name: string;
        readonly labels?: Readonly<Record<string, string>>;
        readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly spec: object;
}

/**
 * Has an owner set these fields of a Deployment. What it owned and is not there is removed.
 *
 * @param kubectl makes the `kubectl` of the namespace, with this standard input.
 * @param owner the name of the owner.
 * @throws KubectlError if the cluster refuses.
 */
export async function applyAs(
    kubectl: (input?: string) => Kubectl,
    owner: string,
    fields: Fields,
): Promise<void> {
    await kubectl(JSON.stringify({ apiVersion: "apps/v1", kind: "Deployment", ...fields }))(
        "apply",
        "--server-side",
        "--force-conflicts",
        `--field-manager=${owner}`,
        "--validate=false",
        "--filename=-",
    );
}
