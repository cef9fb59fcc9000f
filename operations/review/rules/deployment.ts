import { KnownValue } from "../../../policy/knownValue.ts";
import { containersOf, findForbidden } from "../../../policy/podSecurity.ts";
import { type Change, type Preview, unknown, type Value } from "../preview.ts";
import { isObject, valueAt } from "../properties.ts";
import {
    type Inputs,
    lost,
    objectName,
    otherChanges,
    type Range,
    replicaChange,
    scalerRange,
    scalerType,
} from "./clusterObject.ts";
import {
    careful,
    dangerous,
    type Finding,
    isChanged,
    isGone,
    isNew,
    listOf,
    missing,
    phrase,
    type Rule,
    shortDigest,
    show,
    transitionOf,
} from "./rule.ts";

/** The rule of a Deployment: what runs, how many of it, and what it may do. */
export const deployment: Rule = (change, preview) => {
    if (isGone(change)) return [lost(change, "Deployment", phrase`the service does not run`)];
    if (isNew(change)) return [unrestricted(change), ...images(change)];
    const name = objectName(change);
    const dangers = weakened(change);
    return [
        ...dangers,
        ...replicas(change, preview),
        ...images(change),
        secretVariables(change),
        variables(change),
        ...(dangers.length > 0
            ? []
            : [otherChanges(change, phrase`security settings of ${name}`, security)]),
        ...parts.map(([what, paths]) => otherChanges(change, phrase`${[what]} of ${name}`, paths)),
    ];
};

const version = "metadata.annotations.mlops/version";

const spec = String.raw`^spec\.template\.spec\.`;
const ofContainer = String.raw`${spec}(?:initC|c)ontainers\[\d+\]\.`;
/** Parts of a Deployment, by what a reviewer calls them. */
const named: readonly (readonly [what: string, paths: string])[] = [
    ["limits and requests", String.raw`${ofContainer}resources\b|${spec}resources\b`],
    ["probes", `${ofContainer}(?:startup|readiness|liveness)Probe\\b`],
    [
        "rolling update and drain",
        String.raw`${ofContainer}lifecycle\b|${spec}terminationGracePeriodSeconds$|` +
            String.raw`^spec\.(?:strategy|progressDeadlineSeconds|minReadySeconds|` +
            String.raw`revisionHistoryLimit)\b`,
    ],
];
const security = new RegExp(String.raw`(?:${ofContainer}|${spec})securityContext\b`);
/** What has findings of its own, and labels and annotations, which change nothing. */
const elsewhere =
    String.raw`${ofContainer}(?:image$|env\b|securityContext\b)|${spec}securityContext\b|` +
    String.raw`^spec\.replicas$|^spec\.template\.metadata\b`;
const parts: readonly (readonly [what: string, paths: RegExp])[] = [
    ...named.map(([what, paths]) => [what, new RegExp(paths)] as const),
    [
        "settings",
        new RegExp(`^(?!${[elsewhere, ...named.map(([, paths]) => paths)].join("|")})spec\\.`),
    ],
];

function templateOf(inputs: Inputs): KnownValue {
    return new KnownValue(valueAt(inputs, "spec.template"), unknown);
}

function unrestricted(change: Change): Finding | undefined {
    const problems = findForbidden(templateOf(change.after));
    return problems.length === 0
        ? undefined
        : careful(
              change,
              phrase`pods of ${objectName(change)} are not locked down: ${problems.join("; ")}`,
          );
}

/** Finds restrictions that the pods lose. */
function weakened(change: Change): Finding[] {
    const name = objectName(change);
    const [before, after] = [templateOf(change.before), templateOf(change.after)];
    const readOnly = (template: KnownValue): string[] =>
        containersOf(template.at("spec")).flatMap(({ name, container }) =>
            container.at("securityContext.readOnlyRootFilesystem").isOneOf(true) ? [name] : [],
        );
    const kept = containersOf(after.at("spec")).map(({ name }) => name);
    const writable = missing(readOnly(before), readOnly(after)).filter((one) => kept.includes(one));
    const token = transitionOf(change, "spec.template.spec.automountServiceAccountToken", true);
    return [
        ...missing(findForbidden(after), findForbidden(before)).map((problem) =>
            dangerous(change, phrase`pods of ${name} are locked down less: ${problem}`),
        ),
        ...writable.map((container) =>
            dangerous(
                change,
                phrase`container ${container} of ${name}: its root file system is no longer
                    read-only`,
            ),
        ),
        ...(token?.after === true
            ? [
                  dangerous(
                      change,
                      phrase`pods of ${name} get a token: they may use the cluster's API`,
                  ),
              ]
            : []),
    ];
}

