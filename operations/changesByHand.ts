/**
 * What was changed by hand on a cluster, and by whom. Kubernetes records for each field which
 * program set it last, as the manager of the field: what the provider's own one loses was changed.
 *
 * @see https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
import { z } from "zod";

interface Fields {
    readonly [key: string]: Fields;
}
const fields: z.ZodType<Fields> = z.lazy(() => z.record(z.string(), fields));

const resource = z.object({
    urn: z.string(),
    type: z.string(),
    outputs: z.unknown().optional(),
});
const exported = z.object({
    deployment: z.object({ resources: z.array(resource).default([]) }),
});
const managed = z.object({
    manager: z.string(),
    subresource: z.string().optional(),
    time: z.string().optional(),
    fieldsV1: fields.default({}),
});
/** An object as the Kubernetes provider stores it. */
const object = z.object({
    __fieldManager: z.string(),
    metadata: z.object({ name: z.string(), managedFields: z.array(managed).default([]) }),
});

/**
 * Compares a stack's states before and after a refresh, as `pulumi stack export` prints them.
 *
 * @returns a line for each object that was deleted, and for each program that changed fields which
 * the stack had set. Values are not shown: some are secret.
 */
export function changesByHand(before: string, after: string): string[] {
    const now = objectsIn(after);
    return [...objectsIn(before)].flatMap(([urn, { label, own, managers }]) => {
        const found = now.get(urn);
        if (found === undefined) return [`${label}: deleted. Kubernetes does not record by whom.`];
        const kept = new Set(pathsOf(found.managers, (manager) => manager === own));
        const lost = pathsOf(managers, (manager) => manager === own).filter(
            (path) => !kept.has(path),
        );
        const byOwner = Map.groupBy(lost, (path) => ownerOf(path, found.managers));
        return [...byOwner].map(([owner, paths]) => `${label}: ${summary(paths)}, ${owner}`);
    });
}

type Managed = z.output<typeof managed>;

/** The objects in a state, by URN. */
function objectsIn(
    state: string,
): ReadonlyMap<string, { label: string; own: string; managers: readonly Managed[] }> {
    const { resources } = exported.parse(JSON.parse(state)).deployment;
    return new Map(
        resources.flatMap(({ urn, type, outputs }) => {
            const { success, data } = object.safeParse(outputs);
            if (!type.startsWith("kubernetes:") || !success) return [];
            const { metadata, __fieldManager: own } = data;
            const label = `${type.split(":").at(-1) ?? type} ${metadata.name}`;
            return [[urn, { label, own, managers: metadata.managedFields }] as const];
        }),
    );
}

/** The paths of all fields that the chosen managers have set. */
function pathsOf(managers: readonly Managed[], isChosen: (manager: string) => boolean): string[] {
    return managers
        .filter(({ manager }) => isChosen(manager))
        .flatMap(({ fieldsV1 }) => leavesOf(fieldsV1));
}

/** Returns a path such as `spec.template.spec.containers[service].image` for each field. */
function leavesOf(tree: Fields, path = ""): string[] {
    // A dot stands for the object itself.
    const children = Object.entries(tree).filter(([key]) => key !== ".");
    if (children.length === 0) return path === "" ? [] : [path];
    return children.flatMap(([key, child]) => leavesOf(child, `${path}${stepOf(key, path)}`));
}

/** Formats a step: a field (`f:NAME`), or an item of a list by its key or value. */
function stepOf(key: string, path: string): string {
    const [kind, text] = [key.slice(0, 2), key.slice(2)];
    if (kind === "f:") return path === "" ? text : `.${text}`;
    if (kind !== "k:") return `[${text}]`;
    const keys = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
    return `[${Object.values(keys).map(String).join(" ")}]`;
}

/** Says which program has set a field. */
function ownerOf(path: string, managers: readonly Managed[]): string {
    const owner = managers.find(({ fieldsV1 }) => leavesOf(fieldsV1).includes(path));
    if (owner === undefined) return "removed. Kubernetes does not record by whom.";
    const { manager, subresource, time } = owner;
    return `by ${programOf(manager, subresource)}${time === undefined ? "" : `, ${time}`}`;
}

/** `kubectl set`, which Kubernetes calls `kubectl-set`; the name itself of any other program. */
function programOf(manager: string, subresource: string | undefined): string {
    if (manager === "kubectl-client-side-apply") return "kubectl apply";
    const [, program, command = subresource] = /^(kubectl|oc)(?:-(.+))?$/.exec(manager) ?? [];
    return program === undefined || command === undefined ? manager : `${program} ${command}`;
}

/** The first fields; one who replaces an object sets all of them. */
function summary(paths: readonly string[]): string {
    const shown = paths.slice(0, 5).join(", ");
    return paths.length > 5 ? `${shown} and ${String(paths.length - 5)} more` : shown;
}
