/** The pods of a service: one container, locked down as Pod Security "restricted" asks. */
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type ContainerSettings, isStrict } from "../docker/serviceContainer.ts";
import { UserError } from "../messages/userError.ts";
import { ownContainer } from "./names.ts";
import { defaults, type Resources } from "./resources.ts";

type PodSpec = types.input.core.v1.PodSpec;
type Container = types.input.core.v1.Container;
type Volumes = Record<string, types.input.core.v1.EmptyDirVolumeSource>;

/** What the pods of a service are made of. */
export interface PodArgs {
    /** The image by its digest. */
    readonly image: pulumi.Input<string>;
    /** The port that the service listens on. It gets it as PORT. */
    readonly port: pulumi.Input<number>;
    /** The path that answers with a success status once healthy. Default: the port answers. */
    readonly healthPath?: pulumi.Input<string> | undefined;
    /** How long a service may take to start, in seconds. */
    readonly startTimeout: pulumi.Input<number>;
    /** How long a stopping pod still serves, in seconds: until nobody sends it a request. */
    readonly drain: number;
    /** Variables that are not secret. */
    readonly env: Readonly<Record<string, string>>;
    /** The Secret with further variables, and their names. Default: none. */
    readonly secretEnv?:
        { readonly secret: pulumi.Input<string>; readonly names: readonly string[] } | undefined;
    /** How far the container is locked down, and the exceptions. */
    readonly container: ContainerSettings;
    /** What a pod may use. */
    readonly resources: Resources;
    /** The name of the ServiceAccount. */
    readonly serviceAccount: pulumi.Input<string>;
    /** The Secret that the image is pulled with. Default: the image is public. */
    readonly pullSecret?: pulumi.Input<string> | undefined;
    /** The labels that select this service's pods. */
    readonly selector: Readonly<Record<string, string>>;
}

/** How long the service itself may take to end after the drain, in seconds. */
const shutdown = 10;

/**
 * Returns the spec of a service's pods.
 *
 * @throws UserError if the container's user is not a number.
 */
export function podSpec(args: PodArgs): PodSpec {
    const { container: settings, pullSecret } = args;
    const volumes = volumesOf(settings);
    return {
        serviceAccountName: args.serviceAccount,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        ...(isStrict(settings) && {
            securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
        }),
        ...(pullSecret !== undefined && { imagePullSecrets: [{ name: pullSecret }] }),
        terminationGracePeriodSeconds: args.drain + shutdown,
        topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map(
            (topologyKey) => ({
                topologyKey,
                maxSkew: 1,
                whenUnsatisfiable: "ScheduleAnyway",
                labelSelector: { matchLabels: args.selector },
                matchLabelKeys: ["pod-template-hash"],
            }),
        ),
        containers: [containerOf(args, volumes)],
        volumes: Object.values(volumes).map((emptyDir, index) => ({
            name: volumeName(index),
            emptyDir,
        })),
    };
}

function containerOf(args: PodArgs, volumes: Volumes): Container {
    const { port, drain, resources } = args;
    const { cpu = defaults.cpu, memory = defaults.memory, cpuLimit } = resources;
    return {
        name: ownContainer,
        image: args.image,
        imagePullPolicy: "IfNotPresent",
        ports: [{ name: "http", containerPort: port, protocol: "TCP" }],
        env: variablesOf(args),
        resources: {
            requests: { cpu, memory },
            limits: { memory, ...(cpuLimit !== undefined && { cpu: cpuLimit }) },
        },
        securityContext: securityOf(args.container),
        ...probesOf(args),
        // A pod that stops is still sent requests until every proxy and router knows: it serves on
        // for as long. https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/3960-pod-lifecycle-sleep-action
        ...(drain > 0 && { lifecycle: { preStop: { sleep: { seconds: drain } } } }),
        volumeMounts: Object.keys(volumes).map((mountPath, index) => ({
            name: volumeName(index),
            mountPath,
        })),
    };
}

/** Returns the variables, sorted: their order must not matter. */
function variablesOf({ port, env, secretEnv }: PodArgs): types.input.core.v1.EnvVar[] {
    const variables = new Map<string, types.input.core.v1.EnvVar>();
    const add = (variable: types.input.core.v1.EnvVar & { name: string }): unknown =>
        variables.set(variable.name, variable);
    add({ name: "PORT", value: pulumi.interpolate`${port}` });
    for (const [name, value] of Object.entries(env)) add({ name, value });
    const { secret = "", names = [] } = secretEnv ?? {};
    for (const name of names)
        add({ name, valueFrom: { secretKeyRef: { name: secret, key: name } } });
    return [...variables.keys()].sort().flatMap((name) => variables.get(name) ?? []);
}

/** The user is the image's, or the one that OpenShift assigns, unless one is configured. */
function securityOf(settings: ContainerSettings): types.input.core.v1.SecurityContext {
    const [user, group] = settings.user?.split(":").map(idOf) ?? [];
    return {
        ...(user !== undefined && { runAsUser: user }),
        ...(group !== undefined && { runAsGroup: group }),
        ...(isStrict(settings) && {
            readOnlyRootFilesystem: true,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
        }),
    };
}

function idOf(user: string): number {
    if (/^\d+$/.test(user)) return Number(user);
    throw new UserError(
        `The container's user "${user}" cannot be used on a cluster, which takes numbers alone: ` +
            "UID or UID:GID, such as 10001:10001. Without it the image's user is used.",
    );
}

/**
 * A pod gets requests only while it is ready; one that hangs is started again. The liveness probe
 * is the slowest: a restart under load makes the load of the others higher.
 */
function probesOf({ healthPath, startTimeout }: PodArgs): Partial<Container> {
    const action =
        healthPath === undefined
            ? { tcpSocket: { port: "http" } }
            : { httpGet: { path: healthPath, port: "http" } };
    return {
        startupProbe: {
            ...action,
            periodSeconds: 1,
            timeoutSeconds: 5,
            failureThreshold: startTimeout,
        },
        readinessProbe: { ...action, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 2 },
        livenessProbe: { ...action, periodSeconds: 15, timeoutSeconds: 10, failureThreshold: 4 },
    };
}

/** Returns the folders that the service may write to, by their path. */
function volumesOf(settings: ContainerSettings): Volumes {
    const { tmp, shm, writable = [] } = settings;
    const mebibytes = (size: number): string => `${String(size)}Mi`;
    return {
        ...((isStrict(settings) || tmp !== undefined) && {
            "/tmp": { sizeLimit: mebibytes(tmp?.size ?? 64) },
        }),
        ...(shm !== undefined && {
            "/dev/shm": { medium: "Memory", sizeLimit: mebibytes(shm) },
        }),
        ...Object.fromEntries(writable.map((folder) => [folder, {}])),
    };
}

function volumeName(index: number): string {
    return `writable-${String(index)}`;
}
