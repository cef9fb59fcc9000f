import { deepEqual } from "node:assert/strict";
import { KnownValue } from "../../../policy/knownValue.ts";
import { findMovable } from "../../../policy/policies/images.ts";
import { findUnsized, findWeaknesses } from "../../../policy/policies/pods.ts";
import { findForbidden } from "../../../policy/podSecurity.ts";

/** What stands for a value that a preview does not know. */
const unknown = Symbol("unknown");

const image = `quay.io/alice/digits@sha256:${"a1".repeat(32)}`;
const restricted = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    runAsNonRoot: true,
    seccompProfile: { type: "RuntimeDefault" },
};
const resources = { requests: { cpu: "250m", memory: "512Mi" }, limits: { memory: "512Mi" } };

/** A pod of one container, in which these properties differ. */
const pod = (container: object, spec: object = {}, metadata: object = {}): KnownValue =>
    new KnownValue(
        {
            metadata,
            spec: {
                containers: [
                    { name: "web", image, resources, securityContext: restricted, ...container },
                ],
                ...spec,
            },
        },
        unknown,
    );
const security = (context: object): object => ({ securityContext: { ...restricted, ...context } });

describe(`Pod Security "restricted"`, () => {
    const web = "the container web:";
    /** Each: a pod that violates it, what is said, and a pod that comes near. */
    const requirements: Readonly<
        Record<string, readonly [broken: KnownValue, says: string, kept: KnownValue]>
    > = {
        "the host's network": [
            pod({}, { hostNetwork: true }),
            "the pod: hostNetwork must not be true",
            pod({}, { hostNetwork: false }),
        ],
        "the host's processes": [
            pod({}, { hostPID: true }),
            "the pod: hostPID must not be true",
            pod({}, { hostUsers: true }),
        ],
        "a folder of the host": [
            pod({}, { volumes: [{ name: "a", hostPath: { path: "/etc" } }] }),
            "the pod: volumes may be configMap, csi, downwardAPI, emptyDir, ephemeral, image, " +
                "persistentVolumeClaim, projected, secret alone",
            pod({}, { volumes: [{ name: "a", emptyDir: {} }, { name: "b" }] }),
        ],
        "a port of the host": [
            pod({ ports: [{ containerPort: 80, hostPort: 80 }] }),
            `${web} ports must not have a hostPort`,
            pod({ ports: [{ containerPort: 80 }] }),
        ],
        "a probe of another host": [
            pod({ readinessProbe: { httpGet: { port: 80, host: "10.0.0.1" } } }),
            `${web} readinessProbe.httpGet.host has to be absent`,
            pod({ readinessProbe: { httpGet: { port: 80 } } }),
        ],
        "a privileged container": [
            pod(security({ privileged: true })),
            `${web} securityContext.privileged must not be true`,
            pod(security({ privileged: false })),
        ],
        "more privileges": [
            pod(security({ allowPrivilegeEscalation: undefined })),
            `${web} securityContext.allowPrivilegeEscalation has to be false`,
            pod({}),
        ],
        "capabilities that are kept": [
            pod(security({ capabilities: { drop: ["NET_RAW"] } })),
            `${web} securityContext.capabilities.drop has to have ALL`,
            pod(security({ capabilities: { drop: ["NET_RAW", "ALL"] } })),
        ],
        "capabilities that are added": [
            pod(security({ capabilities: { drop: ["ALL"], add: ["SYS_ADMIN"] } })),
            `${web} securityContext.capabilities.add may have NET_BIND_SERVICE alone`,
            pod(security({ capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } })),
        ],
        "a user that may be root": [
            pod(security({ runAsNonRoot: undefined })),
            `${web} securityContext.runAsNonRoot has to be true, here or for the pod`,
            pod(security({ runAsNonRoot: undefined }), { securityContext: { runAsNonRoot: true } }),
        ],
        "a container that allows root": [
            pod(security({ runAsNonRoot: false }), { securityContext: { runAsNonRoot: true } }),
            `${web} securityContext.runAsNonRoot must not be false`,
            pod({}, { securityContext: { runAsNonRoot: true } }),
        ],
        root: [
            pod(security({ runAsUser: 0 })),
            `${web} securityContext.runAsUser must not be 0`,
            pod(security({ runAsUser: 0, runAsNonRoot: false }), { hostUsers: false }),
        ],
        "no seccomp profile": [
            pod(security({ seccompProfile: undefined })),
            `${web} securityContext.seccompProfile.type has to be RuntimeDefault or Localhost, ` +
                "here or for the pod",
            pod(security({ seccompProfile: undefined }), {
                securityContext: { seccompProfile: { type: "Localhost" } },
            }),
        ],
        "another seccomp profile": [
            pod(security({ seccompProfile: { type: "Unconfined" } })),
            `${web} securityContext.seccompProfile.type has to be absent or RuntimeDefault or ` +
                "Localhost",
            pod(security({ seccompProfile: { type: "Localhost" } })),
        ],
        "an AppArmor profile of an annotation": [
            pod(
                {},
                {},
                {
                    annotations: {
                        "container.apparmor.security.beta.kubernetes.io/web": "unconfined",
                    },
                },
            ),
            "the pod: the annotation container.apparmor.security.beta.kubernetes.io/web has to be " +
                "runtime/default",
            pod(
                {},
                {},
                {
                    annotations: {
                        "container.apparmor.security.beta.kubernetes.io/web": "runtime/default",
                        other: "unconfined",
                    },
                },
            ),
        ],
        "a kernel parameter": [
            pod({}, { securityContext: { sysctls: [{ name: "kernel.msgmax", value: "1" }] } }),
            "the pod: securityContext.sysctls may be kernel.shm_rmid_forced, " +
                "net.ipv4.ip_local_port_range, net.ipv4.ip_local_reserved_ports, " +
                "net.ipv4.ip_unprivileged_port_start, net.ipv4.ping_group_range, " +
                "net.ipv4.tcp_fin_timeout, net.ipv4.tcp_keepalive_intvl, " +
                "net.ipv4.tcp_keepalive_probes, net.ipv4.tcp_keepalive_time, " +
                "net.ipv4.tcp_notsent_lowat, net.ipv4.tcp_rmem, " +
                "net.ipv4.tcp_slow_start_after_idle, net.ipv4.tcp_syncookies, net.ipv4.tcp_wmem alone",
            pod(
                {},
                { securityContext: { sysctls: [{ name: "net.ipv4.tcp_syncookies", value: "1" }] } },
            ),
        ],
    };
    for (const [what, [broken, says, kept]] of Object.entries(requirements)) {
        it(`forbids ${what}`, () => {
            deepEqual(findForbidden(broken), [says]);
            deepEqual(findForbidden(kept), []);
        });
    }

    it("holds for containers that run before the others, too", () => {
        const before = { name: "first", securityContext: { ...restricted, privileged: true } };
        deepEqual(findForbidden(pod({}, { initContainers: [before] })), [
            "the container first: securityContext.privileged must not be true",
        ]);
    });

    it("forbids what a pod without any security context has", () => {
        deepEqual(
            findForbidden(pod({ securityContext: undefined })).map(
                (problem) => /Context\.(\w+)/.exec(problem)?.[1],
            ),
            ["runAsNonRoot", "seccompProfile", "allowPrivilegeEscalation", "capabilities"],
        );
    });

    it("says what is to be done", () => {
        deepEqual(findWeaknesses(pod({}, { hostIPC: true })), [
            "The pod: hostIPC must not be true. An intruder in the service could otherwise do " +
                "more than it needs. ClusterService is locked down unless `container.strict` is false.",
        ]);
    });

    it("finds nothing in what a preview does not know", () => {
        for (const template of [
            new KnownValue(unknown, unknown),
            new KnownValue({ spec: unknown }, unknown),
            new KnownValue({ spec: { containers: unknown, volumes: unknown } }, unknown),
            new KnownValue({ spec: { containers: [unknown], hostNetwork: unknown } }, unknown),
            pod({ securityContext: unknown, ports: [{ hostPort: unknown }] }),
            pod(security({ capabilities: { drop: [unknown] }, runAsUser: unknown })),
            pod(security({ runAsNonRoot: undefined }), { securityContext: unknown }),
            pod({}, { volumes: [unknown, { name: "a", emptyDir: unknown }] }),
        ])
            deepEqual(findForbidden(template), []);
    });
});

