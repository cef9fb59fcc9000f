import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type ContainerSettings, isStrict } from "./docker/serviceContainer.ts";
import { expose, type Exposure, servicePort, skipAwait } from "./kubernetes/exposure.ts";
import { labelsOf, objectName } from "./kubernetes/names.ts";
import { type Egress, networkPolicySpec } from "./kubernetes/network.ts";
import { podSpec, type Resources } from "./kubernetes/pod.ts";

export interface ClusterServiceArgs {
    /** The image by its digest: REPOSITORY@sha256:… */
    readonly image: pulumi.Input<string>;
    /** The version of the service. Pods have it as a label, and the Deployment as an annotation. */
    readonly version: string;
    /** The namespace of all objects. It must exist, unless `createNamespace` is true. */
    readonly namespace: string;
    /** Whether to create the namespace, with the labels of Pod Security. Default: false. */
    readonly createNamespace?: boolean | undefined;
    /** The port that the service listens on. It gets it as PORT. */
    readonly port: number;
    /**
     * The path that answers with a success status once the service is healthy. Default: the port
     * has to accept connections.
     */
    readonly healthPath?: string | undefined;
    /** Environment variables. Those with a secret value are in a Secret. Default: none. */
    readonly env?: Readonly<Record<string, string | pulumi.Output<string>>> | undefined;
    /** How far the container is locked down, and the exceptions. Default: strict, none. */
    readonly container?: ContainerSettings | undefined;
    /**
     * How many pods serve. Where `max` is above `min`, their CPU decides between the two. Default:
     * one.
     */
    readonly replicas?: { readonly min: number; readonly max: number } | undefined;
    /** The CPU use that the number of pods is scaled for, in percent of `cpu`. Default: 70. */
    readonly cpuTarget?: number | undefined;
    /** What a pod may use. Default: 250m CPU, 512Mi memory, no CPU limit. */
    readonly resources?: Partial<Resources> | undefined;
    /** How long a pod may take until it is healthy, in seconds. Default: 180. */
    readonly healthTimeout?: number | undefined;
    /** How long a stopping pod goes on serving, in seconds. Default: 5. */
    readonly drain?: number | undefined;
    /** Where the service may connect to, besides DNS. Default: nowhere. */
    readonly egress?: readonly Egress[] | undefined;
    /** How the service is reached from outside the cluster. Default: it is not. */
    readonly expose?: Exposure | undefined;
    /** The credentials that the image is pulled with. Default: the image is public. */
    readonly pull?:
        | {
              /** The registry's host, as in the image's name. */
              readonly registry: pulumi.Input<string>;
              readonly username: pulumi.Input<string>;
              /** A secret. */
              readonly password: pulumi.Input<string>;
          }
        | undefined;
}

/**
 * A service on a Kubernetes or OpenShift cluster: its pods, its address, and what protects both.
 * The provider is the default one, which the stack configures (`kubernetes:context`), or the one
 * that is passed.
 *
 * @example
 * const service = new ClusterService("model", {
 *     image: "quay.io/acme/model@sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b",
 *     version: "1.2.0",
 *     namespace: "model",
 *     port: 8080,
 *     healthPath: "/health",
 *     replicas: { min: 2, max: 6 },
 * });
 * export const url = service.serviceUrl;
 */
export class ClusterService extends pulumi.ComponentResource {
    /** The namespace of all objects. */
    declare readonly namespace: pulumi.Output<string>;
    /** The name of the Deployment and of the Service. */
    declare readonly objectName: string;
    /** Where the service answers: its exposed URL, else its URL within the cluster. */
    declare readonly serviceUrl: pulumi.Output<string>;

    constructor(name: string, args: ClusterServiceArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:kubernetes:ClusterService", name, {}, opts);
        const { min, max } = args.replicas ?? { min: 1, max: 1 };
        const owner = { project: pulumi.getProject(), stack: pulumi.getStack() };
        this.objectName = objectName(`${name}-${owner.stack}`);
        const labels = labelsOf(this.objectName, owner);
        this.namespace = this.#namespace(name, args, labels);
        const object: Declared = {
            name,
            metadata: { name: this.objectName, namespace: this.namespace, labels },
            selector: { "app.kubernetes.io/name": this.objectName },
        };

        const service = this.#service(object);
        this.#networkPolicy(object, args.egress ?? []);
        this.#deployment(object, args);
        if (max > min) this.#autoscaler(object, { min, max }, args.cpuTarget ?? 70);
        if (min > 1) this.#disruptionBudget(object);

        const internal = pulumi.interpolate`http://${service.metadata.name}.${this.namespace}.svc`;
        this.serviceUrl =
            args.expose === undefined
                ? internal
                : expose(
                      name,
                      args.expose,
                      { service: service.metadata.name, metadata: object.metadata },
                      { parent: this },
                  );
        this.registerOutputs({ namespace: this.namespace, serviceUrl: this.serviceUrl });
    }

