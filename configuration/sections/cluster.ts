/** `mlops:cluster`: how the service runs on a Kubernetes or OpenShift cluster. */
import { z } from "zod";
import { longestLabel, longestRouted } from "../../components/kubernetes/names.ts";
import { networkProblem } from "../../components/kubernetes/network.ts";
import { cpuProblem } from "../../components/kubernetes/resources.ts";
import * as names from "../../quay/api/names.ts";
import { port, text } from "./values.ts";

/** A name of an object, as DNS allows it: RFC 1123. */
const label = z
    .string()
    .regex(
        /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
        "must be a name of lower-case letters, digits and -, at most 63 characters",
    );

const host = z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "must be a host name, as in api.example.org");
const hostKey = "The host name. Default: a route's router picks one; the other kinds require it.";

const kind = <Kind extends string>(name: Kind) =>
    z
        .literal(name)
        .describe(
            "`route` (an OpenShift Route), `ingress` or `gateway` (an HTTPRoute of the Gateway " +
                "API). All have TLS.",
        );

/** A quantity of Kubernetes. YAML reads `1` as a number. */
const quantity = (unit: RegExp, form: string) =>
    z
        .union([z.number().positive(), z.string()])
        .transform(String)
        .refine((value) => unit.test(value), form);
const cpu = quantity(/^(\d+m|\d+(\.\d{1,3})?)$/, "must be cores, as in 500m or 1.5");
const memory = quantity(/^\d+(Mi|Gi|M|G)$/, "must be an amount of memory, as in 512Mi or 2Gi");

const seconds = z.int().min(1).max(3600);

/** The key of an annotation: a DNS name and a slash, which may be missing, and a name. */
const annotationKey = z
    .string()
    .regex(
        /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/,
        "must be a key of an annotation, as in haproxy.router.openshift.io/timeout",
    );
const annotations = z
    .record(annotationKey, z.string())
    .optional()
    .describe(
        "Annotations for the router or the controller, as in " +
            "`haproxy.router.openshift.io/timeout: 90s`. Default: none.",
    );

const route = z.strictObject({
    kind: kind("route"),
    annotations,
    name: label
        .optional()
        .describe(
            "The name of a Route that was made by hand: `make adopt` hands it over to the stack. " +
                "Default: a Route of the stack's own.",
        ),
    host: host.optional().describe(hostKey),
});

const ingress = z.strictObject({
    kind: kind("ingress"),
    annotations,
    host: host.describe(hostKey),
    className: label.optional().describe("An ingress's class. Default: the cluster's."),
    tlsSecret: label
        .optional()
        .describe(
            "The Secret with the certificate of an ingress's host. Default: the certificate of " +
                "its controller.",
        ),
});

const gateway = z.strictObject({
    kind: kind("gateway"),
    annotations,
    host: host.describe(hostKey),
    gateway: z
        .string()
        .regex(/^([a-z0-9-]+\/)?[a-z0-9.-]+$/, "must be NAME or NAMESPACE/NAME")
        .describe("The Gateway of a gateway's HTTPRoute: `NAME`, or `NAMESPACE/NAME`."),
    listener: label.optional().describe("The Gateway's HTTPS listener. Default: `https`."),
});

/** Whether a router can make a host of the Route's name and the namespace, if it has to. */
function hasShortHost({
    namespace,
    expose,
}: {
    readonly namespace: string;
    readonly expose?: z.output<typeof route | typeof ingress | typeof gateway> | undefined;
}): boolean {
    if (expose?.kind !== "route" || expose.host !== undefined) return true;
    return expose.name === undefined
        ? namespace.length <= longestRouted
        : `${expose.name}-${namespace}`.length <= longestLabel;
}

