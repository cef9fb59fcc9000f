/** What the review reports of a service on a cluster. */
import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { renderMarkdown } from "../../../../operations/review/markdown.ts";
import type { Change, Preview, Value } from "../../../../operations/review/preview.ts";
import {
    change,
    findings,
    preview,
    readEvents,
    recorded,
    secretValue,
    step,
    succeeded,
    unknownValue,
} from "./previews.ts";

type Inputs = Readonly<Record<string, Value>>;

/** What a change of one resource is to a reviewer. */
function found(
    type: string,
    before: Inputs | undefined,
    after: Inputs | undefined,
    more: Partial<Change> = {},
): string[] {
    return findings(preview([change(`kubernetes:${type}`, before, after, more)]));
}
const replaced = { operation: "replace" };
const production = { isProduction: true };

const metadata = { name: "web", namespace: "digits" };
const image = (letter: string, repository = "quay.io/alice/digits"): string =>
    `${repository}@sha256:${letter.repeat(64)}`;
const restricted = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    seccompProfile: { type: "RuntimeDefault" },
};
const web: Record<string, Value> = {
    name: "web",
    image: image("a"),
    env: [
        { name: "LOG", value: "info" },
        { name: "PORT", value: "8080" },
    ],
    resources: { requests: { cpu: "250m", memory: "512Mi" }, limits: { memory: "512Mi" } },
    readinessProbe: { httpGet: { path: "/health", port: "http" }, periodSeconds: 5 },
    securityContext: restricted,
};

interface Settings {
    readonly version?: string;
    /** null: not set. */
    readonly replicas?: Value;
    readonly container?: Inputs;
    readonly pod?: Inputs;
    readonly spec?: Inputs;
    readonly annotations?: Inputs;
}

function deployment(settings: Settings = {}): Inputs {
    const { version = "1.0.0", replicas = 2, container, pod, spec, annotations } = settings;
    return {
        metadata: { ...metadata, annotations: { "mlops/version": version } },
        spec: {
            ...(replicas !== null && { replicas }),
            template: {
                metadata: { annotations: { ...annotations } },
                spec: {
                    automountServiceAccountToken: false,
                    containers: [{ ...web, ...container }],
                    ...pod,
                },
            },
            ...spec,
        },
    };
}
const deploymentType = "apps/v1:Deployment";
const changed = (settings: Settings, more: Partial<Preview> = {}): string[] =>
    findings(
        preview([change(`kubernetes:${deploymentType}`, deployment(), deployment(settings))], more),
    );

const scalerType = "autoscaling/v2:HorizontalPodAutoscaler";
const scaler = (minReplicas: Value, maxReplicas: Value, averageUtilization = 70): Inputs => ({
    metadata,
    spec: {
        minReplicas,
        maxReplicas,
        scaleTargetRef: { kind: "Deployment", name: "web" },
        metrics: [{ resource: { target: { averageUtilization } } }],
    },
});

