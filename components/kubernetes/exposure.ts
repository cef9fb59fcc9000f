/** How a service is reached from outside the cluster. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { failOnRejection } from "../messages/failProgram.ts";
import { UserError } from "../messages/userError.ts";
import { type Entrance, waitForAdmission } from "./admission.ts";
import { routeName } from "./names.ts";
import { type ServiceObject, skipAwait } from "./serviceObject.ts";

/** The port of the Service, whatever the container's is. */
export const servicePort = 80;

/** How a service is reached from outside the cluster. With TLS in each case. */
export type Exposure = {
    /**
     * Annotations for the router or the controller, beneath the project's own ones: as in
     * `haproxy.router.openshift.io/timeout`. Default: none.
     */
    readonly annotations?: Readonly<Record<string, string>> | undefined;
} & (
    | {
          /** An OpenShift Route. The router has the certificate and redirects HTTP. */
          readonly kind: "route";
          /**
           * The name of a Route that was made by hand: it leads to this service once that is
           * healthy. Default: a Route of the service's own.
           */
          readonly name?: string | undefined;
          /** The host name. Default: the router picks one. */
          readonly host?: pulumi.Input<string> | undefined;
      }
    | {
          /** An Ingress. Its controller terminates TLS. */
          readonly kind: "ingress";
          /** The host name. */
          readonly host: pulumi.Input<string>;
          /** The IngressClass. Default: the cluster's. */
          readonly className?: pulumi.Input<string> | undefined;
          /** The Secret with the certificate of the host. Default: the controller's own one. */
          readonly tlsSecret?: pulumi.Input<string> | undefined;
      }
    | {
          /** An HTTPRoute of the Gateway API. The Gateway has the certificate. */
          readonly kind: "gateway";
          /** The host name. */
          readonly host: pulumi.Input<string>;
          /** The Gateway: NAME, or NAMESPACE/NAME. */
          readonly gateway: string;
          /** The name of the Gateway's HTTPS listener. Default: `https`. */
          readonly listener?: pulumi.Input<string> | undefined;
      }
);

/** What exposes a service, as `kubectl` names the kind. */
const exposureKinds: Readonly<Record<Exposure["kind"], string>> = {
    route: "route.route.openshift.io",
    ingress: "ingress.networking.k8s.io",
    gateway: "httproute.gateway.networking.k8s.io",
};

/** Whether the object may lead to other pods, which serve until the service is healthy. */
export function isHandMade(exposure: Exposure): boolean {
    return exposure.kind === "route" && exposure.name !== undefined;
}

/**
 * Returns the object that exposes a service, as `kubectl` takes it: `KIND/NAME`.
 *
 * @param own the name of the service's other objects.
 */
export function entryObject(exposure: Exposure, own: string, namespace: string): string {
    return `${exposureKinds[exposure.kind]}/${entryName(exposure, own, namespace)}`;
}

function entryName(exposure: Exposure, own: string, namespace: string): string {
    if (exposure.kind !== "route") return own;
    const { name, host } = exposure;
    return name ?? (host === undefined ? routeName(own, namespace) : own);
}

/** The Service that is exposed, and the metadata of the object that exposes it. */
export interface Exposed {
    /** The kubeconfig's context of the cluster. */
    readonly context: string;
    readonly service: pulumi.Input<string>;
    readonly metadata: ServiceObject["metadata"];
}

/** What an object that exposes a service consists of. */
interface EntryParts {
    readonly service: pulumi.Input<string>;
    readonly metadata: Omit<ServiceObject["metadata"], "name"> & {
        readonly name: pulumi.Output<string>;
    };
}

/** An object that exposes the service, and its host. */
interface Entry {
    readonly object: pulumi.CustomResource;
    /** undefined in a preview where a router has yet to pick it. */
    readonly host: pulumi.Output<string | undefined>;
}

/**
 * Declares what exposes the service, and in an `up` waits until it is admitted. The program fails
 * where it is refused.
 *
 * @returns the service's URL; undefined in a preview where a router has yet to pick the host.
 */
