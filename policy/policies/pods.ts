import type { ResourceValidationPolicy } from "@pulumi/policy";
import type { KnownValue } from "../knownValue.ts";
import { containersOf, findForbidden } from "../podSecurity.ts";
import { ofPods } from "../workloads.ts";

export const restrictedPods: ResourceValidationPolicy = {
    name: "restricted-pods",
    description: `Pods are locked down as far as Pod Security "restricted" asks.`,
    validateResource: ofPods(findWeaknesses),
};

export const sizedPods: ResourceValidationPolicy = {
    name: "sized-pods",
    description: "Containers of a cluster request CPU and memory, and have a memory limit.",
    validateResource: ofPods(findUnsized),
};

/** Finds what Pod Security "restricted" forbids, and says what to do. */
export function findWeaknesses(template: KnownValue): string[] {
    return findForbidden(template).map(
        (problem) =>
            `${upperFirst(problem)}. An intruder in the service could otherwise do more than ` +
            "it needs. ClusterService is locked down unless `container.strict` is false.",
    );
}

/** Finds containers without requests or a memory limit, and says what to do. */
export function findUnsized(template: KnownValue): string[] {
    const pod = template.at("spec");
    return containersOf(pod).flatMap(({ name, container }) => {
        // A limit is the request, too, where there is none; and a pod may have both for them all.
        const isSet = (...paths: readonly string[]): boolean =>
            [container, pod].some((one) => paths.some((path) => one.at(path).isPresent));
        const lacks = [
            ...["cpu", "memory"].flatMap((resource) =>
                isSet(`resources.requests.${resource}`, `resources.limits.${resource}`)
                    ? []
                    : [`resources.requests.${resource}`],
            ),
            ...(isSet("resources.limits.memory") ? [] : ["resources.limits.memory"]),
        ];
        return lacks.length === 0
            ? []
            : [
                  `The container ${name} lacks ${lacks.join(", ")}: it could take what other ` +
                      "pods of its node need, and a namespace with a quota refuses it.",
              ];
    });
}

function upperFirst(text: string): string {
    return text.charAt(0).toUpperCase() + text.slice(1);
}
