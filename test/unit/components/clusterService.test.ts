import { deepEqual, equal, match, notDeepEqual, ok, rejects } from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ClusterService, type ClusterServiceArgs } from "../../../components/clusterService.ts";
import { declare, type Declared, failureOf, insideSecret, only } from "../mocks.ts";

const types = {
    account: "kubernetes:core/v1:ServiceAccount",
    autoscaler: "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
    budget: "kubernetes:policy/v1:PodDisruptionBudget",
    deployment: "kubernetes:apps/v1:Deployment",
    namespace: "kubernetes:core/v1:Namespace",
    networkPolicy: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    secret: "kubernetes:core/v1:Secret",
    service: "kubernetes:core/v1:Service",
};
const digest = `sha256:${"5e".repeat(32)}`;
const args: ClusterServiceArgs = {
    image: `quay.io/acme/digits@${digest}`,
    version: "1.2.0",
    namespace: "digits",
    port: 9090,
    healthPath: "/health",
};
const provider = {
    "kubernetes:context": "sandbox",
    "kubernetes:clusterIdentifier": "sandbox",
    "kubernetes:enableSecretMutable": "true",
};

/** What a service declares, and its URL. */
interface Result {
    readonly declared: Declared[];
    readonly url: string | undefined;
}

async function run(changed: Partial<ClusterServiceArgs> = {}, name = "digits"): Promise<Result> {
    let url: string | undefined;
    const declared = await declare(() => {
        const service = new ClusterService(name, { ...args, ...changed });
        service.serviceUrl.apply((found) => (url = found));
    }, provider);
    return { declared, url };
}

/** Returns the value at a path of a declared resource's inputs: `spec.template.spec`. */
function at({ inputs }: Declared, path: string): unknown {
    return path.split(".").reduce<unknown>(
        // Arrays have their elements by index, too.
        (value, key) => (value as Record<string, unknown> | undefined)?.[key],
        inputs,
    );
}

async function deploymentOf(changed: Partial<ClusterServiceArgs> = {}): Promise<Declared> {
    return only((await run(changed)).declared, types.deployment);
}
const container = "spec.template.spec.containers.0";

