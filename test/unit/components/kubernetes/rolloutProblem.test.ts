import { equal, ok } from "node:assert/strict";
import { explainRefusal } from "../../../../components/kubernetes/rolloutProblem.ts";

/** Messages of Kubernetes 1.37 and OpenShift 4.17 about a pod, and how they are put. */
const messages: readonly [message: string, beginning: string][] = [
    [
        "exceeded quota: small, requested: limits.memory=256Mi, used: limits.memory=0, " +
            "limited: limits.memory=64Mi",
        "There is no room for the pods in the namespace's quota: exceeded quota: small, requested",
    ],
    [
        "failed quota: small: must specify limits.cpu for: service",
        "The namespace's quota asks for more settings: failed quota",
    ],
    [
        'violates PodSecurity "restricted:latest": runAsNonRoot != true',
        "The namespace's Pod Security forbids the pods: violates PodSecurity",
    ],
    [
        "maximum memory usage per Container is 64Mi, but limit is 256Mi",
        "The namespace's LimitRange forbids the pods: maximum memory usage",
    ],
    [
        "[cpu max limit to request ratio per Container is 2, but provided ratio is 4.000000]",
        "The namespace's LimitRange forbids the pods: [cpu max limit",
    ],
    [
        "unable to validate against any security context constraint: [provider restricted-v2: " +
            ".containers[0].runAsUser: Invalid value: 10001: must be in the ranges]",
        "OpenShift's security context constraints forbid the pods: unable to validate",
    ],
];

describe("what a namespace refuses pods for", () => {
    for (const [message, beginning] of messages) {
        it(`is put in words: ${beginning.split(":", 1).join()}`, () => {
            const forbidden = `pods "web-dev-1" is forbidden: ${message}`;
            for (const prefix of [
                "",
                'Error from server (Forbidden): error when creating "STDIN": ',
            ]) {
                const words = explainRefusal(prefix + forbidden) ?? "";
                ok(words.startsWith(beginning), words);
            }
        });
    }

    it("is nothing where others refuse, the right is missing, or the cluster is silent", () => {
        for (const message of [
            'admission webhook "policy.example" denied the request: images must specify a digest',
            'pods is forbidden: User "a" cannot create resource "pods" in API group "" in the ' +
                'namespace "digits"',
            'namespaces "digits" not found',
            "connection refused",
        ])
            equal(explainRefusal(message), undefined);
    });
});
