/** What the rules of a cluster's objects share. */
import type { Change, Preview, PropertyChange, Value } from "../preview.ts";
import { isObject, valueAt } from "../properties.ts";
import {
    careful,
    dangerous,
    type Finding,
    isGone,
    isNew,
    type Phrase,
    phrase,
    providerOption,
    show,
    textOf,
} from "./rule.ts";

/** The inputs of an object; empty where it is not there yet, or any more. */
export type Inputs = Change["before"];

/** The type of the autoscaler that decides how many pods of a Deployment there are. */
export const scalerType = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler";

/** Returns NAMESPACE/NAME, or the name alone of what has no namespace. */
export function objectName(change: Change): string {
    const { before, after } = change;
    const namespace = valueAt(isGone(change) ? before : after, "metadata.namespace");
    const name = textOf(change, "metadata.name");
    return namespace === undefined ? name : `${show(namespace)}/${name}`;
}

/** Returns the former inputs of a kind's objects that are in the namespace of another already. */
export function standing(kind: string, { after }: Change, preview: Preview): Inputs[] {
    const namespaceOf = (inputs: Inputs) => show(valueAt(inputs, "metadata.namespace"));
    return [
        ...preview.changes
            .filter((other) => !isNew(other))
            .map(({ type, before }) => ({ type, inputs: before })),
        ...preview.unchanged,
    ]
        .filter(({ type, inputs }) => type === kind && namespaceOf(inputs) === namespaceOf(after))
        .map(({ inputs }) => inputs);
}

/** Whether requests to a Service reach pods of a Deployment that is there already. */
export function reachesStanding(service: Change, preview: Preview): boolean {
    const selector = valueAt(service.after, "spec.selector");
    const wanted = Object.entries(isObject(selector) ? selector : {});
    return standing("kubernetes:apps/v1:Deployment", service, preview).some((deployment) => {
        const labels = valueAt(deployment, "spec.template.metadata.labels");
        return wanted.every(([name, value]) => isObject(labels) && labels[name] === value);
    });
}

/**
 * Returns the finding of an object that is deleted, or replaced and so missing in between.
 *
 * @param consequence what that means.
 */
export function lost(change: Change, kind: string, consequence: Phrase): Finding | undefined {
    if (!isGone(change)) return undefined;
    const subject = phrase`${[kind]} ${objectName(change)}`;
    return dangerous(
        change,
        change.operation === "delete"
            ? phrase`${subject} is deleted: ${consequence}`
            : phrase`${subject} is replaced${reasonOf(change)}: in between, ${consequence}`,
    );
}

/** Says why an object is replaced. A provider of another cluster has a reason of its own. */
function reasonOf({ properties }: Change): Phrase {
    const because = properties.filter(({ replaces }) => replaces).map(({ path }) => path);
    if (because.includes(providerOption)) return phrase`, as its provider has another cluster`;
    return because.length === 0 ? [] : phrase` because of ${because.join(", ")}`;
}

/**
 * Returns the finding of further changes of an object that is not new: what changes, from → to.
 *
 * @param subject of the sentence, such as `probes of web`.
 * @param paths the properties that it is about.
 */
export function otherChanges(change: Change, subject: Phrase, paths: RegExp): Finding | undefined {
    if (isNew(change) || isGone(change)) return undefined;
    const properties = change.properties.filter(({ path }) => paths.test(path));
    if (properties.length === 0) return undefined;
    const details = properties.flatMap((property, index) => [
        ...(index === 0 ? [] : [", "]),
        ...detailOf(property),
    ]);
    return careful(change, phrase`${subject}: ${details}`);
}

/** Names a property, from → to where both sides are short. */
function detailOf({ path, before, after }: PropertyChange): Phrase {
    const name = path.replace(/^spec\.(?:template\.spec\.(?:containers\[0\]\.)?)?/, "");
    if (isObject(before) || isObject(after) || Array.isArray(before) || Array.isArray(after)) {
        const how = before === undefined ? "added" : after === undefined ? "removed" : "changed";
        return phrase`${name} ${[how]}`;
    }
    return phrase`${name} ${show(before)} → ${show(after)}`;
}

/** How many pods there are. */
export interface Range {
    readonly min: Value | undefined;
    readonly max: Value | undefined;
}

/** Returns the range that an autoscaler keeps. */
export function scalerRange(inputs: Inputs): Range {
    return {
        min: valueAt(inputs, "spec.minReplicas") ?? 1,
        max: valueAt(inputs, "spec.maxReplicas"),
    };
}

/** Returns the finding of a service that gets fewer or more pods; none if it gets as many. */
export function replicaChange(
    change: Change,
    name: string,
    before: Range,
    after: Range,
    { isProduction = false }: Preview,
): Finding[] {
    const [from, to] = [textOfRange(before), textOfRange(after)];
    if (from === to) return [];
    const replicas = phrase`replicas of ${name}: ${from} → ${to}`;
    if (after.min === 0) return [dangerous(change, phrase`${replicas}: the service stops`)];
    const isFewer =
        typeof before.min === "number" && typeof after.min === "number" && after.min < before.min;
    return isFewer && isProduction
        ? [dangerous(change, phrase`${replicas}: fewer in production`)]
        : [careful(change, replicas)];
}

function textOfRange({ min, max }: Range): string {
    return min === max ? show(min) : `${show(min)} to ${show(max)}`;
}