describe("ClusterService", () => {
    // No cluster is asked: there is no kubectl.
    const { PATH } = process.env;
    before(() => {
        process.env["PATH"] = "";
    });
    after(() => {
        process.env["PATH"] = PATH;
    });

    it("declares an account, a Deployment, a Service and a NetworkPolicy, and no more", async () => {
        const { declared } = await run();
        deepEqual(
            new Set(declared.map(({ type }) => type).filter((type) => type.startsWith("kube"))),
            new Set([types.service, types.networkPolicy, types.account, types.deployment]),
        );
    });

    const everything: Partial<ClusterServiceArgs> = {
        createNamespace: true,
        replicas: { min: 2, max: 6 },
        env: { TOKEN: pulumi.secret("hunter2") },
        pull: { registry: "quay.io", username: "acme+reader", password: "robot-token" },
        expose: { kind: "route" },
    };

    it("is the parent of all objects", async () => {
        const children: string[] = [];
        const declared = await declare(() => {
            const transforms: pulumi.ResourceTransformation[] = [
                ({ type, props, opts }) => {
                    children.push(type);
                    return { props, opts };
                },
            ];
            new ClusterService(
                "digits",
                { ...args, ...everything },
                { transformations: transforms },
            );
        }, provider);
        deepEqual(
            children.filter((type) => !type.startsWith("mlops:")).sort(),
            declared
                .map(({ type }) => type)
                .filter((type) => !/^(mlops|pulumi):/.test(type))
                .sort(),
        );
    });

    it("labels every object with its owner, and has the stack in every name", async () => {
        const { declared } = await run(everything, "my_digits");
        const objects = declared.filter(({ type }) => type.startsWith("kubernetes:"));
        equal(objects.length, 10);
        for (const object of objects) {
            const labels = at(object, "metadata.labels") as Record<string, string>;
            const name = at(only(declared, types.deployment), "metadata.name");
            equal(labels["app.kubernetes.io/name"], name);
            equal(labels["mlops/owner"], "mlops-unit");
            // Else a field that was changed by hand could not be set back.
            const annotations = at(object, "metadata.annotations") as Record<string, string>;
            equal(annotations["pulumi.com/patchForce"], "true");
            if (object.type !== types.namespace)
                match(
                    String(at(object, "metadata.name")),
                    /^my-digits(-pull)?-unit-\w{8}$|^my-digits-env-unit-\w{8}-\w{8}$/,
                );
        }
    });

    describe("configuration of the provider", () => {
        for (const key of Object.keys(provider)) {
            it(`has to have ${key}`, async () => {
                const config = Object.fromEntries(
                    Object.entries(provider).filter(([other]) => other !== key),
                );
                const value = key.endsWith("Mutable") ? "true" : "[A-Z]+";
                await rejects(
                    declare(() => new ClusterService("digits", args), config),
                    new RegExp(`pulumi config set --path ${key} ${value} -s unit`),
                );
            });
        }

        it("has to have Secrets changed in place", async () => {
            const config = { ...provider, "kubernetes:enableSecretMutable": "false" };
            await rejects(
                declare(() => new ClusterService("digits", args), config),
                /set --path kubernetes:enableSecretMutable true/,
            );
        });
    });

    describe("pods", () => {
        it("run the image by its digest alone", async () => {
            equal(at(await deploymentOf(), `${container}.image`), args.image);
            for (const image of ["quay.io/acme/digits:1.2.0", "quay.io/acme/digits"])
                match(
                    String(await failureOf(run({ image }))),
                    /by its digest.*, not "quay\.io\/acme\/digits/,
                );
        });

        it("have no token of their account", async () => {
            const { declared } = await run();
            equal(only(declared, types.account).inputs["automountServiceAccountToken"], false);
            const deployment = only(declared, types.deployment);
            equal(at(deployment, "spec.template.spec.automountServiceAccountToken"), false);
            equal(at(deployment, "spec.template.spec.serviceAccountName"), "digits-unit");
        });

        it("have probes of start, readiness and liveness on the health path", async () => {
            const deployment = await deploymentOf({ healthTimeout: 90 });
            for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"])
                deepEqual(at(deployment, `${container}.${probe}.httpGet`), {
                    path: "/health",
                    port: "http",
                });
            const start = at(deployment, `${container}.startupProbe`) as Record<string, number>;
            equal((start["failureThreshold"] ?? 0) * (start["periodSeconds"] ?? 0), 90);
        });

        it("have probes of the port where there is no health path", async () => {
            const deployment = await deploymentOf({ healthPath: undefined });
            for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"])
                deepEqual(at(deployment, `${container}.${probe}.tcpSocket`), { port: "http" });
        });

        it("request CPU and memory, and are limited in memory", async () => {
            deepEqual(at(await deploymentOf(), `${container}.resources`), {
                requests: { cpu: "250m", memory: "512Mi" },
                limits: { memory: "512Mi" },
            });
            const resources = { cpu: "1", memory: "1Gi", cpuLimit: "2" };
            deepEqual(at(await deploymentOf({ resources }), `${container}.resources`), {
                requests: { cpu: "1", memory: "1Gi" },
                limits: { cpu: "2", memory: "1Gi" },
            });
        });

        it("cannot reserve more CPU than their limit", async () => {
            const refused = /cpu is 1\.5, cpuLimit is 500m\. Lower cpu, or raise cpuLimit/;
            const resources = { cpu: "1.5", cpuLimit: "500m" };
            match(String(await failureOf(run({ resources }))), refused);
            match(
                String(await failureOf(run({ resources: { cpuLimit: "200m" } }))),
                /cpu is 250m, cpuLimit is 200m/,
            );
            await run({ resources: { cpu: "1", cpuLimit: "1000m" } });
        });

        it('keep Pod Security "restricted", as any user', async () => {
            const deployment = await deploymentOf();
            deepEqual(at(deployment, "spec.template.spec.securityContext"), {
                runAsNonRoot: true,
                seccompProfile: { type: "RuntimeDefault" },
            });
            deepEqual(at(deployment, `${container}.securityContext`), {
                readOnlyRootFilesystem: true,
                allowPrivilegeEscalation: false,
                capabilities: { drop: ["ALL"] },
            });
        });

        it("run as the configured user, which has to be a number", async () => {
            const of = (user: string) => deploymentOf({ container: { user } });
            equal(at(await of("1000:2000"), `${container}.securityContext.runAsUser`), 1000);
            equal(at(await of("1000:2000"), `${container}.securityContext.runAsGroup`), 2000);
            equal(at(await of("1000"), `${container}.securityContext.runAsGroup`), undefined);
            await rejects(of("app"), /user "app" cannot be used.*10001:10001/);
        });

        it("write to /tmp and the writable folders alone, of the stated sizes", async () => {
            const folders = async (settings: ClusterServiceArgs["container"]) => {
                const deployment = await deploymentOf({ container: settings });
                const mounts = at(deployment, `${container}.volumeMounts`) as {
                    name: string;
                    mountPath: string;
                }[];
                const volumes = at(deployment, "spec.template.spec.volumes") as {
                    name: string;
                    emptyDir: unknown;
                }[];
                return Object.fromEntries(
                    mounts.map(({ name, mountPath }) => [
                        mountPath,
                        volumes.find((volume) => volume.name === name)?.emptyDir,
                    ]),
                );
            };
            deepEqual(await folders({}), { "/tmp": { sizeLimit: "64Mi" } });
            deepEqual(await folders({ tmp: { size: 256 }, shm: 128, writable: ["/data"] }), {
                "/tmp": { sizeLimit: "256Mi" },
                "/dev/shm": { medium: "Memory", sizeLimit: "128Mi" },
                "/data": {},
            });
            deepEqual(await folders({ strict: false }), {});
        });

        it("are spread over zones and nodes, each version by itself", async () => {
            const spread = at(await deploymentOf(), "spec.template.spec.topologySpreadConstraints");
            deepEqual(
                spread,
                ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
                    topologyKey,
                    maxSkew: 1,
                    whenUnsatisfiable: "ScheduleAnyway",
                    labelSelector: { matchLabels: { "app.kubernetes.io/name": "digits-unit" } },
                    matchLabelKeys: ["pod-template-hash"],
                })),
            );
        });

        it("serve on while they stop, and have time to end after that", async () => {
            for (const [changed, drain] of [
                [{}, 5],
                [{ expose: { kind: "route" } }, 15],
                [{ drain: 30 }, 30],
            ] as const) {
                const deployment = await deploymentOf(changed);
                const sleep = `${container}.lifecycle.preStop.sleep`;
                deepEqual(at(deployment, sleep), { seconds: drain });
                const grace = at(deployment, "spec.template.spec.terminationGracePeriodSeconds");
                ok(Number(grace) >= drain + 5, String(grace));
            }
        });
    });

    describe("Deployment", () => {
        it("stops no pod before a new one is ready", async () => {
            deepEqual(at(await deploymentOf(), "spec.strategy"), {
                type: "RollingUpdate",
                rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 },
            });
        });

        it("has a deadline for its progress and a limit for its history", async () => {
            const deployment = await deploymentOf({ healthTimeout: 90 });
            equal(at(deployment, "spec.progressDeadlineSeconds"), 90);
            equal(at(deployment, "spec.revisionHistoryLimit"), 5);
        });

        it("says which version, digest and commit it runs, which restart nothing", async () => {
            const deployment = await deploymentOf({ commit: "c0ffee" });
            const annotations = at(deployment, "metadata.annotations") as Record<string, string>;
            equal(annotations["mlops/version"], "1.2.0");
            equal(annotations["mlops/digest"], digest);
            equal(annotations["mlops/commit"], "c0ffee");
            const other = await deploymentOf({ commit: "beef", version: "1.2.1" });
            deepEqual(at(other, "spec.template"), at(deployment, "spec.template"));
        });

        it("is waited for by the program, and overrules changes by hand", async () => {
            const annotations = at(await deploymentOf(), "metadata.annotations");
            const { "pulumi.com/skipAwait": skip, "pulumi.com/patchForce": force } =
                annotations as Record<string, string>;
            deepEqual([skip, force], ["true", "true"]);
        });

        it("selects the pods of this service and stack", async () => {
            const { declared } = await run();
            const selector = { "app.kubernetes.io/name": "digits-unit" };
            const deployment = only(declared, types.deployment);
            deepEqual(at(deployment, "spec.selector.matchLabels"), selector);
            deepEqual(at(only(declared, types.service), "spec.selector"), selector);
            const labels = at(deployment, "spec.template.metadata.labels");
            equal((labels as Record<string, string>)["app.kubernetes.io/name"], "digits-unit");
        });
    });

    it("has a Service on port 80 that no address is waited for", async () => {
        const service = only((await run()).declared, types.service);
        deepEqual(at(service, "spec.ports"), [{ name: "http", port: 80, targetPort: "http" }]);
        deepEqual(at(service, "metadata.annotations"), {
            "pulumi.com/patchForce": "true",
            "pulumi.com/skipAwait": "true",
        });
        deepEqual(at(await deploymentOf(), `${container}.ports`), [
            { name: "http", containerPort: 9090, protocol: "TCP" },
        ]);
    });

    it("lets the pods connect to what is configured", async () => {
        const { declared } = await run({ egress: [{ cidr: "10.0.0.0/8", ports: [443] }] });
        const policy = only(declared, types.networkPolicy);
        deepEqual(at(policy, "spec.podSelector.matchLabels"), {
            "app.kubernetes.io/name": "digits-unit",
        });
        deepEqual(at(policy, "spec.ingress.0.ports"), [{ port: 9090, protocol: "TCP" }]);
        deepEqual(at(policy, "spec.egress.1.to"), [{ ipBlock: { cidr: "10.0.0.0/8" } }]);
    });

    describe("replicas", () => {
        const cases: [min: number, max: number, fixed: unknown, scaled: boolean, pdb: boolean][] = [
            [1, 1, 1, false, false],
            [2, 2, 2, false, true],
            [1, 3, undefined, true, false],
            [2, 6, undefined, true, true],
        ];
        for (const [min, max, fixed, isScaled, hasBudget] of cases) {
            it(`from ${String(min)} to ${String(max)}`, async () => {
                const { declared } = await run({ replicas: { min, max } });
                const has = (type: string) => declared.some((object) => object.type === type);
                equal(at(only(declared, types.deployment), "spec.replicas"), fixed);
                deepEqual([has(types.autoscaler), has(types.budget)], [isScaled, hasBudget]);
            });
        }

        it("are scaled by the CPU that the pods use", async () => {
            const scaled = { replicas: { min: 2, max: 6 }, cpuTarget: 55 };
            const { spec } = only((await run(scaled)).declared, types.autoscaler).inputs;
            deepEqual(spec, {
                scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "digits-unit" },
                minReplicas: 2,
                maxReplicas: 6,
                metrics: [
                    {
                        type: "Resource",
                        resource: {
                            name: "cpu",
                            target: { type: "Utilization", averageUtilization: 55 },
                        },
                    },
                ],
            });
        });

        it("go down one by one when nodes are drained", async () => {
            const { declared } = await run({ replicas: { min: 2, max: 2 } });
            deepEqual(only(declared, types.budget).inputs["spec"], {
                unhealthyPodEvictionPolicy: "AlwaysAllow",
                maxUnavailable: 1,
                selector: { matchLabels: { "app.kubernetes.io/name": "digits-unit" } },
            });
        });

        for (const [min, max] of [
            [0, 1],
            [2, 1],
            [1.5, 2],
        ] as const) {
            it(`cannot be ${String(min)} to ${String(max)}`, async () => {
                await rejects(
                    run({ replicas: { min, max } }),
                    new RegExp(`cannot have ${String(min)} to ${String(max)} replicas`),
                );
            });
        }
    });

    describe("exposed", () => {
        it("to nobody, has its URL in the cluster", async () => {
            equal((await run()).url, "http://digits-unit.digits.svc");
        });

        it("by a Route, ends TLS at the router and redirects HTTP", async () => {
            const { declared, url } = await run({ expose: { kind: "route", host: "a.example" } });
            const route = only(declared, "kubernetes:route.openshift.io/v1:Route");
            deepEqual(route.inputs["spec"], {
                host: "a.example",
                to: { kind: "Service", name: "digits-unit", weight: 100 },
                port: { targetPort: "http" },
                tls: { termination: "edge", insecureEdgeTerminationPolicy: "Redirect" },
            });
            equal(url, "https://a.example");
        });

        it("by a Route without a host, leaves that to the router", async () => {
            const { declared, url } = await run({ expose: { kind: "route" } });
            const route = only(declared, "kubernetes:route.openshift.io/v1:Route");
            equal("host" in (route.inputs["spec"] as object), false);
            equal(url, undefined);
        });

        it("by a Route without a host, has a name that is short enough for it", async () => {
            const long = "a-service-with-quite-a-long-name-for-a-host-that-is-picked";
            for (const [host, name] of [
                [undefined, /^a-service-[a-z-]+-[0-9a-f]{8}$/],
                ["a.example", /^a-service-[a-z-]+-picked-unit$/],
            ] as const) {
                const { declared } = await run({ expose: { kind: "route", host } }, long);
                const route = only(declared, "kubernetes:route.openshift.io/v1:Route");
                match(String(at(route, "metadata.name")), name);
            }
        });

        it("has the annotations that are asked for, but none of the project's own", async () => {
            const timeout = "haproxy.router.openshift.io/timeout";
            const annotations = { [timeout]: "90s", "pulumi.com/patchForce": "false" };
            for (const [expose, type] of [
                [{ kind: "route" }, "route.openshift.io/v1:Route"],
                [{ kind: "ingress", host: "a.example" }, "networking.k8s.io/v1:Ingress"],
                [
                    { kind: "gateway", host: "a.example", gateway: "public" },
                    "gateway.networking.k8s.io/v1:HTTPRoute",
                ],
            ] as const) {
                const { declared } = await run({ expose: { ...expose, annotations } });
                const found = at(only(declared, `kubernetes:${type}`), "metadata.annotations");
                const { [timeout]: given, "pulumi.com/patchForce": own } = found as Record<
                    string,
                    string
                >;
                deepEqual([given, own], ["90s", "true"]);
            }
        });

        it("by an Ingress, has TLS for its host", async () => {
            const { declared, url } = await run({
                expose: {
                    kind: "ingress",
                    host: "a.example",
                    className: "nginx",
                    tlsSecret: "certificate",
                },
            });
            const ingress = only(declared, "kubernetes:networking.k8s.io/v1:Ingress");
            deepEqual(at(ingress, "spec.tls"), [
                { hosts: ["a.example"], secretName: "certificate" },
            ]);
            equal(at(ingress, "spec.ingressClassName"), "nginx");
            equal(at(ingress, "spec.rules.0.host"), "a.example");
            deepEqual(at(ingress, "spec.rules.0.http.paths.0.backend"), {
                service: { name: "digits-unit", port: { name: "http" } },
            });
            deepEqual(at(ingress, "metadata.annotations"), {
                "pulumi.com/patchForce": "true",
                "pulumi.com/skipAwait": "true",
            });
            equal(url, "https://a.example");
        });

        it("by an HTTPRoute, uses the HTTPS listener of its Gateway", async () => {
            const expose = (gateway: string, listener?: string) =>
                run({ expose: { kind: "gateway", host: "a.example", gateway, listener } });
            const { declared, url } = await expose("infra/public");
            const route = only(declared, "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute");
            deepEqual(route.inputs["spec"], {
                hostnames: ["a.example"],
                parentRefs: [{ name: "public", namespace: "infra", sectionName: "https" }],
                rules: [{ backendRefs: [{ name: "digits-unit", port: 80 }] }],
            });
            equal(url, "https://a.example");
            const other = only((await expose("public", "tls")).declared, route.type);
            deepEqual(at(other, "spec.parentRefs"), [{ name: "public", sectionName: "tls" }]);
        });
    });

    it("has Prometheus read the metrics of its Service, where asked for", async () => {
        const type = "kubernetes:monitoring.coreos.com/v1:ServiceMonitor";
        const { declared } = await run({ monitor: true });
        const monitor = only(declared, type);
        deepEqual(monitor.inputs["spec"], {
            selector: { matchLabels: { "app.kubernetes.io/name": "digits-unit" } },
            endpoints: [{ port: "http", path: "/metrics" }],
        });
        const others = (await run()).declared.map((object) => object.type);
        equal(others.includes(type), false);
    });

    describe("variables", () => {
        const env = { LEVEL: "info", TOKEN: pulumi.secret("hunter2") };
        /** The end is random, and other values have another one. */
        const secretName = "digits-env-unit-0a1b2c3d";
        const variables = async (changed: ClusterServiceArgs["env"]) =>
            at(await deploymentOf({ env: changed }), `${container}.env`);

        it("that are plain are in the Deployment, those that are secret in a Secret", async () => {
            const { declared } = await run({ env });
            deepEqual(await variables(env), [
                { name: "LEVEL", value: "info" },
                { name: "PORT", value: "9090" },
                {
                    name: "TOKEN",
                    valueFrom: { secretKeyRef: { name: secretName, key: "TOKEN" } },
                },
            ]);
            const secret = only(declared, types.secret);
            equal(at(secret, "metadata.name"), secretName);
            equal(secret.inputs["immutable"], true);
            const data = insideSecret(secret.inputs["stringData"]) ?? secret.inputs["stringData"];
            const { TOKEN } = data as { TOKEN: unknown };
            equal(insideSecret(TOKEN) ?? TOKEN, "hunter2");
        });

        it("that are secret are nowhere in clear", async () => {
            const { declared } = await run({ env });
            equal(JSON.stringify(declared.map(withoutSecrets)).includes("hunter2"), false);
        });

        it("that change restart the pods", async () => {
            notDeepEqual(await variables({ ...env, LEVEL: "debug" }), await variables(env));
            const { declared } = await run({ env });
            const revision = only(declared, "random:index/randomId:RandomId");
            const keepers = insideSecret(revision.inputs["keepers"]) as Record<string, unknown>;
            deepEqual(Object.keys(keepers), ["TOKEN"]);
        });

        it("that change are another release, and so is all else of the pods", async () => {
            const releaseOf = async (changed: Partial<ClusterServiceArgs>): Promise<unknown> => {
                const annotations = "spec.template.metadata.annotations";
                return at(await deploymentOf(changed), annotations);
            };
            const release = (await releaseOf({ env })) as Record<string, string>;
            deepEqual(Object.keys(release), ["mlops/release"]);
            match(release["mlops/release"] ?? "", /^[0-9a-f]{12}$/);
            deepEqual(await releaseOf({ env, version: "1.2.1" }), release);
            for (const changed of [{ env: { ...env, LEVEL: "debug" } }, { env, drain: 7 }])
                notDeepEqual(await releaseOf(changed), release);
        });

        it("may override PORT", async () => {
            deepEqual(await variables({ PORT: "1" }), [{ name: "PORT", value: "1" }]);
        });

        it("have an order of their own", async () => {
            deepEqual(await variables({ B: "1", A: "2" }), await variables({ A: "2", B: "1" }));
        });
    });

    describe("pull secret", () => {
        const pull = { registry: "quay.io", username: "acme+reader", password: "robot-token" };

        it("has the credentials, of which none is in clear", async () => {
            const { declared } = await run({ pull });
            const secret = only(declared, types.secret);
            equal(secret.inputs["type"], "kubernetes.io/dockerconfigjson");
            const data = secret.inputs["stringData"];
            const { ".dockerconfigjson": config } = (insideSecret(data) ?? data) as Record<
                string,
                unknown
            >;
            const auth = Buffer.from("acme+reader:robot-token").toString("base64");
            deepEqual(JSON.parse(String(insideSecret(config) ?? config)), {
                auths: { "quay.io": { auth } },
            });
            equal(JSON.stringify(declared.map(withoutSecrets)).includes(auth), false);
        });

        it("rotates under one name and restarts no pod", async () => {
            const before = await run({ pull });
            const after = await run({ pull: { ...pull, password: "new-token" } });
            const [one, other] = [before, after].map(({ declared }) => declared);
            const of = (declared: Declared[] = [], type: string) => only(declared, type);
            deepEqual(of(one, types.deployment), of(other, types.deployment));
            deepEqual(
                at(of(one, types.secret), "metadata"),
                at(of(other, types.secret), "metadata"),
            );
            notDeepEqual(of(one, types.secret), of(other, types.secret));
            deepEqual(at(of(one, types.deployment), "spec.template.spec.imagePullSecrets"), [
                { name: "digits-pull-unit" },
            ]);
        });

        it("is not there for a public image", async () => {
            const deployment = await deploymentOf();
            equal(at(deployment, "spec.template.spec.imagePullSecrets"), undefined);
        });
    });

    describe("namespace", () => {
        it("is created where asked for, with the level of Pod Security", async () => {
            for (const [strict, level] of [
                [true, "restricted"],
                [false, "baseline"],
            ] as const) {
                const { declared } = await run({ createNamespace: true, container: { strict } });
                const namespace = only(declared, types.namespace);
                equal(at(namespace, "metadata.name"), "digits");
                const labels = at(namespace, "metadata.labels") as Record<string, string>;
                equal(labels["pod-security.kubernetes.io/enforce"], level);
            }
        });

        it("is not created otherwise", async () => {
            const { declared } = await run();
            equal(
                declared.some(({ type }) => type === types.namespace),
                false,
            );
            equal(at(only(declared, types.deployment), "metadata.namespace"), "digits");
        });
    });
});

/** Returns a value without what is secret in it. */
function withoutSecrets(value: unknown): unknown {
    if (insideSecret(value) !== undefined) return "[secret]";
    if (Array.isArray(value)) return value.map(withoutSecrets);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, withoutSecrets(inner)]),
    );
}