describe("the review of a service on a cluster reports", () => {
    it("that it is new and public", () => {
        deepEqual(findings(recorded("cluster-first")), [
            "careful: version of ‹digits/digits-local›: ‹none› → ‹1.0.0›, image ‹none› → ‹quay.example/alice/digits_prod@sha256:aaaaaaaaaaaa…›",
            "careful: service ‹digits-local› is created public, at ‹digits.example.com›",
        ]);
    });

    it("the version and the digest of a release", () => {
        deepEqual(findings(recorded("cluster-release")), [
            "careful: version of ‹digits/digits-local›: ‹1.0.0› → ‹1.1.0›, image ‹sha256:aaaaaaaaaaaa…› → ‹sha256:bbbbbbbbbbbb…›",
        ]);
    });

    it("which credentials rotate, and nothing of them", () => {
        const rotation = recorded("cluster-rotation");
        deepEqual(findings(rotation), [
            "careful: secret variables of ‹digits/digits-local› change: its pods are replaced",
            "careful: environment variables of ‹digits/digits-local›: ‹LOG_LEVEL changed›",
            "careful: credentials rotated: Secret ‹digits/digits-env-local-00000000› gets new values",
            "careful: credentials rotated: Secret ‹digits/digits-pull-local› gets new values",
        ]);
        const hidden = ["first value", "second value", "first password", "second password"];
        const base64 = hidden.map((text) => Buffer.from(text).toString("base64"));
        const inPull = hidden.map((text) => Buffer.from(`alice+pull:${text}`).toString("base64"));
        const shown = JSON.stringify(rotation);
        deepEqual(
            [...hidden, ...base64, ...inPull].filter((text) => shown.includes(text)),
            [],
        );
    });

    it("everything dangerous at once, before what is not", () => {
        const less = "dangerous: pods of ‹digits/digits-local› are locked down less:";
        const context = "the container service: securityContext";
        deepEqual(findings({ ...recorded("cluster-dangerous"), ...production }), [
            `${less} ‹${context}.runAsUser must not be 0›`,
            `${less} ‹${context}.runAsNonRoot has to be true, here or for the pod›`,
            `${less} ‹${context}.seccompProfile.type has to be RuntimeDefault or Localhost, here or for the pod›`,
            `${less} ‹${context}.allowPrivilegeEscalation has to be false›`,
            `${less} ‹${context}.capabilities.drop has to have ALL›`,
            "dangerous: container ‹service› of ‹digits/digits-local›: its root file system is no longer read-only",
            "dangerous: replicas of ‹digits/digits-local›: ‹2› → ‹1 to 4›: fewer in production",
            "dangerous: Pod Security of namespace ‹digits› is weakened: ‹restricted› → ‹baseline›",
            "dangerous: Ingress ‹digits/digits-local› is deleted: ‹digits.example.com› does not answer",
            "dangerous: NetworkPolicy ‹digits/digits-local› is widened: connections to ‹10.0.0.0/8 (all ports)›",
            "careful: limits and requests of ‹digits/digits-local›: ‹resources.limits.memory› ‹512Mi› → ‹1Gi›, ‹resources.requests.memory› ‹512Mi› → ‹1Gi›",
            "careful: rolling update and drain of ‹digits/digits-local›: ‹lifecycle› removed, ‹terminationGracePeriodSeconds› ‹25› → ‹10›",
            "careful: settings of ‹digits/digits-local›: ‹volumeMounts› removed, ‹volumes› removed",
            "careful: PodDisruptionBudget ‹digits/digits-local› is deleted: a drained node may stop all its pods at once",
        ]);
    });

    it("that its cluster is another one: all objects are replaced", () => {
        const is = "is replaced, as its provider has another cluster: in between,";
        deepEqual(findings(recorded("cluster-replaced")), [
            `dangerous: Deployment ‹digits/digits-local› ${is} the service does not run`,
            `dangerous: namespace ‹digits› ${is} what is in it is gone`,
            `dangerous: Secret ‹digits/digits-env-local-00000000› ${is} pods that need it do not start`,
            `dangerous: Secret ‹digits/digits-pull-local› ${is} pods that need it do not start`,
            `dangerous: Service ‹digits/digits-local› ${is} the service cannot be reached`,
            `dangerous: Ingress ‹digits/digits-local› ${is} ‹digits.example.com› does not answer`,
            `dangerous: NetworkPolicy ‹digits/digits-local› ${is} its pods may connect to anything, and anything to them`,
            "careful: ‹kubernetes:ServiceAccount› ‹digits› is replaced because of ‹(provider)›",
            "careful: ‹kubernetes:PodDisruptionBudget› ‹digits› is replaced because of ‹(provider)›",
        ]);
    });

    it("that its context is another one, though no object changes", () => {
        const moved = recorded("cluster-moved");
        deepEqual(
            moved.changes.map(({ type }) => type),
            ["mlops:kubernetes:ClusterService"],
        );
        deepEqual(findings(moved), [
            "dangerous: service ‹digits› moves to another cluster: context ‹prod› → ‹other›; what runs on the former one stays there, and nothing manages it",
        ]);
    });

    it("once that the cluster was not asked", () => {
        const comment = renderMarkdown([recorded("cluster-moved")]);
        const said = comment.split("\n").filter((line) => line.includes("was not asked"));
        deepEqual(said, [
            `mlops:kubernetes:ClusterService::digits: The cluster was not asked: no kubeconfig has a context "other"`,
        ]);
        doesNotMatch(renderMarkdown([recorded("cluster-release")]), /was not asked/);
    });
});

