/** How a service is reached from outside the cluster. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** The port of the Service, whatever the container's is. */
export const servicePort = 80;

/**
 * The provider waits for addresses that some clusters never report. What counts is asked for
 * itself: whether the service answers.
 */
export const skipAwait = { "pulumi.com/skipAwait": "true" };

/** Where a service answers, besides its name in the cluster. */
export type Exposure =
    | {
          /** An OpenShift Route with TLS at the router. */
          readonly kind: "route";
          /** The host. Default: the router picks one. */
          readonly host?: string | undefined;
      }
    | {
          readonly kind: "ingress";
          readonly host: string;
          /** The IngressClass. Default: the cluster's. */
          readonly className?: string | undefined;
          /** The Secret with the certificate of the host. Default: the controller's own. */
          readonly tlsSecret?: string | undefined;
      }
    | {
          /** A route of the Gateway API; the Gateway has the certificate. */
          readonly kind: "gateway";
          readonly host: string;
          /** The Gateway: NAME, or NAMESPACE/NAME. */
          readonly gateway: string;
      };

/** The Service that is exposed, and the metadata of the object that exposes it. */
export interface Exposed {
    readonly service: pulumi.Input<string>;
    readonly metadata: k8s.types.input.meta.v1.ObjectMeta;
}

/** Declares what exposes the service. @returns its URL */
export function expose(
    name: string,
    exposure: Exposure,
    exposed: Exposed,
    options: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
    switch (exposure.kind) {
        case "route":
            return exposeByRoute(name, exposure, exposed, options);
        case "ingress":
            return exposeByIngress(name, exposure, exposed, options);
        case "gateway":
            return exposeByGateway(name, exposure, exposed, options);
    }
}

/**
 * An OpenShift Route. The SDK has no class for it.
 *
 * @see https://github.com/openshift/api/blob/master/route/v1/types.go
 */
class Route extends pulumi.CustomResource {
    declare readonly spec: pulumi.Output<{ readonly host: string }>;

    constructor(
        name: string,
        args: { metadata: k8s.types.input.meta.v1.ObjectMeta; spec: pulumi.Inputs },
        options: pulumi.CustomResourceOptions,
    ) {
        const kind = { apiVersion: "route.openshift.io/v1", kind: "Route" };
        super("kubernetes:route.openshift.io/v1:Route", name, { ...kind, ...args }, options);
    }
}

function exposeByRoute(
    name: string,
    { host }: Extract<Exposure, { kind: "route" }>,
    { service, metadata }: Exposed,
    options: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
    const spec = {
        ...(host !== undefined && { host }),
        to: { kind: "Service", name: service, weight: 100 },
        port: { targetPort: "http" },
        tls: { termination: "edge", insecureEdgeTerminationPolicy: "Redirect" },
    };
    const route = new Route(name, { metadata, spec }, options);
    return pulumi.interpolate`https://${route.spec.host}`;
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
            metadata: { ...metadata, annotations: skipAwait },
            spec: {
                ...(className !== undefined && { ingressClassName: className }),
                tls: [{ hosts: [host], ...(tlsSecret !== undefined && { secretName: tlsSecret }) }],
                rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
            },
        },
        options,
    );
    return ingress.id.apply(() => `https://${host}`);
}

/** @see https://gateway-api.sigs.k8s.io/reference/spec/#httproute */
function exposeByGateway(
    name: string,
    { host, gateway }: Extract<Exposure, { kind: "gateway" }>,
    { service, metadata }: Exposed,
    options: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
    const [gatewayName, namespace] = gateway.split("/").reverse();
    const route = new k8s.apiextensions.CustomResource(
        name,
        {
            apiVersion: "gateway.networking.k8s.io/v1",
            kind: "HTTPRoute",
            metadata,
            spec: {
                hostnames: [host],
                parentRefs: [{ name: gatewayName, ...(namespace !== undefined && { namespace }) }],
                rules: [{ backendRefs: [{ name: service, port: servicePort }] }],
            },
        },
        options,
    );
    return route.id.apply(() => `https://${host}`);
}
