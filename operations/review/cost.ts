/** What a stack uses, before and after: what it costs, without prices. */
import { type Change, type Preview, unknown, type Value } from "./preview.ts";
import { isObject, valueAt } from "./properties.ts";
import { bytes, cores, quantityOf } from "./quantity.ts";
import { isGone, listOf, type Phrase, phrase, show } from "./rules/rule.ts";

/** An amount that changes. */
export interface Use {
    readonly name: Phrase;
    readonly before: Phrase;
    readonly after: Phrase;
}

type Inputs = Change["after"];

/** A resource that the stack declares. */
interface Declared {
    readonly type: string;
    readonly inputs: Inputs;
}

/** An amount: from the least to the most; undefined if it is not known yet. */
type Amount = { readonly min: number; readonly max: number } | undefined;

const none: Amount = { min: 0, max: 0 };
const without: Amount = { min: Infinity, max: Infinity };

const notKnown = "not known";

/** What the pods of a Deployment use together, or a container. */
interface Workload {
    readonly pods: Amount;
    readonly cpu: Amount;
    readonly memory: Amount;
    readonly cpuLimit: Amount;
    readonly memoryLimit: Amount;
}

/** What a stack uses. */
interface Total extends Workload {
    /** The bytes of the images that are promoted. */
    readonly image: Amount;
    /** What a rollout pulls, if each pod is on a node of its own that lacks the image. */
    readonly pulled: Amount;
}

const amounts: readonly (readonly [keyof Total, string, (amount: number) => string])[] = [
    ["pods", "pods", String],
    ["cpu", "CPU reserved", cores],
    ["memory", "memory reserved", bytes],
    ["cpuLimit", "CPU at most", cores],
    ["memoryLimit", "memory at most", bytes],
    ["image", "image, compressed", bytes],
    ["pulled", "pulled by a rollout, at most", bytes],
];

/**
 * Returns what a stack uses of a cluster, this machine and Quay, as far as it changes: the sums
 * over its pods and containers, and the tags that Quay keeps.
 */
export function usesOf({ changes, unchanged }: Preview): Use[] {
    const [before, after] = (["before", "after"] as const).map((side) => [
        ...changes
            .map((change) => ({ type: change.type, inputs: change[side] }))
            .filter(({ inputs }) => Object.keys(inputs).length > 0),
        ...unchanged,
    ]);
    return [
        ...compareTotals(totalOf(before ?? []), totalOf(after ?? [])),
        ...compareTags(before ?? [], after ?? [], deletedPlaces(changes)),
    ];
}

function compareTotals(before: Total | undefined, after: Total | undefined): Use[] {
    return amounts.flatMap(([key, name, format]) => {
        const [from, to] = [before, after].map((total) =>
            total === undefined ? "none" : textOf(total[key], format),
        );
        if (from === undefined || to === undefined || from === to) return [];
        // An image whose size is not known: that it is new is among the findings.
        if ([from, to].every((text) => text === "none" || text === notKnown)) return [];
        return [{ name: [name], before: [from], after: [to] }];
    });
}

/** Adds up what the stack's Deployments, containers and images use; undefined if it has none. */
function totalOf(resources: readonly Declared[]): Total | undefined {
    const autoscalers = inputsOf(resources, "kubernetes:autoscaling/v2:HorizontalPodAutoscaler");
    const workloads = [
        ...inputsOf(resources, "kubernetes:apps/v1:Deployment").map((inputs) =>
            deploymentTotal(inputs, podsOf(inputs, autoscalers)),
        ),
        ...inputsOf(resources, "docker:index/container:Container").map(containerTotal),
    ];
    const images = inputsOf(resources, "quay:index:PromotedImage");
    if (workloads.length + images.length === 0) return undefined;
    const sum = (key: keyof Workload) => workloads.map((one) => one[key]).reduce(add, none);
    const pods = sum("pods");
    const image = images.map((one) => amountAt(one, "size", undefined)).reduce(add, none);
    return {
        pods,
        cpu: sum("cpu"),
        memory: sum("memory"),
        cpuLimit: sum("cpuLimit"),
        memoryLimit: sum("memoryLimit"),
        image,
        pulled: times(pods, image),
    };
}

function inputsOf(resources: readonly Declared[], type: string): Inputs[] {
    return resources.filter((one) => one.type === type).map(({ inputs }) => inputs);
}

/** The number of a Deployment's pods: an autoscaler decides it, if there is one. */
function podsOf(deployment: Inputs, autoscalers: readonly Inputs[]): Amount {
    const [place, name] = ["metadata.namespace", "metadata.name"].map((path) =>
        valueAt(deployment, path),
    );
    const [autoscaler, ...others] = autoscalers.filter(
        (one) =>
            mayEqual(valueAt(one, "metadata.namespace"), place) &&
            mayEqual(valueAt(one, "spec.scaleTargetRef.name"), name),
    );
    if (autoscaler === undefined) return fixed(deployment, "spec.replicas");
    const isOnlyOne =
        others.length === 0 && valueAt(autoscaler, "spec.scaleTargetRef.name") === name;
    return isOnlyOne && name !== unknown ? range(autoscaler) : undefined;
}

function mayEqual(one: Value | undefined, other: Value | undefined): boolean {
    return one === other || one === unknown || other === unknown;
}

