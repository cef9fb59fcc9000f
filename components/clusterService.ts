import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type ContainerSettings, isStrict } from "./docker/serviceContainer.ts";
import { failOnProblem, failOnRejection } from "./messages/failProgram.ts";
import { declareDeployment } from "./kubernetes/deployment.ts";
import {
    entryObject,
    expose,
    type Exposure,
    isHandMade,
    servicePort,
} from "./kubernetes/exposure.ts";
import { declareMonitor } from "./kubernetes/monitor.ts";
import {
    labelsOf,
    nameLabel,
    objectName,
    ownerLabel,
    releaseAnnotation,
} from "./kubernetes/names.ts";
import type { Egress } from "./kubernetes/network.ts";
import { declareNetworkPolicy } from "./kubernetes/networkPolicy.ts";
import type { PodArgs } from "./kubernetes/pod.ts";
import { warnOfRefusal } from "./kubernetes/podTrial.ts";
import { type PreparedCluster, prepareCluster } from "./kubernetes/preparation.ts";
import { providerContext } from "./kubernetes/provider.ts";
import { cpuProblem, type Resources } from "./kubernetes/resources.ts";
import { type Rollout, waitForRollout } from "./kubernetes/rollout.ts";
import {
    checkedReplicas,
    declareAutoscaler,
    declareDisruptionBudget,
    type Replicas,
} from "./kubernetes/scaling.ts";
import {
    declarePullSecret,
    declareVariables,
    type PullCredentials,
    pullSecretName,
} from "./kubernetes/secrets.ts";
import { ownValues, type ServiceObject, skipAwait } from "./kubernetes/serviceObject.ts";
import { UserError } from "./messages/userError.ts";

/**
 * A service on a cluster. Plain values, which are not inputs, decide which objects there are and
 * what they consist of.
 */
export interface ClusterServiceArgs {
    /** The image by its digest: `REPOSITORY@sha256:…`. */
    readonly image: pulumi.Input<string>;
    /** The version of the service. The Deployment has it as an annotation. */
    readonly version: pulumi.Input<string>;
    /** The commit that the image was built from, for an annotation. Default: none is known. */
    readonly commit?: pulumi.Input<string> | undefined;
    /** The namespace of all objects. It must exist, unless `createNamespace` is true. */
    readonly namespace: pulumi.Input<string>;
    /** Whether to create the namespace, with the labels of Pod Security. Default: false. */
    readonly createNamespace?: boolean | undefined;
    /** The port that the service listens on. It gets it as PORT. */
    readonly port: pulumi.Input<number>;
    /**
     * The path that answers with a success status once the service is healthy. Default: the port
     * has to accept connections.
     */
    readonly healthPath?: pulumi.Input<string> | undefined;
    /**
     * Environment variables. Plain values are in the Deployment, outputs in a Secret that belongs
     * to one release. A change of either restarts the pods. Default: none.
     */
    readonly env?: Readonly<Record<string, string | pulumi.Output<string>>> | undefined;
    /**
     * How far the container is locked down, and the exceptions. The user has to be a number. /tmp
     * and the writable folders start empty, and programs may be run from them. Default: strict, no
     * exceptions.
     */
    readonly container?: ContainerSettings | undefined;
    /**
     * How many pods serve, at least 1. Where `max` is above `min`, their CPU use decides between
     * the two. Default: 1.
     */
    readonly replicas?: Replicas | undefined;
    /** The CPU use that the number of pods is scaled for, in percent of `cpu`. Default: 70. */
    readonly cpuTarget?: pulumi.Input<number> | undefined;
    /** What a pod may use. Default: 250m CPU, 512Mi memory, no CPU limit. */
    readonly resources?: Resources | undefined;
    /** How long a pod may take until it is healthy, in seconds. Default: 180. */
    readonly healthTimeout?: pulumi.Input<number> | undefined;
    /** The configuration key of `healthTimeout`, for the error message. Default: none. */
    readonly healthTimeoutSetting?: string | undefined;
    /**
     * How long a stopping pod goes on serving, in seconds: routers still send it requests for a
     * while. Default: 15 where `expose` is set, else 5.
     */
    readonly drain?: number | undefined;
    /** Where the service may connect to, besides DNS. Default: nowhere. */
    readonly egress?: readonly Egress[] | undefined;
    /** How the service is reached from outside the cluster. Default: it is not. */
    readonly expose?: Exposure | undefined;
    /** The credentials that the image is pulled with. Default: the image is public. */
    readonly pull?: PullCredentials | undefined;
    /**
     * Whether Prometheus reads the service's metrics on /metrics: declares a ServiceMonitor where
     * the cluster has that kind, else logs that it has not. Default: false.
     */
    readonly monitor?: boolean | undefined;
    /**
     * What happens if the new pods do not get healthy. The former ones serve in both cases, and
     * `up` fails. `keep`: the new pods are tried on. `rollBack`: the Deployment gets the former
     * release again: its image, its variables and all else of its pods. Default: `keep`.
     */
    readonly onFailure?: Rollout["onFailure"] | undefined;
}