describe("the review of a Deployment reports", () => {
    it("nothing of labels and annotations", () => {
        deepEqual(changed({ annotations: { note: "x" } }), []);
        const labelled = { ...deployment(), metadata: { ...metadata, labels: { a: "b" } } };
        const unlabelled = { ...deployment(), metadata };
        deepEqual(found(deploymentType, unlabelled, labelled), []);
    });

    it("that it is deleted or replaced", () => {
        deepEqual(found(deploymentType, deployment(), undefined), [
            "dangerous: Deployment ‹digits/web› is deleted: the service does not run",
        ]);
        deepEqual(found(deploymentType, deployment(), deployment(), replaced), [
            "dangerous: Deployment ‹digits/web› is replaced: in between, the service does not run",
        ]);
        const elsewhere = { ...deployment(), metadata: { ...metadata, namespace: "other" } };
        const properties = [
            { path: "metadata.namespace", before: "digits", after: "other", replaces: true },
        ];
        deepEqual(found(deploymentType, deployment(), elsewhere, { ...replaced, properties }), [
            "dangerous: Deployment ‹digits/web› is replaced because of ‹metadata.namespace›: in between, the service does not run",
        ]);
    });

    it("what is not locked down in a new one, and what is lost in another", () => {
        const open = { securityContext: { ...restricted, privileged: true } };
        equal(
            found(deploymentType, undefined, deployment({ container: open }))[0],
            "careful: pods of ‹digits/web› are not locked down: ‹the container web: securityContext.privileged must not be true›",
        );
        deepEqual(changed({ container: open }), [
            "dangerous: pods of ‹digits/web› are locked down less: ‹the container web: securityContext.privileged must not be true›",
        ]);
        deepEqual(found(deploymentType, deployment({ container: open }), deployment()), [
            "careful: security settings of ‹digits/web›: ‹securityContext.privileged› ‹true› → ‹none›",
        ]);
        const user = { securityContext: { ...restricted, runAsUser: 1000 } };
        deepEqual(changed({ container: user }), [
            "careful: security settings of ‹digits/web›: ‹securityContext.runAsUser› ‹none› → ‹1000›",
        ]);
        deepEqual(changed({ container: { securityContext: "[unknown]" } }), [
            "careful: security settings of ‹digits/web›: ‹securityContext› changed",
        ]);
        deepEqual(
            changed({ pod: { automountServiceAccountToken: true } })[0],
            "dangerous: pods of ‹digits/web› get a token: they may use the cluster's API",
        );
    });

    it("the number of pods", () => {
        const replicas = (count: Value, more: Partial<Preview> = {}): string[] =>
            changed({ replicas: count }, more);
        deepEqual(replicas(0), [
            "dangerous: replicas of ‹digits/web›: ‹2› → ‹0›: the service stops",
        ]);
        deepEqual(replicas(1, production), [
            "dangerous: replicas of ‹digits/web›: ‹2› → ‹1›: fewer in production",
        ]);
        deepEqual(replicas(1), ["careful: replicas of ‹digits/web›: ‹2› → ‹1›"]);
        deepEqual(replicas(3, production), ["careful: replicas of ‹digits/web›: ‹2› → ‹3›"]);
        deepEqual(replicas(2, production), []);
    });

    it("the number of pods that an autoscaler keeps", () => {
        const scaled = change(
            `kubernetes:${deploymentType}`,
            deployment(),
            deployment({ replicas: null }),
        );
        const created = (min: number): Change =>
            change(`kubernetes:${scalerType}`, undefined, scaler(min, 6));
        deepEqual(findings(preview([scaled, created(2)], production)), [
            "careful: replicas of ‹digits/web›: ‹2› → ‹2 to 6›",
        ]);
        deepEqual(findings(preview([scaled, created(1)], production)), [
            "dangerous: replicas of ‹digits/web›: ‹2› → ‹1 to 6›: fewer in production",
        ]);
        deepEqual(found(scalerType, scaler(2, 6), scaler(2, 8)), [
            "careful: replicas of ‹digits/web›: ‹2 to 6› → ‹2 to 8›",
        ]);
        const lowered = change(`kubernetes:${scalerType}`, scaler(2, 6), scaler(1, 6));
        deepEqual(findings(preview([lowered], production)), [
            "dangerous: replicas of ‹digits/web›: ‹2 to 6› → ‹1 to 6›: fewer in production",
        ]);
        deepEqual(findings(preview([lowered])), [
            "careful: replicas of ‹digits/web›: ‹2 to 6› → ‹1 to 6›",
        ]);
        deepEqual(found(scalerType, scaler(2, 6), scaler(0, 6)), [
            "dangerous: replicas of ‹digits/web›: ‹2 to 6› → ‹0 to 6›: the service stops",
        ]);
        deepEqual(found(scalerType, scaler(2, 6), scaler(2, 6, 80)), [
            "careful: autoscaling of ‹digits/web›: ‹metrics[0].resource.target.averageUtilization› ‹70› → ‹80›",
        ]);
        deepEqual(found(scalerType, undefined, scaler(2, 6)), []);
    });

    it("the image: by version, of the same version, of another repository, not known yet", () => {
        deepEqual(changed({ container: { image: image("b") } }), [
            "careful: image ‹sha256:aaaaaaaaaaaa…› → ‹sha256:bbbbbbbbbbbb…› of ‹digits/web›",
        ]);
        const other = image("b", "quay.io/mallory/digits");
        deepEqual(changed({ version: "1.1.0", container: { image: other } }), [
            "careful: version of ‹digits/web›: ‹1.0.0› → ‹1.1.0›, image ‹quay.io/alice/digits@sha256:aaaaaaaaaaaa…› → ‹quay.io/mallory/digits@sha256:bbbbbbbbbbbb…›",
        ]);
        const promoted = change(
            "quay:index:PromotedImage",
            { target: "quay.io/alice/prod", digest: "sha256:a", version: "1.0.0" },
            { target: "quay.io/alice/prod", digest: "[unknown]", version: "1.1.0" },
        );
        const awaited = change(
            `kubernetes:${deploymentType}`,
            deployment(),
            deployment({ version: "1.1.0", container: { image: "[unknown]" } }),
        );
        equal(
            findings(preview([awaited, promoted], { publisher: "dev" }))[0],
            "careful: version of ‹digits/web›: ‹1.0.0› → ‹1.1.0›, image ‹sha256:aaaaaaaaaaaa…› → ‹[known after dev's deployment]›",
        );
    });

    it("the names of variables, whatever their order is", () => {
        const env = [
            { name: "PORT", value: "8080" },
            { name: "LOG", value: "debug" },
            { name: "NEW", value: "x" },
        ];
        deepEqual(changed({ container: { env } }), [
            "careful: environment variables of ‹digits/web›: ‹LOG changed, NEW added›",
        ]);
        deepEqual(changed({ container: { env: [] } }), [
            "careful: environment variables of ‹digits/web›: ‹LOG removed, PORT removed›",
        ]);
        const reversed = [...(web["env"] as Value[])].reverse();
        deepEqual(changed({ container: { env: reversed } }), []);
    });

    it("limits, probes, the rolling update, and any other setting of it", () => {
        const settings: Readonly<Record<string, [Settings, string]>> = {
            limits: [
                { container: { resources: { requests: { cpu: "1" } } } },
                "limits and requests of ‹digits/web›: ‹resources.limits› removed, ‹resources.requests.cpu› ‹250m› → ‹1›, ‹resources.requests.memory› ‹512Mi› → ‹none›",
            ],
            probes: [
                {
                    container: {
                        readinessProbe: { tcpSocket: { port: "http" }, periodSeconds: 5 },
                    },
                },
                "probes of ‹digits/web›: ‹readinessProbe.httpGet› removed, ‹readinessProbe.tcpSocket› added",
            ],
            strategy: [
                { spec: { strategy: { type: "Recreate" } } },
                "rolling update and drain of ‹digits/web›: ‹strategy› added",
            ],
            drain: [
                { pod: { terminationGracePeriodSeconds: 5 } },
                "rolling update and drain of ‹digits/web›: ‹terminationGracePeriodSeconds› ‹none› → ‹5›",
            ],
            command: [
                { container: { command: ["sh"] } },
                "settings of ‹digits/web›: ‹command› added",
            ],
            account: [
                { pod: { serviceAccountName: "admin" } },
                "settings of ‹digits/web›: ‹serviceAccountName› ‹none› → ‹admin›",
            ],
        };
        for (const [what, [changes, says]] of Object.entries(settings))
            deepEqual(changed(changes), [`careful: ${says}`], what);
    });
});