describe("the size of a container", () => {
    const lacks = (what: string): string[] => [
        `The container web lacks ${what}: it could take what other pods of its node need, and a ` +
            "namespace with a quota refuses it.",
    ];

    it("has to be there", () => {
        deepEqual(findUnsized(pod({})), []);
        deepEqual(
            findUnsized(pod({ resources: undefined })),
            lacks("resources.requests.cpu, resources.requests.memory, resources.limits.memory"),
        );
        deepEqual(
            findUnsized(pod({ resources: { ...resources, requests: { memory: "1Gi" } } })),
            lacks("resources.requests.cpu"),
        );
        deepEqual(
            findUnsized(pod({ resources: { ...resources, limits: { cpu: "1" } } })),
            lacks("resources.limits.memory"),
        );
    });

    it("may be a limit, which is the request then, or that of the pod", () => {
        deepEqual(findUnsized(pod({ resources: { limits: { cpu: "1", memory: "1Gi" } } })), []);
        deepEqual(findUnsized(pod({ resources: undefined }, { resources })), []);
    });

    it("may be unknown in a preview", () => {
        for (const some of [
            unknown,
            { requests: unknown, limits: unknown },
            { ...resources, limits: { memory: unknown } },
        ])
            deepEqual(findUnsized(pod({ resources: some })), []);
        deepEqual(findUnsized(pod({}, { containers: unknown })), []);
    });
});

describe("the image of a pod", () => {
    const says = (what: string): string[] => [
        `The ${what}: a tag may point at something else tomorrow. Name it REPOSITORY@sha256:….`,
    ];

    it("is named by its digest", () => {
        deepEqual(findMovable(pod({})), []);
        for (const name of [
            "quay.io/alice/digits",
            "quay.io/alice/digits:latest",
            "quay.io/alice/digits:1.0.0",
            `quay.io/alice/digits@sha256:${"a".repeat(63)}`,
            `sha256:${"a1".repeat(32)}`,
        ])
            deepEqual(findMovable(pod({ image: name })), says(`container web would run ${name}`));
    });

    it("is one of a container that runs before the others, or of a volume, too", () => {
        deepEqual(
            findMovable(pod({}, { initContainers: [{ name: "first", image: "alpine:3" }] })),
            says("container first would run alpine:3"),
        );
        const volumes = (reference: string) => [{ name: "model", image: { reference } }];
        deepEqual(
            findMovable(pod({}, { volumes: volumes("quay.io/alice/model:1") })),
            says("volume model would be quay.io/alice/model:1"),
        );
        deepEqual(findMovable(pod({}, { volumes: volumes(image) })), []);
    });

    it("may be unknown in a preview", () => {
        deepEqual(findMovable(pod({ image: unknown })), []);
        deepEqual(findMovable(pod({}, { containers: [unknown] })), []);
    });
});
