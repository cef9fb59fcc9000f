import type { Change, Preview } from "../preview.ts";
import { isObject, valueAt } from "../properties.ts";
import { deployment } from "./deployment.ts";
import { exposure } from "./exposure.ts";
import {
    lost,
    objectName,
    otherChanges,
    reachesStanding,
    replicaChange,
    scalerRange,
    scalerType,
} from "./clusterObject.ts";
import { networkPolicy } from "./networkPolicy.ts";
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
    show,
    transitionOf,
} from "./rule.ts";

/** The rules of what components/clusterService.ts declares. */
export const kubernetes: Readonly<Record<string, Rule>> = {
    // The provider's identifier of the cluster may be the same for another context.
    "mlops:kubernetes:ClusterService": (change) => {
        const context = transitionOf(change, "context", "");
        return context === undefined
            ? []
            : [
                  dangerous(
                      change,
                      phrase`service ${change.name} moves to another cluster: context
                          ${show(context.before)} → ${show(context.after)}; what runs on the former
                          one stays there, and nothing manages it`,
                  ),
              ];
    },
    "pulumi:providers:kubernetes": (change) => {
        const moved = ["context", "cluster", "clusterIdentifier", "kubeconfig", "namespace"].filter(
            (name) => isChanged(change, name),
        );
        if (isNew(change))
            return [
                careful(change, phrase`provider ${change.name} is new: it may use another cluster`),
            ];
        return moved.length === 0 || change.operation === "delete"
            ? []
            : [
                  dangerous(
                      change,
                      phrase`provider ${change.name} may use another cluster or namespace:
                          ${moved.join(", ")} changed`,
                  ),
              ];
    },

    "kubernetes:core/v1:Namespace": (change) => {
        const level = transitionOf(change, `metadata.labels["${podSecurityLabel}"]`, "privileged");
        const isWeaker =
            level !== undefined && rankOf(show(level.after)) < rankOf(show(level.before));
        return [
            lost(change, "namespace", phrase`what is in it is gone`),
            isWeaker && !isNew(change) && !isGone(change)
                ? dangerous(
                      change,
                      phrase`Pod Security of namespace ${objectName(change)} is weakened:
                          ${show(level.before)} → ${show(level.after)}`,
                  )
                : undefined,
        ];
    },
    "kubernetes:apps/v1:Deployment": deployment,
    "kubernetes:core/v1:Service": service,
    "kubernetes:networking.k8s.io/v1:NetworkPolicy": networkPolicy,
    "kubernetes:core/v1:Secret": (change) =>
        isNew(change)
            ? []
            : [
                  isFollowed(change)
                      ? undefined
                      : lost(change, "Secret", phrase`pods that need it do not start`),
                  isFollowed(change) ||
                  (!isGone(change) &&
                      (isChanged(change, "data") || isChanged(change, "stringData")))
                      ? careful(
                            change,
                            phrase`credentials rotated: Secret ${objectName(change)} gets new
                                values`,
                        )
                      : undefined,
              ],
    "kubernetes:core/v1:ServiceAccount": (change) =>
        !isNew(change) &&
        !isGone(change) &&
        transitionOf(change, "automountServiceAccountToken", true)?.after === true
            ? [
                  dangerous(
                      change,
                      phrase`pods of ServiceAccount ${objectName(change)} get its token: they may
                          use the cluster's API`,
                  ),
              ]
            : [],

    "kubernetes:networking.k8s.io/v1:Ingress": exposure,
    "kubernetes:route.openshift.io/v1:Route": exposure,
    "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute": exposure,

    [scalerType]: (change, preview) => {
        // Whether it is new or gone, the rule of its Deployment says.
        if (isNew(change) || isGone(change)) return [];
        const { before, after } = change;
        return [
            ...replicaChange(
                change,
                targetOf(change),
                scalerRange(before),
                scalerRange(after),
                preview,
            ),
            otherChanges(
                change,
                phrase`autoscaling of ${targetOf(change)}`,
                /^spec\.(?!minReplicas|maxReplicas)/,
            ),
        ];
    },
    "kubernetes:policy/v1:PodDisruptionBudget": (change) =>
        change.operation === "delete"
            ? [
                  careful(
                      change,
                      phrase`PodDisruptionBudget ${objectName(change)} is deleted: a drained node
                          may stop all its pods at once`,
                  ),
              ]
            : [otherChanges(change, phrase`PodDisruptionBudget ${objectName(change)}`, /^spec\./)],
};

/** Whether an object stays until the pods use the one that follows it, under another name. */
function isFollowed({ operation, properties }: Change): boolean {
    const because = properties.filter(({ replaces }) => replaces).map(({ path }) => path);
    return operation === "replace" && because.includes("metadata.name");
}

const podSecurityLabel = "pod-security.kubernetes.io/enforce";

function rankOf(level: string): number {
    return ["privileged", "baseline", "restricted"].indexOf(level);
}

function targetOf(change: Change): string {
    const namespace = valueAt(change.after, "metadata.namespace");
    const target = show(valueAt(change.after, "spec.scaleTargetRef.name"));
    return namespace === undefined ? target : `${show(namespace)}/${target}`;
}

/** Finds what makes a Service reach further, or reach something else. */
function service(change: Change, preview: Preview): readonly (Finding | undefined)[] {
    if (isGone(change)) return [lost(change, "Service", phrase`the service cannot be reached`)];
    const name = objectName(change);
    const type = transitionOf(change, "spec.type", "ClusterIP");
    const addresses = missing(addressesOf(change.after), addressesOf(change.before));
    const isPublic = ["LoadBalancer", "NodePort"].includes(show(type?.after));
    const finding = isNew(change) && !reachesStanding(change, preview) ? careful : dangerous;
    return [
        isPublic
            ? finding(
                  change,
                  phrase`Service ${name} can be reached from outside the cluster:
                      ${show(type?.after)}`,
              )
            : undefined,
        type?.after === "ExternalName"
            ? finding(
                  change,
                  phrase`requests to Service ${name} go to
                      ${show(valueAt(change.after, "spec.externalName"))}`,
              )
            : undefined,
        addresses.length > 0
            ? finding(change, phrase`Service ${name} answers at ${addresses.join(", ")}`)
            : undefined,
        isNew(change)
            ? undefined
            : otherChanges(change, phrase`Service ${name}`, /^spec\.(?!type|externalIPs)/),
    ];
}

function addressesOf(inputs: Change["before"]): string[] {
    const spec = inputs["spec"];
    return listOf(isObject(spec) ? spec["externalIPs"] : undefined).map(show);
}