describe("the review of the other objects on a cluster reports", () => {
    it("that a Service is lost, or reaches further", () => {
        const type = "core/v1:Service";
        const service = { metadata, spec: { selector: { app: "web" } } };
        const of = (spec: Inputs): Inputs => ({ metadata, spec: { ...service.spec, ...spec } });
        deepEqual(found(type, undefined, service), []);
        deepEqual(found(type, service, undefined), [
            "dangerous: Service ‹digits/web› is deleted: the service cannot be reached",
        ]);
        deepEqual(found(type, service, of({ type: "LoadBalancer" })), [
            "dangerous: Service ‹digits/web› can be reached from outside the cluster: ‹LoadBalancer›",
        ]);
        deepEqual(found(type, undefined, of({ type: "NodePort" })), [
            "careful: Service ‹digits/web› can be reached from outside the cluster: ‹NodePort›",
        ]);
        deepEqual(found(type, of({ type: "NodePort" }), of({ type: "ClusterIP" })), []);
        deepEqual(found(type, service, of({ externalIPs: ["192.0.2.1"] })), [
            "dangerous: Service ‹digits/web› answers at ‹192.0.2.1›",
        ]);
        deepEqual(found(type, service, of({ selector: { app: "other" } })), [
            "careful: Service ‹digits/web›: ‹selector.app› ‹web› → ‹other›",
        ]);
    });

    it("that a service is made public, or is not reached any more", () => {
        const ingress = (host: string, more: Inputs = {}): Inputs => ({
            metadata,
            spec: {
                rules: [{ host, http: { paths: [{ backend: { service: { name: "web" } } }] } }],
                tls: [{ hosts: [host] }],
                ...more,
            },
        });
        const route = (spec: Inputs = {}): Inputs => ({
            metadata,
            spec: { to: { name: "web" }, tls: { termination: "edge" }, ...spec },
        });
        const http = (spec: Inputs = {}): Inputs => ({
            metadata,
            spec: {
                hostnames: ["a.example"],
                parentRefs: [{ name: "internal" }],
                rules: [{ backendRefs: [{ name: "web" }] }],
                ...spec,
            },
        });
        const ingressType = "networking.k8s.io/v1:Ingress";
        const routeType = "route.openshift.io/v1:Route";
        const httpType = "gateway.networking.k8s.io/v1:HTTPRoute";
        const publicAt = "dangerous: service ‹web› is made public, at";
        deepEqual(found(ingressType, undefined, ingress("a.example")), [`${publicAt} ‹a.example›`]);
        deepEqual(found(httpType, undefined, http()), [`${publicAt} ‹a.example›`]);
        deepEqual(found(routeType, undefined, route()), [
            `${publicAt} ‹the host that the router picks›`,
        ]);
        const isNew = (name: string): Change =>
            change("kubernetes:core/v1:Service", undefined, { metadata: { ...metadata, name } });
        const opened = change(`kubernetes:${routeType}`, undefined, route({ host: "a.example" }));
        deepEqual(findings(preview([isNew("web"), opened])), [
            "careful: service ‹web› is created public, at ‹a.example›",
        ]);
        deepEqual(findings(preview([isNew("other"), opened])), [`${publicAt} ‹a.example›`]);
        const there = change(
            "kubernetes:core/v1:Service",
            { metadata: { ...metadata, labels: { a: "b" } } },
            { metadata },
        );
        deepEqual(findings(preview([there, opened])), [`${publicAt} ‹a.example›`]);
        const closed = change(`kubernetes:${ingressType}`, ingress("b.example"), undefined);
        deepEqual(findings(preview([closed, opened])), [
            "dangerous: Ingress ‹digits/web› is deleted: ‹b.example› does not answer",
            "careful: service ‹web› stays public, at ‹a.example›",
        ]);

        deepEqual(found(ingressType, ingress("a.example"), ingress("b.example")), [
            "dangerous: Ingress ‹digits/web›: ‹a.example› does not answer any more",
            "careful: Ingress ‹digits/web› answers at ‹b.example›",
        ]);
        const without = "dangerous: ‹digits/web› answers without TLS";
        equal(
            found(ingressType, ingress("a.example"), ingress("a.example", { tls: [] }))[0],
            without.replace("‹", "Ingress ‹"),
        );
        const anyHost = { rules: [{ http: {} }], tls: [{ secretName: "web" }] };
        equal(
            found(ingressType, ingress("", anyHost), ingress("", { ...anyHost, tls: [] }))[0],
            without.replace("‹", "Ingress ‹"),
        );
        const plainRoute = { tls: { termination: "edge", insecureEdgeTerminationPolicy: "Allow" } };
        equal(found(routeType, route(), route(plainRoute))[0], without.replace("‹", "Route ‹"));
        // Without a host, which the router picks then.
        deepEqual(found(routeType, route(), { metadata, spec: { to: { name: "web" } } }), [
            without.replace("‹", "Route ‹"),
            "careful: Route ‹digits/web›: ‹tls› removed",
        ]);
        deepEqual(found(routeType, route(), route({ host: "a.example" })), [
            "dangerous: Route ‹digits/web›: ‹the host that the router picks› does not answer any more",
            "careful: Route ‹digits/web› answers at ‹a.example›",
        ]);
        deepEqual(found(routeType, route(), undefined), [
            "dangerous: Route ‹digits/web› is deleted: ‹the host that the router picks› does not answer",
        ]);
        const redirected = {
            tls: { termination: "edge", insecureEdgeTerminationPolicy: "Redirect" },
        };
        deepEqual(found(routeType, route(), route(redirected)), [
            "careful: Route ‹digits/web›: ‹tls.insecureEdgeTerminationPolicy› ‹none› → ‹Redirect›",
        ]);
        deepEqual(found(httpType, http(), http({ parentRefs: [{ name: "public" }] })), [
            "dangerous: HTTPRoute ‹digits/web› is reached from elsewhere: ‹parentRefs› changed",
        ]);
    });

    it("that a NetworkPolicy is lost, or widened", () => {
        const type = "networking.k8s.io/v1:NetworkPolicy";
        const peer = (cidr: string, except?: string[]): Value => ({
            ipBlock: { cidr, ...(except && { except }) },
        });
        const port = { port: 443, protocol: "TCP" };
        const limits = (spec: Inputs = {}): Inputs => ({
            metadata,
            spec: {
                podSelector: {},
                policyTypes: ["Ingress", "Egress"],
                ingress: [{ ports: [{ port: "http" }] }],
                egress: [{ to: [peer("10.0.0.0/8", ["10.9.0.0/16"])], ports: [port] }],
                ...spec,
            },
        });
        const widened = (after: Inputs): string[] => found(type, limits(), limits(after));
        const is = "dangerous: NetworkPolicy ‹digits/web› is widened: connections";
        deepEqual(found(type, undefined, limits()), []);
        deepEqual(found(type, limits(), undefined), [
            "dangerous: NetworkPolicy ‹digits/web› is deleted: its pods may connect to anything, and anything to them",
        ]);
        const wider: readonly (readonly [Inputs, string])[] = [
            [{ ingress: [{}] }, `${is} from ‹everywhere (all ports)›`],
            [{ ingress: [{ ports: [{ port: 9090 }] }] }, `${is} from ‹everywhere (port 9090)›`],
            [
                { egress: [{ to: [peer("10.0.0.0/8")], ports: [port] }] },
                `${is} to ‹10.0.0.0/8 (port 443)›`,
            ],
            [
                { egress: [{ to: [peer("0.0.0.0/0")], ports: [port] }] },
                `${is} to ‹0.0.0.0/0 (port 443)›`,
            ],
            [
                { egress: [{ to: [peer("10.0.0.0/8", ["10.9.0.0/16"])] }] },
                `${is} to ‹10.0.0.0/8 (all ports)›`,
            ],
            [
                { egress: "[unknown]" },
                `${is} to ‹[known during the deployment] (port [known during the deployment])›`,
            ],
            [
                { policyTypes: ["Ingress"] },
                "dangerous: NetworkPolicy ‹digits/web› no longer limits connections to anything",
            ],
            [
                { podSelector: { matchLabels: { app: "web" } } },
                "dangerous: NetworkPolicy ‹digits/web› is for other pods than before",
            ],
        ];
        for (const [after, says] of wider) equal(widened(after)[0], says);
        const narrowed = [
            "careful: NetworkPolicy ‹digits/web› allows less than before, or other things",
        ];
        for (const after of [
            { egress: [] },
            { egress: [{ to: [peer("10.1.0.0/16", ["10.9.0.0/16"])], ports: [port] }] },
            { ingress: [{ from: [{ podSelector: {} }], ports: [{ port: "http" }] }] },
        ])
            deepEqual(widened(after), narrowed);
        deepEqual(widened({}), []);
        const whole = limits({ egress: [{ to: [peer("10.0.0.0/8")] }] });
        const part = limits({ egress: [{ to: [peer("10.1.0.0/16")] }] });
        deepEqual(found(type, whole, part), narrowed);
        const open = { ingress: [{}], policyTypes: ["Ingress"] };
        deepEqual(found(type, limits(open), limits()), narrowed);
    });

    it("that a Secret, a namespace or the permission to use the cluster's API changes", () => {
        const secretType = "core/v1:Secret";
        const secret = { metadata, data: "[secret]" };
        const rotated = {
            properties: [
                { path: "data.KEY", before: "[secret]", after: "[secret]", replaces: false },
            ],
        };
        deepEqual(found(secretType, undefined, secret), []);
        deepEqual(found(secretType, secret, secret, { operation: "update", ...rotated }), [
            "careful: credentials rotated: Secret ‹digits/web› gets new values",
        ]);
        deepEqual(found(secretType, secret, secret, { ...replaced, ...rotated }), [
            "dangerous: Secret ‹digits/web› is replaced: in between, pods that need it do not start",
        ]);
        const namespace = (level?: string): Inputs => ({
            metadata: {
                name: "digits",
                labels: {
                    ...(level !== undefined && { "pod-security.kubernetes.io/enforce": level }),
                },
            },
        });
        const spaceType = "core/v1:Namespace";
        deepEqual(found(spaceType, namespace("baseline"), namespace("restricted")), []);
        deepEqual(found(spaceType, namespace("baseline"), namespace()), [
            "dangerous: Pod Security of namespace ‹digits› is weakened: ‹baseline› → ‹privileged›",
        ]);
        deepEqual(found(spaceType, namespace(), undefined), [
            "dangerous: namespace ‹digits› is deleted: what is in it is gone",
        ]);
        const account = (automountServiceAccountToken?: boolean): Inputs => ({
            metadata,
            ...(automountServiceAccountToken !== undefined && { automountServiceAccountToken }),
        });
        deepEqual(found("core/v1:ServiceAccount", account(false), account()), [
            "dangerous: pods of ServiceAccount ‹digits/web› get its token: they may use the cluster's API",
        ]);
        deepEqual(found("core/v1:ServiceAccount", account(), account(false)), []);
    });

    it("that a PodDisruptionBudget changes, but not that one is new", () => {
        const type = "policy/v1:PodDisruptionBudget";
        const budget = (maxUnavailable: number): Inputs => ({ metadata, spec: { maxUnavailable } });
        deepEqual(found(type, undefined, budget(1)), []);
        deepEqual(found(type, budget(1), budget(2)), [
            "careful: PodDisruptionBudget ‹digits/web›: ‹maxUnavailable› ‹1› → ‹2›",
        ]);
    });

    it("that a provider has another cluster", () => {
        const type = "pulumi:providers:kubernetes";
        const provider = { context: "dev", enableServerSideApply: "true" };
        const of = (before: Inputs | undefined, after: Inputs): string[] =>
            findings(preview([change(type, before, after)]));
        deepEqual(of(provider, { ...provider, context: "prod" }), [
            "dangerous: provider ‹digits› may use another cluster or namespace: ‹context› changed",
        ]);
        deepEqual(of(provider, { ...provider, enableServerSideApply: "false" }), []);
        deepEqual(of(undefined, provider), [
            "careful: provider ‹digits› is new: it may use another cluster",
        ]);
    });

    it("nothing of a random number, which its users report", () => {
        const type = "random:index/randomId:RandomId";
        const of = (operation: string): string[] =>
            findings(preview([change(type, { byteLength: 4 }, { byteLength: 4 }, { operation })]));
        deepEqual([of("replace"), of("delete"), of("update")], [[], [], []]);
    });
});

describe("no secret of a cluster is shown:", () => {
    const shown = (type: string, before: object, after: object): string =>
        renderMarkdown([
            readEvents([step("update", type, { inputs: before }, { inputs: after }), succeeded]),
        ]);

    it("no value of a Secret, marked or not", () => {
        for (const property of ["data", "stringData"]) {
            const comment = shown(
                "kubernetes:core/v1:Secret",
                { metadata, [property]: { note: "former-value" } },
                { metadata, [property]: { note: "latter-value", more: secretValue } },
            );
            doesNotMatch(comment, /former-value|latter-value/);
        }
    });

    it("no variable whose name says that it is one", () => {
        const of = (password: string, level: string): object =>
            deployment({
                container: {
                    env: [
                        { name: "DB_PASSWORD", value: password },
                        { name: "LOG", value: level },
                    ],
                },
            });
        const comment = shown(
            "kubernetes:apps/v1:Deployment",
            of("former-value", "info"),
            of("latter-value", "debug"),
        );
        doesNotMatch(comment, /former-value|latter-value/);
        match(comment, /"debug"/);
        match(
            shown("kubernetes:apps/v1:Deployment", of("x", "info"), of("x", unknownValue)),
            /known during the deployment/,
        );
    });
});
