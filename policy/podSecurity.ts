/**
 * What Pod Security "restricted" forbids, as Kubernetes 1.37 has it.
 *
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
import type { KnownValue } from "./knownValue.ts";

/** A property, whether it is allowed, and what it has to be. */
type Requirement = readonly [
    path: string,
    isAllowed: (value: KnownValue) => boolean,
    demand: string,
];

const isNot = (path: string): Requirement => [
    path,
    (value) => value.isOneOf(undefined, false),
    "must not be true",
];
const isAbsentOr = (path: string, ...allowed: readonly (string | number)[]): Requirement => [
    path,
    (value) => value.isOneOf(undefined, "", ...allowed),
    `has to be ${["absent", ...allowed].join(" or ")}`,
];

const profiles = ["RuntimeDefault", "Localhost"];
const seLinuxTypes = ["container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

/** Of a pod's security context and of each container's. */
const ofBoth: readonly Requirement[] = [
    isAbsentOr("appArmorProfile.type", ...profiles),
    isAbsentOr("seLinuxOptions.type", ...seLinuxTypes),
    isAbsentOr("seLinuxOptions.user"),
    isAbsentOr("seLinuxOptions.role"),
    isAbsentOr("seccompProfile.type", ...profiles),
    isNot("windowsOptions.hostProcess"),
];
/** Of the same, unless the pod has a user namespace: there root is a user like any other. */
const ofUsers: readonly Requirement[] = [
    ["runAsNonRoot", (value) => value.isOneOf(undefined, true), "must not be false"],
    ["runAsUser", (value) => value.passes((user) => user !== 0), "must not be 0"],
];
/** Of what a container has from its pod where it does not say so itself. */
const inherited = {
    runAsNonRoot: [
        "securityContext.runAsNonRoot",
        (value) => value.isPresent,
        "has to be true, here or for the pod",
    ],
    seccompProfile: [
        "securityContext.seccompProfile.type",
        (value) => value.isPresent,
        "has to be RuntimeDefault or Localhost, here or for the pod",
    ],
} satisfies Record<string, Requirement>;

const handlers = [
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle.postStart",
    "lifecycle.preStop",
];
const ofContainer: readonly Requirement[] = [
    isNot("securityContext.privileged"),
    isAbsentOr("securityContext.procMount", "Default"),
    [
        "securityContext.capabilities.add",
        (added) => added.items().every((item) => item.isOneOf("NET_BIND_SERVICE")),
        "may have NET_BIND_SERVICE alone",
    ],
    ...handlers.flatMap((handler) =>
        ["httpGet", "tcpSocket"].map((action) => isAbsentOr(`${handler}.${action}.host`)),
    ),
    [
        "ports",
        (ports) => ports.items().every((port) => port.at("hostPort").isOneOf(undefined, 0)),
        "must not have a hostPort",
    ],
];
/** Windows knows neither. */
const ofLinuxContainer: readonly Requirement[] = [
    [
        "securityContext.allowPrivilegeEscalation",
        (value) => value.isOneOf(false),
        "has to be false",
    ],
    [
        "securityContext.capabilities.drop",
        (dropped) => dropped.passes((list) => Array.isArray(list) && list.includes("ALL")),
        "has to have ALL",
    ],
];

const volumeTypes = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];
const sysctls = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_notsent_lowat",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];
const ofPod: readonly Requirement[] = [
    isNot("hostNetwork"),
    isNot("hostPID"),
    isNot("hostIPC"),
    [
        "volumes",
        (volumes) =>
            volumes
                .items()
                .flatMap((volume) => volume.entries())
                .every(([name]) => name === "name" || volumeTypes.includes(name)),
        `may be ${volumeTypes.join(", ")} alone`,
    ],
    [
        "securityContext.sysctls",
        (list) => list.items().every((sysctl) => sysctl.at("name").isOneOf(...sysctls)),
        `may be ${sysctls.join(", ")} alone`,
    ],
];

const appArmorAnnotation = "container.apparmor.security.beta.kubernetes.io/";

/**
 * Returns the containers of a pod, those that run before it is started included, and their names.
 *
 * @param pod the spec of a pod.
 */
export function containersOf(pod: KnownValue): { name: string; container: KnownValue }[] {
    return ["initContainers", "containers", "ephemeralContainers"]
        .flatMap((list) => pod.at(list).items())
        .map((container) => ({ name: container.at("name").text ?? "", container }));
}

/**
 * Finds what Pod Security "restricted" forbids in a pod.
 *
 * @param template a pod, or the template of one: its `metadata` and `spec`.
 * @returns sentences such as `the container web: securityContext.privileged must not be true`.
 */
export function findForbidden(template: KnownValue): string[] {
    const pod = template.at("spec");
    const hasUsers = pod.at("hostUsers").passes((value) => value === false);
    const isWindows = pod.at("os.name").passes((value) => value === "windows");
    const ofContexts = [...ofBoth, ...(hasUsers ? [] : ofUsers)].map(
        ([path, ...rest]) => [`securityContext.${path}`, ...rest] as const,
    );
    const needed = [
        ...(hasUsers ? [] : [inherited.runAsNonRoot]),
        ...(isWindows ? [] : [inherited.seccompProfile]),
    ].filter(([path]) => !pod.at(path).isPresent);
    return [
        ...violations("the pod", pod, [...ofPod, ...ofContexts]),
        ...template
            .at("metadata.annotations")
            .entries()
            .filter(
                ([name, value]) =>
                    name.startsWith(appArmorAnnotation) &&
                    !/^(?:runtime\/default|localhost\/.*|)$/.test(String(value)),
            )
            .map(([name]) => `the pod: the annotation ${name} has to be runtime/default`),
        ...containersOf(pod).flatMap(({ name, container }) =>
            violations(`the container ${name}`, container, [
                ...ofContainer,
                ...ofContexts,
                ...needed,
                ...(isWindows ? [] : ofLinuxContainer),
            ]),
        ),
    ];
}

function violations(
    what: string,
    value: KnownValue,
    requirements: readonly Requirement[],
): string[] {
    return requirements
        .filter(([path, isAllowed]) => !isAllowed(value.at(path)))
        .map(([path, , demand]) => `${what}: ${path} ${demand}`);
}