    /** Declares the namespace if it is the service's own. @returns its name */
    #namespace(
        name: string,
        { namespace, createNamespace = false, container = {} }: ClusterServiceArgs,
        labels: Readonly<Record<string, string>>,
    ): pulumi.Output<string> {
        if (!createNamespace) return pulumi.output(namespace);
        const level = isStrict(container) ? "restricted" : "baseline";
        const { metadata } = new k8s.core.v1.Namespace(
            name,
            {
                metadata: {
                    name: namespace,
                    labels: { ...labels, "pod-security.kubernetes.io/enforce": level },
                },
            },
            { parent: this },
        );
        return metadata.name;
    }

    #service({ name, metadata, selector }: Declared): k8s.core.v1.Service {
        return new k8s.core.v1.Service(
            name,
            {
                metadata: { ...metadata, annotations: skipAwait },
                spec: {
                    selector,
                    ports: [{ name: "http", port: servicePort, targetPort: "http" }],
                },
            },
            { parent: this },
        );
    }

    #networkPolicy({ name, metadata, selector }: Declared, egress: readonly Egress[]): void {
        new k8s.networking.v1.NetworkPolicy(
            name,
            { metadata, spec: networkPolicySpec(selector, egress) },
            { parent: this },
        );
    }

    #deployment(object: Declared, args: ClusterServiceArgs): void {
        const { name, metadata, selector } = object;
        const { min, max } = args.replicas ?? { min: 1, max: 1 };
        const { healthTimeout = 180, drain = 5, resources, pull } = args;
        const { plain, secret } = this.#variables(object, args.env ?? {});
        const account = new k8s.core.v1.ServiceAccount(
            name,
            { metadata, automountServiceAccountToken: false },
            { parent: this },
        );
        new k8s.apps.v1.Deployment(
            name,
            {
                metadata: { ...metadata, annotations: skipAwait },
                spec: {
                    // The autoscaler owns the number where there is one.
                    ...(max === min && { replicas: min }),
                    selector: { matchLabels: selector },
                    // A new pod has to be ready before an old one is stopped.
                    strategy: { rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } },
                    progressDeadlineSeconds: healthTimeout,
                    revisionHistoryLimit: 5,
                    template: {
                        metadata: {
                            labels: {
                                ...metadata.labels,
                                "app.kubernetes.io/version": args.version,
                            },
                            annotations: { ...(secret && { [envRevision]: secret.revision }) },
                        },
                        spec: podSpec({
                            image: args.image,
                            port: args.port,
                            healthPath: args.healthPath,
                            startTimeout: healthTimeout,
                            drain,
                            env: plain,
                            secretEnv: secret,
                            container: args.container ?? {},
                            resources: { cpu: "250m", memory: "512Mi", ...resources },
                            serviceAccount: account.metadata.name,
                            pullSecret: pull && this.#pullSecret(object, pull),
                            selector,
                        }),
                    },
                },
            },
            { parent: this },
        );
    }

    /**
     * Splits the variables, and declares a Secret with the values of those that are secret. Its
     * revision changes with them, and tells nothing about them: a hash would.
     */
    #variables(
        { name, metadata }: Declared,
        env: Readonly<Record<string, string | pulumi.Output<string>>>,
    ) {
        const plain: Record<string, string> = {};
        const values: Record<string, pulumi.Output<string>> = {};
        for (const [variable, value] of Object.entries(env)) {
            if (typeof value === "string") plain[variable] = value;
            else values[variable] = pulumi.secret(value);
        }
        const names = Object.keys(values);
        if (names.length === 0) return { plain };
        const revision = new random.RandomId(
            `${name}-env`,
            { byteLength: 4, keepers: values },
            { parent: this },
        );
        const { metadata: created } = new k8s.core.v1.Secret(
            `${name}-env`,
            { metadata: suffixed(metadata, "env"), stringData: values },
            { parent: this },
        );
        return { plain, secret: { secret: created.name, names, revision: revision.hex } };
    }

    /** The Secret is changed in place when the credentials rotate: no pod restarts. */
    #pullSecret(
        { name, metadata }: Declared,
        { registry, username, password }: NonNullable<ClusterServiceArgs["pull"]>,
    ): pulumi.Output<string> {
        const config = pulumi.all([registry, username, password]).apply(([host, user, secret]) =>
            JSON.stringify({
                auths: { [host]: { auth: Buffer.from(`${user}:${secret}`).toString("base64") } },
            }),
        );
        const created = new k8s.core.v1.Secret(
            `${name}-pull`,
            {
                metadata: suffixed(metadata, "pull"),
                type: "kubernetes.io/dockerconfigjson",
                stringData: { ".dockerconfigjson": pulumi.secret(config) },
            },
            { parent: this },
        );
        return created.metadata.name;
    }

    #autoscaler(
        { name, metadata }: Declared,
        { min, max }: { readonly min: number; readonly max: number },
        averageUtilization: number,
    ): void {
        new k8s.autoscaling.v2.HorizontalPodAutoscaler(
            name,
            {
                metadata,
                spec: {
                    scaleTargetRef: {
                        apiVersion: "apps/v1",
                        kind: "Deployment",
                        name: metadata.name,
                    },
                    minReplicas: min,
                    maxReplicas: max,
                    metrics: [
                        {
                            type: "Resource",
                            resource: {
                                name: "cpu",
                                target: { type: "Utilization", averageUtilization },
                            },
                        },
                    ],
                },
            },
            { parent: this },
        );
    }

    /** A drained node gives back one pod at a time. */
    #disruptionBudget({ name, metadata, selector }: Declared): void {
        new k8s.policy.v1.PodDisruptionBudget(
            name,
            { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: selector } } },
            { parent: this },
        );
    }
}

/** The Pulumi name of a service's objects, their metadata, and what selects its pods. */
interface Declared {
    readonly name: string;
    readonly metadata: {
        readonly name: string;
        readonly namespace: pulumi.Output<string>;
        readonly labels: Readonly<Record<string, string>>;
    };
    readonly selector: Readonly<Record<string, string>>;
}

/** The pods' annotation that changes with the secret variables, so that they restart. */
const envRevision = "mlops/env-revision";

function suffixed(metadata: Declared["metadata"], suffix: string): Declared["metadata"] {
    return { ...metadata, name: objectName(`${metadata.name}-${suffix}`) };
}
