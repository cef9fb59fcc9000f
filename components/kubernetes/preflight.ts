/**
 * Asks a cluster before anything is declared on it. The provider takes over whatever exists,
 * and a later destroy of this stack would delete it.
 */
import { z } from "zod";
import { type Kubectl, KubectlError, type Place, placeOptions } from "./kubectl.ts";
import { ownerLabel } from "./names.ts";

/** Objects that a stack declares. */
export interface Declaration extends Place {
    /** The objects, as `kubectl` names them: `deployment.apps/NAME`. */
    readonly objects: readonly string[];
    /** The value of their owner label. */
    readonly owner: string;
}

/** `problem`: why nothing may be declared. `warning`: why the cluster was not asked. */
export interface Finding {
    readonly problem?: string;
    readonly warning?: string;
}

const object = z.object({
    kind: z.string(),
    metadata: z.object({
        name: z.string(),
        labels: z.record(z.string(), z.string()).default({}),
    }),
});
const list = z.object({ items: z.array(object) });

/**
 * Looks for objects of the declared names that this stack does not own.
 *
 * @returns a problem with the command that lets this stack have them.
 */
export async function findForeignObjects(
    kubectl: Kubectl,
    declaration: Declaration,
): Promise<Finding> {
    try {
        const output = await kubectl(
            "get",
            ...declaration.objects,
            "--ignore-not-found",
            "--output=json",
        );
        const foreign = parse(output).filter(
            ({ metadata }) => metadata.labels[ownerLabel] !== declaration.owner,
        );
        return foreign.length === 0 ? {} : { problem: refusal(foreign, declaration) };
    } catch (error) {
        if (!(error instanceof KubectlError)) throw error;
        return { warning: `The cluster was not asked: ${error.message}` };
    }
}

/** Parses the output of `kubectl get`: nothing, one object, or a list. */
function parse(output: string): z.output<typeof object>[] {
    if (output.trim() === "") return [];
    const value: unknown = JSON.parse(output);
    const several = list.safeParse(value);
    return several.success ? several.data.items : [object.parse(value)];
}

function refusal(foreign: z.output<typeof object>[], declaration: Declaration): string {
    const command = `kubectl ${placeOptions(declaration).join(" ")} label --overwrite`;
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
            ({ kind, metadata: { name } }) =>
                `    ${command} ${kind.toLowerCase()}/${name} ${ownerLabel}=${declaration.owner}`,
        ),
    ].join("\n");
}