function deploymentTotal(inputs: Inputs, pods: Amount): Workload {
    const containers = listOf(valueAt(inputs, "spec.template.spec.containers"));
    const each = (path: string, absent: Amount): Amount =>
        times(
            pods,
            containers
                .map((container) => amountAt(isObject(container) ? container : {}, path, absent))
                .reduce(add, none),
        );
    return {
        pods,
        cpu: each("resources.requests.cpu", none),
        memory: each("resources.requests.memory", none),
        cpuLimit: each("resources.limits.cpu", without),
        memoryLimit: each("resources.limits.memory", without),
    };
}

/** A container of the local Docker engine, which has its memory in MiB. */
function containerTotal(inputs: Inputs): Workload {
    return {
        pods: none,
        cpu: none,
        memory: none,
        cpuLimit: amountAt(inputs, "cpus", without),
        memoryLimit: times({ min: 2 ** 20, max: 2 ** 20 }, amountAt(inputs, "memory", without)),
    };
}

function fixed(inputs: Inputs, path: string): Amount {
    return whole(amountAt(inputs, path, { min: 1, max: 1 }));
}

function range(autoscaler: Inputs): Amount {
    const [min, max] = ["spec.minReplicas", "spec.maxReplicas"].map((path) =>
        fixed(autoscaler, path),
    );
    return min && max && { min: min.min, max: max.max };
}

function whole(amount: Amount): Amount {
    return Number.isInteger(amount?.min) ? amount : undefined;
}

function amountAt(inputs: Inputs, path: string, absent: Amount): Amount {
    const value = valueAt(inputs, path);
    if (value === undefined || value === null) return absent;
    const quantity = quantityOf(value);
    return quantity === undefined ? undefined : { min: quantity, max: quantity };
}

function add(one: Amount, other: Amount): Amount {
    return one && other && { min: one.min + other.min, max: one.max + other.max };
}

function times(one: Amount, other: Amount): Amount {
    if (one === none || other === none) return none;
    const product = (a: number, b: number) => (a === 0 || b === 0 ? 0 : a * b); // not 0 · ∞
    return one && other && { min: product(one.min, other.min), max: product(one.max, other.max) };
}

function textOf(amount: Amount, format: (amount: number) => string): string {
    if (amount === undefined) return notKnown;
    const [min, max] = [amount.min, amount.max].map((one) =>
        one === Infinity ? "no limit" : one === 0 ? "none" : format(one),
    );
    return min === max ? String(min) : `${String(min)} to ${String(max)}`;
}

/** The repositories and organizations that are deleted, with all their tags. */
function deletedPlaces(changes: readonly Change[]): ReadonlySet<string> {
    const gone = changes.filter((change) => isGone(change) && !change.retained);
    const names = (type: string, nameOf: (inputs: Inputs) => string): string[] =>
        gone.filter((one) => one.type === type).map(({ before }) => nameOf(before));
    return new Set([
        ...names("quay:index:Organization", ({ name }) => show(name)),
        ...names(
            "quay:index:Repository",
            (one) => `${show(one["namespace"])}/${show(one["name"])}`,
        ),
    ]);
}

/** Compares which tags Quay's auto-pruning keeps, in each place and for each pattern. */
function compareTags(
    before: readonly Declared[],
    after: readonly Declared[],
    deleted: ReadonlySet<string>,
): Use[] {
    const [olds, news] = [policiesOf(before), policiesOf(after)];
    return [...new Map([...olds, ...news])].flatMap(([key, [policy = {}]]) => {
        const place = placeOf(policy);
        const [from, to] = [keptBy(olds.get(key)), keptBy(news.get(key))];
        const isDeleted = [place, place.replace(/\/.*/, "")].some((one) => deleted.has(one));
        return isDeleted || same(from, to)
            ? []
            : [{ name: nameOfTags(policy), before: from, after: to }];
    });
}

function same(one: Phrase, other: Phrase): boolean {
    return JSON.stringify(one) === JSON.stringify(other);
}

/** The auto-prune policies by their place and pattern: Quay applies all of them. */
function policiesOf(resources: readonly Declared[]): ReadonlyMap<string, readonly Inputs[]> {
    return Map.groupBy(inputsOf(resources, "quay:index:AutoPrunePolicy"), (policy) =>
        JSON.stringify(nameOfTags(policy)),
    );
}

function placeOf(policy: Inputs): string {
    return show(policy["repository"] ?? policy["namespace"]);
}

function nameOfTags(policy: Inputs): Phrase {
    const { tagPattern: pattern, tagPatternMatches } = policy;
    const name = phrase`tags kept in ${placeOf(policy)}`;
    if (pattern === undefined) return name;
    const like = tagPatternMatches === false ? phrase`unlike` : phrase`like`;
    return phrase`${name}, ${like} ${show(pattern)}`;
}

/** What is left of a place's tags by all of its policies, in an order that is always the same. */
function keptBy(policies: readonly Inputs[] = []): Phrase {
    const [first, ...others] = policies
        .toSorted((a, b) => (show(a["value"]) < show(b["value"]) ? -1 : 1))
        .map(({ method, value }) =>
            method === "number_of_tags"
                ? phrase`the newest ${show(value)}`
                : phrase`those younger than ${show(value)}`,
        );
    return others.reduce((kept, other) => phrase`${kept}, and of these ${other}`, first ?? ["all"]);
}