/** `ClusterServiceArgs` in components/clusterService.ts describes most of the keys in full. */
export const cluster = z
    .strictObject({
        namespace: label.describe("The namespace of the service's objects."),
        createNamespace: z
            .boolean()
            .default(false)
            .describe(
                "Whether the stack creates the namespace, and deletes it with `destroy`. " +
                    "Default: `false`: it exists.",
            ),
        replicas: z
            .strictObject({
                min: z.int().min(1).default(1).describe("How many pods serve. Default: 1."),
                max: z
                    .int()
                    .min(1)
                    .optional()
                    .describe(
                        "Up to how many pods serve, by their CPU use. Default: `min`, a fixed " +
                            "number.",
                    ),
            })
            .transform(({ min, max = min }) => ({ min, max }))
            .refine(({ min, max }) => max >= min, {
                path: ["max"],
                error: "must not be less than min",
            })
            .prefault({})
            .describe("How many pods serve. Default: one."),
        cpuTarget: z
            .int()
            .min(1)
            .max(100)
            .default(70)
            .describe(
                "The CPU use that the number of pods is scaled for, in percent of `cpu`. " +
                    "Default: 70.",
            ),
        cpu: cpu
            .default("250m")
            .describe("The CPU that is reserved for a pod, as in `500m` or `1.5`. Default: 250m."),
        memory: memory
            .default("512Mi")
            .describe("The memory of a pod, reserved and at most. Default: 512Mi."),
        cpuLimit: cpu
            .optional()
            .describe(
                "The CPU that a pod uses at most. Default: no limit, so that it uses what is idle.",
            ),
        expose: z
            .discriminatedUnion("kind", [route, ingress, gateway])
            .optional()
            .describe(
                "How the service is reached from outside of the cluster. Default: it is not.",
            ),
        healthTimeout: seconds
            .default(180)
            .describe("How many seconds a pod may take until it serves. Default: 180."),
        drain: z
            .int()
            .min(0)
            .max(300)
            .optional()
            .describe(
                "How many seconds a stopping pod goes on serving, until no router sends it a " +
                    "request any more. Default: 15 with `expose`, else 5.",
            ),
        egress: z
            .array(
                z.strictObject({
                    cidr: text
                        .superRefine((cidr, context) => {
                            const message = networkProblem(cidr);
                            if (message !== undefined)
                                context.addIssue({ code: "custom", message });
                        })
                        .describe("A network, as in `10.0.0.0/8`."),
                    ports: z.array(port).min(1).optional().describe("TCP ports. Default: all."),
                }),
            )
            .default([])
            .describe(
                "Networks that the service may connect to, besides DNS and any address at the " +
                    "port of its tokens' issuer. Default: none.",
            ),
        pull: z
            .strictObject({
                robot: names.robotInNamespace
                    .optional()
                    .describe(
                        "The robot that may only pull. Default: `quay.robot` followed by `_pull`.",
                    ),
                rotation: z
                    .int()
                    .min(0)
                    .default(0)
                    .describe(
                        "How often that robot has been rotated. Raised by one, `up` creates new " +
                            "credentials; no pod restarts. Default: 0.",
                    ),
                retire: z
                    .boolean()
                    .default(false)
                    .describe(
                        "Whether the robot before the current one is removed. Default: `false`.",
                    ),
            })
            .prefault({})
            .describe("The credentials that the cluster pulls a private image with."),
        monitor: z
            .boolean()
            .default(false)
            .describe(
                "Whether Prometheus reads the service's `/metrics`, where the cluster has " +
                    "ServiceMonitors. Default: `false`.",
            ),
        onFailure: z
            .enum(["keep", "rollBack"])
            .default("keep")
            .describe(
                "If new pods do not become healthy: `keep` goes on trying them, `rollBack` sets " +
                    "the former release again, with its variables. The former pods serve in both " +
                    "cases. Default: `keep`.",
            ),
    })
    .refine((resources) => cpuProblem(resources) === undefined, {
        path: ["cpuLimit"],
        error: "must not be less than cpu, which is 250m by default",
    })
    .refine(hasShortHost, {
        path: ["expose", "host"],
        error:
            "a router makes one of the Route's name and the namespace, which are too long for " +
            `the ${String(longestLabel)} characters that it may have`,
    })
    .optional();
