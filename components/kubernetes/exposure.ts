/** How a service is reached from outside the cluster. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type ServiceObject, skipAwait } from "./serviceObject.ts";

/** The port of the Service, whatever the container's is. */
export const servicePort = 80;

/** How a service is reached from outside the cluster. With TLS in each case. */
export type Exposure =
    | {
          /** An OpenShift Route. The router has the certificate and redirects HTTP. */
          readonly kind: "route";
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
      };

/** What exposes a service, as `kubectl` names the kind. */
export const exposureKinds: Readonly<Record<Exposure["kind"], string>> = {
    route: "route.route.openshift.io",
    ingress: "ingress.networking.k8s.io",
    gateway: "httproute.gateway.networking.k8s.io",
};

/** The Service that is exposed, and the metadata of the object that exposes it. */
export interface Exposed {
    readonly service: pulumi.Input<string>;
    readonly metadata: ServiceObject["metadata"];
}

/**
 * Declares what exposes the service.
 *
 * @returns its URL; undefined while the router has not picked a host.
 */
export function expose(
    name: string,
    exposure: Exposure,
    exposed: Exposed,
    options: pulumi.CustomResourceOptions,
): pulumi.Output<string | undefined> {
    switch (exposure.kind) {
        case "route":
            return exposeByRoute(name, exposure, exposed, options);
        case "ingress":
            return exposeByIngress(name, exposure, exposed, options);
        case "gateway":
            return exposeByGateway(name, exposure, exposed, options);
    }
}

/** An object of a kind that the SDK has no class for, and what the cluster made of its `spec`. */
class Route extends k8s.apiextensions.CustomResource {
    declare readonly spec: pulumi.Output<{ readonly host?: string }>;
}

/** @see https://github.com/openshift/api/blob/master/route/v1/types.go */
function exposeByRoute(
    name: string,
    { host }: Extract<Exposure, { kind: "route" }>,
    { service, metadata }: Exposed,
    options: pulumi.CustomResourceOptions,
): pulumi.Output<string | undefined> {
    const route = new Route(
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
        options,
    );
    return route.spec.apply(({ host }) => (host === undefined ? undefined : `https://${host}`));
}

function exposeByIngress(
    name: string,
    { host, className, tlsSecret }: Extract<Exposure, { kind: "ingress" }>,
    { service, metadata }: Exposed,
    options: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
    const backend = { service: { name: service, port: { name: "http" } } };
    const ingress = new k8s.networking.v1.Ingress(
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
    return pulumi.all([host, ingress.id]).apply(([known]) => `https://${known}`);
}

/** @see https://gateway-api.sigs.k8s.io/reference/spec/#httproute */
function exposeByGateway(
    name: string,
    { host, gateway, listener = "https" }: Extract<Exposure, { kind: "gateway" }>,
    { service, metadata }: Exposed,
    options: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
    const [gatewayName, namespace] = gateway.split("/").reverse();
    const parent = {
        name: gatewayName,
        ...(namespace !== undefined && { namespace }),
        sectionName: listener,
    };
    const route = new k8s.apiextensions.CustomResource(
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
    return pulumi.all([host, route.id]).apply(([known]) => `https://${known}`);
}