/**
 * A service on a Kubernetes or OpenShift cluster: its pods, its address, and what protects both.
 * Waits until the new pods serve; otherwise `up` fails and says what the pods lack. Uses the
 * default provider, whose `kubernetes:context` the stack configures, and `kubectl`.
 *
 * @example
 * const service = new ClusterService("model", {
 *     image:
 *         "quay.io/acme/model@sha256:" +
 *         "6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b",
 *     version: "1.2.0",
 *     namespace: "model",
 *     port: 8080,
 *     healthPath: "/health",
 *     replicas: { min: 2, max: 6 },
 *     expose: { kind: "route" },
 * });
 * export const url = service.serviceUrl;
 */
export class ClusterService extends pulumi.ComponentResource {
    /** The namespace of all objects. */
    declare readonly namespace: pulumi.Output<string>;
    /** The name of the Deployment and the Service, known once the service is healthy. */
    declare readonly deploymentName: pulumi.Output<string>;
    /**
     * Where the service answers, known once it is healthy and its host admitted: its exposed URL,
     * else its URL within the cluster. undefined in a preview where a router has yet to pick one.
     */
    declare readonly serviceUrl: pulumi.Output<string | undefined>;

    /**
     * @throws UserError if the stack does not configure the Kubernetes provider, or an argument is
     * not valid.
     */
    constructor(name: string, args: ClusterServiceArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:kubernetes:ClusterService", name, {}, opts);
        const context = providerContext();
        const replicas = checkedReplicas(args.replicas);
        const isScaled = replicas.max > replicas.min;
        const own = objectName(name, pulumi.getStack());
        const labels = labelsOf(own, pulumi.getProject(), pulumi.getStack());
        const cluster = this.#prepare(name, context, args, replicas, own, labels);
        this.namespace = this.#namespace(name, args, labels, cluster.namespace);
        const object: ServiceObject = {
            name,
            metadata: { name: own, namespace: this.namespace, labels, annotations: ownValues },
            selector: { [nameLabel]: own },
        };

        const options = { parent: this };
        const service = this.#service(object);
        declareNetworkPolicy(object, args.port, args.egress ?? [], options);
        const image = checkedImage(args);
        const pod = this.#pod(object, { ...args, image });
        const tried = warnOfRefusal(this, cluster.place, labels, pod);
        const { version, commit } = args;
        const deployment = declareDeployment(object, { pod, replicas, version, commit }, options);
        const autoscaler = isScaled
            ? declareAutoscaler(object, replicas, args.cpuTarget ?? 70, options)
            : undefined;
        if (replicas.min > 1) declareDisruptionBudget(object, options);
        const monitor =
            args.monitor === true ? this.#monitor(object, cluster.isMonitored) : undefined;
        const healthy = this.#healthy(context, args, image, deployment, replicas, autoscaler);
        const url =
            args.expose === undefined
                ? pulumi.interpolate`http://${service.metadata.name}.${this.namespace}.svc`
                : expose(
                      name,
                      args.expose,
                      {
                          context,
                          service: isHandMade(args.expose)
                              ? onceHealthy(service.metadata.name, healthy)
                              : service.metadata.name,
                          metadata: object.metadata,
                      },
                      this,
                  );

        this.deploymentName = pulumi
            .all([deployment.metadata.name, healthy])
            .apply(([found]) => found);
        this.serviceUrl = pulumi.all([url, healthy, monitor, tried]).apply(([found]) => found);
        this.registerOutputs({
            // The review reports a service that moves to another cluster by it.
            context,
            namespace: this.namespace,
            deploymentName: this.deploymentName,
            serviceUrl: this.serviceUrl,
        });
    }