/** Finds another number of pods; an autoscaler that comes or goes has it on that side. */
function replicas(change: Change, preview: Preview): Finding[] {
    if (!isChanged(change, "spec.replicas")) return [];
    const range = (side: "before" | "after"): Range => {
        const fixed = valueAt(change[side], "spec.replicas");
        if (fixed !== undefined) return { min: fixed, max: fixed };
        const scaler = preview.changes.find(
            (one) =>
                one.type === scalerType &&
                ["name", "namespace"].every((key) => isSameTarget(one[side], change[side], key)),
        );
        return scaler === undefined
            ? { min: undefined, max: undefined }
            : scalerRange(scaler[side]);
    };
    return replicaChange(change, objectName(change), range("before"), range("after"), preview);
}

function isSameTarget(scaler: Inputs, target: Inputs, key: string): boolean {
    const place = key === "name" ? "spec.scaleTargetRef.name" : "metadata.namespace";
    return valueAt(scaler, place) === valueAt(target, `metadata.${key}`);
}

/** Finds another image, and says which version it is. */
function images(change: Change): Finding[] {
    const place = objectName(change);
    const other = transitionOf(change, version, "none");
    const [before, after] = [imagesOf(change.before), imagesOf(change.after)];
    return [...after].flatMap(([container, image]) => {
        const former = before.get(container);
        if (image === former) return [];
        const [from, to] = shortImages(former, image);
        const digests = phrase`image ${from} → ${to}`;
        return [
            careful(
                change,
                other === undefined
                    ? phrase`${digests} of ${place}`
                    : phrase`version of ${place}: ${show(other.before)} → ${show(other.after)},
                        ${digests}`,
            ),
        ];
    });
}

function containerLists(inputs: Inputs): Inputs[] {
    return ["initContainers", "containers"]
        .flatMap((list) => listOf(valueAt(inputs, `spec.template.spec.${list}`)))
        .filter(isObject);
}

function imagesOf(inputs: Inputs): Map<string, string> {
    return new Map(
        containerLists(inputs).map(({ name, image }) => [show(name), show(image)] as const),
    );
}

/** Shortens images to their digests where they are of the same repository. */
function shortImages(from: string | undefined, to: string): readonly [string, string] {
    const repository = (image = ""): string => image.replace(/@.*/, "");
    const short = (image: string): string => shortDigest(image.replace(/^.*@/, ""));
    const isSame = to === unknown || repository(from) === repository(to);
    return isSame && from !== undefined
        ? [short(from), short(to)]
        : [shortDigest(from ?? "none"), shortDigest(to)];
}

/** Finds another Secret of the variables: other values are in another one. */
function secretVariables(change: Change): Finding | undefined {
    const [before, after] = [secretsOf(change.before), secretsOf(change.after)];
    return before.length === 0 || after.length === 0 || before.join() === after.join()
        ? undefined
        : careful(
              change,
              phrase`secret variables of ${objectName(change)} change: its pods are replaced`,
          );
}

function secretsOf(inputs: Inputs): string[] {
    const names = containerLists(inputs)
        .flatMap((container) => listOf(container["env"]))
        .filter(isObject)
        .flatMap((variable) => valueAt(variable, "valueFrom.secretKeyRef.name") ?? []);
    return [...new Set(names.map(show))];
}

/** Names the variables that differ, not their values. */
function variables(change: Change): Finding | undefined {
    const [before, after] = [variablesOf(change.before), variablesOf(change.after)];
    const details = [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((name) => {
        const [from, to] = [before.get(name), after.get(name)];
        if (from === to) return [];
        return [
            `${name} ${from === undefined ? "added" : to === undefined ? "removed" : "changed"}`,
        ];
    });
    return details.length === 0
        ? undefined
        : careful(
              change,
              phrase`environment variables of ${objectName(change)}: ${details.join(", ")}`,
          );
}

function variablesOf(inputs: Inputs): Map<string, string> {
    return new Map(
        containerLists(inputs).flatMap((container) =>
            listOf(container["env"])
                .filter(isObject)
                .map(
                    (variable: Record<string, Value>) =>
                        [show(variable["name"]), definitionOf(variable)] as const,
                ),
        ),
    );
}

/** Which Secret has the value is left out: it changes with the value of any secret variable. */
function definitionOf(variable: Record<string, Value>): string {
    return JSON.stringify(variable, (key, value: Value) =>
        key === "secretKeyRef" && isObject(value) ? value["key"] : value,
    );
}