export function expose(
    name: string,
    exposure: Exposure,
    exposed: Exposed,
    parent: pulumi.Resource,
): pulumi.Output<string | undefined> {
    const { context, metadata } = exposed;
    const { kind, annotations } = exposure;
    const parts = {
        service: exposed.service,
        metadata: {
            ...metadata,
            name: metadata.namespace.apply((namespace) =>
                entryName(exposure, metadata.name, namespace),
            ),
            annotations: { ...annotations, ...metadata.annotations },
        },
    };
    const { object, host } = declareEntry(name, exposure, parts, { parent });
    return pulumi
        .all([metadata.namespace, host, object.id])
        .apply(([namespace, planned]) => {
            if (pulumi.runtime.isDryRun()) return pulumi.output(planned);
            const entry = entryObject(exposure, metadata.name, namespace);
            const entrance = { context, namespace, kind, object: entry };
            return failOnRejection(admittedHost(entrance, parent));
        })
        .apply((known) => (known === undefined ? undefined : `https://${known}`));
}

/** @throws UserError where the host is refused. */
async function admittedHost(entrance: Entrance, parent: pulumi.Resource): Promise<string> {
    const admission = await waitForAdmission(entrance);
    if ("problem" in admission) throw new UserError(admission.problem);
    if (admission.warning !== undefined) await pulumi.log.warn(admission.warning, parent);
    return admission.host;
}

function declareEntry(
    name: string,
    exposure: Exposure,
    parts: EntryParts,
    options: pulumi.CustomResourceOptions,
): Entry {
    switch (exposure.kind) {
        case "route":
            return declareRoute(name, exposure, parts, options);
        case "ingress":
            return declareIngress(name, exposure, parts, options);
        case "gateway":
            return declareHttpRoute(name, exposure, parts, options);
    }
}

/** An object of a kind that the SDK has no class for, and what the cluster made of its `spec`. */
class Route extends k8s.apiextensions.CustomResource {
    declare readonly spec: pulumi.Output<{ readonly host?: string }>;
}

/**
 * A Route's host cannot change without a right that few have, so another one makes another Route.
 * Its name is the former one's, which is deleted first.
 *
 * @see https://github.com/openshift/api/blob/master/route/v1/types.go
 */
function declareRoute(
    name: string,
    { host }: Extract<Exposure, { kind: "route" }>,
    { service, metadata }: EntryParts,
    options: pulumi.CustomResourceOptions,
): Entry {
    const object = new Route(
        name,
        {
            apiVersion: "route.openshift.io/v1",
            kind: "Route",
            metadata,
            spec: {
                ...(host !== undefined && { host }),
                to: { kind: "Service", name: service, weight: 100 },
                port: { targetPort: "http" },
                tls: { termination: "edge", insecureEdgeTerminationPolicy: "Redirect" },
            },
        },
        { ...options, replaceOnChanges: ["spec.host"], deleteBeforeReplace: true },
    );
    return { object, host: object.spec.apply((spec) => spec.host) };
}

function declareIngress(
    name: string,
    { host, className, tlsSecret }: Extract<Exposure, { kind: "ingress" }>,
    { service, metadata }: EntryParts,
    options: pulumi.CustomResourceOptions,
): Entry {
    const backend = { service: { name: service, port: { name: "http" } } };
    const object = new k8s.networking.v1.Ingress(
        name,
        {
            metadata: { ...metadata, annotations: { ...metadata.annotations, ...skipAwait } },
            spec: {
                ...(className !== undefined && { ingressClassName: className }),
                tls: [{ hosts: [host], ...(tlsSecret !== undefined && { secretName: tlsSecret }) }],
                rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
            },
        },
        options,
    );
    return { object, host: pulumi.output(host) };
}

/** @see https://gateway-api.sigs.k8s.io/reference/spec/#httproute */
function declareHttpRoute(
    name: string,
    { host, gateway, listener = "https" }: Extract<Exposure, { kind: "gateway" }>,
    { service, metadata }: EntryParts,
    options: pulumi.CustomResourceOptions,
): Entry {
    const [gatewayName, namespace] = gateway.split("/").reverse();
    const parent = {
        name: gatewayName,
        ...(namespace !== undefined && { namespace }),
        sectionName: listener,
    };
    const object = new k8s.apiextensions.CustomResource(
        name,
        {
            apiVersion: "gateway.networking.k8s.io/v1",
            kind: "HTTPRoute",
            metadata,
            spec: {
                hostnames: [host],
                parentRefs: [parent],
                rules: [{ backendRefs: [{ name: service, port: servicePort }] }],
            },
        },
        options,
    );
    return { object, host: pulumi.output(host) };
}