    /** Looks at the cluster, and prepares it. @returns what is known of it then */
    #prepare(
        name: string,
        context: string,
        args: ClusterServiceArgs,
        replicas: Replicas,
        own: string,
        labels: Readonly<Record<string, string>>,
    ): pulumi.Output<PreparedCluster> {
        const { min, max } = replicas;
        const { createNamespace = false, env = {}, expose, pull, monitor = false } = args;
        const kinds = [
            "serviceaccount",
            "service",
            "deployment.apps",
            "networkpolicy.networking.k8s.io",
            ...(max > min ? ["horizontalpodautoscaler.autoscaling"] : []),
            ...(min > 1 ? ["poddisruptionbudget.policy"] : []),
        ];
        return prepareCluster(this, {
            context,
            namespace: args.namespace,
            objectsIn: (namespace) => [
                ...(createNamespace ? [`namespace/${namespace}`] : []),
                ...kinds.map((kind) => `${kind}/${own}`),
                ...(expose === undefined ? [] : [entryObject(expose, own, namespace)]),
                ...(pull === undefined ? [] : [`secret/${pullSecretName(name)}`]),
            ],
            hasRandomSecrets: Object.values(env).some((value) => typeof value !== "string"),
            monitor: monitor ? own : undefined,
            owner: labels[ownerLabel] ?? "",
            deployment: own,
            replicas,
        });
    }

    /**
     * Declares the namespace if the service has one of its own.
     *
     * @returns its name
     */
    #namespace(
        name: string,
        { createNamespace = false, container = {} }: ClusterServiceArgs,
        labels: Readonly<Record<string, string>>,
        namespace: pulumi.Output<string>,
    ): pulumi.Output<string> {
        if (!createNamespace) return namespace;
        const level = isStrict(container) ? "restricted" : "baseline";
        const { metadata } = new k8s.core.v1.Namespace(
            name,
            {
                metadata: {
                    name: namespace,
                    labels: { ...labels, "pod-security.kubernetes.io/enforce": level },
                    annotations: ownValues,
                },
            },
            { parent: this },
        );
        return metadata.name;
    }

    #service({ name, metadata, selector }: ServiceObject): k8s.core.v1.Service {
        return new k8s.core.v1.Service(
            name,
            {
                metadata: { ...metadata, annotations: { ...metadata.annotations, ...skipAwait } },
                spec: {
                    selector,
                    ports: [{ name: "http", port: servicePort, targetPort: "http" }],
                },
            },
            { parent: this },
        );
    }

    /** Declares what the pods need. @returns what they are made of */
    #pod(object: ServiceObject, args: ClusterServiceArgs): PodArgs {
        const { name, metadata, selector } = object;
        const { image, healthTimeout = defaultTimeout, pull } = args;
        const options = { parent: this };
        const { plain, secret } = declareVariables(object, args.env ?? {}, options);
        const account = new k8s.core.v1.ServiceAccount(
            name,
            { metadata, automountServiceAccountToken: false },
            { parent: this },
        );
        return {
            image,
            port: args.port,
            healthPath: args.healthPath,
            startTimeout: healthTimeout,
            drain: args.drain ?? (args.expose === undefined ? 5 : 15),
            env: plain,
            secretEnv: secret,
            container: args.container ?? {},
            resources: args.resources ?? {},
            serviceAccount: account.metadata.name,
            pullSecret: pull && declarePullSecret(object, pull, options),
            selector,
        };
    }

    /**
     * Declares a ServiceMonitor where the cluster has that kind.
     *
     * @returns an output that resolves once that is done.
     */
    #monitor(
        { name, metadata, selector }: ServiceObject,
        isMonitored: pulumi.Output<boolean>,
    ): pulumi.Output<unknown> {
        return isMonitored.apply(async (isDeclared) => {
            if (isDeclared) {
                declareMonitor(name, metadata, selector, { parent: this });
                return;
            }
            await pulumi.log.info(
                "Prometheus does not read the service's metrics: the cluster has no ServiceMonitor",
                this,
            );
        });
    }

    /** Resolves once all pods run the image and serve. Otherwise the program fails. */
    #healthy(
        context: string,
        args: ClusterServiceArgs,
        image: pulumi.Output<string>,
        { metadata, spec }: k8s.apps.v1.Deployment,
        { min }: Replicas,
        autoscaler: pulumi.CustomResource | undefined,
    ): pulumi.Output<unknown> {
        const { healthTimeout = defaultTimeout, healthTimeoutSetting, onFailure = "keep" } = args;
        const release = spec.template.metadata.annotations.apply(
            (all) => all[releaseAnnotation] ?? "",
        );
        return pulumi
            .all([metadata.name, this.namespace, image, release, healthTimeout, autoscaler?.id])
            .apply(([deployment, namespace, expected, known, timeout]) => {
                if (pulumi.runtime.isDryRun()) return undefined;
                return failOnRejection(
                    this.#wait({
                        context,
                        namespace,
                        deployment,
                        image: expected,
                        release: known,
                        replicas: min,
                        timeout,
                        timeoutSetting: healthTimeoutSetting,
                        onFailure,
                    }),
                );
            });
    }

    /** @throws UserError if the rollout fails. */
    async #wait(rollout: Rollout): Promise<undefined> {
        const result = await waitForRollout(rollout);
        if ("problem" in result) throw new UserError(result.problem);
        const { replicas } = result;
        const pods = replicas === 1 ? "1 pod serves" : `${String(replicas)} pods serve`;
        await pulumi.log.info(`The service works: ${pods}.`, this);
        return undefined;
    }
}

/** Returns a name: an `up` waits until the service is healthy; a preview shows it at once. */
function onceHealthy(
    name: pulumi.Output<string>,
    healthy: pulumi.Output<unknown>,
): pulumi.Output<string> {
    return pulumi.runtime.isDryRun() ? name : pulumi.all([name, healthy]).apply(([known]) => known);
}

/** How long a pod may take until it is healthy, in seconds. */
const defaultTimeout = 180;

/** Returns the image; the program fails if no pod could run it. */
function checkedImage({ image, resources = {} }: ClusterServiceArgs): pulumi.Output<string> {
    const problem = pulumi
        .all([image, resources])
        .apply(([name, known]) =>
            /@sha256:[0-9a-f]{64}$/.test(name)
                ? cpuProblem(known)
                : `A cluster runs an image by its digest, REPOSITORY@sha256:…, not "${name}": a ` +
                  "tag may change while pods start.",
        );
    return pulumi.all([image, failOnProblem(problem)]).apply(([name]) => name);
}
