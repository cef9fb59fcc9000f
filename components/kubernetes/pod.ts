/** The pods of a service: one container, locked down as Pod Security "restricted" asks. */
import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { type ContainerSettings, isStrict } from "../docker/serviceContainer.ts";

type PodSpec = types.input.core.v1.PodSpec;
type Container = types.input.core.v1.Container;
type Volumes = Record<string, types.input.core.v1.EmptyDirVolumeSource>;

/** What one pod may use. Quantities as Kubernetes writes them: `500m` CPU, `512Mi` memory. */
export interface Resources {
    /** The CPU that is reserved. */
    readonly cpu: string;
    /** The memory that is reserved; also its limit. */
    readonly memory: string;
    /** The CPU's limit. Default: none, so that a service may use what is idle. */
    readonly cpuLimit?: string | undefined;
}

export interface PodArgs {
    /** The image by its digest. */
    readonly image: pulumi.Input<string>;
    /** The port that the service listens on. It gets it as PORT. */
    readonly port: number;
    /** The path that answers with a success status once the service is healthy. */
    readonly healthPath?: string | undefined;
    /** How long a service may take to start, in seconds. */
    readonly startTimeout: number;
    /** How long a stopping pod still serves, in seconds: until nobody sends it a request. */
    readonly drain: number;
    /** Variables that are not secret. */
    readonly env: Readonly<Record<string, pulumi.Input<string>>>;
    /** The Secret with further variables, and their names. */
    readonly secretEnv?:
        { readonly secret: pulumi.Input<string>; readonly names: readonly string[] } | undefined;
    readonly container: ContainerSettings;
    readonly resources: Resources;
    readonly serviceAccount: pulumi.Input<string>;
    /** The Secret that the image is pulled with. Default: the image is public. */
    readonly pullSecret?: pulumi.Input<string> | undefined;
    /** The labels that select this service's pods. */
    readonly selector: Readonly<Record<string, string>>;
}

/** How long the service itself may take to end after the drain, in seconds. */
const shutdown = 10;

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
    const { cpu, memory, cpuLimit } = resources;
    return {
        name: "service",
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

function variablesOf({ port, env, secretEnv }: PodArgs): types.input.core.v1.EnvVar[] {
    const plain = Object.entries({ PORT: String(port), ...env }).map(([name, value]) => ({
        name,
        value,
    }));
    const secret = (secretEnv?.names ?? []).map((name) => ({
        name,
        valueFrom: { secretKeyRef: { name: secretEnv?.secret ?? "", key: name } },
    }));
    return [...plain, ...secret].sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** The user is the image's, or any that OpenShift assigns, unless the configuration has one. */
function securityOf(settings: ContainerSettings): types.input.core.v1.SecurityContext {
    const [user, group] = (settings.user ?? "").split(":");
    return {
        ...(user !== undefined && user !== "" && { runAsUser: Number(user) }),
        ...(group !== undefined && { runAsGroup: Number(group) }),
        ...(isStrict(settings) && {
            readOnlyRootFilesystem: true,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
        }),
    };
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
